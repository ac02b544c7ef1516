"""Put the events of all files in order, and mark lines that several files hold.

`mail.log`, `mail.warn` and `syslog` repeat one another.
"""

from typing import Final, cast

import polars as pl
import pyarrow as pa

# Formats differ in their fractions, so that a line is known by its second.
_KEY: Final = ("host", "program", "pid", "message")


def put_in_order(places: pl.DataFrame) -> pl.DataFrame:
    """Sort by time, then file, then line; lines without a time stand last.

    Args:
        places: `time`, `file` (its name) and `line` of each event.

    Returns:
        The same in order, with `row`, the number that each event had before.
    """
    rows = places.with_row_index("row")
    if _is_in_order(places):
        return rows
    return rows.sort("time", "file", "line", nulls_last=True)


def _is_in_order(places: pl.DataFrame) -> bool:
    """Say whether events are in order already, as those of one log are; lines rise in a file."""
    if places["time"].null_count():
        return False
    same = pl.col("file") == pl.col("file").shift(1)
    later = pl.col("time").diff() >= pl.when(same).then(0).otherwise(1).cast(pl.Duration("us"))
    return bool(places.select(later.slice(1).all()).item())


def find_duplicates(order: pl.DataFrame, events: pa.Table) -> pl.Series:
    """Say for each event in order whether the same line was already read from another file.

    A line is the same if second, host, program, process and message are. Lines are counted: a file
    that holds it twice tells of two lines, and only as many in other files are duplicates.

    Args:
        order: what `put_in_order` gives.
        events: the events as they were before, with the key.
    """
    fresh = pl.repeat(value=False, n=order.height, eager=True)
    files = _overlapping(order)
    if not files:
        return fresh
    keys = cast("pl.DataFrame", pl.from_arrow(events.select(_KEY)))[order["row"]]
    time = pl.col("time").dt.truncate("1s")
    rows = (
        order.drop("row")
        .hstack(keys)
        .with_row_index("row")
        .filter(pl.col("file").is_in(files) & time.is_not_null())
        .select("row", "file", key=pl.struct(time, *_KEY).hash())
        .filter(pl.col("key").is_duplicated())
        .with_columns(number=pl.int_range(pl.len()).over("file", "key"))
    )
    again = rows.filter(~pl.struct("key", "number").is_first_distinct())["row"]
    return fresh.scatter(again, values=True)


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
