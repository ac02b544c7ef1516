"""What really happened, counted from what the server told the clients: the ground truth."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

COUNTS: Final = ("sessions", "failures", "logins", "messages", "relays", "rejects")
_WORKED: Final = re.compile(r"235 |a\d+ OK|\+OK")
_REFUSED: Final = re.compile(r"535 |a\d+ NO|-ERR")
_MAIL_COMMAND: Final = re.compile(r"(MAIL|RCPT|VRFY|DATA)\b", re.IGNORECASE)
# 501 and 503 answer a client that does not speak SMTP: nothing was decided about its mail.
_DECIDED: Final = re.compile(r"4\d\d |550 |55[1-9] |504 ")
_RELAYING: Final = ">: Relay access denied"


def told(result: dict[str, Any]) -> Iterator[str]:
    """Give for each thing that a result's replies prove the name of its count, a member of COUNTS.

    A login that worked or failed; a message (its first recipient was taken, so it has a queue id,
    and text was sent in this session); a refused command of mail: of these, `relays` are the tries
    to relay, the rest `rejects`.
    """
    if result["met"] == "open":
        yield "sessions"
    new_message = wrote = any(reply.startswith("354") for _, reply in result["said"])
    for what, reply in result["said"]:
        if what.startswith("login "):
            yield from ["logins"] * bool(_WORKED.match(reply))
            yield from ["failures"] * bool(_REFUSED.match(reply))
        elif what.startswith("MAIL "):
            new_message = wrote
        if what.startswith("RCPT ") and reply.startswith("250") and new_message:
            new_message = False
            yield "messages"
        if _MAIL_COMMAND.match(what) and _DECIDED.match(reply):
            yield "relays" if reply.endswith(_RELAYING) else "rejects"


def totals(results: Iterable[dict[str, Any]]) -> dict[str, Counter[str]]:
    """Return for each source address its COUNTS; sources that met nobody are left out."""
    counts: dict[str, Counter[str]] = {}
    for result in results:
        for name in told(result):
            counts.setdefault(result["source"], Counter())[name] += 1
    return counts


def open_talks(results: Iterable[dict[str, Any]]) -> int:
    """Return how many connections the server took."""
    return sum(result["met"] == "open" for result in results)
