"""Groups of addresses that act in one manner, tested for one clock and one list of names.

This finds what no address shows by itself: one try per address over a hundred addresses. Grouping
by manner (daemon, mechanism, counters) is no evidence, as many bots are of one make; it only puts
the right addresses side by side. Evidence is a common clock *and* a common list.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl

from mailforensics.analysis.campaigns_chance import Sign
from mailforensics.analysis.campaigns_clock import (
    WORTH_MOVING,
    Clock,
    Codes,
    Floats,
    clock,
    usual_gap,
)
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


def groups(attempts: pl.DataFrame, *, alpha: float) -> list[Group]:
    """Return the groups that one clock may tie together, with all their signs.

    They stand from the finest division of addresses to the coarsest. P-values count how many
    groups were looked at. Without one clock a group is neither shown nor suspected, so nothing
    more is asked of it.

    Args:
        attempts: refused logins, as `login_attempts` gives them.
        alpha: the largest p-value of a clock.
    """
    addresses = attempts["source_ip"].unique().sort()
    coded = attempts.with_columns(code=pl.col("source_ip").cast(pl.Enum(addresses)).to_physical())
    stretches = list(_divided(coded))
    tests = 2 * len(stretches)
    # Twice, because the clock's p-value counts that both of its signs were looked at.
    worth = min(alpha / (2 * max(tests, 1)), WORTH_MOVING)
    everybody = _users(coded)
    found = []
    for by_manner, stretch in stretches:
        ticks = clock(*_times_and_codes(stretch), worth=worth)
        if min(ticks.sign.p_value * tests, 1.0) <= alpha:
            group = judged(stretch, ticks, everybody, by_manner=by_manner)
            found.append(group.corrected(tests))
    return found


def _divided(attempts: pl.DataFrame) -> Iterator[tuple[bool, pl.DataFrame]]:
    """Return the stretches of every division, and whether it is one by the whole manner."""
    manner = pl.col("manner").mode().sort().first().over("code")
    tries = pl.col("tries").sum().over("code")
    table = attempts.select("seconds", "code", "source_ip", "name", fine=manner, tries=tries)
    table = table.with_columns(coarse=pl.col("fine").str.extract(r"^([^,]*, [^,]*)"))
    quiet = table.filter(pl.col("tries") <= QUIET_TRIES)
    for by in ("fine", "coarse"):
        for rows in (table, quiet):
            for part in rows.partition_by(by, maintain_order=True):
                yield from ((by == "fine", stretch) for stretch in _stretches(part))


def _stretches(tries: pl.DataFrame) -> list[pl.DataFrame]:
    """Return the stretches of tries between long silences that hold enough addresses."""
    times, codes = _times_and_codes(tries)
    silences = np.flatnonzero(np.diff(times) > SILENCE * usual_gap(times, codes)) + 1
    bounds = pairwise([0, *silences.tolist(), len(tries)])
    parts = (tries.slice(begin, end - begin) for begin, end in bounds if end - begin > FEWEST)
    return [part for part in parts if part["code"].n_unique() >= FEWEST_ADDRESSES]


def _times_and_codes(tries: pl.DataFrame) -> tuple[Floats, Codes]:
    return tries["seconds"].to_numpy(), tries["code"].cast(pl.Int64).to_numpy()


def judged(tries: pl.DataFrame, ticks: Clock, everybody: Counter[str], *, by_manner: bool) -> Group:
    """Return the addresses of a stretch that share its clock and its list, with the signs.

    The signs are those of the whole stretch: those of the members alone, who were picked because
    they fit, would flatter. A manner that the addresses were grouped by is no sign.
    """
    named = tries.select("source_ip", "name").drop_nulls().rows()
    users = _users(tries)
    elsewhere = everybody.copy()
    elsewhere.subtract(users)
    manners = tries.unique("code", keep="first", maintain_order=True)["fine"].to_list()
    signs = (
        ticks.sign,
        names(named, elsewhere) if len(named) >= FEWEST else NO_NAMES,
        NO_FINGERPRINT if by_manner else fingerprint(manners),
    )
    in_time = tries.filter(pl.col("code").is_in(ticks.members()))
    members = in_time.filter(pl.col("code").is_in(_listed(tries, users).implode()))
    is_enough = len(members) > FEWEST and members["code"].n_unique() >= FEWEST_ADDRESSES
    joined = members if is_enough else tries
    return Group(tuple(joined["source_ip"].unique().sort()), signs)


def _users(tries: pl.DataFrame) -> Counter[str]:
    """Return by how many addresses each name is tried."""
    pairs = tries.select("code", "name").drop_nulls().unique()
    return Counter(dict(pairs.group_by("name").len().iter_rows()))


def _listed(tries: pl.DataFrame, users: Counter[str]) -> pl.Series:
    """Return the addresses with a name that others try too, where most names are tried by two."""
    shared = [name for name, count in users.items() if count > 1]
    listed = tries if 2 * len(shared) <= len(users) else tries.filter(pl.col("name").is_in(shared))
    return listed["code"].unique()
