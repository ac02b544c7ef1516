"""Parse each distinct text once: logs repeat their stamps, heads and addresses line after line."""

from collections.abc import Callable

import polars as pl

_KEY = "_text"


def parse_distinct(texts: pl.Series, parse: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Return what `parse` makes of each text, one row a text, in order.

    Args:
        texts: any text column; where it is null, every column of the result is null.
        parse: gets the distinct texts, returns one row for each, in their order.
    """
    distinct = texts.drop_nulls().unique()
    parsed = parse(distinct).with_columns(distinct.alias(_KEY))
    return (
        texts.alias(_KEY)
        .to_frame()
        .join(parsed, on=_KEY, how="left", maintain_order="left")
        .drop(_KEY)
    )
