"""Run a table of patterns over the messages of a block, as Polars expressions over columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from mailforensics.reading.patterns import Pattern

_MATCHED = "_matched"


@dataclass(frozen=True, slots=True)
class Lead:
    """The patterns that a body beginning with `prefix` can match, in table order."""

    prefix: str
    patterns: tuple[Pattern, ...]


def leads(patterns: Sequence[Pattern]) -> list[Lead]:
    """Sort patterns by the text they begin with, the longest first: leads do not overlap."""
    prefixes = sorted({p.prefix for p in patterns} | {""}, key=lambda text: (-len(text), text))
    return [
        Lead(prefix, tuple(p for p in patterns if prefix.startswith(p.prefix)))
        for prefix in prefixes
    ]


@cache
def _leads_of(table: tuple[Pattern, ...], service: str | None) -> list[Lead]:
    return leads([p for p in table if not p.services or service in p.services])


def run_table(table: tuple[Pattern, ...], bodies: pl.DataFrame) -> pl.DataFrame:
    """Match bodies against a table.

    Args:
        table: patterns; the first that matches a body decides.
        bodies: columns `row` (unique), `service`, `body`.

    Returns:
        `row`, `event` and the columns that the patterns caught, one row for each matched body.
    """
    pieces = [
        piece
        for (service,), group in bodies.partition_by("service", as_dict=True).items()
        for lead, taken in _peel(group.drop("service"), _leads_of(table, service))
        for piece in _match(lead, taken)
    ]
    empty = pl.DataFrame(schema={"row": bodies["row"].dtype, "event": pl.String})
    return pl.concat([empty, *pieces], how="diagonal")


def _peel(rest: pl.DataFrame, ordered: list[Lead]) -> Iterator[tuple[Lead, pl.DataFrame]]:
    for lead in ordered:
        if rest.is_empty():
            return
        mask = rest["body"].str.starts_with(lead.prefix)
        taken = rest.filter(mask)
        if not taken.is_empty():
            rest = rest.filter(~mask)
            yield lead, taken


def _match(lead: Lead, taken: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for pattern in lead.patterns:
        if taken.is_empty():
            return
        body = pl.col("body")
        if pattern.literal not in lead.prefix:
            body = pl.when(body.str.contains(pattern.literal, literal=True)).then(body)
        expression = rf"(?s)^(?:{pattern.expression})(?P<{_MATCHED}>)$"
        found = taken.select("row", body.str.extract_groups(expression).alias("groups")).unnest(
            "groups"
        )
        hit = found[_MATCHED].is_not_null()
        if hit.any():
            fixed = {"event": pattern.event, **pattern.fixed}
            yield (
                found.filter(hit)
                .drop(_MATCHED)
                .with_columns(**{name: pl.lit(value) for name, value in fixed.items()})
            )
            taken = taken.filter(~hit)
