"""Settle the times of all files together: years, zones, and the order of events."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from mailforensics.reading.evidence import Evidence
from mailforensics.reading.stamps import LEAP_YEAR
from mailforensics.reading.years import YearlessFile, find_spans, in_year, settle_years
from mailforensics.reading.zones import check_zone, to_utc


def settle_times(
    frames: Sequence[pl.DataFrame],
    evidence: Sequence[Evidence],
    *,
    tz: str,
    year: int | None,
) -> list[pl.Series]:
    """Return the times of the events of each file in UTC.

    Args:
        frames: `time` and `clock` for each item of evidence, in the order of its lines.
        evidence: gets `year_from` and notes on the way.
        tz: the IANA zone of stamps without an offset.
        year: the year of the oldest year-less line of each log, or None to find it.

    Raises:
        ArgumentError: no such zone, or a year that cannot be.
    """
    check_zone(tz)
    known = _known_range(frames)
    files = [_yearless(f, e, known) for f, e in zip(frames, evidence, strict=True)]
    settle_years([file for file in files if file.spans], year)
    return [_settle(*item, tz) for item in zip(frames, evidence, files, strict=True)]


def _known_range(frames: Sequence[pl.DataFrame]) -> tuple[datetime, datetime] | None:
    dated = pl.concat(
        [
            frame.filter(pl.col("clock") != "yearless").select(
                first=pl.col("time").min(), last=pl.col("time").max()
            )
            for frame in frames
        ]
    ).select(pl.col("first").min(), pl.col("last").max())
    first, last = dated.row(0)
    return None if first is None else (first, last)


def _yearless(
    frame: pl.DataFrame, evidence: Evidence, known: tuple[datetime, datetime] | None
) -> YearlessFile:
    spans, leap = find_spans(frame.filter(pl.col("clock") == "yearless")["time"])
    bound, bound_from = evidence.time_bound()
    return YearlessFile(evidence.log, spans, leap, bound, bound_from, known)


def _settle(frame: pl.DataFrame, evidence: Evidence, file: YearlessFile, tz: str) -> pl.Series:
    yearless = frame["clock"] == "yearless"
    time = frame["time"]
    evidence.year_from = "the stamps hold it" if frame["clock"].is_not_null().any() else ""
    if file.spans:
        rows = yearless.arg_true()
        dated = _with_years(time.gather(rows), file)
        time = dated if len(rows) == len(time) else time.scatter(rows, dated)
        evidence.year_from = file.year_from
        evidence.notes += year_notes(file)
    is_local = frame["clock"].is_in(["yearless", "local"]).fill_null(value=False)
    utc = time.dt.replace_time_zone("UTC")
    if is_local.any() and tz != "UTC":
        placed, notes = to_utc(time.filter(is_local), tz)
        evidence.notes += notes
        utc = utc.scatter(is_local.arg_true(), placed)
    return utc


def _with_years(stamps: pl.Series, file: YearlessFile) -> pl.Series:
    """Move stamps of LEAP_YEAR into their years."""
    starts = [row for _, _, row in file.spans]
    ends = [*starts[1:], len(stamps)]
    return pl.concat(
        with_year(stamps.slice(start, end - start), file.year + turn)
        for start, end, turn in zip(starts, ends, file.turns, strict=True)
    )


def with_year(stamps: pl.Series, year: int) -> pl.Series:
    """Move stamps of LEAP_YEAR into a year; 29 February becomes 1 March where it is none."""
    march = datetime(LEAP_YEAR, 3, 1)  # noqa: DTZ001 - local
    shift = [in_year(at, year) - at for at in (march.replace(month=1), march)]
    column = pl.col(stamps.name)
    return (
        stamps.to_frame()
        .select(pl.when(column < march).then(column + shift[0]).otherwise(column + shift[1]))
        .to_series()
    )


def year_notes(file: YearlessFile) -> list[str]:
    """Return what to say of the years that a file's stamps were given."""
    notes = []
    if file.turns[-1]:
        notes.append(f"year-less stamps cross {file.turns[-1]} New Year(s)")
    if file.clock_errors:
        notes.append(f"{file.clock_errors} time(s) a wrong clock wrote a few lines")
    now = datetime.now(UTC).replace(tzinfo=None)
    if file.last > now + timedelta(days=1):
        notes.append(f"stamps lie in the future, up to {file.last:%Y-%m-%d}")
    return notes
