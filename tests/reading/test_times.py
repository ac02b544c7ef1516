"""Years of year-less stamps, zones, and the order of events."""

import gzip
import os
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics.errors import ArgumentError


def entry(stamp: str, text: str = "x") -> str:
    """Return a line with a stamp."""
    return f"{stamp} mail postfix/smtpd[1]: {text}\n"


def write(path: Path, text: str, when: str) -> Path:
    """Write a file that was last changed at a time (UTC)."""
    path.write_bytes(
        gzip.compress(text.encode(), mtime=0) if path.suffix == ".gz" else text.encode()
    )
    seconds = datetime.fromisoformat(when).replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))
    return path


def times(events: pd.DataFrame) -> list[str]:
    """Return the times to the second."""
    return events["time"].dt.strftime("%Y-%m-%d %H:%M:%S").tolist()


def test_given_year_is_that_of_the_oldest_line() -> None:
    """`year=` dates the first line; a New Year in the log is one year later."""
    events = mf.read_mail_log(entry("Dec 31 23:59:59") + entry("Jan  1 00:00:01"), year=2024)
    assert times(events) == ["2024-12-31 23:59:59", "2025-01-01 00:00:01"]
    assert mf.audit(events)["year_from"].tolist() == ["given (year=)"]
    assert "cross 1 New Year" in mf.audit(events)["notes"][0]


def test_file_time_bounds_the_last_line(tmp_path: Path) -> None:
    """A log read years later keeps the year its file was last written in."""
    path = write(
        tmp_path / "mail.log", entry("Dec 30 10:00:00") + entry("Jan  2 10:00:00"), "2019-01-02"
    )
    events = mf.read_mail_log(path)
    assert times(events) == ["2018-12-30 10:00:00", "2019-01-02 10:00:00"]
    assert mf.audit(events)["year_from"][0] == "file time (2019-01-02)"


def test_rotations_copied_without_their_times(tmp_path: Path) -> None:
    """A chain of rotations over a New Year is dated from its newest file, in any order given."""
    paths = [
        write(tmp_path / "mail.log.2.gz", entry("Nov 20 10:00:00"), "2026-02-01"),
        write(
            tmp_path / "mail.log.1",
            entry("Dec 28 10:00:00") + entry("Jan  3 01:00:00"),
            "2026-02-01",
        ),
        write(
            tmp_path / "mail.log", entry("Jan  4 10:00:00") + entry("Jan 30 10:00:00"), "2026-02-01"
        ),
    ]
    for order in (paths, paths[::-1], tmp_path):
        assert times(mf.read_mail_log(order)) == [
            "2025-11-20 10:00:00",
            "2025-12-28 10:00:00",
            "2026-01-03 01:00:00",
            "2026-01-04 10:00:00",
            "2026-01-30 10:00:00",
        ]


def test_more_than_a_year_of_logs(tmp_path: Path) -> None:
    """Two New Years in one file give three years."""
    months = ["Nov", "Mar", "Aug", "Dec", "Feb", "Jul", "Nov", "Jan"]
    text = "".join(entry(f"{month}  5 10:00:00") for month in months)
    events = mf.read_mail_log(write(tmp_path / "mail.log", text, "2025-01-06"))
    assert events["time"].dt.year.tolist() == [2022, 2023, 2023, 2023, 2024, 2024, 2024, 2025]


def test_stamps_with_a_year_date_the_others(tmp_path: Path) -> None:
    """A server that went over to RFC 3339 stamps dates its older, year-less lines."""
    text = entry("Dec 30 10:00:00") + entry("2021-01-02T10:00:00.000000+00:00")
    path = write(tmp_path / "mail.log", text, "2026-05-01")
    events = mf.read_mail_log(path)
    assert times(events) == ["2020-12-30 10:00:00", "2021-01-02 10:00:00"]
    assert mf.audit(events)["year_from"][0].startswith("stamps with a year in this set")


def test_more_new_years_than_years_since_1970(tmp_path: Path) -> None:
    """A clock that went mad for 70 New Years, beside stamps with a year, is dated all the same."""
    turns = "".join(entry(f"{month} 10 10:00:00") for _ in range(70) for month in ("Jan", "Jun"))
    log = write(tmp_path / "mail.log", turns + entry("2026-09-04T16:59:45Z"), "2026-09-05")
    assert len(mf.read_mail_log(log)) == 141


def test_29_february_needs_a_leap_year(tmp_path: Path) -> None:
    """A 29 February moves the log back to a year that had one, and refuses one that had none."""
    text = entry("Feb 28 10:00:00") + entry("Feb 29 10:00:00") + entry("Mar  1 10:00:00")
    events = mf.read_mail_log(write(tmp_path / "mail.log", text, "2026-06-01"))
    assert times(events)[1] == "2024-02-29 10:00:00"
    assert mf.audit(events)["year_from"][0].endswith("29 February")
    with pytest.raises(ArgumentError, match="29 February in 2025"):
        mf.read_mail_log(text, year=2025)
    with pytest.raises(ArgumentError, match="year=20266 cannot be"):
        mf.read_mail_log(text, year=20266)


def test_late_line_of_december_stays_in_december() -> None:
    """A line of the old year that comes after the first of the new one is not a year away."""
    stamps = ["Dec 31 23:59:58", "Jan  1 00:00:00", "Dec 31 23:59:59", "Jan  1 00:00:02"]
    events = mf.read_mail_log("".join(map(entry, stamps)), year=2025)
    assert events["time"].dt.year.tolist() == [2025, 2025, 2026, 2026]


def test_wrong_clock_at_start_is_no_new_year() -> None:
    """A machine that starts on 1 January and then sets its clock has not seen a New Year."""
    stamps = ["Sep  4 10:00:00", "Jan  1 00:00:03", "Sep  4 10:05:00"]
    events = mf.read_mail_log("".join(map(entry, stamps)), year=2025)
    assert set(events["time"].dt.year) == {2025}
    assert "wrong clock" in mf.audit(events)["notes"][0]


def test_local_times_become_utc() -> None:
    """Year-less stamps are local to `tz`; stamps with an offset are not touched by it."""
    text = entry("Jul  1 12:00:00") + entry("2026-07-01T12:00:01.000000+09:00")
    events = mf.read_mail_log(text, tz="Europe/Berlin", year=2026)
    assert times(events) == ["2026-07-01 03:00:01", "2026-07-01 10:00:00"]


def test_doubled_hour_is_split_by_the_order_of_lines() -> None:
    """Where times step back in the doubled hour, the second one has begun."""
    stamps = ["01:30:00", "02:30:00", "02:59:59", "02:00:01", "02:30:00", "03:00:00"]
    text = "".join(entry(f"Oct 25 {stamp}") for stamp in stamps)
    events = mf.read_mail_log(text, tz="Europe/Berlin", year=2026)
    assert [t[11:] for t in times(events)] == [
        "23:30:00", "00:30:00", "00:59:59", "01:00:01", "01:30:00", "02:00:00",
    ]  # fmt: skip
    assert events["line"].tolist() == [1, 2, 3, 4, 5, 6]
    assert "doubles (2026-10-25): 2 placed in the second" in mf.audit(events)["notes"][0]


def test_missing_hour_is_taken_as_standard_time() -> None:
    """A stamp in the skipped hour keeps its place in the order of lines."""
    stamps = ["01:59:59", "02:30:00", "03:40:00"]
    text = "".join(entry(f"Mar 29 {stamp}") for stamp in stamps)
    events = mf.read_mail_log(text, tz="Europe/Berlin", year=2026)
    assert [t[11:16] for t in times(events)] == ["00:59", "01:30", "01:40"]
    assert "skips" in mf.audit(events)["notes"][0]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_unknown_zone_is_an_error(zone: str) -> None:
    """A zone that does not exist is named, with an example of one that does."""
    with pytest.raises(ArgumentError, match="is no time zone; use an IANA name"):
        mf.read_mail_log(entry("Jul  1 12:00:00"), tz=zone)
