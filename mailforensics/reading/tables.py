"""From the engine's columns to a public pandas table: canonical addresses, numbers, Arrow text."""

import socket
from typing import Final

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from mailforensics.addresses import parse_address
from mailforensics.schema import Column, Table

_NULL_TEXT: Final = {"source_ip": "unknown", "source_host": "unknown"}
# Postfix writes `auth=1` for one of one: where all worked, the tries are not written.
_ALL_WORKED: Final = {"auth_tried": "auth_ok", "commands_tried": "commands_ok"}


def to_pandas(events: pl.DataFrame, table: Table) -> pd.DataFrame:
    """Return the events as pandas with exactly the columns of a schema table."""
    return pd.DataFrame(
        {column.name: _to_array(finish(events, column), column) for column in table}, copy=False
    )


def finish(events: pl.DataFrame, column: Column) -> pl.Series:
    """Return one column in its final form and Polars type."""
    name = column.name
    if name in _ALL_WORKED:
        return _tried(events, column)
    if name not in events.columns:
        value = {"repeat": 1, "duplicate": False}.get(name)
        return pl.repeat(value, events.height, dtype=_polars(column), eager=True)
    series = events[name]
    if name in {"source_ip", "dest_ip"}:
        return canonical(series)
    if name == "source_host":
        return series.set(series == "unknown", None)
    if name == "sasl_method":
        # Postfix writes it as the client typed it, Dovecot 2.4 in small letters.
        return series.str.to_uppercase()
    return series.cast(_polars(column), strict=False)


def _tried(events: pl.DataFrame, column: Column) -> pl.Series:
    names = [n for n in (column.name, _ALL_WORKED[column.name]) if n in events.columns]
    if not names:
        return pl.repeat(None, events.height, dtype=_polars(column), eager=True)
    return events.select(pl.coalesce(names).cast(_polars(column), strict=False)).to_series()


def _polars(column: Column) -> pl.DataType:
    kinds: dict[str, pl.DataType] = {
        "str": pl.String(),
        "Int64": pl.Int64(),
        "int64": pl.Int64(),
        "float64": pl.Float64(),
        "bool": pl.Boolean(),
        "time": pl.Datetime("us", "UTC"),
    }
    return kinds[column.dtype]


def canonical(addresses: pl.Series) -> pl.Series:
    """Return addresses as canonical text, IPv4-mapped IPv6 as IPv4; null where it is no address."""
    unique = addresses.drop_nulls().unique()
    texts = [_canonical_text(text) for text in unique.to_list()]
    return addresses.replace_strict(unique, pl.Series(texts, dtype=pl.String), default=None)


def _canonical_text(text: str) -> str | None:
    if ":" not in text:
        try:
            socket.inet_pton(socket.AF_INET, text)
        except (OSError, ValueError):
            return None
        return text
    address = parse_address(text.removeprefix("IPv6:"))
    return str(address) if address is not None else None


def _to_array(series: pl.Series, column: Column) -> object:
    if column.dtype == "str":
        arrow = series.to_arrow(compat_level=pl.CompatLevel.oldest())
        return pd.array(pa.chunked_array([arrow]), dtype="str")
    if column.dtype == "time":
        return pd.DatetimeIndex(series.dt.replace_time_zone(None).to_numpy(), tz="UTC")
    if column.dtype == "Int64":
        mask = series.is_null().to_numpy()
        return pd.arrays.IntegerArray(series.fill_null(0).to_numpy().copy(), mask.copy())
    return series.to_numpy().astype(np.dtype(column.dtype))
