"""What the review table shows of each candidate: plain values, cleaned, ready for JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

from mailforensics.addresses import parse_network
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store
from mailforensics.review.guard import Guard
from mailforensics.show.address_book import AddressBook
from mailforensics.show.visible import all_visible, visible

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
    candidates: pd.DataFrame, *, guard: Guard, events: pd.DataFrame | Store | None = None
) -> list[dict[str, object]]:
    """Return one plain dict a candidate, in the order of the table; keys: see `page_columns`."""
    return rows_of(page_columns(candidates, guard=guard, events=events))


def rows_of(columns: Mapping[str, Sequence[object]]) -> list[dict[str, object]]:
    """Return columns of equal length as one dict a row."""
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def page_columns(
    candidates: pd.DataFrame, *, guard: Guard, events: pd.DataFrame | Store | None = None
) -> dict[str, list[object]]:
    """Return what the page shows, column by column: thousands of rows travel faster so.

    Keys: the whole numbers and cleaned texts of schema.CANDIDATES, fractions as floats, times as
    ISO text in UTC, and `size` (prefix length), `family`, `country`, `dangers` (what makes an
    approval need a reason), `forbidden` (why it cannot be approved), `bars` (attack events in each
    of 24 equal spans of the whole time; empty without events), `from` and `to` (first and last
    seen as fractions of that time).
    """
    span = _span(candidates)
    networks = [parse_network(text) for text in candidates["network"]]
    names = [str(network) for network in networks]
    known = candidates.assign(country=candidates.get("country"))
    countries = all_visible(known["country"].tolist(), limit=3)
    return {
        "network": list(names),
        "family": [network.version for network in networks],
        "size": [network.prefixlen for network in networks],
        "country": list(countries),
        "first_seen": _iso(candidates["first_seen"]),
        "last_seen": _iso(candidates["last_seen"]),
        "from": _fractions_of(candidates["first_seen"], span),
        "to": _fractions_of(candidates["last_seen"], span),
        "dangers": _dangers(candidates, countries, guard),
        "forbidden": list(all_visible([guard.why_forbidden(text) for text in names])),
        **{name: _numbers(candidates[name]) for name in (*_WHOLE, *_FRACTIONS)},
        **{
            name: list(all_visible(candidates[name].tolist(), limit=TEXT_CHARACTERS))
            for name in _TEXTS
        },
        "bars": list(sparklines(candidates, events, span=span)),
    }


def _dangers(candidates: pd.DataFrame, countries: list[str], guard: Guard) -> list[object]:
    """Return for each row what makes its approval dangerous, asked with what the guard looks at."""
    asked = candidates[["network", "collateral", "legit_sources", "accepted"]]
    names = [*asked.columns, "country"]
    rows = zip(*(asked[name].tolist() for name in asked.columns), countries, strict=True)
    return [
        [visible(danger) for danger in guard.dangers(dict(zip(names, row, strict=True)))]
        for row in rows
    ]


def _numbers(column: "pd.Series[Any]") -> list[object]:
    """Return numbers as JSON has them: whole where they are whole, none for what is not finite."""
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    whole = values == np.rint(values)
    if whole.all() and np.isfinite(values).all():
        return list(values.astype("int64").tolist())
    return [
        (int(value) if is_whole else value) if np.isfinite(value) else None
        for value, is_whole in zip(values.tolist(), whole.tolist(), strict=True)
    ]


def _iso(column: "pd.Series[Any]") -> list[object]:
    """Return times as ISO text in UTC, to the second; no time is empty text."""
    seconds = column.dt.tz_convert(None).to_numpy(dtype="datetime64[s]")
    texts = np.datetime_as_string(seconds).tolist()
    return ["" if text == "NaT" else f"{text}Z" for text in texts]


def _span(candidates: pd.DataFrame) -> tuple[int, int]:
    """Return the first and last moment of all candidates, in microseconds since 1970."""
    first, last = candidates["first_seen"].min(), candidates["last_seen"].max()
    if first is pd.NaT or last is pd.NaT:
        return 0, 1
    begin, end = (int(moment.timestamp() * 1e6) for moment in (first, last))
    return begin, max(end, begin + 1)


def _fractions_of(column: "pd.Series[Any]", span: tuple[int, int]) -> list[object]:
    shares = np.round((_since(column, span)) / (span[1] - span[0]), 4).tolist()
    return [
        None if missing else share
        for share, missing in zip(shares, column.isna().tolist(), strict=True)
    ]


def sparklines(
    candidates: pd.DataFrame, events: pd.DataFrame | Store | None, *, span: tuple[int, int]
) -> list[list[int]]:
    """Return for each candidate its attack events in each of 24 equal parts of the time.

    Args:
        candidates: the table to review.
        events: mail events, or a store; None gives empty lists.
        span: first and last moment, in microseconds since 1970.
    """
    if events is None or candidates.empty:
        return [[] for _ in range(len(candidates))]
    attacks = _per_bin(events, span)
    book = AddressBook(attacks["source_ip"])
    cells = np.bincount(
        book.ranks * BINS + attacks["bin"].to_numpy(),
        weights=attacks["repeat"],
        minlength=book.count * BINS,
    )
    # Summed up along the sorted addresses: a network's counts are then one subtraction.
    sums = np.zeros((book.count + 1, BINS), dtype=np.int64)
    sums[1:] = cells.reshape(book.count, BINS).cumsum(axis=0)
    spans = [book.span(parse_network(text)) for text in candidates["network"]]
    return [(sums[high] - sums[low]).tolist() for low, high in spans]


def _per_bin(events: pd.DataFrame | Store, span: tuple[int, int]) -> pd.DataFrame:
    """Return how many attack events each address has in each part of the time, of those it has."""
    sums = []
    for lines in _attacks(events):
        known = lines.loc[lines["source_ip"].notna() & lines["time"].notna()]
        bins = np.clip(_since(known["time"], span) * BINS // (span[1] - span[0]), 0, BINS - 1)
        placed = known[["source_ip", "repeat"]].assign(bin=bins)
        sums.append(placed.groupby(["source_ip", "bin"], as_index=False).agg("sum"))
    return pd.concat(sums, ignore_index=True)


def _attacks(events: pd.DataFrame | Store) -> Iterator[pd.DataFrame]:
    """Yield the lines that tell of attacks, each as often as it was folded; a store's in parts."""
    if not isinstance(events, Store):
        yield events.loc[events["event"].isin(ATTACK_EVENTS) & ~events["duplicate"]]
        return
    question = Question(values=(("event", tuple(sorted(ATTACK_EVENTS))),))
    for frame in events.frames(question, columns=["source_ip", "repeat"]):
        yield frame.filter(~pl.col("duplicate")).select("source_ip", "time", "repeat").to_pandas()


def _since(times: "pd.Series[Any]", span: tuple[int, int]) -> npt.NDArray[np.int64]:
    whole = times.to_numpy(dtype="datetime64[us]").astype(np.int64)
    return np.asarray(whole - span[0], dtype=np.int64)
