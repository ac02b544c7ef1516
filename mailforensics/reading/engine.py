"""Run a table of patterns over the messages of a block, as Polars expressions over columns.

Rows are sorted into ever smaller heaps before an expression is tried: by service, by the text that
bodies begin with (`leads`), by a literal. Where an expression has a peer in it, the part up to the
peer is read row by row, and the rest only once for each distinct text: what servers say after the
address repeats itself, whoever attacks.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

import polars as pl

from mailforensics.reading.distinct import number_distinct
from mailforensics.reading.leads import Lead, lead_tree, sort_out
from mailforensics.reading.patterns import Pattern, prefix_of, split_at_peer
from mailforensics.reading.tables import polars_type
from mailforensics.schema import MAIL_EVENTS

_NUMBERS: Final = tuple(c for c in MAIL_EVENTS if c.dtype in {"Int64", "float64"})
_MATCHED: Final = "_matched"
_HEAD: Final = "_head"


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
    groups = rows.partition_by("service", as_dict=True, include_key=False)
    pieces = [
        piece
        for (service,), group in groups.items()
        for lead, taken in sort_out(_tree_of(table, service), group)
        for piece in _match(lead.patterns, taken["row"], taken["body"])
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


def _match(
    patterns: Iterable[Pattern], rows: pl.Series, bodies: pl.Series
) -> Iterator[pl.DataFrame]:
    """Yield for each pattern the rows that it is the first to match, with what it caught."""
    left = pl.int_range(len(rows), dtype=pl.UInt32, eager=True)
    heads: dict[str, _Head] = {}
    for pattern in patterns:
        halves = split_at_peer(pattern.expression)
        if halves is None:
            hit, found = _catch(bodies[left], pattern.expression, pattern.literal)
        else:
            if halves[0] not in heads:
                heads[halves[0]] = _Head(halves[0], bodies)
            hit, found = heads[halves[0]].catch(left, halves[1])
        if not hit.any():
            continue
        fixed = {"event": pattern.event, **pattern.fixed}
        constants = [_repeat(value, len(found)).alias(name) for name, value in fixed.items()]
        yield found.drop(fixed, strict=False).hstack([rows[left.filter(hit)], *constants])
        if hit.all():
            return
        left = left.filter(~hit)


def _repeat(value: object, times: int) -> pl.Series:
    return pl.Series([value]).new_from_index(0, times)


def _catch(texts: pl.Series, expression: str, literal: str) -> tuple[pl.Series, pl.DataFrame]:
    """Say which texts match, and return the groups of those."""
    hit = texts.str.contains(literal, literal=True) if literal else _repeat(True, len(texts))
    if not hit.any():
        return hit, pl.DataFrame()
    whole = rf"(?s)^(?:{expression})(?P<{_MATCHED}>)$"
    found = texts.filter(hit).str.extract_groups(whole).struct.unnest()
    found = _with_numbers(found)
    if not found[_MATCHED].null_count() and hit.all():
        return hit, found.drop(_MATCHED)
    matched = found[_MATCHED].is_not_null()
    hit = hit.fill_null(value=False)
    return hit.scatter(hit.arg_true(), matched), found.filter(matched).drop(_MATCHED)


def _with_numbers(groups: pl.DataFrame) -> pl.DataFrame:
    """Turn the digits caught for columns of numbers into numbers, while they are few texts."""
    columns = [column for column in _NUMBERS if column.name in groups.columns]
    numbers = [groups[c.name].cast(polars_type(c), strict=False) for c in columns]
    return groups.with_columns(numbers) if numbers else groups


class _Head:
    """Bodies cut after the peer: the groups of each up to there, and the distinct texts after."""

    def __init__(self, expression: str, bodies: pl.Series) -> None:
        found = bodies.str.extract_groups(rf"^(?P<{_HEAD}>{expression})").struct.unnest()
        tails = bodies.str.slice(found[_HEAD].str.len_chars())
        self.groups = found.drop(_HEAD)
        self.tails, self.numbers = number_distinct(tails)

    def catch(self, places: pl.Series, expression: str) -> tuple[pl.Series, pl.DataFrame]:
        """Return what `_catch` would for the whole bodies at some places."""
        hit, found = _catch(self.tails, expression, prefix_of(expression))
        rows = self.numbers[places]
        if not hit.all():
            rows = (hit.cum_sum() - 1).set(~hit, None)[rows]
        if rows.null_count():
            at = rows.is_not_null()
            return at, self.groups[places.filter(at)].hstack(found[rows.filter(at)])
        return _repeat(True, len(places)), self.groups[places].hstack(found[rows])
