"""Stamps of every layout."""

import polars as pl
import pytest

import mailforensics as mf
from mailforensics.reading.months import MONTH_NAMES, MONTH_NUMBERS
from mailforensics.reading.stamps import read_stamps

STAMPS = [
    ("Sep  4 16:59:45 x", "yearless", "2000-09-04 16:59:45"),
    ("Sep 04 16:59:45 x", "yearless", "2000-09-04 16:59:45"),
    ("Sep 4 16:59:45 x", "yearless", "2000-09-04 16:59:45"),
    ("Feb 29 00:00:00 x", "yearless", "2000-02-29 00:00:00"),
    ("Sep  4 16:59:45", "yearless", "2000-09-04 16:59:45"),
    ("Sep 04 16:59:45.123456 x", "yearless", "2000-09-04 16:59:45.123456"),
    ("<22>Sep  4 16:59:45 x", "yearless", "2000-09-04 16:59:45"),
    ("2026-09-04T16:59:45.123456+09:00 x", "absolute", "2026-09-04 07:59:45.123456"),
    ("2026-09-04T16:59:45.123456-03:30 x", "absolute", "2026-09-04 20:29:45.123456"),
    ("2026-09-04T16:59:45.123456789-03 x", "absolute", "2026-09-04 19:59:45.123456"),
    ("2026-09-04T16:59:45+0900 x", "absolute", "2026-09-04 07:59:45"),
    ("2026-09-04T16:59:45Z x", "absolute", "2026-09-04 16:59:45"),
    ("2026-09-04T16:59:45.1Z x", "absolute", "2026-09-04 16:59:45.100000"),
    ("<22>1 2026-09-04T16:59:45.003Z x", "absolute", "2026-09-04 16:59:45.003000"),
    ("2026-09-04 16:59:45 x", "local", "2026-09-04 16:59:45"),
    ("2026-09-04 16:59:45,123 x", "local", "2026-09-04 16:59:45.123000"),
    ("2026-09-04T16:59:45 x", "local", "2026-09-04 16:59:45"),
    ("9月 04 16:59:45 x", "yearless", "2000-09-04 16:59:45"),
    ("12月 04 16:59:45 x", "yearless", "2000-12-04 16:59:45"),
    ("9월 04 16:59:45 x", "yearless", "2000-09-04 16:59:45"),
    ("Dez 04 16:59:45 x", "yearless", "2000-12-04 16:59:45"),
    ("août 04 16:59:45 x", "yearless", "2000-08-04 16:59:45"),
    ("sept. 04 16:59:45 x", "yearless", "2000-09-04 16:59:45"),
    ("juil. 04 16:59:45 x", "yearless", "2000-07-04 16:59:45"),
    ("сен 04 16:59:45 x", "yearless", "2000-09-04 16:59:45"),
    ("Fri 2026-09-04 16:59:45 JST x", "absolute", "2026-09-04 07:59:45"),
    ("Fri 2026-09-04 16:59:45 CEST x", "absolute", "2026-09-04 14:59:45"),
    ("Fri 2026-09-04 16:59:45 CST x", "local", "2026-09-04 16:59:45"),
    ("2026 Sep  4 16:59:45 x", "local", "2026-09-04 16:59:45"),
    ("2026/09/04 16:59:45 x", "local", "2026-09-04 16:59:45"),
    ("[Fri Sep  4 16:59:45 2026] x", "local", "2026-09-04 16:59:45"),
    ("Fri 2026-09-04 16:59:45 UTC x", "absolute", "2026-09-04 16:59:45"),
    ("1757000385.123456 x", "absolute", "2025-09-04 15:39:45.123456"),
    ("@400000003b4a39c23294b13c x", "absolute", "2001-07-09 23:09:44.848605"),
]
NO_STAMPS = [
    "",
    "2026/09-04 16:59:45 x",
    "x",
    "Feb 30 00:00:00 x",
    "Sep  4 24:59:45 x",
    "2026-13-04T16:59:45Z x",
    "[1.5] x",
]


@pytest.mark.parametrize(("line", "clock", "time"), STAMPS, ids=[s[0] for s in STAMPS])
def test_every_layout_is_read(line: str, clock: str, time: str) -> None:
    """A stamp gives its time, its kind of clock, and where the rest of the line begins."""
    (stamp,) = read_stamps(pl.Series([line])).to_dicts()
    assert (stamp["clock"], str(stamp["time"])) == (clock, time)
    assert line[stamp["width"] :] == line[-1:].strip("5")


@pytest.mark.parametrize("line", NO_STAMPS)
def test_what_is_no_stamp_is_none(line: str) -> None:
    """A text without a stamp, or with one that cannot be, has no clock."""
    (stamp,) = read_stamps(pl.Series([line])).to_dicts()
    assert (stamp["clock"], stamp["time"], stamp["width"]) == (None, None, None)


def test_layouts_may_be_mixed() -> None:
    """Each line of a mixed log is read as it would be alone."""
    together = read_stamps(pl.Series([line for line, _, _ in STAMPS] + NO_STAMPS))
    alone = [read_stamps(pl.Series([line])) for line in [s[0] for s in STAMPS] + NO_STAMPS]
    assert together.to_dicts() == pl.concat(alone).to_dicts()


def test_months_of_all_languages_are_of_one_mind() -> None:
    """No spelling of a month means another month in another language."""
    for names in MONTH_NAMES:
        assert [MONTH_NUMBERS[name] for name in names.split()] == [f"{n:02}" for n in range(1, 13)]


@pytest.mark.parametrize(
    "line",
    [
        "Sep  4 10:00:00.٣٣٣ mx postfix/smtpd[1]: connect from unknown[198.18.4.77]",
        "2026-09-04T10:00:00.١٢٣٤٥٦Z mx postfix/smtpd[1]: connect from unknown[198.18.4.77]",
        "2026-09-04T10:00:00.123456+٠٢:00 mx postfix/smtpd[١]: connect from unknown[198.18.4.77]",
        "2026-09-04T10:00:00+٠٢:00 mx postfix/smtpd[١]: connect from unknown[198.18.4.77]",
        "١٧٥٧٠٠٠٣٨٥.123456 mx postfix/smtpd[1]: connect from unknown[198.18.4.77]",
        "1757000385.١٢٣٤٥٦ mx postfix/smtpd[1]: connect from unknown[198.18.4.77]",
        "Sep  4 10:00:00 mx postfix/smtpd[1]: message repeated ٣ times: [ connect from x]",
        "Sep  4 10:00:00 mx last message repeated ٣ times",
        "Sep  4 10:00:00 mx postfix/smtpd[1]: warning: non-SMTP command from unknown[198.18.4.77]: "
        "( in ٣ secs)",
        "Sep  4 10:00:00 mx imuxsock: lost ٣ messages",
        "Sep  4 10:00:00 mx kernel: [UFW BLOCK] IN=eth0 OUT= SRC=198.18.4.77 DST=192.0.2.1 LEN=٤٤",
    ],
)
def test_digits_of_other_scripts_are_text(line: str) -> None:
    """A number in other digits than 0 to 9 is no number, and stops neither reader nor analysis."""
    events = mf.read_mail_log(f"{line}\n")
    assert len(events) == len(mf.read_ufw_log(f"{line}\n")) == len(mf.audit(events)) == 1
    assert len(mf.sessions(events)) <= 1
