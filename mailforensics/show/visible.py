"""Log text made safe to look at: nothing in it can move, hide, colour or reverse what is shown."""

import re
from collections.abc import Sequence
from typing import Final

from mailforensics.reading.passwords import is_suspect, mask_passwords

# Between the texts of a column; no letter or word that a mask looks for.
SEAM: Final = " \u00b6 "
# Controls, joiners, direction marks, line and paragraph separators, tags, broken code units.
_UNSEEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: object, *, limit: int = 300) -> str:
    r"""Return a text with every invisible character spelled out (`\u202e`), cut to `limit`.

    Passwords that a log holds in clear are masked. A missing value gives empty text. The rest is
    still data: escape it before HTML.

    Args:
        text: text of a log, a table or a person.
        limit: characters kept; what is left out is counted at the end.
    """
    if text is None or text != text:
        return ""
    whole = mask_passwords(str(text))
    shown = whole[:limit]
    if not shown.isprintable():  # as nearly every text is
        shown = _UNSEEN.sub(_spelled, shown)
    left_out = len(whole) - limit
    return f"{shown}… ({left_out:,} more characters)" if left_out > 0 else shown


def all_visible(texts: Sequence[object], *, limit: int = 300) -> list[str]:
    """Return `visible` of each text; a column in which nothing needs care is looked at as one."""
    given = list(texts)
    if all(type(text) is str and len(text) <= limit for text in given):
        whole = SEAM.join(str(text) for text in given)
        if whole.isprintable() and not is_suspect(whole):
            return [str(text) for text in given]
    return [visible(text, limit=limit) for text in given]


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    if found[0] == "\t":
        return " "
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
