"""Groups of addresses that act in one manner, tested for one clock and one list of names.

This finds what no address shows by itself: one try per address over a hundred addresses. Grouping
by manner (daemon, mechanism, counters) is no evidence, as many bots are of one make; it only puts
the right addresses side by side. Evidence is a common clock *and* a common list.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Final

import polars as pl

from mailforensics.analysis.campaigns_chance import Sign
from mailforensics.analysis.campaigns_clock import members_in_time, timing
from mailforensics.analysis.campaigns_signs import (
    FEWEST,
    FEWEST_ADDRESSES,
    NO_FINGERPRINT,
    NO_NAMES,
    fingerprint,
    names,
)

# Addresses up to this many tries are also looked at without the busier ones, which drown them.
QUIET_TRIES: Final = 5
# A silence this many times the usual gap ends a stretch: what comes later is judged anew.
SILENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Try:
    """One refused login."""

    seconds: float
    source_ip: str
    name: str | None
    manner: str


@dataclass(frozen=True, slots=True)
class Group:
    """Addresses that may act together, with the signs of it."""

    sources: tuple[str, ...]
    signs: tuple[Sign, ...]

    @property
    def p_value(self) -> float:
        """The weaker of its two families: one clock, and besides it one list or one make."""
        clock, *others = self.signs
        return max(clock.p_value, min(other.p_value for other in others))

    def corrected(self, tests: int) -> "Group":
        """Return the group with p-values that count how many groups were looked at."""
        signs = (replace(sign, p_value=min(sign.p_value * tests, 1.0)) for sign in self.signs)
        return Group(self.sources, tuple(signs))


def groups(attempts: pl.DataFrame) -> list[Group]:
    """Return every group with its signs, from the finest division of addresses to the coarsest."""
    everybody = _users(_named(_tries(attempts.with_columns(fine="manner"))))
    return [
        judged(stretch, everybody, by_manner=by_manner)
        for by_manner, division in _divisions(attempts)
        for stretch in division
    ]


def _divisions(attempts: pl.DataFrame) -> Iterator[tuple[bool, list[list[Try]]]]:
    manner = pl.col("manner").mode().sort().first().over("source_ip")
    tries = pl.col("tries").sum().over("source_ip")
    table = attempts.with_columns(fine=manner, busy=tries > QUIET_TRIES).with_columns(
        coarse=pl.col("fine").str.extract(r"^([^,]*, [^,]*)")
    )
    quiet = table.filter(~pl.col("busy"))
    for by in ("fine", "coarse"):
        for rows in (table, quiet):
            parts = rows.partition_by(by, maintain_order=True)
            yield by == "fine", [s for part in parts for s in _stretches(_tries(part))]


def _tries(rows: pl.DataFrame) -> list[Try]:
    columns = rows.select("seconds", "source_ip", "name", "fine")
    return [Try(*row) for row in columns.iter_rows()]


def _stretches(tries: list[Try]) -> list[list[Try]]:
    """Return the stretches of tries between long silences that hold enough addresses."""
    gaps = [
        later.seconds - now.seconds
        for now, later in pairwise(tries)
        if now.source_ip != later.source_ip
    ]
    longest = SILENCE * median(gaps) if gaps else 0.0
    parts = [tries[:1]]
    for now, later in pairwise(tries):
        if later.seconds - now.seconds > longest:
            parts.append([])
        parts[-1].append(later)
    return [part for part in parts if _is_enough(part)]


def _is_enough(tries: list[Try]) -> bool:
    return len(tries) > FEWEST and len({t.source_ip for t in tries}) >= FEWEST_ADDRESSES


def judged(tries: list[Try], everybody: Counter[str], *, by_manner: bool) -> Group:
    """Return the addresses of a stretch that share its clock and its list, with the signs.

    The signs are those of the whole stretch: those of the members alone, who were picked because
    they fit, would flatter. A manner that the addresses were grouped by is no sign.
    """
    seconds, sources = [t.seconds for t in tries], [t.source_ip for t in tries]
    named = _named(tries)
    elsewhere = everybody.copy()
    elsewhere.subtract(_users(named))
    manners = list({t.source_ip: t.manner for t in tries}.values())
    signs = (
        timing(seconds, sources),
        names(named, elsewhere) if len(named) >= FEWEST else NO_NAMES,
        NO_FINGERPRINT if by_manner else fingerprint(manners),
    )
    members = members_in_time(seconds, sources) & _listed(tries)
    kept = [t for t in tries if t.source_ip in members]
    joined = members if _is_enough(kept) else set(sources)
    return Group(tuple(sorted(joined)), signs)


def _named(tries: list[Try]) -> list[tuple[str, str]]:
    return [(t.source_ip, t.name) for t in tries if t.name is not None]


def _users(named: list[tuple[str, str]]) -> Counter[str]:
    """Return by how many addresses each name is tried."""
    return Counter(name for _, name in set(named))


def _listed(tries: list[Try]) -> set[str]:
    """Return the addresses with a name that others try too, where most names are tried by two."""
    users = _users(_named(tries))
    if 2 * sum(count > 1 for count in users.values()) <= len(users):
        return {t.source_ip for t in tries}
    return {t.source_ip for t in tries if t.name and users[t.name] > 1}
