"""What a log line looks like, as data: one row a kind of line, checked at import."""

import re
from dataclasses import dataclass, field
from typing import Final

from mailforensics.schema import MAIL_EVENT_KINDS, MAIL_EVENTS

_COLUMNS: Final = frozenset(column.name for column in MAIL_EVENTS)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One kind of log message.

    The first row of a table that matches a message decides. Expressions are in the common part of
    Python's and Rust's regular expressions (no look-around, no back-references), anchored at both
    ends by the engine, with named groups that are columns of the event table.

    Attributes:
        event: the kind of event, a key of MAIL_EVENT_KINDS.
        services: the last part of the tag, `smtpd`, `imap-login`; empty: any service.
        literal: text that every such message holds; a cheap test before the expression.
        expression: the whole message, with named groups.
        sample: one whole message that it matches.
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
