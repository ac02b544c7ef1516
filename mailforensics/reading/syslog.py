"""The head of a line: stamp, host, program, pid, and the message that follows."""

from typing import Final

import polars as pl

STAMP: Final = (
    r"^(?:<\d{1,3}>)?("
    r"[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"
    r")(?: |$)"
)
_HEAD: Final = r"^(?:(?P<host>\S+) +)?(?P<program>[^\s\[\]]+?)(?:\[(?P<pid>\d+)\])?$"
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
# A year-less stamp is first placed in a leap year, so that 29 February exists.
LEAP_YEAR: Final = 2000


def read_heads(lines: pl.DataFrame) -> pl.DataFrame:
    """Take the head off each line.

    Args:
        lines: a column `text`; all others are kept.

    Returns:
        The columns of `lines` without `text`, and `time` (naive, microseconds; year-less stamps in
        LEAP_YEAR), `clock` (`yearless`, `local`, `absolute`, null without a stamp), `host`,
        `program`, `pid`, `message` (the whole line where there is no head).
    """
    stamped = lines.with_columns(stamp=pl.col("text").str.extract(STAMP)).with_columns(
        rest=pl.when(pl.col("stamp").is_not_null()).then(
            pl.col("text")
            .str.replace(r"^<\d{1,3}>", "")
            .str.slice(pl.col("stamp").str.len_chars())
            .str.strip_chars_start(" ")
        )
    )
    split = (
        stamped.with_columns(
            head=pl.col("rest").str.extract(r"^(.*?):(?: |$)"),
        )
        .with_columns(
            parts=pl.col("head").str.extract_groups(_HEAD),
        )
        .unnest("parts")
    )
    known = pl.col("program").is_not_null()
    return (
        split.with_columns(*read_stamps(pl.col("stamp")))
        .with_columns(
            pid=pl.col("pid").cast(pl.Int64, strict=False),
            message=pl.when(known)
            .then(
                pl.col("rest")
                .str.slice(pl.col("head").str.len_chars() + 1)
                .str.strip_chars_start(" ")
            )
            .otherwise(pl.coalesce("rest", "text")),
        )
        .drop("text", "stamp", "rest", "head")
    )


def read_stamps(stamp: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return `time` and `clock` of stamp texts."""
    yearless = stamp.str.contains(r"^[A-Z]")
    parts = stamp.str.extract_groups(r"^([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)")
    month = parts.struct.field("1").replace_strict(
        _MONTHS, range(1, 13), default=None, return_dtype=pl.Int32
    )
    numbers = [parts.struct.field(str(n)).cast(pl.Int32) for n in range(2, 6)]
    valid = month.is_not_null() & (numbers[0] >= 1) & (numbers[0] <= 31) & (numbers[1] < 24)
    valid = valid & (numbers[2] < 60) & (numbers[3] < 60)
    local = pl.when(valid).then(pl.datetime(LEAP_YEAR, month, *numbers, time_unit="us"))
    plain = stamp.str.replace(",", ".", literal=True).str.replace(" ", "T", literal=True)
    zoned = plain.str.replace(r"Z$", "+00:00").str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_unit="us"
    )
    naive = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us")
    time = pl.coalesce(
        pl.when(yearless).then(local),
        pl.when(~yearless).then(zoned.dt.replace_time_zone(None)),
        pl.when(~yearless).then(naive),
    )
    clock = (
        pl.when(yearless & local.is_not_null())
        .then(pl.lit("yearless"))
        .when(zoned.is_not_null())
        .then(pl.lit("absolute"))
        .when(naive.is_not_null())
        .then(pl.lit("local"))
    )
    return time.alias("time"), clock.alias("clock")
