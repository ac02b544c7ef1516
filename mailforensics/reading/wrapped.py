"""Join entries that were wrapped over several physical lines, as articles and terminals do."""

from typing import Final

import polars as pl

from mailforensics.reading.stamps import has_stamp

# A rest of a line that begins with one of these is more of the entry above it.
# A terminal cuts a line in the middle of a word: what `mark_hard_wraps` found begins with HARD.
HARD: Final = "\x1d"
CONTINUES: Final = (" ", "\t", ":", HARD)
# Widths at which terminals and mail programs cut lines; a text of more letters is no paste.
_WIDTHS: Final = range(60, 251)
_MOST_LETTERS: Final = 1_000_000
# The first character that is no control character and no blank.
_PRINTED = "!"


def drop_blank(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines (`text`) that hold more than blanks."""
    if lines.is_empty() or str(lines["text"].min()) >= _PRINTED:
        return lines
    return lines.filter(pl.col("text").str.strip_chars(" \t\r") != "")


def mark_hard_wraps(text: str) -> str:
    """Return pasted text with HARD before each line that a terminal cut off the one above it.

    Lines were cut if every line without a stamp, indented ones apart, follows a line that is as
    long as the longest of all: as wide as the terminal was. Text without such lines comes back
    as it is.
    """
    lines = text[: _MOST_LETTERS + 1].split("\n")
    width = max(len(line.rstrip("\r")) for line in lines)
    if len(text) > _MOST_LETTERS or width not in _WIDTHS:
        return text
    stamped = pl.select(has_stamp(pl.lit(pl.Series(lines)))).to_series().to_list()
    cut = [
        place
        for place, line in enumerate(lines)
        if line.strip() and not stamped[place] and not line.startswith(CONTINUES)
    ]
    full = [len(lines[place - 1].rstrip("\r")) == width for place in cut]
    if not cut or not stamped[0] or not all(full):
        return text
    for place in cut:
        lines[place] = HARD + lines[place]
    return "\n".join(lines)


def join_wrapped(lines: pl.DataFrame) -> pl.DataFrame:
    """Return entries: physical lines, with wrapped ones joined.

    A line continues the entry above it if it begins with a blank or a colon and has no stamp of
    its own, and the entry has one. The rest is joined with one blank, or none before a colon or
    where `mark_hard_wraps` marked it. A stamped line that is indented is an entry; its blanks are
    dropped.

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
        pl.when(joins & pl.col("text").str.starts_with(HARD))
        .then(pl.col("text").str.strip_prefix(HARD).str.strip_chars_end("\r"))
        .when(joins)
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
