"""Pairs of busy addresses, tested for one list of names, for turns, and for a rare manner.

Two addresses of many tries each can give themselves away without a third. Every pair of the
busiest is looked at, so each p-value is corrected for all of them.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import polars as pl

from mailforensics.analysis.campaigns_chance import Sign, binomial_at_least, same_order
from mailforensics.analysis.campaigns_clock import FEWEST, NO_TIMING, taking_turns
from mailforensics.analysis.campaigns_groups import Group

BUSIEST: Final = 150
FEWEST_SHARED: Final = 5
# Whether two addresses take turns is only asked where names or manner already speak for them.
PROMISING: Final = 0.001
# With fewer other addresses, a log cannot tell what is rare.
FEWEST_OTHERS: Final = 10


@dataclass(frozen=True, slots=True)
class Busy:
    """An address with many tries: its times, its names in order of first use, its manner."""

    source_ip: str
    seconds: tuple[float, ...]
    names: tuple[str, ...]
    manner: str


@dataclass(frozen=True, slots=True)
class Crowd:
    """What all addresses of the log do: how many try each name, and how many have each manner."""

    addresses: int
    name_users: Counter[str]
    manner_users: Counter[str]


def pairs(attempts: pl.DataFrame, *, joined: dict[str, str]) -> tuple[list[Group], int]:
    """Return pairs of the busiest addresses with their signs, and how many pairs there are.

    Pairs that other evidence put into one campaign already (`joined`: address to campaign) are
    not looked at again, yet count, so that a p-value never gets better by it.
    """
    crowd, busy = _crowd(attempts), _busiest(attempts)
    couples = list(combinations(busy, 2))
    found = [
        Group((first.source_ip, second.source_ip), _signs(first, second, crowd))
        for first, second in couples
        if joined.get(first.source_ip, first.source_ip)
        != joined.get(second.source_ip, second.source_ip)
    ]
    return found, len(couples)


def _by_address(attempts: pl.DataFrame) -> pl.DataFrame:
    return attempts.group_by("source_ip").agg(
        pl.col("seconds"),
        names=pl.col("name").drop_nulls().unique(maintain_order=True),
        manner=pl.col("manner").mode().sort().first(),
        rows=pl.len(),
    )


def _busiest(attempts: pl.DataFrame) -> list[Busy]:
    table = (
        _by_address(attempts)
        .filter(pl.col("rows") >= FEWEST)
        .sort(["rows", "source_ip"], descending=[True, False])
        .head(BUSIEST)
        .sort("source_ip")
        .select("source_ip", "seconds", "names", "manner")
    )
    return [Busy(ip, tuple(s), tuple(n), m) for ip, s, n, m in table.iter_rows()]


def _crowd(attempts: pl.DataFrame) -> Crowd:
    table = _by_address(attempts)
    return Crowd(
        addresses=len(table),
        name_users=Counter(table["names"].explode().drop_nulls().to_list()),
        manner_users=Counter(table["manner"].to_list()),
    )


def _signs(first: Busy, second: Busy, crowd: Crowd) -> tuple[Sign, ...]:
    listed, looks = _one_list(first, second, crowd), _one_make(first, second, crowd)
    promising = min(listed.p_value, looks.p_value) <= PROMISING
    return (_turns(first, second) if promising else NO_TIMING), listed, looks


def _one_list(first: Busy, second: Busy, crowd: Crowd) -> Sign:
    mine = {name: place for place, name in enumerate(first.names)}
    shared = [name for name in second.names if name in mine]
    if len(shared) < FEWEST_SHARED:
        return Sign("names", 1.0, "")
    ordered = same_order([mine[name] for name in shared])
    rare = _rarely_shared(first, second, shared, crowd)
    words = f"{len(shared)} names in common"
    words += ", in the same order" if ordered <= rare else ", few of which others try"
    return Sign("names", min(2 * min(ordered, rare), 1.0), words)


def _rarely_shared(first: Busy, second: Busy, shared: list[str], crowd: Crowd) -> float:
    """Return the probability that so many names of the shorter list are on the longer by chance."""
    others = crowd.addresses - 2
    if others < FEWEST_OTHERS:
        return 1.0
    shorter = min(first.names, second.names, key=len)
    users = [crowd.name_users[name] - (2 if name in shared else 1) for name in shorter]
    chance = sum((count + 1) / (others + 2) for count in users) / len(shorter)
    return binomial_at_least(len(shared), len(shorter), chance)


def _one_make(first: Busy, second: Busy, crowd: Crowd) -> Sign:
    others = crowd.addresses - 2
    if first.manner != second.manner or others < FEWEST_OTHERS:
        return Sign("fingerprint", 1.0, "")
    users = crowd.manner_users[first.manner] - 2
    words = f"the same manner ({first.manner}), which {users} of {others} others have"
    return Sign("fingerprint", (users + 1) / (others + 1), words)


def _turns(first: Busy, second: Busy) -> Sign:
    tries = sorted(
        [(time, first.source_ip) for time in first.seconds]
        + [(time, second.source_ip) for time in second.seconds]
    )
    return taking_turns([time for time, _ in tries], [source for _, source in tries])
