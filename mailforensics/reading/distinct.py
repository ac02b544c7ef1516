"""Parse each distinct text once: logs repeat their stamps, heads and addresses line after line."""

from collections.abc import Callable
from typing import cast

import polars as pl


def parse_distinct(texts: pl.Series, parse: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Return what `parse` makes of each text, one row a text, in order.

    Args:
        texts: any text column; where it is null, every column of the result is null.
        parse: gets the distinct texts, returns one row for each, in their order.
    """
    distinct, numbers = number_distinct(texts)
    return parse(distinct).select(pl.all().gather(numbers))


def number_distinct(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the distinct texts in the order they come, and for each text its number among them."""
    encoded = texts.to_arrow(compat_level=pl.CompatLevel.oldest()).dictionary_encode()
    parts = (encoded.dictionary, encoded.indices)
    distinct, numbers = (cast("pl.Series", pl.from_arrow(part)) for part in parts)
    return distinct, numbers.cast(pl.UInt32)
