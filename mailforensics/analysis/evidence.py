"""The events behind one row of any summary: every claim has an address."""

from typing import Any, Final

import pandas as pd

from mailforensics import schema
from mailforensics.addresses import lies_in, parse_network
from mailforensics.errors import ArgumentError

_SPANS: Final = (("start", "end"), ("first_time", "last_time"))


def evidence(events: pd.DataFrame, *, of: "pd.Series[Any]") -> pd.DataFrame:
    """Return the events behind one row of a summary table, oldest first, all columns.

    - A row of sessions: the lines of that daemon, process and peer, in its time.
    - A row of messages: the lines with its queue id on its host, in its time.
    - A row of sources or breaches: the lines of that address.
    - A row of networks, a plan or candidates: the lines of all addresses inside.

    Lines that were already read from another file are left out, as they are in every count.

    Args:
        events: the table that the summary was made of (mail or firewall events).
        of: one row, such as `sources.iloc[0]`.

    Returns:
        A new table with the columns of `events`.

    Raises:
        ArgumentError: the row has none of the columns that name its events.
        MissingColumnError: the events lack a column that the row asks for.
    """
    chosen = ~events["duplicate"] if "duplicate" in events.columns else events["line"].notna()
    if "network" in of and "source_ip" not in of:
        chosen &= _is_inside(events, str(of["network"]))
    elif "queue_id" in of:
        chosen &= _is_same(events, of, ["host", "queue_id"]) & _is_during(events, of)
    elif "first_line" in of:
        chosen &= _is_same(events, of, ["host", "source_ip"]) & _is_during(events, of)
    elif "source_ip" in of:
        chosen &= _is_same(events, of, ["source_ip"])
    else:
        raise ArgumentError(
            f"the row has {', '.join(map(str, of.index))}: none of these names its events; pass a "
            "row of sessions, messages, sources, networks, candidates or breaches."
        )
    keys = [key for key in ("time", "file", "line") if key in events.columns]
    return events.loc[chosen].sort_values(keys, ignore_index=True)


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
