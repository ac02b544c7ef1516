"""Clean text for files that run as root: what a log or a person wrote becomes plain ASCII."""

import hashlib
import re
import unicodedata
from typing import Final

# No quotes, backslashes, dollars, backticks, pipes, semicolons or angle brackets: harmless in a
# comment of bash, ufw, nftables, ipset and Postfix, and between the bars of the script's own list.
_UNWANTED: Final = re.compile(r"[^A-Za-z0-9 ._:@/+=,()-]+")
_NO_SLUG: Final = re.compile(r"[^a-z0-9]+")


def clean(text: object, *, length: int = 120) -> str:
    """Return a text as one line of harmless ASCII, cut to `length` characters.

    Accents are dropped; a run of anything else becomes one `?`. Empty text becomes `-`.
    """
    plain = unicodedata.normalize("NFKD", str(text)[: 4 * length])
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    line = " ".join(_UNWANTED.sub("?", re.sub(r"\s+", " ", plain)).split())
    if len(line) > length:
        line = line[: length - 3].rstrip() + "..."
    return line or "-"


def slug(text: str, *, length: int = 14) -> str:
    """Return a text as a word of lower-case letters, digits and dashes, for names of sets."""
    return _NO_SLUG.sub("-", clean(text).lower()).strip("-")[:length].strip("-")


def case_word(case: str) -> str:
    """Return a word of at most 20 characters that is the case's own, also where slugs agree."""
    word = slug(case)
    if word == case:
        return word or "case"
    return f"{word or 'case'}-{hashlib.sha256(case.encode('utf-8', 'replace')).hexdigest()[:5]}"
