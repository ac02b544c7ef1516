"""The commonest lines of Postfix and Dovecot, until the full tables take over."""

from typing import Final

from mailforensics.reading.patterns import PEER, Pattern

_SMTPD: Final = ("smtpd",)
_LOGINS: Final = ("imap-login", "pop3-login", "submission-login", "managesieve-login")

BASICS: Final = (
    Pattern(
        "connect",
        _SMTPD,
        "connect from ",
        rf"connect from {PEER}",
        "connect from unknown[212.70.149.83]",
        {"source_ip": "212.70.149.83"},
    ),
    Pattern(
        "disconnect",
        _SMTPD,
        "disconnect from ",
        rf"disconnect from {PEER}"
        r"(?: (?:auth=(?P<auth_ok>\d+)(?:/(?P<auth_tried>\d+))?"
        r"|commands=(?P<commands_ok>\d+)(?:/(?P<commands_tried>\d+))?|[a-z]+=\d+(?:/\d+)?))*",
        "disconnect from unknown[212.70.149.83] ehlo=1 auth=0/1 quit=1 commands=2/3",
        {"auth_ok": "0", "auth_tried": "1", "commands_ok": "2", "commands_tried": "3"},
    ),
    Pattern(
        "auth_failed",
        _SMTPD,
        "authentication failed",
        rf"warning: {PEER}: SASL (?P<sasl_method>[A-Za-z0-9_-]+) authentication failed:"
        r" ?(?P<reason>.*?)(?:, sasl_username=(?P<username>.*))?",
        "warning: unknown[212.70.149.83]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
        {"source_ip": "212.70.149.83", "sasl_method": "LOGIN", "reason": "UGFzc3dvcmQ6"},
    ),
    Pattern(
        "rdns_mismatch",
        _SMTPD,
        "does not resolve to address",
        r"warning: hostname (?P<source_host>\S+) does not resolve to address "
        r"(?P<source_ip>[0-9A-Fa-f.:]+)(?:: (?P<reason>.*))?",
        "warning: hostname scan.example.net does not resolve to address 198.18.7.7",
        {"source_ip": "198.18.7.7"},
    ),
    Pattern(
        "lost_connection",
        _SMTPD,
        "lost connection after ",
        rf"lost connection after (?P<reason>.*) from {PEER}",
        "lost connection after AUTH from unknown[212.70.149.83]",
        {"reason": "AUTH"},
    ),
    Pattern(
        "timeout",
        _SMTPD,
        "timeout after ",
        rf"timeout after (?P<reason>.*) from {PEER}",
        "timeout after DATA from unknown[198.18.7.7]",
        {"reason": "DATA"},
    ),
    Pattern(
        "too_many_errors",
        _SMTPD,
        "too many errors after ",
        rf"too many errors after (?P<reason>.*) from {PEER}",
        "too many errors after RCPT from unknown[198.18.7.7]",
        {"reason": "RCPT"},
    ),
    Pattern(
        "reject",
        _SMTPD,
        "reject: ",
        rf"reject: [A-Z]+ from {PEER}: (?P<status>\d{{3}}) (?:(?P<dsn>\d\.\d+\.\d+) )?"
        r"(?P<reason>.*?);(?: from=<(?P<sender>.*?)>)?(?: to=<(?P<recipient>.*?)>)?"
        r"(?: proto=\S+)?(?: helo=<(?P<helo>.*)>)?",
        "NOQUEUE: reject: RCPT from unknown[198.18.7.7]: 454 4.7.1 <a@example.org>: Relay access"
        " denied; from=<b@example.net> to=<a@example.org> proto=ESMTP helo=<x>",
        {"status": "454", "dsn": "4.7.1", "sender": "b@example.net", "helo": "x"},
    ),
    Pattern(
        "accepted",
        _SMTPD,
        "client=",
        rf"client={PEER}(?:, sasl_method=(?P<sasl_method>[^\s,]+))?"
        r"(?:, sasl_username=(?P<username>.*))?",
        "4XyZ121Bcz: client=mail.example.com[192.0.2.25], sasl_method=PLAIN, sasl_username=anna",
        {"queue_id": "4XyZ121Bcz", "username": "anna", "source_ip": "192.0.2.25"},
    ),
    Pattern(
        "message_id",
        ("cleanup",),
        "message-id=",
        r"message-id=.*",
        "4XyZ121Bcz: message-id=<1@example.org>",
    ),
    Pattern(
        "queued",
        ("qmgr",),
        "from=<",
        r"from=<(?P<sender>.*)>, size=(?P<size>\d+), nrcpt=(?P<recipients>\d+) \(queue active\)",
        "4XyZ121Bcz: from=<a@example.org>, size=1234, nrcpt=1 (queue active)",
        {"sender": "a@example.org", "size": "1234", "recipients": "1"},
    ),
    Pattern("removed", ("qmgr",), "removed", "removed", "4XyZ121Bcz: removed"),
    *(
        Pattern(
            event,
            ("smtp", "lmtp", "local", "virtual", "pipe", "error", "discard"),
            f"status={status} ",
            r"to=<(?P<recipient>.*)>, (?:orig_to=<.*>, )?relay=(?P<relay>[^ ,]+)(?:, conn_use=\d+)?"
            r", delay=(?P<delay>[\d.]+), delays=[\d./]+(?:, dsn=(?P<dsn>[\d.]+))?"
            rf", status=(?P<status>{status}) \((?P<reason>.*)\)",
            f"4XyZ121Bcz: to=<anna@example.org>, relay=virtual, delay=0.5, delays=0.1/0/0/0.4,"
            f" dsn=2.0.0, status={status} (done)",
            {"relay": "virtual", "status": status, "delay": "0.5", "reason": "done"},
        )
        for event, status in (
            ("delivered", "sent"), ("deferred", "deferred"), ("bounced", "bounced"),
        )
    ),
    Pattern(
        "auth_ok",
        _LOGINS,
        "Login: ",
        r"Login: user=<(?P<username>.*?)>, method=(?P<sasl_method>\S+), "
        r"rip=(?P<source_ip>[0-9A-Fa-f.:]+),.*",
        "imap-login: Login: user=<anna>, method=PLAIN, rip=192.0.2.44, lip=203.0.113.10, mpid=7",
        {"username": "anna", "source_ip": "192.0.2.44", "sasl_method": "PLAIN"},
    ),
    Pattern(
        "auth_failed",
        _LOGINS,
        "auth failed",
        r"[A-Z][a-z ]+(?:: [A-Z][a-z ]+)? \((?P<reason>auth failed, .*?)\): "
        r"user=<(?P<username>.*?)>,"
        r" method=(?P<sasl_method>\S+), rip=(?P<source_ip>[0-9A-Fa-f.:]+),.*",
        "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<info>, method=PLAIN,"
        " rip=198.18.7.7, lip=203.0.113.10, TLS",
        {"username": "info", "source_ip": "198.18.7.7"},
    ),
)  # fmt: skip
