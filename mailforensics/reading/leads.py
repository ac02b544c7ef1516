"""Sort bodies into heaps by what they begin with, so that few patterns are tried on each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from mailforensics.reading.distinct import number_distinct
from mailforensics.reading.patterns import Pattern

# So few characters tell most leads apart, and few texts begin in more than some hundred ways.
_START: Final = 6


@dataclass(slots=True, eq=False)
class Lead:
    """The patterns that a body beginning with `prefix` can match, in table order.

    Attributes:
        prefix: what the bodies begin with.
        patterns: the patterns for bodies that none of `longer` takes.
        longer: leads whose prefixes begin with this one's; no body begins with two of them.
    """

    prefix: str
    patterns: tuple[Pattern, ...]
    longer: "list[Lead]" = field(default_factory=list)

    def candidates(self, start: str) -> "tuple[Lead, ...]":
        """Return those of `longer` that a body can take which goes on like this."""
        begun = self.prefix + start
        return tuple(
            lead
            for lead in self.longer
            if begun.startswith(lead.prefix) or lead.prefix.startswith(begun)
        )


def lead_tree(patterns: Sequence[Pattern]) -> Lead:
    """Return the tree of leads of some patterns; its root takes every body."""
    begun = [(_beginning(pattern), pattern) for pattern in patterns]
    root = Lead("", tuple(pattern for beginning, pattern in begun if not beginning))
    trail = [root]
    for prefix in sorted({beginning for beginning, _ in begun if beginning}):
        while not prefix.startswith(trail[-1].prefix):
            trail.pop()
        lead = Lead(prefix, tuple(p for beginning, p in begun if prefix.startswith(beginning)))
        trail[-1].longer.append(lead)
        trail.append(lead)
    return root


def _beginning(pattern: Pattern) -> str:
    """Return what bodies begin with up to a bracket: which lead takes one, no address decides."""
    return pattern.prefix.partition("[")[0]


def sort_out(lead: Lead, bodies: pl.DataFrame) -> Iterator[tuple[Lead, pl.DataFrame]]:
    """Yield the leads that some bodies (a column `body`) reach, each once, with those bodies."""
    if not lead.longer:
        yield lead, bodies
        return
    left = []
    for candidates, group in _by_candidates(lead, bodies):
        rest = group
        for longer in candidates:
            mask = rest["body"].str.starts_with(longer.prefix)
            if mask.any():
                yield from sort_out(longer, rest if mask.all() else rest.filter(mask))
                rest = rest.clear() if mask.all() else rest.filter(~mask)
        if not rest.is_empty():
            left.append(rest)
    if left:
        yield lead, pl.concat(left, rechunk=True)


def _by_candidates(
    lead: Lead, bodies: pl.DataFrame
) -> Iterator[tuple[tuple[Lead, ...], pl.DataFrame]]:
    """Group bodies by the longer leads that they can take, judged by a few characters."""
    starts, numbers = number_distinct(bodies["body"].str.slice(len(lead.prefix), _START))
    candidates = [lead.candidates(start) for start in starts.to_list()]
    kinds = {kind: number for number, kind in enumerate(dict.fromkeys(candidates))}
    if len(kinds) == 1:
        yield candidates[0], bodies
        return
    kind_of = pl.Series("kind", [kinds[kind] for kind in candidates], dtype=pl.UInt32)
    groups = bodies.hstack([kind_of[numbers]]).partition_by("kind", as_dict=True, include_key=False)
    yield from ((kind, groups[number,]) for kind, number in kinds.items())
