"""Account names inside sentences: cut and cleaned, because whoever knocks chooses them."""

from typing import Final

import polars as pl

# What mail accounts consist of. Anything else in a name could end the sentence that quotes it,
# turn it around or be taken for words of ours.
_STRANGE: Final = r"[^\p{L}\p{N}\p{M}._%+@=-]+"
NAME_LENGTH: Final = 32


def shown_name(name: pl.Expr) -> pl.Expr:
    """Return a name as it may stand in a sentence: one word of at most 32 characters.

    Blanks, commas, quotes, brackets and invisible characters become one `?` a run.
    """
    plain = name.str.replace_all(_STRANGE, "?")
    cut = pl.format("{}…", plain.str.head(NAME_LENGTH - 1))
    whole = pl.when(plain == "").then(pl.lit("?")).otherwise(plain)
    return pl.when(plain.str.len_chars() > NAME_LENGTH).then(cut).otherwise(whole)
