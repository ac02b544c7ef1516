r"""Broken SMTP, TLS and rate limits in Postfix's smtpd: what a client did besides logging in.

Source: smtpd.c, smtpd_check.c, tls_server.c, tls_misc.c, tls_verify.c of Postfix 2.3 to 3.10.
"""

from typing import Final

from mailforensics.reading.patterns import HOST, PEER, Pattern
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
        rf"(?:client )?certificate verification failed for {PEER}: (?P<reason>.*)",
        sample="certificate verification failed for mx.example.com[192.0.2.25]: untrusted issuer "
        "/C=XX/CN=Example CA",
        gives={
            "source_ip": "192.0.2.25",
            "source_host": "mx.example.com",
            "reason": "untrusted issuer /C=XX/CN=Example CA",
        },
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
    # TLS at log level 2. A certificate's names are the client's own text, and no peer stands here.
    Pattern(
        "server",
        (*SMTPD, "smtp", "lmtp", "tlsproxy"),
        "=/",
        r"(?P<reason>(?:subject|issuer)=/.*)",
        sample="subject=/CN=unknown[192.0.2.9]: SASL LOGIN authentication failed/O=x",
        gives={"reason": "subject=/CN=unknown[192.0.2.9]: SASL LOGIN authentication failed/O=x"},
    ),
    # The same, and replaced commands: the client stands first, or last.
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
