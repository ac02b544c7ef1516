"""The exact end of the search: a knapsack on the few prefixes that can still be in a best plan.

A prefix v can be in a plan better than the one in hand only if the relaxed worth of the best plan
through it, `O(v) + b(v) - μ + μF`, reaches the value in hand; `O` is what the rest of the tree
adds, `O(child) = O(parent) + V of its siblings`. On those that stay, the plain dynamic programme
`z(0) = 0; z(k) = max(b(v), max over j of z_left(j) + z_right(k - j))` is short.

Source: Soldo, Argyraki, Markopoulou (ToN 2012) for the dynamic programme; reduced-cost fixing is
textbook (Wolsey, "Integer Programming", 1998, section 10.4).
"""

from dataclasses import dataclass

import numpy as np

from mailforensics.analysis.cover_hosts import Flags, Floats, Integers
from mailforensics.analysis.cover_search import Choice, Forest, Values, sum_children
from mailforensics.analysis.cover_tree import Tree


@dataclass(frozen=True, slots=True)
class Table:
    """The best worth of at most k rules in a part of the forest, k = 0, 1, 2, …, and its making.

    Attributes:
        best: worth by number of rules.
        node: the survivor taken alone from k = 1 where `takes` holds, or -1.
        takes: for each k, whether the survivor itself is taken.
        parts: the two tables that were joined, or the one table below the survivor.
        split: for each k, the rules that the second part gets.
    """

    best: Floats
    node: int = -1
    takes: Flags | None = None
    parts: tuple["Table", ...] = ()
    split: Integers | None = None


@dataclass(frozen=True, slots=True)
class Survivors:
    """Prefixes that can still be in a best plan, in pre-order; arrays have one entry each."""

    tree: Integers
    depth: Integers
    position: Integers
    worth: Floats
    parent: Integers


EMPTY = Table(np.zeros(1))


def survivors(
    forest: Forest, values: Values, price: float, *, rules: int, value: float
) -> Survivors:
    """Return the prefixes that can be in a plan of at least that value."""
    gains = [_gains(tree, v, price) for tree, v in zip(forest, values, strict=True)]
    total = sum(float(g[-1].sum()) for g in gains)
    least = value - 1e-9 * max(abs(value), 1.0)
    found = []
    for number, tree in enumerate(forest):
        outside = total - gains[number][-1]
        for depth in range(len(tree.levels) - 1, -1, -1):
            own = values[number][depth]
            reach = outside + own - price + price * rules
            position = np.flatnonzero((own > 0) & (reach >= least))
            found.append((np.full(len(position), number), depth, position, own[position]))
            if depth:
                outside = _outside_of_children(tree, depth, outside, gains[number][depth - 1])
    return _in_preorder(forest, found)


def _gains(tree: Tree, values: list[Floats], price: float) -> list[Floats]:
    gains: list[Floats] = []
    for depth, level in enumerate(tree.levels):
        own = np.maximum(values[depth] - price, 0.0)
        below = sum_children(gains[-1], level.first_child, len(own)) if depth else own
        gains.append(np.maximum(own, below))
    return gains


def _outside_of_children(tree: Tree, depth: int, outside: Floats, gain: Floats) -> Floats:
    first = tree.levels[depth].first_child
    below = sum_children(gain, first, len(outside))
    size = np.diff(np.append(first, len(gain)))
    return np.repeat(outside + below, size) - gain


def _in_preorder(forest: Forest, found: list[tuple[Integers, int, Integers, Floats]]) -> Survivors:
    tree = np.concatenate([t for t, _, _, _ in found])
    depth = np.concatenate([np.full(len(p), d) for _, d, p, _ in found])
    position = np.concatenate([p for _, _, p, _ in found])
    worth = np.concatenate([w for _, _, _, w in found])
    spans = [_span(forest[t], d, p) for t, d, p in zip(tree, depth, position, strict=True)]
    start = np.array([begin for begin, _ in spans], dtype=np.int64)
    end = np.array([finish for _, finish in spans], dtype=np.int64)
    order = np.lexsort((-depth, start, tree))
    parent = _parents(tree[order], start[order], end[order])
    return Survivors(tree[order], depth[order], position[order], worth[order], parent)


def _span(tree: Tree, depth: int, position: int) -> tuple[int, int]:
    start = tree.levels[depth].start
    end = start[position + 1] if position + 1 < len(start) else len(tree.hosts.row)
    return int(start[position]), int(end)


def _parents(tree: Integers, start: Integers, end: Integers) -> Integers:
    parent = np.full(len(tree), -1, dtype=np.int64)
    path: list[int] = []
    for here in range(len(tree)):
        while path and (tree[path[-1]] != tree[here] or end[path[-1]] <= start[here]):
            path.pop()
        parent[here] = path[-1] if path else -1
        path.append(here)
    return parent


def best_choice(forest: Forest, found: Survivors, rules: int) -> tuple[Choice, float]:
    """Return the best plan of at most that many survivors, and its worth.

    Ties go to the longer prefixes.
    """
    below: dict[int, Table] = {}
    for node in range(len(found.worth) - 1, -1, -1):
        table = _with_node(node, float(found.worth[node]), below.pop(node, EMPTY), rules)
        above = int(found.parent[node])
        below[above] = _joined(below.get(above, EMPTY), table, rules)
    top = below.get(-1, EMPTY)
    chosen = np.array(_taken(top, len(top.best) - 1), dtype=np.int64)
    choice = [
        [
            np.sort(found.position[chosen[(found.tree[chosen] == t) & (found.depth[chosen] == d)]])
            for d in range(len(tree.levels))
        ]
        for t, tree in enumerate(forest)
    ]
    return choice, float(top.best[-1])


def _with_node(node: int, worth: float, below: Table, rules: int) -> Table:
    best = below.best if len(below.best) > 1 or rules == 0 else np.append(below.best, 0.0)
    takes = best < worth
    takes[0] = False
    return Table(np.where(takes, worth, best), node, takes, (below,))


def _joined(left: Table, right: Table, rules: int) -> Table:
    if len(left.best) < len(right.best):
        left, right = right, left
    size = min(len(left.best) + len(right.best) - 2, rules) + 1
    best = np.full(size, -np.inf)
    split = np.zeros(size, dtype=np.int64)
    for spent in range(min(len(right.best), size)):
        reach = min(len(left.best), size - spent)
        joined = left.best[:reach] + right.best[spent]
        better = joined > best[spent : spent + reach]
        best[spent : spent + reach][better] = joined[better]
        split[spent : spent + reach][better] = spent
    return Table(best, parts=(left, right), split=split)


def _taken(table: Table, rules: int) -> list[int]:
    """Return the survivors of the best plan of at most that many rules."""
    taken = []
    to_do = [(table, rules)]
    while to_do:
        part, number = to_do.pop()
        number = min(number, len(part.best) - 1)
        if part.takes is not None and part.takes[number]:
            taken.append(part.node)
        elif part.split is not None:
            left, right = part.parts
            spent = int(part.split[number])
            to_do += [(left, number - spent), (right, spent)]
        else:
            to_do += [(below, number) for below in part.parts]
    return taken
