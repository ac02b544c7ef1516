"""Run a table of patterns over the messages of a block, as Polars expressions over columns.

Rows are sorted into ever smaller heaps before an expression is tried: by service, by the text that
bodies begin with (`leads`), by a literal. A body that stands for several, which differ in their
peer's address (`peers`), is given up where a pattern is due that minds the address.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

import polars as pl

from mailforensics.reading.leads import Lead, lead_tree, sort_out
from mailforensics.reading.patterns import Pattern, literal_after_peer
from mailforensics.reading.tables import polars_type
from mailforensics.schema import MAIL_EVENTS

_NUMBERS: Final = {c.name: polars_type(c) for c in MAIL_EVENTS if c.dtype in {"Int64", "float64"}}
_MATCHED: Final = "_matched"


@cache
def _tree_of(table: tuple[Pattern, ...], service: str | None) -> Lead:
    return lead_tree([p for p in table if not p.services or service in p.services])


def run_table(table: tuple[Pattern, ...], rows: pl.DataFrame) -> pl.DataFrame:
    """Match bodies against a table.

    Args:
        table: patterns; the first that matches a body decides.
        rows: `service`, `body`, and `shared`: whether the address of its peer is one of several.

    Returns:
        `event` and the columns that the patterns caught, one row for each body, in order; null
        where none matches, or where one might that minds the address of a shared body.
    """
    numbered = rows.select("service", "body", "shared").with_row_index("row")
    groups = numbered.partition_by("service", as_dict=True, include_key=False)
    pieces = [
        piece
        for (service,), group in groups.items()
        for lead, taken in sort_out(_tree_of(table, service), group)
        for piece in _match(lead.patterns, taken)
    ]
    return _in_order(pieces, numbered["row"])


def _in_order(pieces: Sequence[pl.DataFrame], rows: pl.Series) -> pl.DataFrame:
    """Put pieces with `row` together in the order of the rows."""
    caught = pl.concat([pl.DataFrame({"row": rows.clear()}), *pieces], how="diagonal", rechunk=True)
    places = pl.repeat(None, len(rows), dtype=pl.UInt32, eager=True)
    places = places.scatter(caught["row"], pl.int_range(caught.height, dtype=pl.UInt32, eager=True))
    if "event" not in caught.columns:
        caught = caught.with_columns(event=pl.lit(None, pl.String))
    return caught.select(pl.exclude("row").gather(places))


def _match(patterns: Iterable[Pattern], rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield for each pattern the rows that it is the first to match, with what it caught."""
    for pattern in patterns:
        literal = literal_after_peer(pattern.expression)
        if literal is None:
            rows = rows.filter(~rows["shared"]) if rows["shared"].any() else rows
            literal = pattern.literal
        hit, found = _catch(rows["body"], pattern.expression, literal)
        if not hit.any():
            continue
        fixed = {"event": pattern.event, **pattern.fixed}
        caught = [_typed(group) for group in found if group.name not in {_MATCHED, *fixed}]
        constants = [_repeat(value, len(found)).alias(name) for name, value in fixed.items()]
        yield pl.DataFrame([*caught, rows["row"].filter(hit), *constants])
        if hit.all():
            return
        rows = rows.filter(~hit)


def _repeat(value: object, times: int) -> pl.Series:
    return pl.Series([value]).new_from_index(0, times)


def _catch(texts: pl.Series, expression: str, literal: str) -> tuple[pl.Series, pl.DataFrame]:
    """Say which texts match, and return the groups of those."""
    hit = texts.str.contains(literal, literal=True) if literal else _repeat(True, len(texts))
    if not hit.any():
        return hit, pl.DataFrame()
    whole = rf"(?s)^(?:{expression})(?P<{_MATCHED}>)$"
    found = texts.filter(hit).str.extract_groups(whole).struct.unnest()
    if not found[_MATCHED].null_count() and hit.all():
        return hit, found
    matched = found[_MATCHED].is_not_null()
    hit = hit.fill_null(value=False)
    return hit.scatter(hit.arg_true(), matched), found.filter(matched)


def _typed(group: pl.Series) -> pl.Series:
    """Turn the digits caught for a column of numbers into numbers, while they are few texts."""
    kind = _NUMBERS.get(group.name)
    return group if kind is None else group.cast(kind, strict=False)
