"""The fingerprint of a candidate row, so that a decision names the evidence it was made on."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd

from mailforensics.addresses import parse_network
from mailforensics.schema import CANDIDATES, Column, names, require

_NAMES: Final = frozenset(names(CANDIDATES))
Row = Mapping[str, object]


def digest(row: "Row | pd.Series") -> str:
    """Return the SHA-256 (64 hexadecimal digits) of a candidate row as shown.

    The same values give the same digest whatever holds them (a Series, a dict, a numpy scalar) and
    on every machine: numbers with a fraction count with six significant digits, times in UTC.

    Raises:
        MissingColumnError: a column of schema.CANDIDATES is missing.
    """
    fields = dict(row)
    if not fields.keys() >= _NAMES:
        require(pd.DataFrame(columns=list(map(str, fields))), names(CANDIDATES))
    shown = [_SHOWN[column.dtype](fields[column.name], column) for column in CANDIDATES]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=True).encode("ascii")).hexdigest()


def digests(candidates: pd.DataFrame) -> list[str]:
    """Return the digest of every row, in order.

    Raises:
        MissingColumnError: a column of schema.CANDIDATES is missing.
    """
    records: list[Row] = candidates.to_dict("records")  # type: ignore[assignment]
    return [digest(row) for row in records]


def _text(value: object, column: Column) -> str | None:
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    return str(parse_network(str(value))) if column.name == "network" else str(value)


def _whole(value: object, _: Column) -> int | None:
    return None if pd.isna(value) else int(value)  # type: ignore[call-overload]


def _fraction(value: object, _: Column) -> str | None:
    return None if pd.isna(value) else format(float(value), ".6g")  # type: ignore[call-overload, arg-type]


def _moment(value: object, _: Column) -> str | None:
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    return pd.Timestamp(value).tz_convert("UTC").isoformat()  # type: ignore[arg-type]


_SHOWN: Final[dict[str, Callable[[object, Column], object]]] = {
    "str": _text,
    "int64": _whole,
    "Int64": _whole,
    "float64": _fraction,
    "time": _moment,
}
