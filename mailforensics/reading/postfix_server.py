r"""Postfix itself: start, stop, reload, warnings. Nothing here is an attack.

Any daemon may warn, so most rows hold for every service: they stand last in the table.

Source: master.c, postfix-script, postlog.c, msg_output.c, proxymap.c of Postfix 2.2 to 3.10.
"""

from typing import Final

from mailforensics.reading.patterns import Pattern

# Every program that logs through Postfix; other programs' warnings are not ours to judge.
_ANY: Final = (
    *("smtpd", "smtp", "lmtp", "cleanup", "qmgr", "nqmgr", "oqmgr", "local", "virtual", "pipe"),
    *("error", "retry", "discard", "bounce", "defer", "trace", "pickup", "postscreen", "dnsblog"),
    *("tlsproxy", "tlsmgr", "anvil", "scache", "verify", "trivial-rewrite", "proxymap", "flush"),
    *("proxywrite", "showq", "spawn", "qmqpd", "master", "postfix-script", "postfix", "postlog"),
    *("postlogd", "postmulti", "postsuper", "postqueue", "postdrop", "postalias", "postmap"),
    *("postcat", "postconf", "sendmail", "postkick", "post-install", "postfix-tls-script"),
    *("nbdb_reindexd", "postlock", "postfix-wrapper", "maildrop"),
)
_SPEAKERS: Final = ("smtpd", "smtp", "lmtp")
_HELPERS: Final = ("tlsmgr", "verify", "flush", "proxymap", "proxywrite", "showq", "scache")
_MASTER: Final = ("master", "postfix-script", "postfix", "postlog", "postlogd", "postmulti")


def _line(services: tuple[str, ...], words: str, rest: str) -> Pattern:
    """Return the row of a line of the server's own that begins with fixed words."""
    return Pattern(
        "server",
        services,
        words,
        f"(?P<reason>{words}.*)",
        sample=words + rest,
        gives={"reason": words + rest},
    )


def _login(words: str, sample: str) -> Pattern:
    """Return the row of a back end that cannot check logins."""
    return Pattern(
        "auth_unavailable",
        ("smtpd",),
        words,
        f"(?:warning|fatal): (?P<reason>.*{words}.*)",
        sample=sample,
        gives={"reason": sample.split(": ", 1)[1]},
    )


SERVER_PATTERNS: Final = (
    _login(
        "SASL: Connect to ",
        "warning: SASL: Connect to Dovecot auth socket 'private/auth' failed: Connection refused",
    ),
    _login(
        "cannot connect to saslauthd",
        "warning: SASL authentication failure: cannot connect to saslauthd server: No such file",
    ),
    _login(
        "no SASL authentication mechanisms",
        "fatal: no SASL authentication mechanisms",
    ),
    _login(
        "SASL per-process initialization failed",
        "warning: SASL per-process initialization failed: generic failure",
    ),
    *(
        Pattern(
            "server",
            _ANY,
            f"{level}: ",
            f"{level}: (?P<reason>.*)",
            sample=f"{level}: open lock file pid/master.pid: unable to set exclusive lock",
            gives={"reason": "open lock file pid/master.pid: unable to set exclusive lock"},
        )
        for level in ("warning", "error", "fatal", "panic")
    ),
    _line(_MASTER, "daemon started", " -- version 3.7.11, configuration /etc/postfix"),
    _line(_MASTER, "reload", " -- version 3.7.11, configuration /etc/postfix"),
    _line(_MASTER, "terminating on signal", " 15"),
    _line(_MASTER, "starting the Postfix mail system", ""),
    _line(_MASTER, "stopping the Postfix mail system", ""),
    _line(_MASTER, "refreshing the Postfix mail system", ""),
    _line(_MASTER, "", "the Postfix mail system is running: PID: 123"),
    _line(_ANY, "table ", "hash:/etc/aliases(0,lock|fold_fix) has changed -- restarting"),
    _line(_ANY, "using backwards-compatible default setting ", "append_dot_mydomain=yes"),
    _line(_ANY, "statistics: ", "start interval Sep  4 16:59:45"),
    _line(_ANY, "discarding EHLO keywords: ", "CHUNKING"),
    _line(
        _ANY, "close database ", "/var/lib/postfix/a.db: No such file (possible Berkeley DB bug)"
    ),
    _line(("smtp", "lmtp"), "TLSRPT: status=", "success, domain=example.com, receiving_mx=a[b]"),
    _line(_ANY, "skipping address family ", "10 for host mx.example.com"),
    # Cyrus SASL's plugins log under the tag of whoever loads them, at each new process.
    _line(_SPEAKERS, "sql_select option missing", ""),
    _line(_SPEAKERS, "auxpropfunc error ", "no mechanism available"),
    _line(_SPEAKERS, "OTP unavailable because ", "can't read/write key database /etc/opiekeys"),
    _line(_SPEAKERS, "unable to open Berkeley db ", "/etc/sasldb2: No such file or directory"),
    _line(_SPEAKERS, "No worthy mechs found", ""),
    # TLS before Postfix 2.6 says by itself whom it met: a certificate's words are its owner's.
    _line(_SPEAKERS, "Verified: ", "subject_CN=unknown[203.0.113.9], issuer=x"),
    _line(_SPEAKERS, "Unverified: ", "subject_CN=unknown[203.0.113.9]"),
    _line(_SPEAKERS, "Peer certificate could not be verified", ""),
    _line(_SPEAKERS, "cert has expired", ""),
    _line(_SPEAKERS, "verify error:num=", "18:self signed certificate"),
    _line(_SPEAKERS, "certificate peer name verification failed for ", "mx.example.com: x"),
    # Helpers that never see a client: whatever they say is the server's own.
    _line(_HELPERS, "", "open smtpd TLS cache btree:/var/lib/postfix/smtpd_scache"),
)
