"""Tables of the review and export rooms: candidates, decisions, rules of a ban script."""

from typing import Final

from mailforensics.schema.answers import NETWORKS
from mailforensics.schema.columns import Column, Table

CANDIDATES: Final[Table] = (
    *NETWORKS,
    Column("reasons", "str", "", "why it is here, in plain words"),
    Column("collateral", "str", "", "who legitimate lives there, or `none seen`"),
    Column("already", "str", "", "rules that cover it, or that do so in vain; or empty"),
    Column("suggestion", "str", "", "approve, look or reject"),
    Column("evidence", "str", "", "files and lines behind it"),
)
SUGGESTIONS: Final = ("approve", "look", "reject")

DECISIONS: Final[Table] = (
    Column("network", "str", "CIDR", "the network decided on"),
    Column("verdict", "str", "", "approve, reject or undo"),
    Column("reason", "str", "", "the reviewer's words"),
    Column("reviewer", "str", "", "who decided"),
    Column("time", "time", "UTC", "when it was recorded"),
    Column("until", "str", "date", "last day of the ban, YYYY-MM-DD; null for good"),
    Column("digest", "str", "SHA-256", "of the candidate row that was shown"),
)
VERDICTS: Final = ("approve", "reject", "undo")

BAN_RULES: Final[Table] = (
    Column("network", "str", "CIDR", "the network banned"),
    Column("action", "str", "", "deny, deny log or reject"),
    Column("ports", "str", "port numbers", "TCP ports, joined by commas; empty for all"),
    Column("until", "str", "date", "last day of the ban, YYYY-MM-DD; null for good"),
    Column("reviewer", "str", "", "who approved it"),
    Column("time", "time", "UTC", "when it was approved"),
    Column("digest", "str", "SHA-256", "of the candidate row that was shown"),
    Column("reason", "str", "", "the reviewer's words"),
    Column("command", "str", "", "the ufw command that does the same"),
)

CHECK_BAN: Final[Table] = (
    Column("network", "str", "CIDR", "the network banned"),
    Column("since", "time", "UTC", "when the ban counts from"),
    Column("until", "str", "date", "last day of the ban, YYYY-MM-DD; null for good"),
    Column("status", "str", "", "one of BAN_STATES"),
    Column("last_before", "time", "UTC", "last mail-log line about it before the ban"),
    Column("first_after", "time", "UTC", "first mail-log line about it under the ban"),
    Column("last_after", "time", "UTC", "last mail-log line about it under the ban"),
    Column("sessions_before", "int64", "count", "connections that began before the ban"),
    Column("sessions_open", "int64", "count", "of these, those that went on under the ban"),
    Column("sessions_after", "int64", "count", "connections that began under the ban"),
    Column("blocked", "int64", "count", "packets logged as blocked under the ban: a lower bound"),
    Column("last_blocked", "time", "UTC", "last of these"),
    Column("moved_to", "str", "CIDR", "networks the attacker may have moved to, joined by `; `"),
    Column("explanation", "str", "", "what that means, in plain words"),
    Column("evidence", "str", "", "files and lines behind it"),
)
BAN_STATES: Final = ("leaking", "ending", "holding", "quiet", "no log")
