"""From chosen prefixes to the table of the plan: who is inside, and since when (NETWORKS)."""

from typing import Final

import numpy as np
import pandas as pd

from mailforensics.analysis.cover_expected import UNIT_BITS
from mailforensics.analysis.cover_hosts import Integers
from mailforensics.analysis.cover_problem import Problem
from mailforensics.analysis.cover_search import Choice
from mailforensics.schema import NETWORKS, TIME_DTYPE, conform, empty

# Attack events are `attack_events`, or else the sum of these, as far as the table has them.
ATTACK_COUNTS: Final = ("auth_failed", "relay_refused", "rejected", "bad_protocol")
SUMS: Final = ("auth_failed", "usernames", "accepted", "firewall_blocked")


def plan_table(asked: Problem, choice: Choice) -> pd.DataFrame:
    """Return the chosen networks, most valuable first, ties by network (NETWORKS).

    Columns that the sources lack are 0, times are missing. `usernames` counts distinct accounts
    where the sources name them (`accounts`), and is the sum over addresses otherwise.
    """
    parts = [
        _part(asked, number, depth, chosen)
        for number, tree_choice in enumerate(choice)
        for depth, chosen in enumerate(tree_choice)
        if len(chosen)
    ]
    if not parts:
        return empty(NETWORKS)
    return (
        pd.concat(parts, ignore_index=True)
        .pipe(conform, NETWORKS)
        .sort_values(["value", "network"], ascending=[False, True], ignore_index=True)
    )


def _part(asked: Problem, number: int, depth: int, chosen: Integers) -> pd.DataFrame:
    hosts, level = asked.families[number], asked.forest[number].levels[depth]
    start = level.start[chosen]
    end = np.append(level.start[1:], len(hosts.row))[chosen]
    measure = asked.rulers[number].measure(level.bits, start, end)
    size = 2.0 ** max(UNIT_BITS[hosts.version] - level.bits, 0)
    networks = [str(hosts.network(int(at), level.bits)) for at in start]
    total = sum(float(family.attack.sum()) for family in asked.families)
    return pd.DataFrame(
        {
            "network": networks,
            "attackers": measure.attackers,
            "legit_sources": measure.legit_sources,
            "attack_weight": measure.attack,
            "legit_weight": measure.legit,
            "share": measure.attack / total if total else 0.0,
            "density": np.minimum(measure.attackers / size, 1.0),
            "value": level.value[chosen],
        }
    ).join(_facts(asked, hosts.row, start, end))


def _facts(asked: Problem, row: Integers, start: Integers, end: Integers) -> pd.DataFrame:
    size = end - start
    inside = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    group = np.repeat(np.arange(len(size)), size)
    members = asked.sources.iloc[row[np.repeat(start, size) + inside]]
    grouped = with_all_facts(members).groupby(group)
    sums = grouped[["events", *SUMS]].sum()
    if "accounts" in members.columns:
        sums = sums.assign(usernames=_distinct_accounts(members["accounts"], group))
    return sums.assign(first_seen=grouped["first_seen"].min(), last_seen=grouped["last_seen"].max())


def _distinct_accounts(accounts: "pd.Series[str]", group: Integers) -> "pd.Series[int]":
    """Return the distinct accounts tried in each network; an address lists its own by `, `."""
    names = accounts.fillna("").str.split(", ").set_axis(group).explode()
    networks = range(int(group.max()) + 1)
    return names[names != ""].groupby(level=0).nunique().reindex(networks, fill_value=0)


def with_all_facts(sources: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that a plan sums up, with 0 and missing times where the table has none."""
    counts = {
        name: sources[name].fillna(0).astype("int64") if name in sources.columns else 0
        for name in {*ATTACK_COUNTS, *SUMS}
    }
    unknown = pd.Series(pd.NaT, index=sources.index, dtype=TIME_DTYPE)
    times = {name: sources.get(name, unknown) for name in ("first_seen", "last_seen")}
    table = pd.DataFrame({**counts, **times}, index=sources.index)
    events = table[list(ATTACK_COUNTS)].sum(axis=1)
    return table.assign(events=sources.get("attack_events", events))
