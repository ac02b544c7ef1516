"""The trade: attack blocked against legitimate use hit, for three policies and several budgets."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from mailforensics.analysis.cover_hosts import Hosts
from mailforensics.analysis.cover_problem import Problem, solve
from mailforensics.analysis.cover_search import Choice
from mailforensics.schema import FRONTIER, conform

BUDGETS: Final = (10, 50, 100, 500)
# What a policy without a look at its neighbours bans: (name, IPv4 bits, IPv6 bits).
FIXED: Final = (("top /32", 32, 128), ("top /24", 24, 64))

# Per plan: rules used, attack weight blocked, legitimate weight hit, legitimate sources hit.
Outcome = tuple[int, float, float, int]


def frontier(asked: Problem, budgets: Iterable[int] = BUDGETS) -> pd.DataFrame:
    """Return what each policy blocks and hits at each number of rules (FRONTIER).

    `top /32` bans the addresses with the most attack weight, `top /24` the networks (/64 for
    IPv6); both look at nothing else, so they may hit protected hosts. `optimum` is the plan of
    `mf.cover`. Rows are ordered by policy, then by rules.
    """
    sizes = sorted(set(budgets))
    attack = sum(float(hosts.attack.sum()) for hosts in asked.families)
    legit = sum(float(hosts.legit.sum()) for hosts in asked.families)
    outcomes = [
        (name, rules, _fixed(asked.families, bits, rules))
        for name, *bits in FIXED
        for rules in sizes
    ]
    outcomes += [("optimum", rules, _optimum(asked, rules)) for rules in sizes]
    rows = [
        (name, rules, used, blocked / attack if attack else 0.0, hit / legit if legit else 0.0, who)
        for name, rules, (used, blocked, hit, who) in outcomes
    ]
    return conform(pd.DataFrame(rows, columns=[c.name for c in FRONTIER]), FRONTIER)


def _fixed(families: tuple[Hosts, Hosts], bits: list[int], rules: int) -> Outcome:
    parts = [_groups(hosts, length) for hosts, length in zip(families, bits, strict=True)]
    attack, legit, sources = (np.concatenate(column) for column in zip(*parts, strict=True))
    best = np.argsort(-attack, kind="stable")[:rules]
    best = best[attack[best] > 0]
    return len(best), float(attack[best].sum()), float(legit[best].sum()), int(sources[best].sum())


def _groups(hosts: Hosts, bits: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    group = np.cumsum(hosts.is_first(bits)) - 1
    addresses = np.cumsum(hosts.is_first(hosts.longest)) - 1
    legit_address = np.unique(np.column_stack([group, addresses])[hosts.legit > 0], axis=0)
    number = int(group[-1]) + 1 if len(group) else 0
    return (
        np.bincount(group, weights=hosts.attack, minlength=number),
        np.bincount(group, weights=hosts.legit, minlength=number),
        np.bincount(legit_address[:, 0], minlength=number),
    )


def _optimum(asked: Problem, rules: int) -> Outcome:
    return outcome(asked, solve(asked, rules).choice)


def outcome(asked: Problem, choice: Choice) -> Outcome:
    """Return what chosen prefixes use, block and hit."""
    used, blocked, hit, sources = 0, 0.0, 0.0, 0
    for number, tree_choice in enumerate(choice):
        hosts = asked.families[number]
        for level, chosen in zip(asked.forest[number].levels, tree_choice, strict=True):
            end = np.append(level.start[1:], len(hosts.row))[chosen]
            measure = asked.rulers[number].measure(level.bits, level.start[chosen], end)
            used += len(chosen)
            blocked += float(measure.attack.sum())
            hit += float(measure.legit.sum())
            sources += int(measure.legit_sources.sum())
    return used, blocked, hit, sources
