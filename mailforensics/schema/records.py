"""Tables of the review and export rooms: candidates, decisions, rules of a ban script."""

from typing import Final

from mailforensics.schema.answers import NETWORKS
from mailforensics.schema.columns import Column, Table

CANDIDATES: Final[Table] = (
    *NETWORKS,
    Column("reasons", "str", "", "why it is here, in plain words"),
    Column("collateral", "str", "", "who legitimate lives there, or `none seen`"),
    Column("already", "str", "", "the firewall rule that covers it, or empty"),
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
