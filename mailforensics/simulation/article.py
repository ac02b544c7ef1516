"""The excerpt of the well-known case, as a log and as an article prints it: 15 events."""

from typing import Final

EVENTS: Final = (
    ("16:59:45", 1412, ("warning", ": unknown[212.70.149.83]: {failed}", ": {prompt}")),
    ("16:59:46", 1415, ("warning", ": unknown[212.70.149.52]: {failed}", ": {prompt}")),
    ("16:59:46", 1412, ("disconnect from unknown[212.70.149.83]", "{counters}")),
    ("16:59:47", 1415, ("disconnect from unknown[212.70.149.52]", "{counters}")),
    ("16:59:48", 1418, ("warning", ": unknown[212.70.149.20]: {failed}", ": {prompt}")),
    ("16:59:49", 1418, ("", ": disconnect from unknown[212.70.149.20]", "{counters}")),
    ("17:01:31", 1412, ("", ": connect from unknown[212.70.149.83]")),
    ("17:01:35", 1412, ("warning: unknown[212.70.149.83]", ": {failed}: {prompt}")),
    ("17:01:36", 1412, ("disconnect from unknown[212.70.149.83]", "{counters}")),
    ("17:02:02", 1415, ("connect from", "unknown[212.70.149.52]")),
    ("17:02:06", 1415, ("warning", ": unknown[212.70.149.52]: {failed}", ": {prompt}")),
    ("17:02:07", 1415, ("", ": disconnect from", "unknown[212.70.149.52] {counters}")),
    ("17:02:40", 1418, ("connect", "from unknown[212.70.149.20]")),
    ("17:02:44", 1418, ("warning: unknown[212.70.149.20]: SASL", "{login_failed}", ": {prompt}")),
    ("17:02:45", 1418, ("disconnect from unknown[212.70.149.20]", "{counters}")),
)
MASKED_HOST: Final = "ik*-***-*****"
_WORDS: Final = {
    "failed": "SASL LOGIN authentication failed",
    "login_failed": "LOGIN authentication failed",
    "prompt": "UGFzc3dvcmQ6",
    "counters": "ehlo=1 auth=0/1 rset=1 quit=1 commands=3/4",
}


def article_lines(*, host: str = "mail") -> list[str]:
    """Return the 15 lines as the server wrote them, one entry a line (Sep 4, UTC)."""
    lines = []
    for clock, pid, parts in EVENTS:
        pieces = [part.format(**_WORDS) for part in parts]
        message = pieces[0]
        for piece in pieces[1:]:
            message += piece if piece.startswith(":") else f" {piece}"
        lines.append(f"Sep  4 {clock} {host} postfix/smtpd[{pid}]: {message.lstrip(': ')}")
    return lines


def wrapped_article_lines() -> list[str]:
    """Return the same entries over two or three physical lines each, with a masked host."""
    lines = []
    for clock, pid, parts in EVENTS:
        first, *rest = (part.format(**_WORDS) for part in parts)
        head = f"Sep  4 {clock} {MASKED_HOST} postfix/smtpd[{pid}]"
        lines.append(f"{head}: {first}" if first else head)
        lines += [f"    {piece}" for piece in rest]
    return lines
