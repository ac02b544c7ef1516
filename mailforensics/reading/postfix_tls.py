r"""TLS in Postfix: handshakes that worked and that did not, and what the library notes of them.

smtpd calls a client `name[address]`, tlsproxy, which speaks TLS for postscreen, `[address]:port`.
The name that a client asks for (SNI) and a certificate's names are the client's own text.

Source: tls_server.c, tls_misc.c, tls_verify.c, smtpd.c, tlsproxy*.c of Postfix 2.3 to 3.10.
"""

from typing import Final

from mailforensics.reading.patterns import HOST, PEER, Pattern
from mailforensics.reading.postfix_screen import CLIENT, GIVES, SAMPLE, TLSPROXY
from mailforensics.reading.postfix_smtpd import SMTPD

TLS_PATTERNS: Final = (
    # The plain shape, then every shape: 3.x adds the name the client asked for.
    Pattern(
        "tls_ok",
        SMTPD,
        "Anonymous TLS connection established from ",
        rf"Anonymous TLS connection established from {HOST}: (?P<reason>.*)",
        sample="Anonymous TLS connection established from unknown[198.18.9.3]: TLSv1.3 with cipher "
        "TLS_AES_256_GCM_SHA384 (256/256 bits)",
        gives={
            "source_ip": "198.18.9.3",
            "reason": "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
        },
    ),
    *(
        Pattern(
            "tls_ok",
            (*SMTPD, "tlsproxy"),
            " TLS connection ",
            rf"{trust} TLS connection (?:established|reused) from {PEER}(?: to \S+)?: "
            "(?P<reason>.*)",
            sample=f"{trust} TLS connection established from mx.example.com[192.0.2.25] to "
            "mail.example.org: TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
            gives={
                "source_ip": "192.0.2.25",
                "source_host": "mx.example.com",
                "reason": "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
            },
        )
        for trust in ("Anonymous", "Untrusted", "Trusted", "Verified")
    ),
    # Before Postfix 2.5: without a word of trust.
    Pattern(
        "tls_ok",
        SMTPD,
        "TLS connection established from ",
        rf"TLS connection established from {PEER}: (?P<reason>.*)",
        sample="TLS connection established from unknown[198.18.9.3]: TLSv1 with cipher "
        "DHE-RSA-AES256-SHA (256/256 bits)",
        gives={
            "source_ip": "198.18.9.3",
            "reason": "TLSv1 with cipher DHE-RSA-AES256-SHA (256/256 bits)",
        },
    ),
    Pattern(
        "tls_failed",
        (*SMTPD, "tlsproxy"),
        "SSL_accept error from ",
        rf"SSL_accept error from {PEER}: (?P<reason>.*)",
        sample="SSL_accept error from unknown[198.18.9.3]: lost connection",
        gives={"source_ip": "198.18.9.3", "reason": "lost connection"},
    ),
    Pattern(
        "tls_failed",
        SMTPD,
        "abort: TLS from ",
        rf"abort: TLS from {PEER}: (?P<reason>.*)",
        sample="NOQUEUE: abort: TLS from unknown[198.18.9.3]: No client certificate presented",
        gives={"source_ip": "198.18.9.3", "reason": "No client certificate presented"},
    ),
    Pattern(
        "tls_failed",
        SMTPD,
        "Wrapper-mode request dropped from ",
        rf"warning: Wrapper-mode request dropped from {PEER} for service (?P<reason>.*)",
        sample="warning: Wrapper-mode request dropped from unknown[198.18.9.3] for service smtps. "
        "TLS context initialization failed. For details see earlier warnings in your logs.",
        gives={
            "source_ip": "198.18.9.3",
            "reason": "smtps. TLS context initialization failed. For details see earlier warnings "
            "in your logs.",
        },
    ),
    # No peer on this line: OpenSSL's own words, next to an SSL_accept or SSL_connect error.
    Pattern(
        "tls_failed",
        (*SMTPD, "smtp", "lmtp", "tlsproxy", "postscreen"),
        "TLS library problem: ",
        r"warning: TLS library problem: (?P<reason>.*)",
        sample="warning: TLS library problem: error:0A00010B:SSL routines::wrong version number:"
        "../ssl/record/ssl3_record.c:354:",
        gives={
            "reason": "error:0A00010B:SSL routines::wrong version number:"
            "../ssl/record/ssl3_record.c:354:"
        },
    ),
    # The name the client asks for (SNI) is its own text and comes first: the last peer is the one.
    Pattern(
        "server",
        (*SMTPD, "tlsproxy"),
        "TLS SNI ",
        rf"TLS SNI .* from {PEER} (?P<reason>not matched, using default chain)",
        sample="TLS SNI mail.example.net from unknown[198.18.9.3] not matched, using default chain",
        gives={"source_ip": "198.18.9.3", "reason": "not matched, using default chain"},
    ),
    Pattern(
        "bad_command",
        (*SMTPD, "tlsproxy"),
        "TLS SNI from ",
        rf"warning: TLS SNI from {PEER} (?P<reason>is invalid: .*)",
        sample="warning: TLS SNI from unknown[198.18.9.3] is invalid: -.example.net",
        gives={"source_ip": "198.18.9.3", "reason": "is invalid: -.example.net"},
    ),
    Pattern(
        "server",
        (*SMTPD, "tlsproxy"),
        "certificate verification failed for ",
        rf"(?:(?:client|server) )?certificate verification failed for {PEER}: (?P<reason>.*)",
        sample="certificate verification failed for mx.example.com[192.0.2.25]: untrusted issuer "
        "/C=XX/CN=Example CA",
        gives={
            "source_ip": "192.0.2.25",
            "source_host": "mx.example.com",
            "reason": "untrusted issuer /C=XX/CN=Example CA",
        },
    ),
    # TLS at log level 2. A certificate's names are the client's own text, and no peer stands here.
    Pattern(
        "server",
        (*SMTPD, "smtp", "lmtp", "tlsproxy"),
        "=/",
        r"(?P<reason>(?:subject|issuer)=/.*)",
        sample="subject=/CN=unknown[192.0.2.9]: SASL LOGIN authentication failed/O=x",
        gives={"reason": "subject=/CN=unknown[192.0.2.9]: SASL LOGIN authentication failed/O=x"},
    ),
    Pattern(
        "server",
        SMTPD,
        "setting up TLS connection from ",
        rf"setting up TLS connection from {PEER}",
        sample="setting up TLS connection from unknown[198.18.9.3]",
        gives={"source_ip": "198.18.9.3"},
    ),
    *(
        Pattern(
            "server",
            (*SMTPD, "smtp", "lmtp", "tlsproxy"),
            words,
            f"{words}.*",
            sample=f"{words} before SSL initialization",
            gives={},
        )
        for words in ("SSL_accept:", "SSL_connect:", "initializing the ", "SSL3 alert ")
    ),
    *(
        Pattern(
            "tls_ok",
            TLSPROXY,
            " TLS connection ",
            rf"{trust} TLS connection (?:established|reused) from {CLIENT}(?: to \S+)?: "
            "(?P<reason>.*)",
            sample=f"{trust} TLS connection established from {SAMPLE}: TLSv1.3 with cipher X",
            gives={**GIVES, "reason": "TLSv1.3 with cipher X"},
        )
        for trust in ("Anonymous", "Untrusted", "Trusted", "Verified")
    ),
    Pattern(
        "tls_failed",
        TLSPROXY,
        "SSL_accept error from ",
        rf"SSL_accept error from {CLIENT}: (?P<reason>.*)",
        sample=f"SSL_accept error from {SAMPLE}: lost connection",
        gives={**GIVES, "reason": "lost connection"},
    ),
    Pattern(
        "tls_failed",
        TLSPROXY,
        "TLS handshake failed for ",
        rf"TLS handshake failed for service=(?P<reason>\S+) peer={CLIENT}",
        sample=f"TLS handshake failed for service=smtpd peer={SAMPLE}",
        gives={**GIVES, "reason": "smtpd"},
    ),
    *(
        Pattern(
            event,
            TLSPROXY,
            f"read/write {what} for ",
            rf"warning: (?P<reason>ciphertext read/write {what}) for {CLIENT}",
            sample=f"warning: ciphertext read/write {what} for {SAMPLE}",
            gives={**GIVES, "reason": f"ciphertext read/write {what}"},
        )
        for event, what in (("timeout", "timeout"), ("lost_connection", "error"))
    ),
    # What the TLS library notes of a connection. A name that the client asks for (SNI) is its own
    # text and comes first: the last address is the client's.
    Pattern(
        "server",
        TLSPROXY,
        "TLS SNI ",
        rf"TLS SNI .* from {CLIENT} (?P<reason>not matched, using default chain)",
        sample=f"TLS SNI x from [203.0.113.9]:1 from {SAMPLE} not matched, using default chain",
        gives={**GIVES, "reason": "not matched, using default chain"},
    ),
    Pattern(
        "bad_command",
        TLSPROXY,
        "TLS SNI from ",
        rf"warning: TLS SNI from {CLIENT} (?P<reason>is invalid: .*)",
        sample=f"warning: TLS SNI from {SAMPLE} is invalid: -.example.net",
        gives={**GIVES, "reason": "is invalid: -.example.net"},
    ),
    Pattern(
        "server",
        TLSPROXY,
        "certificate verification failed for ",
        rf"(?:(?:client|server) )?certificate verification failed for {CLIENT}: (?P<reason>.*)",
        sample=f"client certificate verification failed for {SAMPLE}: num=18:self-signed",
        gives={**GIVES, "reason": "num=18:self-signed"},
    ),
    Pattern(
        "server",
        TLSPROXY,
        "setting up TLS connection from ",
        rf"setting up TLS connection from {CLIENT}",
        sample=f"setting up TLS connection from {SAMPLE}",
        gives=GIVES,
    ),
    Pattern(
        "server",
        TLSPROXY,
        ": ",
        rf"{CLIENT}: (?P<reason>.*)",
        sample=f"{SAMPLE}: depth=0 verify=1 subject=/CN=[203.0.113.9]",
        gives={**GIVES, "reason": "depth=0 verify=1 subject=/CN=[203.0.113.9]"},
    ),
)
