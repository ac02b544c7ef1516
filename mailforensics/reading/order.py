"""Put the events of all files in order, and mark lines that several files hold.

`mail.log`, `mail.warn` and `syslog` repeat one another.
"""

from typing import Final, cast

import polars as pl
import pyarrow as pa

# Formats differ in their fractions, so that a line is known by its second.
KEY: Final = ("host", "program", "pid", "message")


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
    files = overlapping(
        order.group_by("file").agg(start=pl.col("time").min(), end=pl.col("time").max())
    )
    if not files:
        return fresh
    keys = cast("pl.DataFrame", pl.from_arrow(events.select(KEY)))[order["row"]]
    rows = order.drop("row").hstack(keys).with_row_index("row")
    return fresh.scatter(read_again(rows.filter(pl.col("file").is_in(files)))["row"], values=True)


def read_again(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that tell of a line again, without its time and text.

    Args:
        rows: in order; `time`, `file` and the key, and columns that name the row.
    """
    time = pl.col("time").dt.truncate("1s")
    names = [name for name in rows.columns if name not in {"time", *KEY}]
    return (
        rows.filter(time.is_not_null())
        .select(*names, key=pl.struct(time, *KEY).hash())
        .filter(pl.col("key").is_duplicated())
        .with_columns(turn=pl.int_range(pl.len()).over("file", "key"))
        .filter(~pl.struct("key", "turn").is_first_distinct())
        .drop("key", "turn")
    )


def overlapping(spans: pl.DataFrame) -> list[str]:
    """Return the files whose time another file shares: rotations of one log need no look.

    Args:
        spans: `file`, and `start` and `end` of its time.
    """
    spans = spans.drop_nulls().sort("start", "file")
    reached = spans["end"].cum_max().shift(1)
    meets = (spans["start"] <= reached).fill_null(value=False)
    met = meets | meets.shift(-1, fill_value=False)
    return spans.filter(met)["file"].to_list()
