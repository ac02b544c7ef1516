"""Mark lines that several files hold: `mail.log`, `mail.warn`, `syslog` repeat one another."""

from typing import Final

import polars as pl

# Formats differ in their fractions, so that a line is known by its second.
_KEY: Final = ("host", "program", "pid", "message")


def mark_duplicates(events: pl.DataFrame) -> pl.DataFrame:
    """Add `duplicate`: the same line was already read from another file.

    A line is the same if second, host, program, process and message are. Lines are counted: a file
    that holds it twice tells of two lines, and only as many in other files are duplicates.

    Args:
        events: `time`, `file` and the key, sorted by (time, file, line).
    """
    fresh = events.with_columns(duplicate=pl.lit(value=False))
    files = _overlapping(events)
    if not files:
        return fresh
    time = pl.col("time").dt.truncate("1s")
    rows = (
        events.with_row_index("row")
        .filter(pl.col("file").is_in(files) & time.is_not_null())
        .select("row", "file", key=pl.struct(time, *_KEY).hash())
        .filter(pl.col("key").is_duplicated())
        .with_columns(number=pl.int_range(pl.len()).over("file", "key"))
    )
    again = rows.filter(~pl.struct("key", "number").is_first_distinct())["row"]
    return fresh.with_columns(fresh["duplicate"].scatter(again, values=True))


def _overlapping(events: pl.DataFrame) -> list[str]:
    """Return the files whose time another file shares: rotations of one log need no look."""
    spans = (
        events.group_by("file")
        .agg(start=pl.col("time").min(), end=pl.col("time").max())
        .drop_nulls()
        .sort("start", "file")
    )
    reached = spans["end"].cum_max().shift(1)
    meets = (spans["start"] <= reached).fill_null(value=False)
    met = meets | meets.shift(-1, fill_value=False)
    return spans.filter(met)["file"].to_list()
