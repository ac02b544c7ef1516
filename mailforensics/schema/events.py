"""Tables of the reading room: mail events, firewall events, the audit."""

from types import MappingProxyType
from typing import Final

from mailforensics.schema.columns import Column, Table

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
        "server": "start, stop, reload, a warning, or a note that no other kind fits",
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

FIREWALL_RULES: Final[Table] = (
    Column("position", "int64", "from 1", "place in this table; of one chain the first match wins"),
    Column("number", "Int64", "from 1", "its number in `ufw status numbered`, where known"),
    Column("family", "str", "", "ipv4 or ipv6"),
    Column("direction", "str", "", "in, out, or forward (a `route` rule)"),
    Column("action", "str", "", "allow, deny, reject or limit"),
    Column("protocol", "str", "", "tcp, udp …, or any"),
    Column("source", "str", "CIDR", "who it is about; 0.0.0.0/0 or ::/0 for everybody"),
    Column("source_ports", "str", "ports", "`25,465`, `6881:6891`, or any"),
    Column("dest", "str", "CIDR", "the address asked for; 0.0.0.0/0 or ::/0 for every one"),
    Column("dest_ports", "str", "ports", "`25,465`, `6881:6891`, or any"),
    Column("in_interface", "str", "", "only packets that come in on it; null for all"),
    Column("out_interface", "str", "", "only packets that leave by it; null for all"),
    Column("profile", "str", "", "application profile of the destination ports"),
    Column("source_profile", "str", "", "application profile of the source ports"),
    Column("log", "str", "", "log (new connections), log-all (all packets), or null"),
    Column("comment", "str", "", "the administrator's comment"),
    Column("rule", "str", "", "the rule as `ufw show added` writes it"),
    Column("unclear", "str", "", "why what it matches is not known here; null: it is known"),
    Column("file", "str", "", "where it was read"),
    Column("line", "int64", "line number, from 1", "where it was read"),
)

FIREWALL_SHADOWED: Final[Table] = (
    Column("position", "int64", "from 1", "place of the rule in FIREWALL_RULES"),
    Column("number", "Int64", "from 1", "its number in `ufw status numbered`, where known"),
    Column("family", "str", "", "ipv4 or ipv6"),
    Column("rule", "str", "", "the rule as `ufw show added` writes it"),
    Column("problem", "str", "", "no effect, partly, never matches, redundant"),
    Column("open_ports", "str", "ports", "what stays open although this rule bans it, or empty"),
    Column("because", "str", "", "the earlier rules that decide in its place"),
    Column("why", "str", "", "the reason in plain words"),
    Column("fix", "str", "", "what to do about it"),
    Column("file", "str", "", "where the rule was read"),
    Column("line", "int64", "line number, from 1", "where the rule was read"),
)

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
    Column("understood", "float64", "share, 0 to 1", "rows that are neither other nor unparsed"),
)

UNKNOWN: Final[Table] = (
    Column("shape", "str", "", "the message without its numbers, addresses and ids"),
    Column("program", "str", "", "whose lines they are"),
    Column("count", "int64", "count", "lines of this shape"),
    Column("share", "float64", "share, 0 to 1", "of all lines of no known kind"),
    Column("example", "str", "", "the oldest of them, passwords masked"),
    Column("file", "str", "", "where the example stands"),
    Column("line", "int64", "line number, from 1", "where the example stands"),
)
