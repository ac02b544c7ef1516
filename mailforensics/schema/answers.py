"""Tables of the analysis room: sessions, messages, sources, networks, signs of a break-in."""

from types import MappingProxyType
from typing import Final

from mailforensics.schema.columns import Column, Table

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
    Column("usernames", "str", "", "accounts tried or used, sorted, joined by commas"),
    Column("accepted", "int64", "count", "messages given a queue id"),
    Column("rejected", "int64", "count", "commands or messages refused"),
    Column("commands_ok", "Int64", "count", "commands accepted, from the disconnect counters"),
    Column("commands_tried", "Int64", "count", "commands sent, from the disconnect counters"),
    Column("outcome", "str", "", "the most serious thing that happened"),
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
    Column("accepted", "int64", "count", "messages given a queue id whose text was sent"),
    Column("firewall_blocked", "int64", "count", "packets logged as blocked: a lower bound"),
    *_WEIGHTS,
    Column("attack_events", "int64", "count", "events behind attack_weight, none discounted"),
    Column("last_login", "time", "UTC", "last login that worked and looks like its owner's"),
    Column("accounts", "str", "", "distinct accounts tried, sorted, joined by commas"),
    Column("standing", "str", "", "one of STANDINGS: what the evidence makes of the address"),
    Column("note", "str", "", "why it stands so, in plain words; empty for `quiet`"),
    Column("evidence", "str", "", "files and lines of the attack events"),
    Column("legit_evidence", "str", "", "files and lines of logins and accepted mail"),
    Column("last_contact", "time", "UTC", "last line in the mail log; null: the firewall's alone"),
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
    Column("attackers", "int64", "addresses", "addresses that attacked the mail server itself"),
    Column("legit_sources", "int64", "addresses", "addresses with proper use"),
    Column("events", "int64", "count", "attack events, blocked packets among them"),
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
    Column("recipient", "str", "", "their addresses, sorted, joined by commas; at most 20"),
    Column("size", "Int64", "bytes", "message size"),
    Column("delivered", "int64", "count", "deliveries that worked"),
    Column("deferred", "int64", "count", "delivery tries that failed for now"),
    Column("bounced", "int64", "count", "deliveries that failed for good, expired ones too"),
    Column("relay", "str", "", "the last hop of the last try"),
    Column("delay", "float64", "seconds", "longest delay of a delivery try"),
    Column("first_time", "time", "UTC", "first line of the message"),
    Column("last_time", "time", "UTC", "last line of the message"),
    Column("outcome", "str", "", "the most serious thing that became of it"),
    Column("complete", "bool", "", "false where the log starts or ends in the middle"),
    Column("file", "str", "", "file of the first line"),
    Column("first_line", "int64", "line number", "the message's first line"),
)
MESSAGE_OUTCOMES: Final = ("bounced", "deferred", "delivered", "rejected", "unknown")

FLEET: Final[Table] = (
    Column("network", "str", "CIDR", "the network; the address where `by` is `source_ip`"),
    Column("hosts", "int64", "count", "servers that it attacked"),
    Column("host_names", "str", "", "their names, sorted, joined by `, `; at most 20"),
    Column("attackers", "int64", "addresses", "addresses of it that attacked"),
    Column("attempts", "int64", "count", "attack events: logins, relaying, strangers, protocol"),
    Column("auth_failed", "int64", "count", "logins refused"),
    Column("usernames", "int64", "count", "distinct accounts tried"),
    Column("first_seen", "time", "UTC", "first attack"),
    Column("last_seen", "time", "UTC", "last attack"),
)
