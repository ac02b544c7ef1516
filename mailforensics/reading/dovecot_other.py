r"""The rest of Dovecot: proxied logins, remarks of the login processes, mail sessions, the master.

A proxied login is `auth_ok` when Dovecot starts to pass it on. A login process's remarks before the
end of a connection do not count (`dovecot_login` says what does). Mail sessions (`imap`, `pop3`,
`lmtp` …) know the user, not the address.

Source: login-proxy.c, client-common-auth.c, imap-client.c, pop3-client.c, lmtp-client.c,
mail-deliver.c, master/main.c of Dovecot 2.3.19 and 2.4.1.
"""

from typing import Final

from mailforensics.reading.dovecot_auth import LEVEL
from mailforensics.reading.dovecot_login import CLIENT, LOGIN, USER
from mailforensics.reading.patterns import Pattern

_SESSIONS: Final = ("imap", "pop3", "submission", "managesieve", "sieve", "imap-urlauth")
_DELIVERY: Final = ("lmtp", "lda", "deliver")
_SERVER: Final = (
    *("log", "master", "config", "anvil", "stats", "ssl-params", "dict", "director", "ipc"),
    *("indexer", "indexer-worker", "replicator", "aggregator", "doveadm", "doveconf", "dns-client"),
    *("old-stats", "imap-hibernate", "script-login", "quota-status", "health-check", "dsync"),
)
# `(bob)<4242><session>: `, of old `(bob): `, in the log file with a level after it.
_USER: Final = rf"(?:\((?P<username>[^()]*)\))?(?:<[^<>]*>)*(?:: )?{LEVEL}"
# lmtp puts its pid there as long as it knows no user: `(4242): `, `(4242, bob): `.
_LMTP: Final = rf"(?:\((?:[0-9]+|(?:[0-9]+, )?(?P<username>[^()]*))\))?(?:<[^<>]*>)*(?:: )?{LEVEL}"
# Up to 2.2 the session's name follows: `lmtp(4242, bob): x1Yz+/==: sieve: msgid=…`.
_LMTP_SESSION: Final = "(?:[A-Za-z0-9+/=]+: )?"
_CALLER: Final = (
    "user=<bob@example.org>, method=PLAIN, rip=198.18.4.77, lip=192.0.2.1, session=<x1Yz+/==>"
)
_GIVES: Final = {
    "username": "bob@example.org",
    "sasl_method": "PLAIN",
    "source_ip": "198.18.4.77",
}


def _proxied(event: str, words: str) -> Pattern:
    """Return the row of a proxied connection; the remote server may have a say in the text."""
    return Pattern(
        event,
        LOGIN,
        words,
        rf"proxy\(.*\): .*{words}.*: {CLIENT}",
        sample=f"imap-login: proxy(bob@example.org,192.0.2.30:143): {words} 192.0.2.30: {_CALLER}",
        gives=_GIVES,
    )


def _delivered(event: str, words: str, sample: str) -> Pattern:
    """Return the row of a delivery agent's word on one message."""
    return Pattern(
        event,
        _DELIVERY,
        words,
        rf"{_LMTP}{_LMTP_SESSION}(?:sieve: )?msgid=.*: (?P<reason>{words}.*)",
        sample=f"lmtp(bob)<4242><x1Yz>: sieve: msgid=<1@example.com>: {sample}",
        gives={"username": "bob", "reason": sample},
    )


OTHER_PATTERNS: Final = (
    # A name may hold these words: a login that failed has `: ` after them, one that worked not.
    *(
        Pattern(
            "auth_ok",
            LOGIN,
            words,
            rf"proxy\([^()<>]*\): {words} (?:[^:]|:+[^: ])*: {USER}",
            sample=f"imap-login: proxy(bob@example.org,192.0.2.30:143): {words} <192.0.2.30> "
            f"(0.010 secs): {_CALLER}",
            gives=_GIVES,
        )
        for words in ("Started proxying to", "started proxying to")
    ),
    _proxied("disconnect", "Disconnected by"),
    _proxied("disconnect", "disconnecting"),
    _proxied("server", "Login failed"),
    _proxied("auth_unavailable", "failed"),
    _proxied("auth_unavailable", "timed out"),
    _proxied("server", ""),
    *(
        Pattern(
            "server",
            LOGIN,
            words,
            rf"(?P<reason>{words}.*?): {CLIENT}",
            sample=f"imap-login: Info: {words} x: {_CALLER}",
            gives={**_GIVES, "reason": f"{words} x"},
        )
        for words in ("Login failed: ", "Authenticate ", "APOP failed: ")
    ),
    # The client's ID is its own text and comes first: no reason, and the last address counts.
    Pattern(
        "server",
        LOGIN,
        "ID sent: ",
        rf"ID sent: .*: {CLIENT}",
        sample="imap-login: ID sent: name=x: user=<root>, rip=203.0.113.9, lip=192.0.2.1: "
        "user=<>, rip=198.18.4.77, lip=192.0.2.1, session=<x1Yz+/==>",
        gives={"source_ip": "198.18.4.77"},
    ),
    # Anything else a login process says of a client, and what it says of itself.
    Pattern(
        "auth_unavailable",
        LOGIN,
        "auth: ",
        r"(?P<reason>(?:master\(imap\)|auth): .*(?:failed|timed out|[Dd]isconnected).*)",
        sample="imap-login: Error: auth: connect(login) in directory /run/dovecot failed: "
        "Connection refused",
        gives={
            "reason": "auth: connect(login) in directory /run/dovecot failed: Connection refused"
        },
    ),
    Pattern(
        "server",
        LOGIN,
        "rip=",
        rf"(?P<reason>[^<]*): {CLIENT}",
        sample=f"imap-login: Error: shutdown() failed: Broken pipe: {_CALLER}",
        gives={**_GIVES, "reason": "shutdown() failed: Broken pipe"},
    ),
    *(
        Pattern(
            "disconnect",
            _SESSIONS,
            words,
            rf"{_USER}(?P<reason>{words}.*)",
            sample=f"imap(bob)<4242><x1Yz+/==>: {words} in=38 out=1142 deleted=0 expunged=0",
            gives={
                "username": "bob",
                "reason": f"{words} in=38 out=1142 deleted=0 expunged=0",
            },
        )
        for words in ("Disconnected", "Logged out", "Connection closed")
    ),
    _delivered("delivered", "saved mail to", "saved mail to INBOX"),
    _delivered("delivered", "stored mail into mailbox", "stored mail into mailbox 'Junk'"),
    _delivered("deferred", "save failed to", "save failed to INBOX: Quota exceeded"),
    _delivered("deferred", "failed to store into mailbox", "failed to store into mailbox 'Junk'"),
    _delivered("server", "", "forwarded to <x@example.com>"),
    *(
        Pattern(
            event,
            _DELIVERY,
            words,
            rf"{_LMTP}{words} (?:(?P<source_ip>[0-9A-Fa-f.:]+)|local)(?:: (?P<reason>.*))?",
            sample=f"lmtp(4242): {words} 192.0.2.25{rest}",
            gives={"source_ip": "192.0.2.25", **reason},
        )
        for event, words, rest, reason in (
            ("connect", "Connect from", "", {}),
            (
                "disconnect",
                "Disconnect from",
                ": Logged out (state=READY)",
                {"reason": "Logged out (state=READY)"},
            ),
        )
    ),
    # Whatever else a mail session logs, the user's own actions included.
    *(
        Pattern(
            "server",
            services,
            ": ",
            rf"\({user}\)(?:<[^<>]*>)*: {LEVEL}(?P<reason>.*)",
            sample=f"{services[0]}{who}: delete: box=INBOX, uid=7, msgid=<1@example.com>",
            gives={**gives, "reason": "delete: box=INBOX, uid=7, msgid=<1@example.com>"},
        )
        for services, user, who, gives in (
            (
                _SESSIONS,
                r"(?P<username>[^()]*)",
                "(bob)<4242><x1Yz+/==>",
                {"username": "bob"},
            ),
            (_DELIVERY, r"(?:[0-9]+|(?:[0-9]+, )?(?P<username>[^()]*))", "(4242)", {}),
        )
    ),
    Pattern(
        "server",
        _SERVER,
        "",
        "(?P<reason>.*)",
        sample="log: Warning: Detected file descriptor leaks",
        gives={"reason": "Detected file descriptor leaks"},
    ),
    Pattern(
        "server",
        ("dovecot",),
        "",
        "(?P<reason>(?:Dovecot v|Killed with signal|Warning: |Error: |Fatal: |Panic: |child ).*)",
        sample="Dovecot v2.3.19.1 starting up for imap, pop3",
        gives={"reason": "Dovecot v2.3.19.1 starting up for imap, pop3"},
    ),
)
