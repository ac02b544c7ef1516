"""What a person typed, key by key: a terminal may hand over several at once."""

import re
from typing import Final

QUIT: Final = "q"
_MEANT: Final = {
    "\x1b[A": "k",
    "\x1b[B": "j",
    "\x1bOA": "k",
    "\x1bOB": "j",
    "\r": "e",
    "\x03": QUIT,
    "\x04": QUIT,
}
# A key such as an arrow is several letters, which belong together.
_KEY: Final = re.compile(r"\x1b[\[O][0-9;]*[~A-Za-z]|.", re.DOTALL)


def keys_of(typed: str) -> list[str]:
    """Return the keys in what a terminal gave, arrows as the letters that mean the same.

    Nothing is the end of the input: the key that quits.
    """
    return [_MEANT.get(key, key) for key in _KEY.findall(typed)] or [QUIT]
