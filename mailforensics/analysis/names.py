"""Account names inside sentences: cut and cleaned, because whoever knocks chooses them."""

from typing import Final

import polars as pl

from mailforensics.analysis.bridge import NAMES_JOINED_BY
from mailforensics.reading.passwords import masked

# What mail accounts consist of. Anything else in a name could end the sentence that quotes it,
# turn it around or be taken for words of ours.
_STRANGE: Final = r"[^\p{L}\p{N}\p{M}._%+@=-]+"
NAME_LENGTH: Final = 32
NAMES_SHOWN: Final = 3
# How `distinct_names` writes a comma that is part of a name, as an expression.
ESCAPED_COMMA: Final = r"\\x2c"


def shown_name(name: pl.Expr) -> pl.Expr:
    """Return a name as it may stand in a sentence: one word of at most 32 characters.

    Blanks, commas, quotes, brackets and invisible characters become one `?` a run.
    """
    plain = name.str.replace_all(_STRANGE, "?")
    cut = pl.format("{}…", plain.str.head(NAME_LENGTH - 1))
    whole = pl.when(plain == "").then(pl.lit("?")).otherwise(plain)
    return pl.when(plain.str.len_chars() > NAME_LENGTH).then(cut).otherwise(whole)


def listed_names(inside: pl.DataFrame) -> pl.DataFrame:
    """Return for each network the accounts that it tried: `network`, `tried`, in words.

    `admin, info, anna and 14 more`: those that most of its addresses tried first, then those that
    most of all tried, then by name. Networks that named none give no row.

    Args:
        inside: sources with `network` and `accounts` (joined by commas).
    """
    named = inside.filter(pl.col("accounts").fill_null("") != "")
    names = named.select("network", name=pl.col("accounts").str.split(NAMES_JOINED_BY))
    tried = names.explode("name").group_by("network", "name").agg(addresses=pl.len())
    shown = (
        tried.with_columns(everywhere=pl.col("addresses").sum().over("name"))
        .sort(["network", "addresses", "everywhere", "name"], descending=[False, True, True, False])
        .group_by("network", maintain_order=True)
        .agg(name=pl.col("name").head(NAMES_SHOWN), all=pl.len().cast(pl.Int64))
        .explode("name")
    )
    shown = shown.with_columns(masked(shown["name"].str.replace_all(ESCAPED_COMMA, ",")))
    more = pl.col("all").first() - NAMES_SHOWN
    left = pl.when(more > 0).then(pl.format(" and {} more", more)).otherwise(pl.lit(""))
    joined = shown_name(pl.col("name")).str.join(", ")
    return shown.group_by("network", maintain_order=True).agg(tried=joined + left)
