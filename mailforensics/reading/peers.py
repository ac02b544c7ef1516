"""Read messages that differ only in their peer's address as one text.

What a server says repeats itself, whoever attacks: `connect from unknown[198.18.4.7]` and
`connect from unknown[198.18.9.1]` are one text with two addresses.
"""

from collections.abc import Callable
from typing import Final

import polars as pl

# What may stand between the brackets of a peer, see `patterns.HOST`.
_ADDRESS: Final = r"^[^\s\[\]]+$"


def read_once(messages: pl.DataFrame, read: Callable[[pl.DataFrame], pl.DataFrame]) -> pl.DataFrame:
    """Return what `read` makes of each message, in order.

    Args:
        messages: `program` and `inner`, the message to understand.
        read: gets texts, `messages` with `shared` (whether the text stands for several addresses),
            and returns for each its `event`, null where it cannot tell, and what else it says. A
            `source_ip` that it gives to a shared text must be the address in the first brackets,
            and nothing else that it says may depend on that address.
    """
    parts = _cut_address(messages["inner"])
    first, numbers = _number(parts.select(messages["program"], "before", "after"))
    addresses = parts["address"]
    shared = addresses.is_not_null()
    found = read(messages[first].with_columns(shared=shared[first]))
    alone = (shared & found["event"].is_null()[numbers]).arg_true()
    if len(alone):
        each = read(messages[alone].with_columns(shared=pl.lit(value=False)))
        places = pl.int_range(found.height, found.height + each.height, eager=True)
        found = pl.concat([found, each], how="diagonal")
        numbers, addresses = numbers.scatter(alone, places), addresses.scatter(alone, None)
    return _with_own(addresses, found[numbers])


def _cut_address(texts: pl.Series) -> pl.DataFrame:
    """Return what stands before, in and after the first brackets; or all as `before`.

    After a blank or a comma stands no peer's name: what such brackets hold may matter. `before` and
    `after` stay bytes, for places in bytes are found and cut without a count of characters.
    """
    text, before, address = (pl.col(name) for name in ("bytes", "before", "address"))
    opens, closes = (texts.str.find(mark, literal=True) for mark in "[]")
    opens = opens.set((closes < opens).fill_null(value=True), None)
    parts = pl.select(bytes=texts.cast(pl.Binary)).with_columns(
        before=text.bin.head(opens),
        address=text.bin.slice(opens + 1, closes - opens - 1).cast(pl.String),
        after=text.bin.slice(closes + 1),
    )
    is_peer = parts.select(
        address.str.contains(_ADDRESS) & ~before.bin.ends_with(b" ") & ~before.bin.contains(b", ")
    ).to_series()
    return parts.select(
        before=pl.when(is_peer).then("before").otherwise("bytes"),
        address=pl.when(is_peer).then("address"),
        after=pl.when(is_peer).then("after"),
    )


def _number(keys: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Return the first row of each distinct key, and for each row the number of its key."""
    rows = keys.with_row_index("row")
    first = rows.select(pl.col("row").first().over(keys.columns)).to_series()
    is_first = first == rows["row"]
    return is_first.arg_true(), (is_first.cum_sum() - 1)[first]


def _with_own(addresses: pl.Series, found: pl.DataFrame) -> pl.DataFrame:
    """Give messages that were read as one text their own addresses."""
    if "source_ip" not in found.columns:
        return found
    own = addresses.is_not_null() & found["source_ip"].is_not_null()
    return found.with_columns(source_ip=pl.when(own).then(addresses).otherwise("source_ip"))
