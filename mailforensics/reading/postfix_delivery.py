r"""Where a message went: Postfix's delivery agents, and the TLS and logins of its own client.

These lines never have a source: what they name is where *we* connected to (`relay`). When another
server refuses our own login, it is `outbound_auth_failed`, no attack on us.

Source: log_adhoc.c, smtp*.c, tls_misc.c, tls_client.c of Postfix 2.2 to 3.11.
"""

import re
from typing import Final

from mailforensics.reading.patterns import Pattern

CLIENT: Final = ("smtp", "lmtp")
AGENTS: Final = (
    *(*CLIENT, "local", "virtual", "pipe", "error", "retry", "discard", "bounce", "defer"),
    *("qmgr", "nqmgr", "oqmgr", "cleanup", "trace", "maildrop", "spawn"),
)
_EVENTS: Final = (
    ("delivered", "sent"),
    ("deferred", "deferred"),
    ("bounced", "bounced"),
    # Answers to a probe (address verification): no message was carried.
    ("server", "deliverable"),
    ("server", "undeliverable"),
    ("server", "undeliverable-but-not-cached"),
    # `soft_bounce = yes`: what would have bounced waits.
    ("deferred", "SOFTBOUNCE"),
    ("expired", "expired"),
)
# Two digits and an exponent where a message waited for days: `4.5e+05`. Source: format_tv.c
_DELAY: Final = r"delay=(?P<delay>[0-9.]+(?:e[+-]?[0-9]+)?)"
_DELAYS: Final = "delays=[0-9./e+-]+"
_TO: Final = (
    r"to=<(?P<recipient>.*?)>(?:, orig_to=<.*?>)?, relay=(?P<relay>[^,]*)(?:, conn_use=[0-9]+)?"
    rf", {_DELAY}(?:, {_DELAYS})?(?:, tls=[^,]*)?"
    r"(?:, dsn=(?P<dsn>[0-9.]+))?, "
)
_SAMPLE: Final = "4XyZ12Bbcd: to=<x@example.com>, relay=mx.example.com[192.0.2.25]:25, delay=1.2, "
_GIVES: Final = {
    "queue_id": "4XyZ12Bbcd",
    "recipient": "x@example.com",
    "relay": "mx.example.com[192.0.2.25]:25",
    "delay": "1.2",
}
_RELAY: Final = r"(?P<relay>\S+\[\S+\](?::[0-9]+)?)"

DELIVERY_PATTERNS: Final = (
    # The plain shape of a delivery, without brackets in the other server's words.
    Pattern(
        "delivered",
        AGENTS,
        "status=sent (",
        r"to=<(?P<recipient>[^>]*)>, (?:orig_to=<[^>]*>, )?relay=(?P<relay>[^,]*), "
        rf"(?:conn_use=[0-9]+, )?{_DELAY}, {_DELAYS}, dsn=(?P<dsn>[0-9.]+), "
        r"status=(?P<status>sent) \((?P<reason>[^()]*)\)",
        sample=f"{_SAMPLE}delays=0.1/0.01/0.5/0.6, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued)",
        gives={**_GIVES, "dsn": "2.0.0", "status": "sent", "reason": "250 2.0.0 Ok: queued"},
    ),
    # Our own login elsewhere was refused: the whole line is the delivery that failed for it.
    Pattern(
        "outbound_auth_failed",
        CLIENT,
        "(SASL authentication failed",
        rf"{_TO}status=(?P<status>[a-z]+) \((?P<reason>SASL authentication failed.*)\)",
        sample=f"{_SAMPLE}delays=0.1/0/1.1/0, dsn=4.7.8, status=deferred (SASL authentication "
        "failed; server mx.example.com[192.0.2.25] said: 535 5.7.8 Error: authentication failed)",
        gives={
            **_GIVES,
            "dsn": "4.7.8",
            "status": "deferred",
            "reason": "SASL authentication failed; server mx.example.com[192.0.2.25] said: 535 "
            "5.7.8 Error: authentication failed",
        },
    ),
    *(
        Pattern(
            event,
            AGENTS,
            f"status={status}",
            rf"{_TO}status=(?P<status>{status})(?: \((?P<reason>.*)\))?",
            sample=f"{_SAMPLE}delays=0.1/0.01/0.5/0.6, dsn=2.0.0, status={status} (250 Ok (x))",
            gives={**_GIVES, "dsn": "2.0.0", "status": status, "reason": "250 Ok (x)"},
        )
        for event, status in _EVENTS
    ),
    *(
        Pattern(
            "outbound_auth_failed",
            CLIENT,
            words,
            f"{start}(?P<reason>{re.escape(words)}.*)",
            sample=f"{sample}{words}; server mx.example.com[192.0.2.25] said: 535 Error",
            gives={
                **({"queue_id": "4XyZ12Bbcd"} if sample.startswith("4") else {}),
                "reason": f"{words}; server mx.example.com[192.0.2.25] said: 535 Error",
            },
        )
        for words, start, sample in (
            ("SASL authentication failed", "", "4XyZ12Bbcd: "),
            # Remembered from a try before: `smtp_sasl_auth_cache_name`.
            ("SASL [CACHED] authentication failed", "", "4XyZ12Bbcd: "),
            ("SASL authentication failed", "warning: ", "warning: "),
            ("SASL authentication failure", "warning: ", "warning: "),
            ("SASL authentication failed", "warning: [0-9A-Za-z]+: ", "warning: 4XyZ12Bbcd: "),
        )
    ),
    *(
        Pattern(
            "tls_ok",
            (*CLIENT, "tlsproxy"),
            " TLS connection ",
            rf"{trust} TLS connection (?:established|reused) to {_RELAY}: (?P<reason>.*)",
            sample=f"{trust} TLS connection established to mx.example.com[192.0.2.25]:25: TLSv1.3 "
            "with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
            gives={
                "relay": "mx.example.com[192.0.2.25]:25",
                "reason": "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
            },
        )
        for trust in ("Anonymous", "Untrusted", "Trusted", "Verified")
    ),
    Pattern(
        "tls_failed",
        (*CLIENT, "tlsproxy"),
        "SSL_connect error to ",
        rf"SSL_connect error to {_RELAY}: (?P<reason>.*)",
        sample="SSL_connect error to mx.example.com[192.0.2.25]:25: -1",
        gives={"relay": "mx.example.com[192.0.2.25]:25", "reason": "-1"},
    ),
    Pattern(
        "tls_failed",
        (*CLIENT, "tlsproxy"),
        "Cannot start TLS: ",
        r"(?P<reason>Cannot start TLS: .*)",
        sample="4XyZ12Bbcd: Cannot start TLS: handshake failure",
        gives={"queue_id": "4XyZ12Bbcd", "reason": "Cannot start TLS: handshake failure"},
    ),
    Pattern(
        "server",
        (*CLIENT, "tlsproxy"),
        "certificate verification failed for ",
        rf"(?:server )?certificate verification failed for {_RELAY}: (?P<reason>.*)",
        sample="certificate verification failed for mx.example.com[192.0.2.25]:25: untrusted "
        "issuer /CN=Example CA",
        gives={
            "relay": "mx.example.com[192.0.2.25]:25",
            "reason": "untrusted issuer /CN=Example CA",
        },
    ),
    Pattern(
        "server",
        (*CLIENT, "tlsproxy"),
        "setting up TLS connection to ",
        f"setting up TLS connection to {_RELAY}",
        sample="setting up TLS connection to mx.example.com[192.0.2.25]:25",
        gives={"relay": "mx.example.com[192.0.2.25]:25"},
    ),
    Pattern(
        "server",
        (*CLIENT, "tlsproxy"),
        "]:",
        f"{_RELAY}: (?P<reason>.*)",
        sample="mx.example.com[192.0.2.25]:25: subject_CN=mx.example.com, issuer=Example CA",
        gives={
            "relay": "mx.example.com[192.0.2.25]:25",
            "reason": "subject_CN=mx.example.com, issuer=Example CA",
        },
    ),
    # A host did not answer or said no; the delivery's own line follows and counts.
    Pattern(
        "server",
        CLIENT,
        "connect to ",
        rf"connect to {_RELAY}: (?P<reason>.*)",
        sample="connect to mx.example.com[192.0.2.25]:25: Connection timed out",
        gives={"relay": "mx.example.com[192.0.2.25]:25", "reason": "Connection timed out"},
    ),
    *(
        Pattern(
            "server",
            CLIENT,
            f"{words} ",
            f"(?P<reason>{words} .*)",
            sample=f"4XyZ12Bbcd: {words} mx.example.com[192.0.2.25] said: 450 4.2.0 Greylisted",
            gives={
                "queue_id": "4XyZ12Bbcd",
                "reason": f"{words} mx.example.com[192.0.2.25] said: 450 4.2.0 Greylisted",
            },
        )
        for words in ("host", "lost connection with", "conversation with", "connect to")
    ),
    *(
        Pattern(
            "server",
            CLIENT,
            words,
            rf"(?P<reason>{re.escape(words)}.*)",
            sample=f"4XyZ12Bbcd: {words}mx.example.com[192.0.2.25]",
            gives={
                "queue_id": "4XyZ12Bbcd",
                "reason": f"{words}mx.example.com[192.0.2.25]",
            },
        )
        for words in (
            *("enabling PIX workarounds: ", "enabling PIX <CRLF>.<CRLF> workaround for "),
            *("Server certificate not ", "Host offered STARTTLS: ", "SMTPS wrappermode "),
            *("breaking line > ", "replacing server reply ", "skipping SRV lookup for "),
        )
    ),
)
