r"""Broken SMTP and rate limits in Postfix's smtpd: what a client did besides logging in.

Source: smtpd.c, smtpd_chat.c, smtpd_check.c, qmqpd.c of Postfix 2.3 to 3.10.
"""

from typing import Final

from mailforensics.reading.patterns import PEER, Pattern
from mailforensics.reading.postfix_smtpd import SMTPD, STAGE

PROTOCOL_PATTERNS: Final = (
    # SMTP smuggling. Source: smtpd_forbid_bare_newline, Postfix 3.9
    *(
        Pattern(
            "bad_command",
            SMTPD,
            "bare <LF> received",
            rf"{words}{PEER}: (?P<reason>bare <LF> received.*)",
            sample=f"{words}unknown[198.18.9.3]: bare <LF> received",
            gives={"source_ip": "198.18.9.3", "reason": "bare <LF> received"},
        )
        for words in ("warning: ", "disconnect: ", "")
    ),
    # With -v: what it says, and what it hears. That may be a password: no reason.
    Pattern(
        "server",
        SMTPD,
        "> ",
        rf"> {PEER}: (?P<reason>.*)",
        sample="> unknown[198.18.9.3]: 220 mail.example.org ESMTP Postfix",
        gives={"source_ip": "198.18.9.3", "reason": "220 mail.example.org ESMTP Postfix"},
    ),
    Pattern(
        "server",
        SMTPD,
        "< ",
        rf"< {PEER}: .*",
        sample="< unknown[198.18.9.3]: AGJvYgBodW50ZXIy",
        gives={"source_ip": "198.18.9.3"},
    ),
    # What follows the peer is the client's own text; 3.x adds it, 2.x does not.
    Pattern(
        "pipelining",
        SMTPD,
        "improper command pipelining after ",
        rf"improper command pipelining (?P<reason>after {STAGE}) from {PEER}(?::.*)?",
        sample=r"improper command pipelining after CONNECT from unknown[198.18.9.3]: EHLO x\r\n",
        gives={"source_ip": "198.18.9.3", "reason": "after CONNECT"},
    ),
    Pattern(
        "bad_command",
        SMTPD,
        "non-SMTP command from ",
        rf"warning: non-SMTP command from {PEER}: (?P<reason>.*)",
        sample="warning: non-SMTP command from unknown[198.18.9.3]: GET / HTTP/1.1",
        gives={"source_ip": "198.18.9.3", "reason": "GET / HTTP/1.1"},
    ),
    Pattern(
        "bad_command",
        SMTPD,
        "Illegal address syntax from ",
        rf"warning: Illegal address syntax from {PEER} (?P<reason>in [A-Z]+ command: .*)",
        sample="warning: Illegal address syntax from unknown[198.18.9.3] in MAIL command: <a b@c>",
        gives={"source_ip": "198.18.9.3", "reason": "in MAIL command: <a b@c>"},
    ),
    Pattern(
        "bad_command",
        SMTPD,
        ": request longer than ",
        rf"warning: {PEER}: (?P<reason>request longer than [0-9]+: .*)",
        sample="warning: unknown[198.18.9.3]: request longer than 2048: MAIL FROM:<a...",
        gives={"source_ip": "198.18.9.3", "reason": "request longer than 2048: MAIL FROM:<a..."},
    ),
    Pattern(
        "bad_command",
        SMTPD,
        " BDAT ",
        r"warning: (?:(?P<queue_id>[0-9A-Za-z]*[0-9][0-9A-Za-z]*)|NOQUEUE): "
        r"(?P<reason>(?:malformed |null |too much )?BDAT [a-z -]+?)"
        rf" from {PEER}(?:: .*| exceeds message size limit)?",
        sample="warning: NOQUEUE: malformed BDAT command syntax from unknown[198.18.9.3]: BDAT x",
        gives={"source_ip": "198.18.9.3", "reason": "malformed BDAT command syntax"},
    ),
    Pattern(
        "bad_command",
        SMTPD,
        " ETRN ",
        rf"warning: (?P<reason>(?:bad|reject:) ETRN .*) from {PEER}",
        sample="warning: bad ETRN x y... from unknown[198.18.9.3]",
        gives={"source_ip": "198.18.9.3", "reason": "bad ETRN x y..."},
    ),
    # anvil counts for smtpd; smtpd refuses and says so.
    Pattern(
        "rate",
        SMTPD,
        " limit exceeded: ",
        r"warning: (?P<reason>[A-Z][A-Za-z ]+ limit exceeded: [0-9]+)"
        rf" from {PEER} for service \S+",
        sample="warning: Connection rate limit exceeded: 31 from unknown[198.18.9.3] for service "
        "smtp",
        gives={"source_ip": "198.18.9.3", "reason": "Connection rate limit exceeded: 31"},
    ),
    Pattern(
        "rate",
        SMTPD,
        "warning: Refusing ",
        r"warning: (?P<reason>Refusing (?:STARTTLS|TLS service) request)"
        rf" from {PEER} for service \S+",
        sample="warning: Refusing STARTTLS request from unknown[198.18.9.3] for service smtp",
        gives={"source_ip": "198.18.9.3", "reason": "Refusing STARTTLS request"},
    ),
    # Replaced commands, and TLS at log level 2: the client stands first.
    Pattern(
        "server",
        SMTPD,
        ": ",
        rf"{PEER}: (?P<reason>.*)",
        sample="mx.example.com[192.0.2.25]: subject_CN=mx.example.com, issuer=Example CA",
        gives={
            "source_ip": "192.0.2.25",
            "source_host": "mx.example.com",
            "reason": "subject_CN=mx.example.com, issuer=Example CA",
        },
    ),
    # What a newer default would decide otherwise. Only of these settings Postfix names the client
    # last; lines on others (`relay_domains=…`) end in an address that the client named.
    *(
        Pattern(
            "server",
            SMTPD,
            setting,
            rf"(?P<reason>using backwards-compatible default setting \"?{setting}[ =].*)"
            rf" {client}{PEER}\"?",
            sample=f"using backwards-compatible default setting {setting}=x to permit "
            f'"a from x[203.0.113.9]" {client}unknown[198.18.9.3]',
            gives={
                "source_ip": "198.18.9.3",
                "reason": f"using backwards-compatible default setting {setting}=x to permit "
                '"a from x[203.0.113.9]"',
            },
        )
        for setting, client in (
            ("smtputf8_enable", "from "),
            ("mynetworks_style", 'from client "'),
            ("smtpd_relay_restrictions", 'from client "'),
            ("smtpd_relay_before_recipient_restrictions", 'from client "'),
        )
    ),
    # QMQP has one message a connection, and one line for all that ends it early.
    Pattern(
        "lost_connection",
        ("qmqpd",),
        " while ",
        rf"{PEER}: (?P<reason>.* while .*)",
        sample="NOQUEUE: mx.example.com[192.0.2.25]: lost connection while receiving recipients",
        gives={
            "source_ip": "192.0.2.25",
            "source_host": "mx.example.com",
            "reason": "lost connection while receiving recipients",
        },
    ),
    # Whatever else smtpd warns about a client, the client stands first.
    Pattern(
        "server",
        SMTPD,
        "warning: ",
        rf"warning: {PEER}: (?P<reason>.*)",
        sample="warning: unknown[198.18.9.3]: SASL uncoded server challenge: x",
        gives={"source_ip": "198.18.9.3", "reason": "SASL uncoded server challenge: x"},
    ),
)
