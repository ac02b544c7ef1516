r"""Login lines in a format of one's own, and what Dovecot's login processes say of themselves.

`login_log_format_elements` says in which order user, method and addresses stand, and which of them.
An address counts where what stands before it is Dovecot's own: before the user name, or (see
`dovecot_login`) after one in angle brackets. Without an address the account still counts.

Source: client-common.c and lib-master of Dovecot 2.3.19 and 2.4.1.
"""

from typing import Final

from mailforensics.reading.dovecot_login import CODE, LOGIN, VERBS
from mailforensics.reading.patterns import Pattern

_ADDRESS_FIRST: Final = (
    r"(?:(?:lip|lport|rport|mpid|service|protocol)=[^<>,]*, )*rip=(?P<source_ip>[0-9A-Fa-f.:]+)"
    r"(?:, [a-z_]+=[^<>,]*)*"
    r"(?:, user=<(?P<username>.+)?>)?(?:, method=(?P<sasl_method>[^<>,]*))?(?:, .*)?"
)
_NO_ADDRESS: Final = (
    r"user=<(?P<username>[^<>=,]+)?>(?:, method=(?P<sasl_method>[^\s,<>=]+))?"
    r"(?:, (?:[a-qs-z][a-z]*=[^,<>=]*|session=<[^<>]*>|[A-Za-z][^,<>=]*))*"
)
_FORMATS: Final = (
    (
        _ADDRESS_FIRST,
        "rip=198.18.4.77, lip=192.0.2.1, user=<bob>, rip=203.0.113.9",
        {"source_ip": "198.18.4.77", "username": "bob"},
    ),
    (
        _NO_ADDRESS,
        "user=<bob>, method=PLAIN, lip=192.0.2.1, TLS, session=<x1Yz+/==>",
        {"username": "bob", "sasl_method": "PLAIN"},
    ),
)

FORMAT_PATTERNS: Final = (
    *(
        Pattern(
            "auth_ok",
            LOGIN,
            "Login: ",
            rf"Login: {shape}",
            sample=f"imap-login: Login: {sample}",
            gives=gives,
        )
        for shape, sample, gives in _FORMATS
    ),
    *(
        Pattern(
            "auth_failed",
            LOGIN,
            "(auth failed, ",
            rf"{VERBS}[^<(]*\((?P<reason>auth failed), "
            rf"(?P<auth_tried>[0-9]+) attempts(?: in [0-9]+ secs)?\){CODE}: {shape}",
            sample=f"imap-login: Disconnected (auth failed, 2 attempts in 4 secs): {sample}",
            gives={**gives, "auth_tried": "2", "reason": "auth failed"},
        )
        for shape, sample, gives in _FORMATS
    ),
    # Who came straight to a port that a load balancer's PROXY protocol guards. The words of its
    # header are the client's own; the address of the connection comes last.
    *(
        Pattern(
            event,
            (*LOGIN, "lmtp"),
            words,
            rf"haproxy(?:\(v[12]\))?: (?P<reason>{words}.*?)(?:, | \()rip="
            r"(?P<source_ip>[0-9A-Fa-f.:]+)\)",
            sample=f"imap-login: Error: haproxy(v1): {words} (address=`x', rip=203.0.113.9)', "
            "rip=198.18.4.77)",
            gives={
                "source_ip": "198.18.4.77",
                "reason": f"{words} (address=`x', rip=203.0.113.9)'",
            },
        )
        for event, words in (
            ("bad_command", "Client disconnected: "),
            ("bad_command", "Unsupported address family"),
            ("reject", "Client not trusted"),
            ("timeout", "Client timed out"),
        )
    ),
    Pattern(
        "lost_connection",
        (*LOGIN, "lmtp"),
        ": Client disconnected (rip=",
        r"haproxy(?:\(v[12]\))?: Client disconnected \(rip=(?P<source_ip>[0-9A-Fa-f.:]+)\)"
        ": (?P<reason>.*)",
        sample="imap-login: haproxy: Client disconnected (rip=198.18.4.77): Connection reset",
        gives={"source_ip": "198.18.4.77", "reason": "Connection reset"},
    ),
    # Any other word on it holds no address beyond doubt.
    Pattern(
        "server",
        (*LOGIN, "lmtp"),
        "haproxy",
        r"(?P<reason>haproxy(?:\(v[12]\))?: .*)",
        sample="imap-login: haproxy(v1): (field=`x: rip=203.0.113.9')",
        gives={"reason": "haproxy(v1): (field=`x: rip=203.0.113.9')"},
    ),
    # What it says of itself.
    *(
        Pattern(
            "server",
            LOGIN,
            words,
            rf"(?P<reason>{words}.*)",
            sample=f"imap-login: Error: {words}x",
            gives={"reason": f"{words}x"},
        )
        for words in (
            *("Failed to initialize SSL server context: ", "master: service", "TLS: ", "SSL: "),
            *("Raw backtrace: ", "Couldn't ", "Can't ", "net_connect_unix", "auth-client: "),
        )
    ),
)
