"""The shapes of lines that no pattern understood: what to look at, and what to teach the reader."""

from typing import Final

import pandas as pd
import polars as pl
import pyarrow as pa

from mailforensics.errors import ArgumentError
from mailforensics.reading.passwords import masked
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store
from mailforensics.schema import UNKNOWN, conform, empty, require

SHAPE_LETTERS: Final = 120
_LOOKED_AT: Final = ("event", "program", "message", "repeat")
# In this order: what differs from line to line becomes a word in angle brackets.
_VARIABLE: Final = (
    (r"<[^<>]*>", "<…>"),
    (r"[^\s<>()\[\],;:\"'=]+@[A-Za-z0-9.-]+", "<mail>"),
    (r"\b[0-9]{1,2}:[0-9][0-9]:[0-9][0-9](?:\.[0-9]+)?\b", "<time>"),
    (
        r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|\b(?:[0-9A-Fa-f]{1,4}:){2,7}[0-9A-Fa-f:]*[0-9A-Fa-f]\b",
        "<ip>",
    ),
    (r"[A-Za-z0-9._-]+\[<ip>\]", "<host>[<ip>]"),
    (r"\b(?:0x[0-9A-Fa-f]+|[0-9A-F]{6,}|[0-9A-Za-z]{4,}[0-9][0-9A-Za-z]{5,})\b", "<id>"),
    (r"[0-9]+(?:\.[0-9]+)*", "<n>"),
)


def unknown(events: pd.DataFrame | Store, *, most: int = 10) -> pd.DataFrame:
    """Return the commonest shapes of lines of no known kind (`other`), the commonest first.

    A shape is a message with its numbers, addresses, names of hosts and ids left out, cut to 120
    letters; lines of one program and shape count together, folded lines as often as they stand for.
    Lines already read from another file do not count.

    Args:
        events: mail or firewall events, or a store: of that only such lines are read.
        most: how many shapes, 1 or more.

    Returns:
        The columns of `schema.UNKNOWN`; `share` is the part of all such lines, and the example,
        with its file and line, the oldest one, passwords masked. No rows where all was understood.

    Raises:
        MissingColumnError: `events` is no table of events.
        ArgumentError: `most` is below 1.
    """
    if isinstance(events, Store):
        known = [name for name in _LOOKED_AT if name in {c.name for c in events.table}]
        events = events.picked(Question(values=(("event", ("other",)),)), columns=known)
    require(events, ["event", "message", "file", "line"])
    if most < 1:
        raise ArgumentError(f"most={most!r} shows nothing; pass 1 or more.")
    lines = _unread(events)
    if lines.is_empty():
        return empty(UNKNOWN)
    shapes = (
        lines.with_columns(shape=_shape(pl.col("message")))
        .group_by("program", "shape", maintain_order=True)
        .agg(pl.col("repeat").sum().alias("count"), pl.col("message", "file", "line").first())
        .with_columns(share=pl.col("count") / pl.col("count").sum())
        .sort("count", "shape", "program", descending=[True, False, False])
        .head(most)
    )
    shown = shapes.with_columns(masked(shapes["message"]).alias("example"))
    return conform(shown.select(column.name for column in UNKNOWN).to_pandas(), UNKNOWN)


def _unread(events: pd.DataFrame) -> pl.DataFrame:
    """Return program, message, place and repeat of the lines that were not understood."""
    other = events["event"].eq("other")
    if "duplicate" in events.columns:
        other &= ~events["duplicate"]
    names = ["program", "message", "file", "line", "repeat"]
    picked = events.loc[other].reindex(columns=names)
    table = pl.DataFrame(pa.Table.from_pandas(picked, preserve_index=False))
    return table.with_columns(
        pl.col("program", "file").cast(pl.String),
        pl.col("message").cast(pl.String).fill_null(""),
        pl.col("repeat").cast(pl.Int64).fill_null(1),
    )


def _shape(messages: pl.Expr) -> pl.Expr:
    for expression, word in _VARIABLE:
        messages = messages.str.replace_all(expression, word)
    return messages.str.slice(0, SHAPE_LETTERS)
