"""What is asked of a store, and what of it Parquet's statistics can answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, Final, Protocol, cast

import pandas as pd
import polars as pl
import pyarrow.compute as pc
import pyarrow.dataset as ds

from mailforensics.addresses import Address, Network, network_of, parse_network
from mailforensics.errors import ArgumentError
from mailforensics.reading.stores.manifest import Entry, Part
from mailforensics.schema import Table

Moment = str | datetime | pd.Timestamp
Words = str | Iterable[str]
Networks = str | Address | Network | Iterable[str]
_MOST_BEGINNINGS: Final = 64


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows are asked for; None where it does not matter.

    Attributes:
        start: first time, in microseconds since 1970, UTC.
        end: time before which rows lie.
        values: for `host`, `event` and `source_ip`, the values that rows may have.
        networks: rows have a source in one of these.
        also: a PyArrow expression that rows must meet.
        untimed: rows have no time.
    """

    start: int | None = None
    end: int | None = None
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    networks: tuple[Network, ...] | None = None
    also: Any = None
    untimed: bool = False

    def within(self, start: int, end: int) -> "Question":
        """Return the question for those of its rows that lie in a span of time."""
        later = start if self.start is None else max(start, self.start)
        return replace(self, start=later, end=end if self.end is None else min(end, self.end))

    def may_be_in(self, part: Part) -> bool:
        """Say whether a part may hold such rows."""
        hosts = dict(self.values).get("host")
        if hosts is not None and not set(hosts) & set(part.hosts):
            return False
        if self.start is None and self.end is None:
            return True
        if part.start is None or part.end is None:
            return False
        late = self.start is not None and part.end < self.start
        early = self.end is not None and part.start >= self.end
        return not late and not early

    def filters(self) -> Any:  # noqa: ANN401 - a PyArrow expression
        """Return what Parquet's own statistics can answer."""
        found = self.also
        if self.untimed:
            none = ds.field("time").is_null()
            found = none if found is None else found & none
        begin = None if self.networks is None else _begin(self.networks)
        if begin is not None:
            found = begin if found is None else found & begin
        for name, values in self.values:
            test = ds.field(name).isin(list(values))
            found = test if found is None else found & test
        return found

    def rest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that meet what only settled times and addresses can tell."""
        time = pl.col("time").dt.epoch("us")
        if self.start is not None:
            rows = rows.filter(time >= self.start)
        if self.end is not None:
            rows = rows.filter(time < self.end)
        if self.networks is None:
            return rows
        addresses = rows["source_ip"].drop_nulls().unique()
        return rows.filter(pl.col("source_ip").is_in(_inside(addresses, self.networks).implode()))


def of_host(host: str | None, *, also: Any = None) -> Question:  # noqa: ANN401 - PyArrow's
    """Return the question for the rows of one server; None: of all together."""
    return Question(values=() if host is None else (("host", (host,)),), also=also)


def _begin(networks: tuple[Network, ...]) -> Any:  # noqa: ANN401 - a PyArrow expression
    """Return how addresses in these networks begin; None where that tells little or is much."""
    if not 0 < len(networks) <= _MOST_BEGINNINGS or any(n.version == 6 for n in networks):
        return None
    numbers = [str(n.network_address).split(".")[: n.prefixlen // 8] for n in networks]
    peer = ds.field("source_ip")
    return reduce(or_, (pc.starts_with(peer, ".".join(whole)) for whole in numbers))


def _inside(addresses: pl.Series, networks: Iterable[Network]) -> pl.Series:
    texts = pd.Series(addresses.to_list(), dtype="str")
    inside = pd.Series(data=False, index=texts.index)
    for network in networks:
        ipv6 = network.version == 6
        mine = texts.str.contains(":", regex=False) == ipv6
        sizes = {"v6" if ipv6 else "v4": network.prefixlen}
        inside |= network_of(texts.where(mine), **sizes).eq(str(network)).fillna(value=False)
    return addresses.filter(pl.Series(inside.to_numpy(dtype=bool)))


def words(values: Words) -> tuple[str, ...]:
    """Return one or several values as several."""
    return (values,) if isinstance(values, str) else tuple(values)


def networks(given: Networks) -> tuple[Network, ...]:
    """Return one or several networks as several.

    Raises:
        ArgumentError: one of them is none.
    """
    several = not isinstance(given, str) and hasattr(given, "__iter__") and not _is_network(given)
    listed = list(cast("Iterable[str]", given)) if several else [given]
    return tuple(parse_network(cast("str", item)) for item in listed)


def _is_network(given: object) -> bool:
    return hasattr(given, "prefixlen") or hasattr(given, "packed")


def micros(moment: Moment | None, name: str) -> int | None:
    """Return a moment as microseconds since 1970, UTC; text without a zone is UTC.

    Raises:
        ArgumentError: it is no time.
    """
    if moment is None:
        return None
    try:
        stamp = pd.Timestamp(moment)
    except (ValueError, TypeError):
        raise ArgumentError(f"{name}={moment!r} is no time; write 2026-09-04 16:59.") from None
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return (stamp - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(microseconds=1)


class Asked(Protocol):
    """What can be asked: a store, as what it is made of sees it."""

    table: Table
    rows_at_a_time: int

    def parts(self, question: Question | None = None) -> list[tuple[Entry, Part]]:
        """Return the parts that may hold what is asked for, with their files."""

    def frames(self, question: Question, *, columns: Iterable[str]) -> Iterator[pl.DataFrame]:
        """Yield columns of the rows asked for, part by part; at first a part without rows."""
