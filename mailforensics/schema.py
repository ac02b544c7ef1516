"""Every column of every public table: its name, dtype, unit and meaning.

Dtypes are pandas names. `str` is pandas' own Arrow-backed text (missing: NaN), `time` stands for
`datetime64[us, UTC]`, `Int64` is a whole number that may be missing.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pandas as pd

from mailforensics.errors import MissingColumnError

TIME_DTYPE: Final = "datetime64[us, UTC]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a public table."""

    name: str
    dtype: str
    unit: str
    meaning: str

    @property
    def pandas_dtype(self) -> str:
        """The dtype as pandas spells it (`time` is UTC with microseconds)."""
        return TIME_DTYPE if self.dtype == "time" else self.dtype


Table = tuple[Column, ...]

_WHERE: Final[Table] = (
    Column("message", "str", "", "the text after the head, as read"),
    Column("file", "str", "", "the evidence file, as named in the audit"),
    Column("line", "int64", "line number, from 1", "where the entry begins in the file"),
)
_REPEAT: Final[Table] = (
    Column("repeat", "int64", "count", "times this line stands for (syslog folds equal lines)"),
    Column("duplicate", "bool", "", "the same line was already read from another file"),
)

MAIL_EVENTS: Final[Table] = (
    Column("time", "time", "UTC, microseconds", "when the line was written"),
    Column("host", "str", "", "the server that wrote it, as the log names it"),
    Column("program", "str", "", "the whole tag: `postfix/submission/smtpd`, `dovecot`"),
    Column("service", "str", "", "its last part: `smtpd`, `imap-login`, `auth`"),
    Column("pid", "Int64", "process id", "the process that wrote it"),
    Column("event", "str", "", "what happened; see MAIL_EVENT_KINDS"),
    Column("source_ip", "str", "", "the peer as the daemon itself saw it, canonical text"),
    Column("source_host", "str", "", "the peer's reverse name; null for `unknown`"),
    Column("source_port", "Int64", "port", "the peer's port, where logged"),
    Column("username", "str", "", "the account tried or used"),
    Column("sasl_method", "str", "", "LOGIN, PLAIN, CRAM-MD5 …"),
    Column("queue_id", "str", "", "Postfix's id of a message; short ones are reused"),
    Column("sender", "str", "", "envelope sender; empty text for the null sender <>"),
    Column("recipient", "str", "", "envelope recipient"),
    Column("helo", "str", "", "what the peer called itself; never a source"),
    Column("relay", "str", "", "where a message went: host[address]:port, or a transport"),
    Column("status", "str", "", "sent, deferred, bounced, expired; or an SMTP reply code"),
    Column("dsn", "str", "", "enhanced status code, 5.7.1"),
    Column("reason", "str", "", "the daemon's words for why; given passwords are masked"),
    Column("size", "Int64", "bytes", "message size"),
    Column("recipients", "Int64", "count", "recipients of a message (nrcpt)"),
    Column("delay", "float64", "seconds", "time from arrival to this delivery attempt"),
    Column("auth_ok", "Int64", "count", "logins that worked, from the disconnect counters"),
    Column("auth_tried", "Int64", "count", "logins tried, from the disconnect counters"),
    Column("commands_ok", "Int64", "count", "commands accepted, from the disconnect counters"),
    Column("commands_tried", "Int64", "count", "commands sent, from the disconnect counters"),
    *_REPEAT,
    *_WHERE,
)

MAIL_EVENT_KINDS: Final = MappingProxyType(
    {
        "connect": "a client connected",
        "disconnect": "a client left; Postfix adds its counters",
        "auth_failed": "a login was refused",
        "auth_ok": "a login worked",
        "lost_connection": "the client vanished in the middle",
        "timeout": "the client was silent for too long",
        "too_many_errors": "the server hung up after too many errors",
        "reject": "the server refused a command, a sender, a recipient or a message",
        "tls_failed": "encryption could not be set up",
        "tls_ok": "encryption was set up",
        "rdns_mismatch": "the client's name and address do not agree in DNS",
        "pipelining": "the client sent commands before it was allowed to",
        "bad_command": "the client sent something that is not SMTP",
        "rate": "a rate or connection limit, or its statistics",
        "pregreet": "the client spoke before the greeting",
        "dnsbl": "a DNS block list knows the client",
        "hangup": "the client hung up in the middle of a test",
        "screen_connect": "postscreen saw a client",
        "screen_pass": "postscreen let a client pass on",
        "screen_disconnect": "postscreen ended a client's session",
        "accepted": "a queue id was given to a client's message",
        "message_id": "a message got its Message-ID (cleanup)",
        "queued": "a message became active in the queue",
        "delivered": "a message was delivered to one recipient",
        "deferred": "a delivery failed for now",
        "bounced": "a delivery failed for good",
        "expired": "a message was returned after waiting too long",
        "removed": "a message left the queue",
        "outbound_auth_failed": "this server's own login elsewhere failed: no attack",
        "auth_unavailable": "this server's own login service failed: no attack",
        "server": "start, stop, reload, configuration warning",
        "other": "the head was read, the message is of no known kind",
        "unparsed": "not even a head",
    }
)

FIREWALL_EVENTS: Final[Table] = (
    Column("time", "time", "UTC, microseconds", "when the kernel logged the packet"),
    Column("host", "str", "", "the server that wrote it"),
    Column("action", "str", "", "BLOCK, ALLOW, AUDIT, LIMIT BLOCK, or another prefix's text"),
    Column("direction", "str", "", "in, out or forward"),
    Column("in_interface", "str", "", "interface the packet came in on"),
    Column("out_interface", "str", "", "interface it was to leave by"),
    Column("mac", "str", "", "link-layer header, as logged"),
    Column("source_ip", "str", "", "SRC, canonical text"),
    Column("dest_ip", "str", "", "DST, canonical text"),
    Column("protocol", "str", "", "lower case name, or the number as text"),
    Column("source_port", "Int64", "port", "SPT"),
    Column("dest_port", "Int64", "port", "DPT"),
    Column("length", "Int64", "bytes", "LEN of the IP packet"),
    Column("ttl", "Int64", "hops", "TTL or HOPLIMIT"),
    Column("tcp_flags", "str", "", "flags in the order logged: `SYN`, `ACK FIN`"),
    Column("icmp_type", "Int64", "", "ICMP TYPE"),
    Column("event", "str", "", "blocked, allowed, audited, limited, other, unparsed"),
    *_REPEAT,
    *_WHERE,
)

FIREWALL_EVENT_KINDS: Final = ("blocked", "allowed", "audited", "limited", "other", "unparsed")

AUDIT: Final[Table] = (
    Column("file", "str", "", "the evidence file"),
    Column("sha256", "str", "", "SHA-256 of the bytes as read (before decompression)"),
    Column("bytes", "Int64", "bytes", "size of those bytes"),
    Column("lines", "Int64", "count", "physical lines, blank ones included"),
    Column("events", "int64", "count", "rows that came of it"),
    Column("other", "int64", "count", "rows with a head and a message of no known kind"),
    Column("unparsed", "int64", "count", "rows without a readable head"),
    Column("duplicates", "int64", "count", "rows already read from another file"),
    Column("repeats", "int64", "count", "further times that folded lines stand for"),
    Column("first_time", "time", "UTC", "time of the first row"),
    Column("last_time", "time", "UTC", "time of the last row"),
    Column("year_from", "str", "", "the rule that gave year-less stamps their year"),
    Column("notes", "str", "", "what the reader noticed, in plain words"),
)

SESSIONS: Final[Table] = (
    Column("host", "str", "", "the server"),
    Column("program", "str", "", "the daemon's tag"),
    Column("pid", "Int64", "process id", "its process"),
    Column("source_ip", "str", "", "the peer"),
    Column("source_host", "str", "", "the peer's reverse name"),
    Column("start", "time", "UTC", "first line of the session"),
    Column("end", "time", "UTC", "last line of the session"),
    Column("seconds", "float64", "seconds", "end minus start"),
    Column("auth_ok", "int64", "count", "logins that worked"),
    Column("auth_failed", "int64", "count", "logins refused; one try counts once"),
    Column("usernames", "str", "", "accounts tried or used, sorted, joined by `, `"),
    Column("accepted", "int64", "count", "messages given a queue id"),
    Column("rejected", "int64", "count", "commands or messages refused"),
    Column("commands_ok", "Int64", "count", "commands accepted, from the disconnect counters"),
    Column("commands_tried", "Int64", "count", "commands sent, from the disconnect counters"),
    Column("outcome", "str", "", "the most serious of OUTCOMES"),
    Column("complete", "bool", "", "false where the log starts or ends in the middle"),
    Column("file", "str", "", "file of the first line"),
    Column("first_line", "int64", "line number", "the session's first line"),
    Column("last_line", "int64", "line number", "its last line (see `file`)"),
)

OUTCOMES: Final = (
    "login_after_failures",
    "login",
    "mail",
    "auth_failed",
    "relay_refused",
    "rejected",
    "tls_failed",
    "lost",
    "probe",
)

_WEIGHTS: Final[Table] = (
    Column("attack_weight", "float64", "attack events", "decayed and capped sum; `cover.md`"),
    Column("legit_weight", "float64", "legit events", "decayed sum of proper use"),
)

SOURCES: Final[Table] = (
    Column("source_ip", "str", "", "the peer"),
    Column("network", "str", "", "its /24 or /64"),
    Column("source_host", "str", "", "its last reverse name"),
    Column("country", "str", "", "ISO code from offline data; null where not known"),
    Column("first_seen", "time", "UTC", "first event"),
    Column("last_seen", "time", "UTC", "last event"),
    Column("active_days", "int64", "days", "UTC days with at least one event"),
    Column("sessions", "int64", "count", "connections"),
    Column("auth_failed", "int64", "count", "logins refused"),
    Column("auth_ok", "int64", "count", "logins that worked"),
    Column("usernames", "int64", "count", "distinct accounts tried"),
    Column("relay_refused", "int64", "count", "attempts to relay through this server"),
    Column("rejected", "int64", "count", "other refusals"),
    Column("bad_protocol", "int64", "count", "pregreet, pipelining, commands that are not SMTP"),
    Column("accepted", "int64", "count", "messages given a queue id"),
    Column("firewall_blocked", "int64", "count", "packets logged as blocked: a lower bound"),
    *_WEIGHTS,
    Column("attack_events", "int64", "count", "events behind attack_weight, none discounted"),
    Column("last_login", "time", "UTC", "last login that worked and looks like its owner's"),
    Column("accounts", "str", "", "distinct accounts tried, sorted, joined by `, `"),
    Column("standing", "str", "", "one of STANDINGS: what the evidence makes of the address"),
    Column("note", "str", "", "why it stands so, in plain words; empty for `quiet`"),
    Column("evidence", "str", "", "files and lines of the attack events"),
    Column("legit_evidence", "str", "", "files and lines of logins and accepted mail"),
)

STANDINGS: Final = MappingProxyType(
    {
        "attacker": "attack events, and no sign of proper use",
        "suspect": "a login worked, but it does not look like its owner's; see `mf.breaches`",
        "stale_password": "a known user's device that keeps sending an old password",
        "user": "logins that worked and look like their owner's",
        "peer": "no login, but mail from it was accepted",
        "quiet": "came and went: neither attack nor proper use",
    }
)

NETWORKS: Final[Table] = (
    Column("network", "str", "CIDR", "the network"),
    Column("attackers", "int64", "addresses", "addresses with attack weight"),
    Column("legit_sources", "int64", "addresses", "addresses with proper use"),
    Column("events", "int64", "count", "attack events"),
    *_WEIGHTS,
    Column("share", "float64", "fraction", "of all attack weight"),
    Column("first_seen", "time", "UTC", "first event"),
    Column("last_seen", "time", "UTC", "last event"),
    Column("auth_failed", "int64", "count", "logins refused"),
    Column("usernames", "int64", "count", "distinct accounts tried in the whole network"),
    Column("accepted", "int64", "count", "messages given a queue id"),
    Column("firewall_blocked", "int64", "count", "packets logged as blocked: a lower bound"),
    Column("density", "float64", "fraction", "attackers / addresses of the network"),
    Column("value", "float64", "attack events", "what banning it is worth; `cover.md`"),
)

CANDIDATES: Final[Table] = (
    *NETWORKS,
    Column("reasons", "str", "", "why it is here, in plain words"),
    Column("collateral", "str", "", "who legitimate lives there, or `none seen`"),
    Column("already", "str", "", "the firewall rule that covers it, or empty"),
    Column("suggestion", "str", "", "approve, look or reject"),
    Column("evidence", "str", "", "files and lines behind it"),
)
SUGGESTIONS: Final = ("approve", "look", "reject")

BREACHES: Final[Table] = (
    Column("severity", "str", "", "critical, high or look"),
    Column("sign", "str", "", "which sign it is"),
    Column("username", "str", "", "the account"),
    Column("source_ip", "str", "", "the peer"),
    Column("time", "time", "UTC", "when"),
    Column("explanation", "str", "", "what it means, and the innocent reading"),
    Column("evidence", "str", "", "files and lines behind it"),
)
SEVERITIES: Final = ("critical", "high", "look")

MESSAGES: Final[Table] = (
    Column("host", "str", "", "the server"),
    Column("queue_id", "str", "", "Postfix's id; with `first_time` it is unique"),
    Column("message_id", "str", "", "the Message-ID header, where the log has it"),
    Column("source_ip", "str", "", "the client that handed it in; null for local mail"),
    Column("source_host", "str", "", "the client's reverse name"),
    Column("username", "str", "", "the account that was logged in; null for none"),
    Column("sender", "str", "", "envelope sender; empty text for the null sender <>"),
    Column("recipients", "int64", "count", "distinct recipients in the log"),
    Column("recipient", "str", "", "their addresses, sorted, joined by `, `; at most 20"),
    Column("size", "Int64", "bytes", "message size"),
    Column("delivered", "int64", "count", "deliveries that worked"),
    Column("deferred", "int64", "count", "delivery tries that failed for now"),
    Column("bounced", "int64", "count", "deliveries that failed for good, expired ones too"),
    Column("relay", "str", "", "the last hop of the last try"),
    Column("delay", "float64", "seconds", "longest delay of a delivery try"),
    Column("first_time", "time", "UTC", "first line of the message"),
    Column("last_time", "time", "UTC", "last line of the message"),
    Column("outcome", "str", "", "the most serious of MESSAGE_OUTCOMES"),
    Column("complete", "bool", "", "false where the log starts or ends in the middle"),
    Column("file", "str", "", "file of the first line"),
    Column("first_line", "int64", "line number", "the message's first line"),
)
MESSAGE_OUTCOMES: Final = ("bounced", "deferred", "delivered", "unknown")

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


def names(table: Table) -> list[str]:
    """Return the column names of a table, in order."""
    return [column.name for column in table]


def empty(table: Table) -> pd.DataFrame:
    """Return the table with all columns, their dtypes, and no rows."""
    return pd.DataFrame({c.name: pd.Series([], dtype=c.pandas_dtype) for c in table})


def conform(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return a new frame with exactly the table's columns, in its order and dtypes.

    Raises:
        MissingColumnError: a column of the table is not in the frame.
    """
    require(frame, names(table))
    return frame[names(table)].astype({c.name: c.pandas_dtype for c in table})


def require(frame: pd.DataFrame, columns: list[str]) -> None:
    """Check that a table has the columns a function needs.

    Raises:
        MissingColumnError: names what is missing and what the table has.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise MissingColumnError(
            f"the table lacks {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}. "
            "Pass the table that the reading or analysis function returned."
        )
