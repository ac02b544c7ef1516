"""Carry tables between pandas, which users hold, and Polars, which counts."""

from typing import Final

import pandas as pd
import polars as pl
import pyarrow as pa

from mailforensics import schema
from mailforensics.addresses import network_of

EVIDENCE_ITEMS: Final = 20
# Where a table is a part of a larger one, its `attrs` name the files in the order they begin.
BEGINS: Final = "begins"
# And where lines name no host, whose they are: of the only host known, or `` for of none.
ONLY_HOST: Final = "only_host"
NAMES_JOINED_BY: Final = ", "
TIME: Final = pl.Datetime("us", "UTC")
# An address as a number for each text, the same in all tables: numbers group and join faster.
ADDRESS: Final = pl.Categorical()
_POLARS: Final = {
    "str": pl.String(),
    "time": TIME,
    "Int64": pl.Int64(),
    "int64": pl.Int64(),
    "float64": pl.Float64(),
    "bool": pl.Boolean(),
}


def to_polars(table: pd.DataFrame, columns: schema.Table, *, only: list[str]) -> pl.DataFrame:
    """Return some columns of a table as Polars, with the types the schema gives them.

    Columns of the schema that the table lacks come out null, so that a table built by hand
    needs only what the analysis looks at.
    """
    kinds = {column.name: _POLARS[column.dtype] for column in columns}
    there = [name for name in only if name in table.columns]
    frame = pl.DataFrame(pa.Table.from_pandas(table[there], preserve_index=False))
    absent = [pl.lit(None, kinds[name]).alias(name) for name in only if name not in there]
    return frame.with_columns(absent).select(pl.col(name).cast(kinds[name]) for name in only)


def to_pandas(frame: pl.DataFrame, columns: schema.Table) -> pd.DataFrame:
    """Return a Polars frame as the pandas table that the schema describes."""
    if frame.is_empty():
        return schema.empty(columns)
    return schema.conform(frame.select(schema.names(columns)).to_pandas(), columns)


def counted(events: pd.DataFrame, *, columns: schema.Table, only: list[str]) -> pl.DataFrame:
    """Return events that count (no duplicates), with `row`, their position, and `order`.

    `order` numbers the rows from oldest to newest. Lines of one instant stand as their file has
    them; of two files, the one that begins earlier comes first (`mail.log.1` before `mail.log`).
    """
    wanted = list(dict.fromkeys([*only, "time", "file", "line", "repeat", "duplicate"]))
    rows = to_polars(events, columns, only=wanted).with_row_index("row")
    rows = rows.filter(~pl.col("duplicate").fill_null(value=False)).drop("duplicate")
    return put_in_order(rows, events.attrs.get(BEGINS))


def put_in_order(rows: pl.DataFrame, begins: list[str] | None) -> pl.DataFrame:
    """Return lines that count as `counted` does.

    Args:
        rows: lines, none of them a duplicate.
        begins: the names of all files in the order in which they begin; None: these are all.
    """
    rank = _file_rank(rows, begins)
    rows = rows.with_columns(pl.col("repeat").fill_null(1).clip(1), file_rank=rank)
    key = ("time", "file_rank", "line")
    if not _is_sorted(rows, key):
        rows = rows.sort(key)
    return rows.with_row_index("order")


def _file_rank(rows: pl.DataFrame, known: list[str] | None) -> pl.Expr:
    """Return the place of each row's file among all files, by their first time, then name."""
    if known is None:
        begins = rows.group_by("file").agg(pl.col("time").min()).sort("time", "file")
        known = begins["file"].fill_null("").unique(maintain_order=True).to_list()
    names = pl.Enum(known)
    return pl.col("file").cast(pl.String).fill_null("").cast(names).to_physical()


def _is_sorted(rows: pl.DataFrame, key: tuple[str, ...]) -> bool:
    """Say whether rows stand in order; a quick look that saves sorting what the reader sorted."""
    equal, risen = pl.lit(value=True), pl.lit(value=False)
    for name in key:
        column = pl.col(name)
        risen = risen | (equal & (column > column.shift(1)))
        equal = equal & (column == column.shift(1))
    return bool(rows.select((risen | equal).slice(1).fill_null(value=False).all()).item())


def places(rows: pl.DataFrame, *, by: str, name: str = "evidence") -> pl.DataFrame:
    """Return for each value of `by` the places of its rows: `mail.log:12-18; mail.log:40`.

    Neighbouring lines join into a range. After EVIDENCE_ITEMS items the rest is only counted.
    """
    other = (pl.col("_key") != pl.col("_key").shift(1)).fill_null(value=True)
    goes_on = (pl.col("file_rank") == pl.col("file_rank").shift(1)) & (
        pl.col("line") == pl.col("line").shift(1) + 1
    )
    lines = (
        rows.filter(pl.col(by).is_not_null())
        .select(by, "file", "file_rank", "line", _key=_code(rows, by))
        .sort("_key", "file_rank", "line")
        .with_columns(begins=other | ~goes_on.fill_null(value=False))
    )
    ends = lines.select(pl.col("line").filter(pl.col("begins").shift(-1, fill_value=True)))
    ranges = lines.filter("begins").with_columns(last=ends.to_series())
    number = pl.int_range(pl.len())
    turn = number - pl.when(other).then(number).forward_fill()
    counts = ranges.group_by("_key").agg(items=pl.len())
    return (
        ranges.filter(turn < EVIDENCE_ITEMS)
        .rename({"line": "first"})
        .with_columns(place=_place())
        # To join the texts of lists is many times faster than those of groups.
        .group_by("_key", maintain_order=True)
        .agg(pl.col(by).first(), pl.col("place"))
        .join(counts, on="_key", how="left", maintain_order="left")
        .select(by, (pl.col("place").list.join("; ") + _and_more()).alias(name))
    )


def _code(rows: pl.DataFrame, by: str) -> pl.Expr:
    """Return a number for each value, because numbers sort faster than text."""
    is_text = rows.schema[by] in {pl.String(), pl.Categorical()}
    return pl.col(by).cast(pl.Categorical).to_physical() if is_text else pl.col(by)


def _place() -> pl.Expr:
    line = pl.format("{}:{}", pl.col("file").fill_null("?"), "first")
    span = pl.format("{}:{}-{}", pl.col("file").fill_null("?"), "first", "last")
    return pl.when(pl.col("first") == pl.col("last")).then(line).otherwise(span)


def _and_more() -> pl.Expr:
    left = pl.col("items").cast(pl.Int64) - EVIDENCE_ITEMS
    return pl.when(left > 0).then(pl.format(" and {} more", left)).otherwise(pl.lit(""))


def distinct_names(rows: pl.DataFrame, *, by: str, name: str = "username") -> pl.DataFrame:
    """Return for each value of `by` its distinct names: `names` (sorted, joined) and `count`.

    A comma inside a name is escaped, so that the joined text can be split again.
    """
    pairs = rows.select(by, name).drop_nulls().unique()
    pairs = pairs.with_columns(pl.col(name).str.replace_all(",", r"\x2c", literal=True))
    groups = pairs.group_by(by).agg(count=pl.len(), names=pl.col(name).first())
    several = groups.filter(pl.col("count") > 1).drop("names")
    listed = pairs.join(several.select(by), on=by, how="semi").sort(name)
    joined = several.join(
        listed.group_by(by, maintain_order=True).agg(names=pl.col(name)), on=by
    ).with_columns(pl.col("names").list.join(NAMES_JOINED_BY))
    return pl.concat([groups.filter(pl.col("count") == 1), joined])


def with_network(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with `network`, the /24 or /64 of their address."""
    unique = rows["source_ip"].unique()
    networks = pl.DataFrame([unique, networks_of(unique)])
    return rows.join(networks, on="source_ip", maintain_order="left")


def networks_of(addresses: pl.Series, *, v4: int = 24, v6: int = 64) -> pl.Series:
    """Return `network`, the network of each address, as `network_of` does."""
    texts = addresses.cast(pl.String).to_pandas().astype("str")
    return pl.from_pandas(network_of(texts, v4=v4, v6=v6)).cast(pl.String).alias("network")


def number(count: str, *, one: str, many: str = "") -> pl.Expr:
    """Return a count with its word: `1 message`, `3 messages`."""
    word = pl.when(pl.col(count) == 1).then(pl.lit(one)).otherwise(pl.lit(many or f"{one}s"))
    return pl.format("{} {}", pl.col(count), word)


def seconds(span: pl.Expr) -> pl.Expr:
    """Return a span of time in seconds, to the last bit whatever rows stand beside it.

    Polars divides a single row, and multiplies several by the inverse: the last bit would tell
    how many rows there are.
    """
    return span.dt.total_microseconds() * (1 / 1_000_000)


def days(span: pl.Expr) -> pl.Expr:
    """Return a span of time in days, likewise."""
    return span.dt.total_microseconds() * (1 / 86_400_000_000)
