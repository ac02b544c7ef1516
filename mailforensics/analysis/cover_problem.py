"""One question to `cover`: the sources, what is protected, and the best plan for a rule budget."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from mailforensics.addresses import parse_network
from mailforensics.analysis.cover_hosts import Hosts, split_families
from mailforensics.analysis.cover_knapsack import best_choice, survivors
from mailforensics.analysis.cover_options import LOYALTY, CoverOptions
from mailforensics.analysis.cover_protection import Protection, protection, without_hostile_use
from mailforensics.analysis.cover_search import (
    ROUNDING,
    Choice,
    Forest,
    Probe,
    Solution,
    Values,
    bracket,
    fill,
    select,
    slope,
    values_of,
)
from mailforensics.analysis.cover_tree import Ruler, build_tree
from mailforensics.schema import require

NEEDED: Final = ["source_ip", "attack_weight", "legit_weight"]
GAP_ALLOWED: Final = 0.001
# Beyond this many survivors the knapsack is left out, if the gap is small enough without it.
KNAPSACK_SURVIVORS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Problem:
    """The sources of both families, ready to be asked for plans of any size."""

    sources: pd.DataFrame
    families: tuple[Hosts, Hosts]
    rulers: tuple[Ruler, Ruler]
    forest: Forest
    protection: Protection
    options: CoverOptions


def problem(
    sources: pd.DataFrame,
    options: CoverOptions,
    *,
    protect: Iterable[str] = (),
    allow_documentation: bool = False,
) -> Problem:
    """Return the question, checked and with every prefix valued.

    Raises:
        MissingColumnError: sources lacks source_ip, attack_weight or legit_weight.
        ArgumentError: a source is no address, a weight no number from 0 up, or an entry of
            `protect` no network.
    """
    require(sources, NEEDED)
    sources = without_hostile_use(sources, options)
    families = split_families(sources)
    safety = protection(
        sources, families, options, protect=protect, allow_documentation=allow_documentation
    )
    rulers = (Ruler(families[0], sources, options), Ruler(families[1], sources, options))
    forest = tuple(build_tree(ruler, safety, options) for ruler in rulers)
    return Problem(sources, families, rulers, forest, safety, options)


def solve(asked: Problem, rules: int) -> Solution:
    """Return the best plan of at most that many rules.

    Rules of an earlier plan (`options.previous`) pay 0.7 of the price of a rule; the bound is
    that of the plain question, so the gap shows what their loyalty costs.
    """
    values = values_of(asked.forest)
    plain = _solve(asked.forest, values, rules)
    previous = asked.options.previous_networks()
    if not previous or plain.price == 0.0:
        return plain
    kept = _with_bonus(asked, values, previous, LOYALTY * plain.price)
    loyal = _solve(asked.forest, kept, rules)
    return Solution(loyal.choice, worth(values, loyal.choice), plain.bound, plain.price)


def _solve(forest: Forest, values: Values, rules: int) -> Solution:
    few, many, bound = bracket(forest, values, rules)
    choice = _filled(forest, values, (few, many), rules)
    value, price = worth(values, choice), max(slope(few, many), 0.0)
    gap = gap_of(value, bound)
    if gap == 0.0:
        return Solution(choice, value, max(value, bound), price)
    found = survivors(forest, values, price, rules=rules, value=value)
    if gap > GAP_ALLOWED or len(found.worth) <= KNAPSACK_SURVIVORS:
        better, exact = best_choice(forest, found, rules)
        # Nothing outside the survivors can beat the plan in hand, so the best of them is the best.
        choice, value, bound = (better, exact, exact) if exact >= value else (choice, value, value)
    return Solution(choice, value, max(value, bound), price)


def _filled(forest: Forest, values: Values, plans: tuple[Probe, Probe], rules: int) -> Choice:
    """Return the prefixes of the smaller plan, enlarged at some roots to use up the budget."""
    few, many = plans
    uses = fill(few, many, rules) if many is not few else np.zeros(len(few.root_rules), dtype=bool)
    choice: Choice = []
    begin = 0
    for tree, tree_values in zip(forest, values, strict=True):
        mine = uses[begin : begin + len(tree.levels[-1].start)]
        begin += len(mine)
        small = select(tree, tree_values, few.price, ~mine)
        large = select(tree, tree_values, many.price, mine)
        both = zip(small, large, strict=True)
        choice.append([np.sort(np.concatenate(pair)) for pair in both])
    return choice


def worth(values: Values, choice: Choice) -> float:
    """Return the summed value of chosen prefixes."""
    return float(
        sum(
            value[chosen].sum()
            for tree_values, tree_choice in zip(values, choice, strict=True)
            for value, chosen in zip(tree_values, tree_choice, strict=True)
        )
    )


def gap_of(value: float, bound: float) -> float:
    """Return (bound - value) / bound, the share of the best imaginable plan that may be missing."""
    gap = (bound - value) / bound if bound > 0 else 0.0
    return gap if gap > ROUNDING else 0.0


def _with_bonus(asked: Problem, values: Values, previous: frozenset[str], bonus: float) -> Values:
    """Return the values with a bonus for the prefixes of an earlier plan."""
    raised = [[value.copy() for value in tree_values] for tree_values in values]
    for network in map(parse_network, sorted(previous)):
        number = 0 if network.version == 4 else 1
        begin, end = asked.families[number].span(network)
        for depth, level in enumerate(asked.forest[number].levels):
            if level.bits == network.prefixlen and end > begin:
                at = int(np.searchsorted(level.start, begin))
                raised[number][depth][at] += bonus
    return raised
