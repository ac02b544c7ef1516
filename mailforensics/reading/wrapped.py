"""Join entries that were wrapped over several physical lines, as articles and terminals do."""

import polars as pl

from mailforensics.reading.stamps import has_stamp

# A rest of a line that begins with one of these is more of the entry above it.
CONTINUES = (" ", "\t", ":")
# The first character that is no control character and no blank.
_PRINTED = "!"


def drop_blank(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines (`text`) that hold more than blanks."""
    if lines.is_empty() or str(lines["text"].min()) >= _PRINTED:
        return lines
    return lines.filter(pl.col("text").str.strip_chars(" \t\r") != "")


def join_wrapped(lines: pl.DataFrame) -> pl.DataFrame:
    """Return entries: physical lines, with wrapped ones joined.

    A line continues the entry above it if it begins with a blank or a colon and has no stamp of
    its own, and the entry has one. The rest is joined with one blank, or none before a colon. A
    stamped line that is indented is an entry; its blanks are dropped.

    Args:
        lines: `line` and `text`, no blank lines.

    Returns:
        `line` of the first physical line, and `text`.
    """
    loose = pl.any_horizontal(pl.col("text").str.starts_with(mark) for mark in CONTINUES)
    begins = lines.select(loose).to_series()
    if not begins.any():
        return lines
    bare = pl.col("text").str.strip_chars(" \t")
    marked = lines.with_columns(loose=begins, stamped=has_stamp(bare), bare=bare)
    entry = (~pl.col("loose") | pl.col("stamped")).cum_sum()
    owned = marked.with_columns(owned=pl.col("stamped").first().over(entry))
    joins = pl.col("loose") & ~pl.col("stamped") & pl.col("owned")
    blank = pl.when(pl.col("bare").str.starts_with(":")).then(pl.lit("")).otherwise(pl.lit(" "))
    text = (
        pl.when(joins)
        .then(blank + pl.col("bare"))
        .when(pl.col("loose") & pl.col("stamped"))
        .then("bare")
        .otherwise("text")
    )
    return (
        owned.group_by((~joins).cum_sum().alias("entry"), maintain_order=True)
        .agg(pl.col("line").first(), text.str.join("").alias("text"))
        .drop("entry")
    )
