"""The best plan under a rule budget: price a rule, find the price at which the budget is kept.

With a price μ on every rule the best plan is found prefix by prefix, from the longest up:
`V(v) = max(0, b(v) - μ, sum of V over the children)`. Its number of rules falls as μ rises, and
`min over μ of V(root) + μF` is an upper bound on every plan of F rules (Lagrange relaxation), so
the gap to the truth is known. Between the last price with too many rules and the first with few
enough, both plans are equally good: spare rules are filled root by root.

Sources:
    Soldo, Markopoulou, Argyraki, "Optimal Filtering of Malicious IP Sources" (INFOCOM 2009).
    Fisher, "The Lagrangian Relaxation Method for Solving Integer Programming Problems"
    (Management Science, 1981), for the bound.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np

from mailforensics.analysis.cover_hosts import Flags, Floats, Integers
from mailforensics.analysis.cover_tree import Tree

Forest = tuple[Tree, ...]
# Sums of the same numbers in another order differ by less than this part.
ROUNDING: Final = 1e-12
# The values of all levels of all trees: what the search works on. [tree][level]
Values = list[list[Floats]]
# Chosen prefixes: positions in each level of each tree. [tree][level]
Choice = list[list[Integers]]


@dataclass(frozen=True, slots=True)
class Probe:
    """The best plan when each rule costs `price`.

    Attributes:
        price: μ.
        worth: value of the plan's prefixes, without the price.
        rules: how many there are.
        root_worth: the same worth, per root of all trees.
        root_rules: the same number, per root of all trees.
    """

    price: float
    worth: float
    rules: int
    root_worth: Floats
    root_rules: Integers

    def bound(self, rules: int) -> float:
        """Return what no plan of that many rules can exceed."""
        return self.worth + self.price * (rules - self.rules)


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan, what it is worth, what no plan can exceed, and the price of a rule there."""

    choice: Choice
    value: float
    bound: float
    price: float


def values_of(forest: Forest) -> Values:
    """Return b(v) of every prefix."""
    return [[level.value for level in tree.levels] for tree in forest]


def probe(forest: Forest, values: Values, price: float) -> Probe:
    """Return the best plan when each rule costs `price`; ties as in `_level_by_level`."""
    worth, rules = [], []
    for tree, tree_values in zip(forest, values, strict=True):
        _, gain, used = deque(_level_by_level(tree, tree_values, price), maxlen=1).pop()
        rules.append(used.astype(np.int64))
        worth.append(gain + price * used if np.isfinite(price) else np.zeros(len(gain)))
    root_worth, root_rules = np.concatenate(worth), np.concatenate(rules)
    return Probe(price, float(root_worth.sum()), int(root_rules.sum()), root_worth, root_rules)


def _level_by_level(
    tree: Tree, values: list[Floats], price: float
) -> Iterator[tuple[Flags, Floats, Floats]]:
    """Give for each level which prefixes are taken, and the best plan's worth and rules there.

    A prefix is taken if it is worth more than the best plan below it. Ties go to the longer
    prefixes, with one exception where rules are free (at any other price it follows by itself):
    if those below ban every address of the prefix, and not one by one, it says the same in one.
    """
    gain, used, banned = np.zeros(0), np.zeros(0), np.zeros(0)
    for depth, level in enumerate(tree.levels):
        own, size = values[depth] - price, 2.0 ** (tree.hosts.longest - level.bits)
        below, counts = (
            sum_children(part, level.first_child, len(own)) if depth else np.zeros(len(own))
            for part in (gain, used)
        )
        takes = own > np.maximum(below, 0.0)
        if price == 0:
            held = sum_children(banned, level.first_child, len(own)) if depth else below
            equal = np.isfinite(own) & (own >= below * (1 - ROUNDING))
            takes |= equal & (held == size) & (counts > 1) & (counts < size)
            banned = np.where(takes, size, held)
        gain = np.where(takes, own, below)
        used = np.where(takes, 1.0, counts)
        yield takes, gain, used


def sum_children(numbers: Floats, first_child: Integers, parents: int) -> Floats:
    """Return for each prefix the sum of some numbers of its children."""
    if parents == 0:
        return numbers[:0]
    return np.asarray(np.add.reduceat(numbers, first_child))


def bracket(forest: Forest, values: Values, rules: int) -> tuple[Probe, Probe, float]:
    """Return the cheapest-rule plan that fits, the next larger one, and the upper bound.

    The two plans lie on one line: at its slope, the price, both are best. When the budget is
    never tight, both are the plan at price 0.
    """
    many = probe(forest, values, 0.0)
    if many.rules <= rules:
        return many, many, many.worth
    few = _nothing(many)
    # Each probe ends on a new corner of the concave hull of worth against rules, or is the last.
    now = probe(forest, values, _first_price(values, rules))
    bound = min(many.worth, now.bound(rules))
    few, many = (few, now) if now.rules > rules else (now, many)
    for step in count():
        line = step % 2 == 0
        price = slope(few, many) if line else _between(few, many)
        if few.rules == rules or not many.price < price < few.price:
            break  # nothing is left between the two, or only rounding
        now = probe(forest, values, price)
        bound = min(bound, now.bound(rules))
        if line and now.rules in {few.rules, many.rules}:
            break
        few, many = (few, now) if now.rules > rules else (now, many)
    return few, many, bound


def _between(few: Probe, many: Probe) -> float:
    """Return a price half-way, in size, between those of two plans.

    Lines alone can creep: when one end stays far away, each moves the other a little only.
    """
    if few.price == np.inf:
        return 2 * many.price if many.price else slope(few, many)
    return float(np.sqrt(few.price * many.price)) if many.price else few.price / 2


def slope(few: Probe, many: Probe) -> float:
    """Return the price of a rule at which two plans are equally good."""
    return (many.worth - few.worth) / (many.rules - few.rules) if many is not few else 0.0


def _nothing(many: Probe) -> Probe:
    zeros = np.zeros_like(many.root_worth)
    return Probe(np.inf, 0.0, 0, zeros, np.zeros_like(many.root_rules))


def _first_price(values: Values, rules: int) -> float:
    """Return the worth of the best single address that a budget of addresses would leave out."""
    leaves = np.concatenate([tree_values[0] for tree_values in values])
    if len(leaves) <= rules:
        return float(max(leaves.max(), 0.0)) if len(leaves) else 0.0
    return float(max(-np.partition(-leaves, rules)[rules], 0.0))


def fill(few: Probe, many: Probe, rules: int) -> Flags:
    """Return the roots at which the larger plan is used, so that the budget is used up."""
    more = many.root_rules - few.root_rules
    uses = np.zeros(len(more), dtype=bool)
    spare = rules - few.rules
    order = np.argsort(-more, kind="stable")
    for root in order[more[order] > 0]:
        if more[root] <= spare:
            uses[root] = True
            spare -= int(more[root])
        if spare == 0:
            break
    return uses


def select(tree: Tree, values: list[Floats], price: float, roots: Flags) -> list[Integers]:
    """Return the chosen prefixes of each level, longest first, under some roots at a price."""
    taken = [takes for takes, _, _ in _level_by_level(tree, values, price)]
    chosen: list[Integers] = []
    open_here = np.flatnonzero(roots)
    for depth in range(len(tree.levels) - 1, -1, -1):
        takes = taken[depth][open_here]
        chosen.append(open_here[takes])
        open_here = children(tree, depth, open_here[~takes]) if depth else open_here[:0]
    return chosen[::-1]


def children(tree: Tree, depth: int, positions: Integers) -> Integers:
    """Return the positions, in the next longer level, of the children of some prefixes."""
    first = tree.levels[depth].first_child
    last = np.append(first[1:], len(tree.levels[depth - 1].start))
    size = (last - first)[positions]
    offsets = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
    return np.asarray(np.repeat(first[positions], size) + offsets, dtype=np.int64)
