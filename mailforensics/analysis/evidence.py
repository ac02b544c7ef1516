"""The events behind one row of any summary: every claim has an address."""

from functools import reduce
from operator import and_
from typing import Any, Final

import pandas as pd
import pyarrow.dataset as ds

from mailforensics import schema
from mailforensics.addresses import lies_in, parse_network
from mailforensics.errors import ArgumentError
from mailforensics.reading.stores.question import Question, micros
from mailforensics.reading.stores.store import Store

_SPANS: Final = (("start", "end"), ("first_time", "last_time"))


def evidence(events: pd.DataFrame | Store, *, of: "pd.Series[Any]") -> pd.DataFrame:
    """Return the events behind one row of a summary table, oldest first, all columns.

    - A row of sessions: the lines of that daemon, process and peer, in its time.
    - A row of messages: the lines with its queue id on its host, in its time.
    - A row of sources or breaches: the lines of that address.
    - A row of networks, a plan or candidates: the lines of all addresses inside.

    Lines that were already read from another file are left out, as they are in every count.

    Args:
        events: the table that the summary was made of (mail or firewall events), or the store: of
            that only lines that may be among them are read.
        of: one row, such as `sources.iloc[0]`.

    Returns:
        A new table with the columns of `events`.

    Raises:
        ArgumentError: the row has none of the columns that name its events.
        MissingColumnError: the events lack a column that the row asks for.
    """
    names = _told_by(of)
    if isinstance(events, Store):
        events = events.answer(_question(of, names))
    chosen = ~events["duplicate"] if "duplicate" in events.columns else events["line"].notna()
    if names:
        chosen &= _is_same(events, of, names)
    else:
        chosen &= _is_inside(events, str(of["network"]))
    if "host" in names:
        chosen &= _is_during(events, of)
    keys = [key for key in ("time", "file", "line") if key in events.columns]
    return events.loc[chosen].sort_values(keys, ignore_index=True)


def _told_by(row: "pd.Series[Any]") -> list[str]:
    """Return the columns that name a row's events; none: those of all addresses of its network.

    With a host, they lie in the row's time.
    """
    if "network" in row and "source_ip" not in row:
        return []
    if "queue_id" in row:
        return ["host", "queue_id"]
    if "first_line" in row:
        return ["host", "source_ip"]
    if "source_ip" in row:
        return ["source_ip"]
    raise ArgumentError(
        f"the row has {', '.join(map(str, row.index))}: none of these names its events; pass a "
        "row of sessions, messages, sources, networks, candidates or breaches."
    )


def _question(row: "pd.Series[Any]", names: list[str]) -> Question:
    """Return what of a store may stand behind a row; what does is looked for among that."""
    if not names:
        return Question(networks=(parse_network(str(row["network"])),))
    values = {name: ds.field(name) for name in names}
    tests = [
        (field == str(row[name])) if pd.notna(row[name]) else field.is_null()
        for name, field in values.items()
    ]
    if "host" not in names:
        return Question(also=reduce(and_, tests))
    first, last = next(span for span in _SPANS if span[0] in row)
    start, end = (None if pd.isna(row[name]) else micros(row[name], name) for name in (first, last))
    return Question(start, None if end is None else end + 1, also=reduce(and_, tests))


def _is_same(events: pd.DataFrame, row: "pd.Series[Any]", columns: list[str]) -> "pd.Series[bool]":
    schema.require(events, columns)
    same = pd.Series(data=True, index=events.index)
    for column in columns:
        known = bool(pd.notna(row[column]))
        here = events[column]
        same &= here.eq(row[column]).fillna(value=False) if known else here.isna()
    return same.astype(bool)


def _is_during(events: pd.DataFrame, row: "pd.Series[Any]") -> "pd.Series[bool]":
    first, last = next(span for span in _SPANS if span[0] in row)
    return events["time"].between(row[first], row[last])


def _is_inside(events: pd.DataFrame, text: str) -> "pd.Series[bool]":
    schema.require(events, ["source_ip"])
    return lies_in(events["source_ip"], parse_network(text))
