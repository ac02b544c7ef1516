"""Run a table of patterns over the messages of a block, as Polars expressions over columns.

Rows are sorted into ever smaller heaps before an expression is tried: by service, by the text that
bodies begin with (a tree of prefixes), by a literal. Where an expression has a peer in it, the part
up to the peer is read row by row, and the rest only once for each distinct text: what servers say
after the address repeats itself, whoever attacks.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import polars as pl

from mailforensics.reading.distinct import number_distinct
from mailforensics.reading.patterns import Pattern, split_at_peer

_MATCHED: Final = "_matched"
_HEAD: Final = "_head"


@dataclass(slots=True)
class Lead:
    """The patterns that a body beginning with `prefix` can match, in table order.

    Attributes:
        prefix: what the bodies begin with.
        patterns: the patterns for bodies that none of `longer` takes.
        longer: leads whose prefixes begin with this one's.
    """

    prefix: str
    patterns: tuple[Pattern, ...]
    longer: "list[Lead]" = field(default_factory=list)


def lead_tree(patterns: Sequence[Pattern]) -> Lead:
    """Return the tree of leads of some patterns; its root takes every body."""
    root = Lead("", tuple(p for p in patterns if not p.prefix))
    trail = [root]
    for prefix in sorted({p.prefix for p in patterns if p.prefix}):
        while not prefix.startswith(trail[-1].prefix):
            trail.pop()
        lead = Lead(prefix, tuple(p for p in patterns if prefix.startswith(p.prefix)))
        trail[-1].longer.append(lead)
        trail.append(lead)
    return root


@cache
def _tree_of(table: tuple[Pattern, ...], service: str | None) -> Lead:
    return lead_tree([p for p in table if not p.services or service in p.services])


def run_table(table: tuple[Pattern, ...], services: pl.Series, bodies: pl.Series) -> pl.DataFrame:
    """Match bodies against a table.

    Args:
        table: patterns; the first that matches a body decides.
        services: the service that wrote each body.
        bodies: the texts.

    Returns:
        `event` and the columns that the patterns caught, one row for each body, in order; null
        where none matches.
    """
    rows = pl.DataFrame({"service": services, "body": bodies}).with_row_index("row")
    pieces = [
        piece
        for (service,), group in rows.partition_by("service", as_dict=True).items()
        for lead, taken in _sort_out(_tree_of(table, service), group.drop("service"))
        for piece in _match(lead.patterns, taken.with_row_index("place"))
    ]
    return _in_order(pieces, rows["row"])


def _in_order(pieces: Sequence[pl.DataFrame], rows: pl.Series) -> pl.DataFrame:
    """Put pieces with `row` together in the order of the rows."""
    caught = pl.concat([pl.DataFrame({"row": rows.clear()}), *pieces], how="diagonal", rechunk=True)
    places = pl.repeat(None, len(rows), dtype=pl.UInt32, eager=True)
    places = places.scatter(caught["row"], pl.int_range(caught.height, dtype=pl.UInt32, eager=True))
    if "event" not in caught.columns:
        caught = caught.with_columns(event=pl.lit(None, pl.String))
    return caught.select(pl.exclude("row").gather(places))


def _sort_out(lead: Lead, bodies: pl.DataFrame) -> Iterator[tuple[Lead, pl.DataFrame]]:
    """Yield the leaves of the tree that some bodies reach, with those bodies."""
    rest = bodies
    for longer in _commonest_first(lead.longer, bodies["body"]):
        if rest.is_empty():
            return
        mask = rest["body"].str.starts_with(longer.prefix)
        taken = rest.filter(mask)
        if not taken.is_empty():
            rest = rest.filter(~mask)
            yield from _sort_out(longer, taken)
    if not rest.is_empty():
        yield lead, rest


def _commonest_first(leads: Iterable[Lead], bodies: pl.Series) -> list[Lead]:
    """Order leads by how many of a few bodies they take; siblings never share a body."""
    few = bodies.gather_every(max(1, len(bodies) // 200)).to_list()
    return sorted(leads, key=lambda lead: -sum(body.startswith(lead.prefix) for body in few))


def _match(patterns: Iterable[Pattern], bodies: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield for each pattern the rows that it is the first to match, with what it caught."""
    rest = bodies
    heads: dict[str, _Head] = {}
    for pattern in patterns:
        if rest.is_empty():
            return
        halves = split_at_peer(pattern.expression)
        if halves is None:
            found = _caught(rest["body"], pattern.expression, pattern.literal)
        else:
            if halves[0] not in heads:
                heads[halves[0]] = _Head(halves[0], bodies)
            found = heads[halves[0]].caught(rest["place"], halves[1])
        if found is None:
            continue
        hit = found[_MATCHED]
        fixed = {"event": pattern.event, **pattern.fixed}
        yield found.filter(hit).select(
            rest["row"].filter(hit),
            pl.exclude(_MATCHED, *fixed),
            **{name: pl.lit(value) for name, value in fixed.items()},
        )
        rest = rest.filter(~hit)


def _caught(texts: pl.Series, expression: str, literal: str = "") -> pl.DataFrame | None:
    """Return the groups of each text, and whether it matches; None if none does."""
    text = pl.col(texts.name)
    if literal:
        text = pl.when(text.str.contains(literal, literal=True)).then(text)
    whole = rf"(?s)^(?:{expression})(?P<{_MATCHED}>)$"
    found = texts.to_frame().select(text.str.extract_groups(whole).alias("groups")).unnest("groups")
    if found[_MATCHED].null_count() == len(found):
        return None
    return found.with_columns(pl.col(_MATCHED).is_not_null())


class _Head:
    """Bodies cut after the peer: the groups of each up to there, and the distinct texts after."""

    def __init__(self, expression: str, bodies: pl.DataFrame) -> None:
        found = bodies["body"].str.extract_groups(rf"^(?P<{_HEAD}>{expression})").struct.unnest()
        tails = bodies["body"].str.slice(found[_HEAD].str.len_chars())
        self.groups = found.drop(_HEAD)
        self.tails, self.numbers = number_distinct(tails)

    def caught(self, places: pl.Series, expression: str) -> pl.DataFrame | None:
        """Return what `_caught` would for whole bodies, at the places that are left."""
        found = _caught(self.tails, expression)
        if found is None:
            return None
        numbers = self.numbers.gather(places)
        tails = found.select(pl.all().gather(numbers)).with_columns(
            pl.col(_MATCHED).fill_null(value=False)
        )
        return self.groups[places].hstack(tails)
