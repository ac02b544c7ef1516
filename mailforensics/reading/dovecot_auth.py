r"""Dovecot's password checkers, auth and auth-worker: which name from where, and why not.

**These lines never count as attempts.** Each try that the checker refuses is also logged by whoever
asked it: the login process (`dovecot_login`) or Postfix's smtpd (the SASL warning), and there it is
`auth_failed`. Here a refusal is `server`: it adds the name and the reason, and no attempt.
What the checker could not check at all is `auth_unavailable`.

Where the attacker's text stands: the user name comes *before* the address, and a given password
(`auth_verbose_passwords`) after it. So an address counts only where one place can be it: a name
without `,` and brackets, and nothing after it that looks like the end of another `(name,address)`.
Given passwords are not in `reason`; `message` keeps the line as read.

Source: auth-request.c, passdb-*.c, mech-*.c of Dovecot 2.3.19 and 2.4.1.
"""

from typing import Final

from mailforensics.reading.patterns import Pattern

AUTH: Final = ("auth", "auth-worker")
LEVEL: Final = "(?:(?:Debug|Info|Warning|Error|Fatal|Panic): )?"
_WHO: Final = r"(?:\?|(?P<username>[^,()]+))?(?:,(?P<source_ip>[0-9A-Fa-f.:]+))?"
_WORKER: Final = r"(?:\((?:[0-9]+|default)\): )?"
# 2.3: `pam(bob,198.18.4.77,<session>): …`; a worker puts its connection before it.
_OLD: Final = (
    rf"{_WORKER}{LEVEL}(?:conn unix:\S+ \((?:pid=[0-9]+,)?uid=[0-9]+\): )?"
    rf"(?:auth-worker<[0-9]+>: )?[a-z][a-z0-9_-]*\({_WHO}(?:,master)?(?:,(?:<[^<>]*>)?)?\): "
)
# 2.4: `auth(bob,198.18.4.77,sasl:plain)<session>: pam: …`.
_NEW: Final = (
    rf"\({_WHO}(?:,sasl:(?P<sasl_method>[a-z0-9-]+))?(?:,master)?\)(?:<[^<>]*>)*: "
    rf"(?:request \[[0-9]+\]: )?{LEVEL}(?:[a-z][a-z0-9_-]*: )?"
)
# Text in which no `)` is followed by `: ` or `<`.
_PLAIN: Final = r"(?:[^)]|\)(?:\)|:\))*(?:[^):<]|:[^ )]))*(?:\)(?:\)|:\))*:?)?"
_SAMPLES: Final = (
    (
        _OLD,
        "auth-worker(77): conn unix:auth-worker (pid=31,uid=97): auth-worker<3>: "
        "pam(bob,198.18.4.77,<x1Yz+/==>): ",
        {"username": "bob", "source_ip": "198.18.4.77"},
    ),
    (
        _NEW,
        "auth(bob,198.18.4.77,sasl:plain)<x1Yz+/==>: passwd-file: ",
        {"username": "bob", "source_ip": "198.18.4.77", "sasl_method": "PLAIN"},
    ),
)
_UNAVAILABLE: Final = (
    *("Password query failed", "User query failed", "Can't contact LDAP server"),
    *("pam_start() failed", "Request timed out after", "Authentication service cannot retrieve"),
    *("System error", "Module is unknown", "Internal auth failure", "ldap_bind() failed"),
    *("Connect failed", "Connection refused", "unknown passdb", "Policy server HTTP error"),
)


def _checked(event: str, literal: str, text: str, sample: str, reason: str) -> tuple[Pattern, ...]:
    """Return a row for the way of 2.3 and one for that of 2.4."""
    given = {"reason": reason} if reason else {}
    return tuple(
        Pattern(
            event,
            AUTH,
            literal,
            head + text,
            sample=lead + sample,
            gives={**gives, **given},
        )
        for head, lead, gives in _SAMPLES
    )


AUTH_PATTERNS: Final = (
    # A data base's own connection, `mysql(localhost): …`, is no user of that name.
    *(
        Pattern(
            event,
            AUTH,
            literal,
            rf"{_WORKER}{LEVEL}(?P<reason>(?:mysql|pgsql|sqlite|cassandra)(?:\([^()]*\))?: "
            rf".*{literal}.*)",
            sample=f"auth: Error: mysql(db.example.org): Connect {literal} x",
            gives={"reason": f"mysql(db.example.org): Connect {literal} x"},
        )
        for event, literal in (("auth_unavailable", "failed"), ("server", "to database"))
    ),
    # Passwords in clear, or next to their hash: no reason, so that none gets into a table.
    *_checked(
        "server",
        "given password: ",
        rf"(?P<reason>[^()]*?) \((?:SHA1 of )?given password: {_PLAIN}",
        "Password mismatch (given password: hunter2)",
        "Password mismatch",
    ),
    *_checked("server", ") != '", rf"[^()]*\({_PLAIN}", "PLAIN(hunter2) != 'secret'", ""),
    *_checked(
        "server", ", password '", _PLAIN, "Generating LANMAN from user 'b', password 'p'", ""
    ),
    *(
        row
        for words in _UNAVAILABLE
        for row in _checked(
            "auth_unavailable", words, rf"(?P<reason>{_PLAIN})", f"{words} x", f"{words} x"
        )
    ),
    *_checked(
        "timeout",
        "timed out waiting for client",
        rf"(?P<reason>{_PLAIN})",
        "Request timed out waiting for client to continue authentication (150 secs)",
        "Request timed out waiting for client to continue authentication (150 secs)",
    ),
    *_checked(
        "server",
        ": ",
        rf"(?P<reason>{_PLAIN})",
        "pam_authenticate() failed: Authentication failure (Password mismatch?)",
        "pam_authenticate() failed: Authentication failure (Password mismatch?)",
    ),
    Pattern(
        "auth_unavailable",
        AUTH,
        ": ",
        r"(?P<reason>(?:ldap|LDAP|conn unix)[^()]*: .*(?:failed|Can't contact|[Ee]rror).*)",
        sample="auth: Error: LDAP: Can't connect to server: ldap://192.0.2.7: failed",
        gives={"reason": "LDAP: Can't connect to server: ldap://192.0.2.7: failed"},
    ),
    # Anything else the checkers say; where the name or the password is a trap, no source.
    Pattern(
        "server",
        AUTH,
        "",
        ".*",
        sample="auth: pam(a,203.0.113.9): unknown user (x,198.18.4.77): unknown user",
        gives={},
    ),
)
