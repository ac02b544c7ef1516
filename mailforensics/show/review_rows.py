"""What the review table shows of each candidate: plain values, cleaned, ready for JSON."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mailforensics.addresses import parse_network
from mailforensics.review.guard import Guard
from mailforensics.show.address_book import AddressBook
from mailforensics.show.visible import visible

BINS: Final = 24  # bars of a sparkline
TEXT_CHARACTERS: Final = 1000  # the end of a reason says what to do, so it must be seen
ATTACK_EVENTS: Final = frozenset(
    {
        "auth_failed",
        "too_many_errors",
        "reject",
        "pipelining",
        "bad_command",
        "rate",
        "pregreet",
        "dnsbl",
    }
)
_WHOLE: Final = (
    "attackers",
    "legit_sources",
    "events",
    "auth_failed",
    "usernames",
    "accepted",
    "firewall_blocked",
)
_TEXTS: Final = ("reasons", "collateral", "already", "suggestion", "evidence")
_FRACTIONS: Final = ("attack_weight", "legit_weight", "share", "density", "value")


def page_rows(
    candidates: pd.DataFrame, *, guard: Guard, events: pd.DataFrame | None = None
) -> list[dict[str, object]]:
    """Return one plain dict a candidate, in the order of the table.

    Keys: the whole numbers and cleaned texts of schema.CANDIDATES, fractions as floats, times as
    ISO text in UTC, and `size` (prefix length), `family`, `country`, `dangers` (what makes an
    approval need a reason), `forbidden` (why it cannot be approved), `bars` (attack events in each
    of 24 equal spans of the whole time; empty without events), `from` and `to` (first and last
    seen as fractions of that time).
    """
    span = _span(candidates)
    bars = sparklines(candidates, events, span=span)
    records = candidates.to_dict("records")
    return [
        _page_row(row, guard=guard, span=span) | {"bars": counts}
        for row, counts in zip(records, bars, strict=True)
    ]


def _page_row(row: dict[Any, Any], *, guard: Guard, span: tuple[int, int]) -> dict[str, object]:
    fields = dict(row)
    network = parse_network(str(fields["network"]))
    first, last = pd.Timestamp(fields["first_seen"]), pd.Timestamp(fields["last_seen"])
    fields["country"] = visible(fields.get("country"), limit=3)
    return {
        "network": str(network),
        "family": network.version,
        "size": network.prefixlen,
        "country": fields["country"],
        "first_seen": _iso(first),
        "last_seen": _iso(last),
        "from": _fraction_of(first, span),
        "to": _fraction_of(last, span),
        "dangers": [visible(danger) for danger in guard.dangers(fields)],
        "forbidden": visible(guard.why_forbidden(network)),
        **{name: _number(fields[name]) for name in (*_WHOLE, *_FRACTIONS)},
        **{name: visible(fields[name], limit=TEXT_CHARACTERS) for name in _TEXTS},
    }


def _number(value: Any) -> float | int | None:  # noqa: ANN401  a cell of the table
    number = float(value)
    if not np.isfinite(number):
        return None  # JSON has no infinity
    return int(number) if number.is_integer() else number


def _iso(moment: pd.Timestamp) -> str:
    return "" if pd.isna(moment) else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _span(candidates: pd.DataFrame) -> tuple[int, int]:
    """Return the first and last moment of all candidates, in microseconds since 1970."""
    first, last = candidates["first_seen"].min(), candidates["last_seen"].max()
    if first is pd.NaT or last is pd.NaT:
        return 0, 1
    begin, end = (int(moment.timestamp() * 1e6) for moment in (first, last))
    return begin, max(end, begin + 1)


def _fraction_of(moment: pd.Timestamp, span: tuple[int, int]) -> float | None:
    if pd.isna(moment):
        return None
    return round((moment.timestamp() * 1e6 - span[0]) / (span[1] - span[0]), 4)


def sparklines(
    candidates: pd.DataFrame, events: pd.DataFrame | None, *, span: tuple[int, int]
) -> list[list[int]]:
    """Return for each candidate its attack events in each of 24 equal parts of the time.

    Args:
        candidates: the table to review.
        events: mail events; None gives empty lists.
        span: first and last moment, in microseconds since 1970.
    """
    if events is None or candidates.empty:
        return [[] for _ in range(len(candidates))]
    attacks = events.loc[
        events["event"].isin(ATTACK_EVENTS)
        & ~events["duplicate"]
        & events["source_ip"].notna()
        & events["time"].notna(),
        ["source_ip", "time", "repeat"],
    ]
    book = AddressBook(attacks["source_ip"])
    bins = np.clip(_since(attacks["time"], span) * BINS // (span[1] - span[0]), 0, BINS - 1)
    cells = np.bincount(
        book.ranks * BINS + bins, weights=attacks["repeat"], minlength=book.count * BINS
    )
    # Summed up along the sorted addresses: a network's counts are then one subtraction.
    sums = np.zeros((book.count + 1, BINS), dtype=np.int64)
    sums[1:] = cells.reshape(book.count, BINS).cumsum(axis=0)
    spans = [book.span(parse_network(text)) for text in candidates["network"]]
    return [(sums[high] - sums[low]).tolist() for low, high in spans]


def _since(times: "pd.Series[pd.Timestamp]", span: tuple[int, int]) -> npt.NDArray[np.int64]:
    whole = times.to_numpy(dtype="datetime64[us]").astype(np.int64)
    return np.asarray(whole - span[0], dtype=np.int64)
