r"""Sessions of Postfix's smtpd: who came, logged in, was cut off, and with which counters.

One attempt counts once: the SASL warning is the attempt (`auth_failed`). `lost connection after
AUTH` and the counters of `disconnect` tell of the same try and are events of their own kinds.
`client=… sasl_username=` is the proof of a login, yet its event is `accepted`: one login may bring
many messages.

Where the attacker's text stands: SASL mechanism, user name, command text, server name (SNI). None
of it comes before the peer, but for SNI and ETRN, where the peer is the last thing on the line.

Source: smtpd.c, smtpd_peer.c, smtpd_sasl_glue.c, xsasl_*.c, tls_server.c of Postfix 2.3 to 3.10.
"""

from typing import Final

from mailforensics.reading.patterns import HOST, PEER, Pattern

SMTPD: Final = ("smtpd",)
SERVERS: Final = (*SMTPD, "qmqpd")

# `DATA (1234 bytes)`; before Postfix 2.5 `DATA (approximately 1234 bytes)`.
STAGE: Final = r"[A-Z-]+(?: content)?(?: \((?:approximately )?[0-9]+ bytes\))?"

SMTPD_PATTERNS: Final = (
    Pattern(
        "connect",
        SERVERS,
        "connect from ",
        rf"connect from {PEER}",
        sample="connect from unknown[212.70.149.83]",
        gives={"source_ip": "212.70.149.83"},
    ),
    # Counters: `auth=1` is one of one, `auth=0/1` none of one. Without counters: before 3.0.
    Pattern(
        "disconnect",
        SERVERS,
        "disconnect from ",
        rf"disconnect from {PEER}(?: (?:auth=(?P<auth_ok>[0-9]+)(?:/(?P<auth_tried>[0-9]+))?"
        r"|commands=(?P<commands_ok>[0-9]+)(?:/(?P<commands_tried>[0-9]+))?"
        r"|[bd-z][a-z]*=[0-9a-z_/,]*))*",
        sample="disconnect from unknown[212.70.149.83] ehlo=1 auth=0/1 rset=1 quit=1 commands=3/4",
        gives={
            "source_ip": "212.70.149.83",
            "auth_ok": "0",
            "auth_tried": "1",
            "commands_ok": "3",
            "commands_tried": "4",
        },
    ),
    # The two plain shapes of a refused login. UGFzc3dvcmQ6 is the prompt `Password:`; user names
    # are written since 3.7.8 and 3.8.3 (November 2023).
    Pattern(
        "auth_failed",
        SMTPD,
        "(reason unavailable), sasl_username=",
        rf"warning: {HOST}: SASL (?P<sasl_method>\S+) authentication failed: "
        r"(?P<reason>\(reason unavailable\)), sasl_username=(?P<username>[^(].*)",
        sample="warning: unknown[212.70.149.83]: SASL LOGIN authentication failed: (reason "
        "unavailable), sasl_username=info@example.org",
        gives={
            "source_ip": "212.70.149.83",
            "sasl_method": "LOGIN",
            "username": "info@example.org",
            "reason": "(reason unavailable)",
        },
    ),
    Pattern(
        "auth_failed",
        SMTPD,
        " authentication failed: ",
        rf"warning: {HOST}: SASL (?P<sasl_method>\S+) authentication failed: "
        r"(?P<reason>[A-Za-z0-9+/=]+)",
        sample="warning: unknown[212.70.149.83]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
        gives={
            "source_ip": "212.70.149.83",
            "sasl_method": "LOGIN",
            "reason": "UGFzc3dvcmQ6",
        },
    ),
    # The server's own trouble is no attack: nobody's password was looked at.
    Pattern(
        "auth_unavailable",
        SMTPD,
        "Connection lost to authentication server",
        rf"warning: {PEER}: SASL (?P<sasl_method>\S+) authentication failed: "
        r"(?P<reason>Connection lost to authentication server)"
        r"(?:, sasl_username=(?:\(unavailable\)|(?P<username>.*)))?",
        sample="warning: unknown[198.18.7.9]: SASL LOGIN authentication failed: Connection lost to "
        "authentication server",
        gives={
            "source_ip": "198.18.7.9",
            "sasl_method": "LOGIN",
            "reason": "Connection lost to authentication server",
        },
    ),
    Pattern(
        "auth_unavailable",
        SMTPD,
        "Temporary authentication failure",
        rf"warning: {PEER}: SASL (?P<sasl_method>\S+) authentication failed: "
        r"(?P<reason>Temporary authentication failure[^,]*)"
        r"(?:, sasl_username=(?:\(unavailable\)|(?P<username>.*)))?",
        sample="warning: unknown[198.18.7.9]: SASL PLAIN authentication failed: Temporary "
        "authentication failure, sasl_username=alice",
        gives={
            "source_ip": "198.18.7.9",
            "sasl_method": "PLAIN",
            "username": "alice",
            "reason": "Temporary authentication failure",
        },
    ),
    # Cyrus says `generic failure` when saslauthd does not answer, Dovecot's client says the rest.
    Pattern(
        "auth_unavailable",
        SMTPD,
        "authentication failed: ",
        rf"warning: {PEER}: SASL (?P<sasl_method>\S+) authentication failed: "
        r"(?P<reason>generic failure|Can't connect to authentication server"
        r"|Authentication backend error|[Tt]emporary lookup failure|Internal authentication failure"
        r"|Temporary internal failure|remote authentication server unavailable|system error)"
        r"(?:, sasl_username=(?:\(unavailable\)|(?P<username>.*)))?",
        sample="warning: mail.example.net[192.0.2.44]: SASL LOGIN authentication failed: generic "
        "failure",
        gives={
            "source_ip": "192.0.2.44",
            "source_host": "mail.example.net",
            "sasl_method": "LOGIN",
            "reason": "generic failure",
        },
    ),
    # Any other reason, and none.
    Pattern(
        "auth_failed",
        SMTPD,
        " authentication failed",
        rf"warning: {PEER}: SASL (?P<sasl_method>\S+) authentication failed"
        r"(?:: ?(?P<reason>[^,].*?)?)?(?:, sasl_username=(?:\(unavailable\)|(?P<username>.*)))?",
        sample="warning: unknown[212.70.149.83]: SASL CRAM-MD5 authentication failed: "
        "authentication failure, sasl_username=(unavailable)",
        gives={
            "source_ip": "212.70.149.83",
            "sasl_method": "CRAM-MD5",
            "reason": "authentication failure",
        },
    ),
    # The client took its try back with `*`: the counters say auth=0/1, so it is a failed try.
    Pattern(
        "auth_failed",
        SMTPD,
        " authentication aborted",
        rf"warning: {PEER}: SASL (?P<sasl_method>\S+) (?P<reason>authentication aborted)",
        sample="warning: unknown[198.18.7.9]: SASL LOGIN authentication aborted",
        gives={
            "source_ip": "198.18.7.9",
            "sasl_method": "LOGIN",
            "reason": "authentication aborted",
        },
    ),
    # Plain shapes first: a stranger's message, a user's message, then every shape.
    Pattern(
        "accepted",
        SERVERS,
        "client=",
        rf"client={HOST}",
        sample="51DBE53E1ED: client=mx.example.com[192.0.2.25]",
        gives={
            "queue_id": "51DBE53E1ED",
            "source_ip": "192.0.2.25",
            "source_host": "mx.example.com",
        },
    ),
    Pattern(
        "accepted",
        SMTPD,
        "client=",
        rf"client={HOST}, sasl_method=(?P<sasl_method>[^\s,]+), "
        r"sasl_username=(?P<username>[^\s,]+)",
        sample="4XyZ12Bbcd: client=dsl.example.net[192.0.2.10], sasl_method=PLAIN, "
        "sasl_username=alice@example.org",
        gives={
            "queue_id": "4XyZ12Bbcd",
            "source_ip": "192.0.2.10",
            "source_host": "dsl.example.net",
            "sasl_method": "PLAIN",
            "username": "alice@example.org",
        },
    ),
    Pattern(
        "accepted",
        SMTPD,
        "client=",
        rf"client={PEER}(?:, sasl_method=(?P<sasl_method>[^\s,]+))?"
        r"(?:, sasl_username=(?P<username>.*?))?(?:, sasl_sender=\S*)?"
        r"(?:, orig_queue_id=\S+)?(?:, orig_client=.*)?",
        sample="4XyZ12Bbcd: client=dsl.example.net[192.0.2.10]:4444, sasl_method=PLAIN, "
        "sasl_username=alice, sasl_sender=bob@example.org",
        gives={
            "queue_id": "4XyZ12Bbcd",
            "source_ip": "192.0.2.10",
            "source_host": "dsl.example.net",
            "source_port": "4444",
            "sasl_method": "PLAIN",
            "username": "alice",
        },
    ),
    Pattern(
        "lost_connection",
        SMTPD,
        "lost connection after ",
        rf"lost connection (?P<reason>after [A-Z-]+) from {HOST}",
        sample="lost connection after AUTH from unknown[198.18.4.77]",
        gives={"source_ip": "198.18.4.77", "reason": "after AUTH"},
    ),
    Pattern(
        "lost_connection",
        SMTPD,
        "lost connection after ",
        rf"lost connection (?P<reason>after {STAGE}) from {PEER}",
        sample="lost connection after DATA (1234 bytes) from unknown[198.18.4.77]",
        gives={"source_ip": "198.18.4.77", "reason": "after DATA (1234 bytes)"},
    ),
    Pattern(
        "timeout",
        SMTPD,
        "timeout after ",
        rf"timeout (?P<reason>after {STAGE}) from {PEER}",
        sample="timeout after DATA (5123 bytes) from mx.example.com[192.0.2.25]",
        gives={
            "source_ip": "192.0.2.25",
            "source_host": "mx.example.com",
            "reason": "after DATA (5123 bytes)",
        },
    ),
    Pattern(
        "too_many_errors",
        SMTPD,
        "too many errors after ",
        rf"too many errors (?P<reason>after {STAGE}) from {PEER}",
        sample="too many errors after RCPT from unknown[198.18.4.77]",
        gives={"source_ip": "198.18.4.77", "reason": "after RCPT"},
    ),
    # The name comes from the client's own DNS; the address is what the socket said.
    Pattern(
        "rdns_mismatch",
        SERVERS,
        " does not resolve to address ",
        r"warning: hostname (?P<source_host>\S+) (?P<reason>does not resolve to address) "
        r"(?P<source_ip>[0-9A-Fa-f.:]+)(?:: .*)?",
        sample="warning: hostname host7.example.net does not resolve to address 198.18.4.77: Name "
        "or service not known",
        gives={
            "source_ip": "198.18.4.77",
            "source_host": "host7.example.net",
            "reason": "does not resolve to address",
        },
    ),
    Pattern(
        "rdns_mismatch",
        SMTPD,
        ": hostname ",
        r"warning: (?P<source_ip>[0-9A-Fa-f.:]+): hostname (?P<source_host>\S+) "
        r"(?P<reason>verification failed)(?:: .*)?",
        sample="warning: 198.18.4.77: hostname host7.example.net verification failed: Name or "
        "service not known",
        gives={
            "source_ip": "198.18.4.77",
            "source_host": "host7.example.net",
            "reason": "verification failed",
        },
    ),
    Pattern(
        "rdns_mismatch",
        SMTPD,
        ": address not listed for hostname ",
        r"warning: (?P<source_ip>[0-9A-Fa-f.:]+): (?P<reason>address not listed for hostname) "
        r"(?P<source_host>\S+)",
        sample="warning: 198.18.4.77: address not listed for hostname host7.example.net",
        gives={
            "source_ip": "198.18.4.77",
            "source_host": "host7.example.net",
            "reason": "address not listed for hostname",
        },
    ),
)
