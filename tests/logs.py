"""Lines of a log that are hard to cut: what the tests of stores and clusters are fed with."""

from pathlib import Path
from typing import Final

HARD_LINES: Final = (
    *Path(__file__).with_name("reading").joinpath("hard_lines.txt").read_bytes().splitlines(True),
    b"Jul  1 10:00:09 mx1 postfix/smtpd[12]: broken \xff\xfe bytes and a \0 NUL\n",
    b"Jul  1 10:00:10 mx1 postfix/smtpd[12]: windows line\r\n",
)


def hard_log(times: int) -> bytes:
    """Return the hard lines so many times over."""
    return b"".join(HARD_LINES) * times
