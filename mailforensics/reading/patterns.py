r"""What a log line looks like, as data: one row a kind of line, checked at import.

How the engine runs a table, so that a row can be written without reading the engine:

1. The head of the line is taken off: stamp, host, tag, pid. What follows is the `message`.
2. Words that stand before the text proper are taken off the message; what is left is the `body`:
   for Postfix tags a queue id or `NOQUEUE` and its colon (`4XyZ12: client=…` → `client=…`; the
   engine fills `queue_id`), for Dovecot the process and a level (`imap-login: Info: Login: …` →
   `Login: …`; the engine fills `service`), but not brackets after the process, which hold a name
   and an address (`auth(bob,192.0.2.1)<…>: …` → `(bob,192.0.2.1)<…>: …`).
   **Expressions see the body**, samples are whole messages.
3. Rows are picked by service, then by the text an expression begins with (`prefix`, found by
   itself), then by `literal`; only then is the expression tried, anchored at both ends. The first
   row of the table that matches decides. So a row costs next to nothing where it cannot match:
   begin expressions with plain text where the daemon does, and do not fear many rows.
   An expression in which the next letter always says how it goes on (no `.*?`, no two optional
   parts that begin alike) runs three to six times as fast; for a line that comes by the thousand,
   put a row of that kind for its plain shape before the row that takes every shape.
4. Messages that differ only in what stands in their first brackets are read once, if the rows tried
   on them begin with plain text and then a `PEER`: a flood costs little, whoever attacks.
5. `source_ip` is put into canonical form; what is no address becomes null. `unknown` in
   `source_ip`, `source_host` becomes null too. Numbers that do not fit their column become null.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from mailforensics.schema import MAIL_EVENT_KINDS, MAIL_EVENTS

_COLUMNS: Final = frozenset(column.name for column in MAIL_EVENTS)

# A Postfix client, `name[address]` or `name[address]:port`. Postfix lets only letters, digits,
# `-`, `.` and `_` into a client name (valid_hostname.c), so a bracket ends it.
HOST: Final = r"(?P<source_host>[^\s\[\]=/]+)\[(?P<source_ip>[^\s\[\]]+)\]"
PEER: Final = HOST + r"(?::(?:(?P<source_port>[0-9]+)|unknown))?"


@dataclass(frozen=True, slots=True, eq=False)  # a row is itself, so that tables can be keys
class Pattern:
    """One kind of log message.

    Expressions are in the common part of Python's and Rust's regular expressions (no look-around,
    no back-references), with named groups that are columns of the event table.

    Attributes:
        event: the kind of event, a key of MAIL_EVENT_KINDS.
        services: the last part of the tag, `smtpd`, `imap-login`; empty: any service.
        literal: text that every such body holds; a cheap test before the expression.
        expression: the whole body, with named groups.
        sample: one whole message (after the head) that it matches.
        gives: the columns that the sample must come out with, as text, beside `event`.
        fixed: columns that every such line gets, whatever the expression caught.
    """

    event: str
    services: tuple[str, ...]
    literal: str
    expression: str
    sample: str
    gives: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the row, so that a typing mistake fails at import and names the row."""
        if self.event not in MAIL_EVENT_KINDS:
            raise ValueError(f"{self.event!r} is no event kind; see MAIL_EVENT_KINDS")
        groups = set(re.compile(self.expression).groupindex)
        unknown = (groups | set(self.gives) | set(self.fixed)) - _COLUMNS
        if unknown:
            raise ValueError(f"{sorted(unknown)} of {self.sample!r} are no columns of mail events")

    @property
    def prefix(self) -> str:
        """The plain text that the expression begins with, unescaped; empty if it has none."""
        return prefix_of(self.expression)


_PLAIN: Final = re.compile(r"(?:[^\\.^$*+?{}\[\]|()]|\\[^A-Za-z0-9])+")


def _outline(expression: str) -> str:
    """Return an expression with all that is escaped, in a class or in a group left out."""
    outline = re.sub(r"\[[^\]]*\]", "", re.sub(r"\\.", "", expression))
    while (shorter := re.sub(r"\([^()]*\)", "", outline)) != outline:
        outline = shorter
    return outline


def prefix_of(expression: str) -> str:
    """Return the plain text that every match of an expression begins with."""
    if "|" in _outline(expression):
        return ""
    found = _PLAIN.match(expression)
    if found is None:
        return ""
    text = found.group()
    if expression[found.end() : found.end() + 1] in {"*", "?", "{"}:
        text = re.sub(r"\\?.$", "", text)
    return re.sub(r"\\(.)", r"\1", text)


# Plain text, escaped dots and brackets, and classes of letters and digits.
_BRACKETLESS: Final = re.compile(r"(?:[^\\.\[\]]|\\[.()]|\[(?:A-Z|a-z|0-9|[A-Za-z0-9 _/])+-?\])*")


@cache
def literal_after_peer(expression: str) -> str | None:
    """Return the text that follows the peer's address; None where an expression minds the address.

    It does not mind it if what stands before its peer can hold no bracket: then the first brackets
    of every body that it matches are the peer's, and all else that it catches stands beside them.
    """
    head, peer, tail = expression.partition(HOST)
    if not peer or set("()|") & set(_outline(head) + _outline(tail)):
        return None
    return "]" + prefix_of(tail) if _BRACKETLESS.fullmatch(head) else None
