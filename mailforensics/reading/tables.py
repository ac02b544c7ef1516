"""From the engine's columns to a public pandas table: canonical addresses, numbers, Arrow text."""

from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import pyarrow as pa

from mailforensics.addresses import parse_address
from mailforensics.reading.distinct import parse_distinct
from mailforensics.schema import Column, Table

# Known only when all files are read, and what it takes to know it.
_SETTLED_LATER: Final = frozenset({"file", "duplicate"})
_KEPT: Final = ("clock", "again", "program", "pid")
_BYTE: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = rf"^(?:{_BYTE}\.){{3}}{_BYTE}$"
# Postfix writes `auth=1` for one of one: where all worked, the tries are not written.
_ALL_WORKED: Final = {"auth_tried": "auth_ok", "commands_tried": "commands_ok"}


def to_arrow(events: pl.DataFrame, table: Table) -> pa.Table:
    """Return the events of a block as an Arrow table, ready to become part of a public table.

    It has the columns of the schema but for those that need all files (`file`, `duplicate`), and
    what the rooms that settle those need (`clock`, `again`, `program`, `pid`). Its `time` is naive,
    as zone and year are not known yet. Arrow's own layout takes a third of the engine's memory.
    """
    columns = [finish(events, column) for column in table if column.name not in _SETTLED_LATER]
    kept = [events[name] for name in _KEPT if name not in {series.name for series in columns}]
    return pl.DataFrame([*columns, *kept]).to_arrow(compat_level=pl.CompatLevel.oldest())


def narrow(events: pa.Table) -> pa.Table:
    """Return the same events with their numbers in as few bytes as they need, `line` left alone.

    Most numbers of a log are small or missing, and every line is held until the last is read.
    """
    wide = [field.name for field in events.schema if field.type == pa.int64()]
    wide.remove("line")
    for name, numbers in cast("pl.DataFrame", pl.from_arrow(events.select(wide))).to_dict().items():
        small = numbers.shrink_dtype().to_arrow()
        events = events.set_column(events.column_names.index(name), name, small)
    return events


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the events of several tables as one, whose numbers may be of different widths."""
    return pa.concat_tables(tables, promote_options="permissive")


def finish(events: pl.DataFrame, column: Column) -> pl.Series:
    """Return one column in its final form and Polars type."""
    name = column.name
    if name in _ALL_WORKED:
        return _tried(events, column)
    if name not in events.columns:
        return pl.repeat(None, events.height, dtype=polars_type(column), eager=True).alias(name)
    series = events[name]
    if name in {"source_ip", "dest_ip"}:
        return canonical(series)
    if name == "source_host":
        return series.set(series == "unknown", None)
    if name == "sasl_method":
        # Postfix writes it as the client typed it, Dovecot 2.4 in small letters.
        return series.str.to_uppercase()
    return series.cast(polars_type(column), strict=False)


def _tried(events: pl.DataFrame, column: Column) -> pl.Series:
    names = [n for n in (column.name, _ALL_WORKED[column.name]) if n in events.columns]
    if not names:
        return pl.repeat(None, events.height, dtype=polars_type(column), eager=True).alias(
            column.name
        )
    tried = pl.coalesce(names).cast(polars_type(column), strict=False)
    return events.select(tried.alias(column.name)).to_series()


def polars_type(column: Column) -> pl.DataType:
    """Return the engine's type of a column."""
    kinds: dict[str, pl.DataType] = {
        "str": pl.String(),
        "Int64": pl.Int64(),
        "int64": pl.Int64(),
        "float64": pl.Float64(),
        "bool": pl.Boolean(),
        "time": pl.Datetime("us"),
    }
    return kinds[column.dtype]


def canonical(addresses: pl.Series) -> pl.Series:
    """Return addresses as canonical text, IPv4-mapped IPv6 as IPv4; null where it is no address."""
    odd = ~addresses.str.contains(_IPV4).fill_null(value=True)
    if not odd.any():
        return addresses
    texts = parse_distinct(addresses.filter(odd), _canonical)
    return addresses.scatter(odd.arg_true(), texts["canonical"])


def _canonical(texts: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"canonical": pl.Series(map(_canonical_text, texts), dtype=pl.String)})


def _canonical_text(text: str) -> str | None:
    address = parse_address(text.removeprefix("IPv6:")) if ":" in text else None
    return None if address is None else str(address)


def to_pandas(
    events: pa.Table, order: pl.DataFrame, duplicate: pl.Series, table: Table
) -> pd.DataFrame:
    """Return the events as pandas with exactly the columns of a schema table.

    Args:
        events: what `to_arrow` made of all blocks, one after the other.
        order: `row` in `events`, `time` and `file`, of each event in order.
        duplicate: for each event in order.
        table: the schema.
    """
    found = dict(zip(events.column_names, events.columns, strict=True))
    row = None if order["row"].is_sorted() else order["row"].to_arrow()
    if row is not None:
        found = {name: values.take(row) for name, values in found.items()}
    settled = {"time": order["time"], "file": order["file"], "duplicate": duplicate}
    found |= {name: pa.chunked_array([values.to_arrow()]) for name, values in settled.items()}
    return pd.DataFrame({c.name: _to_array(found[c.name], c) for c in table}, copy=False)


def _to_array(values: pa.ChunkedArray, column: Column) -> object:
    if column.dtype == "str":
        return pd.array(values.cast(pa.large_string()), dtype="str")
    if column.dtype == "time":
        return pd.DatetimeIndex(values.to_numpy(), tz="UTC")
    if column.dtype == "Int64":
        whole = _own(values.fill_null(0), np.int64)
        return pd.arrays.IntegerArray(whole, _own(values.is_null(), np.bool_))
    return _own(values, column.dtype)


def _own(values: pa.ChunkedArray, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return values as an array that may be written to, as pandas expects."""
    return np.require(values.to_numpy(), kind, requirements="W")
