r"""Dovecot's login processes: who came to IMAP, POP3, Submission and ManageSieve, and got in.

The login process writes one line for every client, and says how many tries a connection made
(`auth_tried`; its event is `auth_failed` whether one try or ten were refused). What the auth
process logs about the same tries (`dovecot_auth`) is `auth_failed` too; `analysis.attempts` counts
a try once. This process's own remarks before the connection ends (`Authenticate PLAIN failed`,
`Login failed`) are `server`.

Where the attacker's text stands: the user name, in `user=<…>`, and the client's ID. All else is
Dovecot's, in the order user, method, rip, lip, mpid, TLS, session. A name may hold `>, rip=…`, so
the last place that can be the real one is the real one.

Source: client-common.c, client-common-auth.c, sasl-server.c of Dovecot 2.3.19 and 2.4.1, and the
words of 1.x to 2.2 as distributions still ship them.
"""

from typing import Final

from mailforensics.reading.patterns import Pattern

LOGIN: Final = (
    *("imap-login", "pop3-login", "submission-login", "managesieve-login"),
    *("sieve-login", "imap-urlauth-login"),
)
# What may follow `rip=…`: no `<` or `>` but around the session's name.
_REST: Final = r"(?:, [^<>]*)?(?:, session=<[^<>]*>)?(?:, [^<>]*)?"
# Before 2.0 without a user where none was named.
_FROM: Final = (
    r"(?:method=(?P<sasl_method>[^<>]*?), )?"
    r"(?:(?:lip|lport|rport)=[0-9A-Fa-f.:]+, )*rip=(?P<source_ip>[0-9A-Fa-f.:]+)"
)
_WHO: Final = rf"(?:user=<(?P<username>.+)?>, )?{_FROM}"
CLIENT: Final = _WHO + _REST
# Of a login that worked behind a text that may hold its name: no name with a trap fits.
USER: Final = rf"user=<(?P<username>[^<>]+)>, {_FROM}{_REST}"
# The same for a name without brackets. No trap fits: what follows a trap has a `>` too many.
_PLAIN: Final = (
    r"user=<(?P<username>[^<>]+)>, method=(?P<sasl_method>[^\s,<>]+)"
    r", rip=(?P<source_ip>[0-9A-Fa-f.:]+)(?:,[^<>]*(?:<[^<>]*>)?)?"
)
VERBS: Final = (
    "(?:Disconnected|Aborted login|Login aborted|Remote closed connection"
    "|Client has quit the connection|Connection closed)"
)
_END: Final = rf"{VERBS}[^<]*"
# 2.4 repeats the reason as a code: `(auth failed, 1 attempts in 2 secs) (auth_failed)`.
CODE: Final = r"(?: \([a-z_]+\))?"
# `2 attempts in 4 secs`; of names and passwords that were right, `1/3 successful auths in 4 secs`.
_COUNT: Final = r"(?:, (?:[0-9]+/)?(?P<auth_tried>[0-9]+) (?:attempts|successful auths)[^()]*)?"
_SAMPLE: Final = (
    "user=<bob@example.org>, method=PLAIN, rip=198.18.4.77, lip=192.0.2.1, TLS, session=<x1Yz+/==>"
)
_SAMPLE_GIVES: Final = {
    "username": "bob@example.org",
    "sasl_method": "PLAIN",
    "source_ip": "198.18.4.77",
}
_NOBODY: Final = "user=<>, rip=198.18.4.77, lip=192.0.2.1, session=<x1Yz+/==>"


def _ended(event: str, phrase: str, sample: str) -> Pattern:
    """Return the row of a connection that ended for a reason in brackets."""
    return Pattern(
        event,
        LOGIN,
        sample,
        rf"{_END}\((?P<reason>{phrase}){_COUNT}\){CODE}: {CLIENT}",
        sample=f"imap-login: Disconnected: Connection closed ({sample}): {_SAMPLE}",
        gives={**_SAMPLE_GIVES, "reason": sample},
    )


def _closed(event: str, words: str) -> Pattern:
    """Return the row of a connection that ended for a reason before the brackets."""
    return Pattern(
        event,
        LOGIN,
        words,
        rf"{_END}(?P<reason>{words})[^<]*: {CLIENT}",
        sample=f"imap-login: Disconnected: {words} (no auth attempts in 180 secs): {_NOBODY}",
        gives={"source_ip": "198.18.4.77", "reason": words},
    )


_REFUSED: Final = (
    *("user disabled", "password expired", "login disabled", "aborted authentication"),
    *("sent invalid base64 in response", "tried to use unsupported auth mechanism"),
    *("anonymous logins disabled", "auth aborted by client", "proxy dest authentication failure"),
    *("proxy dest auth failed", "authorization failed"),
    *("tried to use disallowed plaintext auth", "tried to use disallowed cleartext auth"),
    "tried to use disabled plaintext auth",
)
# The server's own trouble: nobody's password was looked at.
_BROKEN: Final = (
    *("auth service reported temporary failure", "auth process communication failure"),
    *("internal failure", "proxy dest connection failed", "proxy dest internal failure"),
    *("proxy dest remote failure", "proxy dest protocol failure"),
    "proxy dest temporary authentication failure",
)
# Gone in the middle of a try: whether the password was right is not known.
_LEFT: Final = (
    *("client didn't finish SASL auth", "disconnected while authenticating"),
    "disconnected while finishing login",
)
_NO_CERTIFICATE: Final = (
    *("client sent an invalid cert", "client sent an untrusted cert"),
    *("client didn't send a cert", "cert required, client didn't start TLS"),
)

# What 2.4 writes after the reason, for reasons whose words differ from version to version.
_CODES: Final = (
    (
        "auth_failed",
        "auth_failed|authorization_failed|auth_aborted_by_client|anonymous_auth_disabled"
        "|cleartext_auth_disabled|invalid_base64|invalid_mech|password_expired|user_disabled"
        "|login_disabled|proxy_dest_auth_failed|auth_nologin_referral",
    ),
    (
        "auth_unavailable",
        "temp_fail|internal_failure|auth_process_comm_fail|auth_process_not_ready"
        "|proxy_dest_[a-z_]+",
    ),
    ("tls_failed", "client_ssl_[a-z_]+|tls_handshake_not_finished"),
    ("lost_connection", "auth_waiting_client"),
    ("rate", "process_full|connection_limit[a-z_]*"),
)
LOGIN_PATTERNS: Final = (
    *(
        Pattern(
            "auth_ok",
            LOGIN,
            f"{words}: ",
            rf"{words}: {shape}",
            sample=f"imap-login: {words}: user=<{user}>, method=PLAIN, rip=192.0.2.10, "
            "lip=192.0.2.1, mpid=4242, TLS, session=<x1Yz+/==>",
            gives={"username": user, "sasl_method": "PLAIN", "source_ip": "192.0.2.10"},
        )
        for words in ("Login", "Logged in")
        for shape, user in ((_PLAIN, "bob@example.org"), (CLIENT, "<b>ob@example.org"))
    ),
    Pattern(
        "auth_failed",
        LOGIN,
        "(auth failed, ",
        rf"{VERBS}[^<(]*\((?P<reason>auth failed), "
        rf"(?P<auth_tried>[0-9]+) attempts in [0-9]+ secs\){CODE}: {_PLAIN}",
        sample=f"imap-login: Disconnected (auth failed, 3 attempts in 12 secs): {_SAMPLE}",
        gives={**_SAMPLE_GIVES, "auth_tried": "3", "reason": "auth failed"},
    ),
    Pattern(
        "auth_failed",
        LOGIN,
        "(auth failed, ",
        rf"{_END}\((?P<reason>auth failed), (?P<auth_tried>[0-9]+) attempts(?: in [0-9]+ secs)?\)"
        rf"{CODE}: {CLIENT}",
        sample="imap-login: Disconnected: Connection closed: read(size=907) failed: Connection "
        "reset by peer (auth failed, 1 attempts in 2 secs): user=<x>, method=PLAIN, "
        "rip=203.0.113.9, lip=192.0.2.1>, method=PLAIN, rip=198.18.4.77, lip=192.0.2.1, "
        "session=<x1Yz+/==>",
        gives={
            "username": "x>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.1",
            "sasl_method": "PLAIN",
            "source_ip": "198.18.4.77",
            "auth_tried": "1",
            "reason": "auth failed",
        },
    ),
    # Dovecot 1.x: whoever logs in is not `Aborted login`, so the tries were refused.
    Pattern(
        "auth_failed",
        LOGIN,
        " authentication attempts)",
        rf"Aborted login \((?P<auth_tried>[0-9]+) (?P<reason>authentication attempts)\): {CLIENT}",
        sample=f"imap-login: Aborted login (3 authentication attempts): {_SAMPLE}",
        gives={**_SAMPLE_GIVES, "auth_tried": "3", "reason": "authentication attempts"},
    ),
    # The handshake was never finished: `TLS handshaking` stands after `lip=`.
    Pattern(
        "tls_failed",
        LOGIN,
        ", TLS handshaking",
        rf"{_END}: {_WHO}, [^<>]*TLS handshaking(?:: (?P<reason>[^<>]*?))?(?:, session=<[^<>]*>)?",
        sample="imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=198.18.4.77, "
        "lip=192.0.2.1, TLS handshaking: SSL_accept() failed: error:1408F10B:SSL "
        "routines:ssl3_get_record:wrong version number, session=<x1Yz+/==>",
        gives={
            "source_ip": "198.18.4.77",
            "reason": "SSL_accept() failed: error:1408F10B:SSL routines:ssl3_get_record:wrong "
            "version number",
        },
    ),
    # Came and went without a try: the commonest line of a scan, so it stands here.
    Pattern(
        "disconnect",
        LOGIN,
        "(no auth attempts in ",
        r"(?:Disconnected(?:: Connection closed)?|Aborted login|Login aborted: Connection closed) "
        rf"\((?P<reason>no auth attempts in [0-9]+ secs)\){CODE}: user=<>, "
        r"rip=(?P<source_ip>[0-9A-Fa-f.:]+)(?:,[^<>]*(?:<[^<>]*>)?)?",
        sample=f"pop3-login: Disconnected (no auth attempts in 2 secs): {_NOBODY}",
        gives={"source_ip": "198.18.4.77", "reason": "no auth attempts in 2 secs"},
    ),
    *(_ended("auth_failed", phrase, phrase) for phrase in _REFUSED),
    *(_ended("auth_unavailable", phrase, phrase) for phrase in _BROKEN),
    Pattern(
        "auth_unavailable",
        LOGIN,
        "disconnected before auth was ready",
        rf"{_END}\((?P<reason>disconnected before auth was ready, waited [0-9]+ secs)\){CODE}: "
        rf"{CLIENT}",
        sample="imap-login: Disconnected (disconnected before auth was ready, waited 7 secs): "
        f"{_NOBODY}",
        gives={
            "source_ip": "198.18.4.77",
            "reason": "disconnected before auth was ready, waited 7 secs",
        },
    ),
    *(_closed("timeout", words) for words in ("Inactivity", "for inactivity", "timed out")),
    *(
        _closed("too_many_errors", words)
        for words in (
            *("Too many invalid commands", "Too many bad commands"),
            "Too many invalid IMAP commands",
        )
    ),
    *(
        _closed("bad_command", words)
        for words in ("Input buffer full", "Authentication response too large")
    ),
    _closed("rate", "Connection queue full"),
    *(_ended("lost_connection", f"{phrase}(?:, waited [0-9]+ secs)?", phrase) for phrase in _LEFT),
    *(_ended("tls_failed", phrase, phrase) for phrase in _NO_CERTIFICATE),
    _ended("rate", "connection limit reached", "connection limit reached"),
    *(
        Pattern(
            event,
            LOGIN,
            ") (",
            rf"{_END}\((?P<reason>[^<()]*?){_COUNT}\) \((?:{codes})\): {CLIENT}",
            sample="imap-login: Login aborted: Connection closed (some new words, 2 attempts in 4 "
            f"secs) ({codes.split('|')[0].replace('[a-z_]+', 'cert_untrusted')}): {_SAMPLE}",
            gives={**_SAMPLE_GIVES, "auth_tried": "2", "reason": "some new words"},
        )
        for event, codes in _CODES
    ),
    # Whatever else ended a connection.
    Pattern(
        "disconnect",
        LOGIN,
        "rip=",
        rf"{VERBS}:? ?(?P<reason>[^<]*?): {CLIENT}",
        sample=f"pop3-login: Aborted login by logging out (no auth attempts in 2 secs): {_NOBODY}",
        gives={"source_ip": "198.18.4.77", "reason": "by logging out (no auth attempts in 2 secs)"},
    ),
    Pattern(
        "rate",
        LOGIN,
        "Maximum number of connections",
        rf"(?:Login failed: )?(?P<reason>Maximum number of connections[^<]*): {CLIENT}",
        sample="imap-login: Maximum number of connections from user+IP exceeded "
        f"(mail_max_userip_connections=10): {_SAMPLE}",
        gives={
            **_SAMPLE_GIVES,
            "reason": "Maximum number of connections from user+IP exceeded "
            "(mail_max_userip_connections=10)",
        },
    ),
    Pattern(
        "auth_unavailable",
        LOGIN,
        "Internal login failure",
        rf"(?P<reason>Internal login failure[^<]*): {CLIENT}",
        sample=f"imap-login: Internal login failure (pid=77 id=1) (internal failure): {_SAMPLE}",
        gives={
            **_SAMPLE_GIVES,
            "reason": "Internal login failure (pid=77 id=1) (internal failure)",
        },
    ),
    Pattern(
        "auth_unavailable",
        LOGIN,
        "Auth process not responding",
        rf"(?P<reason>Auth process not responding[^<]*): {CLIENT}",
        sample="imap-login: Warning: Auth process not responding, delayed sending initial response "
        f"(greeting): {_NOBODY}",
        gives={
            "source_ip": "198.18.4.77",
            "reason": "Auth process not responding, delayed sending initial response (greeting)",
        },
    ),
)
