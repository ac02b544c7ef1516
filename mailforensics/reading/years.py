"""Give year-less stamps their year, place local times in UTC, and sort events."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from mailforensics.errors import ArgumentError
from mailforensics.reading.evidence import Evidence


def settle_times(
    frames: Sequence[pl.DataFrame],
    evidence: Sequence[Evidence],
    *,
    tz: str,
    year: int | None,
) -> pl.DataFrame:
    """Return all events in UTC, sorted by (time, file, line)."""
    try:
        ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ArgumentError(
            f"tz={tz!r} is no time zone; use an IANA name such as 'Europe/Berlin' or 'UTC'."
        ) from None
    settled = [_settle(f, e, tz, year) for f, e in zip(frames, evidence, strict=True)]
    return pl.concat(settled, how="diagonal_relaxed").sort(
        "time", "file", "line", nulls_last=True, maintain_order=True
    )


def _settle(frame: pl.DataFrame, evidence: Evidence, tz: str, year: int | None) -> pl.DataFrame:
    stamp = pl.col("time")
    yearless = pl.col("clock") == "yearless"
    step = pl.when(yearless).then(stamp).forward_fill().diff()
    turn = (step < pl.duration(days=-183)).fill_null(value=False).cum_sum()
    seen = frame.select(stamp, yearless, turn=turn).filter("clock")
    years = int(seen["turn"].to_list()[-1]) if len(seen) else 0
    if year is not None:
        first_year, evidence.year_from = year, "given (year=)"
    elif len(seen):
        bound = datetime.fromtimestamp(evidence.mtime, UTC) if evidence.mtime else datetime.now(UTC)
        ending = seen["time"][-1].replace(year=bound.year, tzinfo=UTC)
        first_year = bound.year - years - (ending > bound.replace(hour=23, minute=59))
        evidence.year_from = "file time" if evidence.mtime else "now"
    else:
        first_year, evidence.year_from = 2000, "stamps"
    local = (
        pl.when(yearless)
        .then(stamp.dt.offset_by(pl.format("{}y", turn.cast(pl.Int64) + first_year - 2000)))
        .otherwise(stamp)
    )
    utc = local.dt.replace_time_zone(
        tz, ambiguous="earliest", non_existent="null"
    ).dt.convert_time_zone("UTC")
    return frame.with_columns(
        time=pl.when(pl.col("clock") == "absolute")
        .then(stamp.dt.replace_time_zone("UTC"))
        .otherwise(utc)
    ).drop("clock")
