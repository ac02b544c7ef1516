r"""Dovecot's password checkers, auth and auth-worker: which name from where, and why not.

A refusal is `auth_failed`, as is the line of whoever asked the checker (the login process, or
Postfix's SASL warning): two lines of one try. `analysis.attempts` counts such a try once; a remark
that another password database will be asked is `server`, for that one decides. What the checker
could not check at all is `auth_unavailable`.

Where the attacker's text stands: the user name comes *before* the address, and a given password
(`auth_verbose_passwords`) after it. Both may hold anything, so an address counts only where one
place can be it: the last field before the only `): ` of the line (of 2.4, before the only `)<`).
Given passwords are not in `reason`; `message` keeps the line as read. A line without an address is
`server`: LMTP asks the same checkers for each recipient.

Source: auth-request.c, passdb-*.c, mech-*.c of Dovecot 2.3.19 and 2.4.1.
"""

from typing import Final

from mailforensics.reading.patterns import Pattern

AUTH: Final = ("auth", "auth-worker")
LEVEL: Final = "(?:(?:Debug|Info|Warning|Error|Fatal|Panic): )?"
_ADDRESS: Final = "(?P<source_ip>[0-9A-Fa-f.:]+)"
# Text in which no `)` is followed by `: ` or `<`.
_PLAIN: Final = r"(?:[^)]|\)(?:\)|:\))*(?:[^):<]|:[^ )]))*(?:\)(?:\)|:\))*:?)?"
# The last field that can be the address is; the name before it holds anything but `): `.
_WHO: Final = rf"(?:\?|(?P<username>{_PLAIN})),{_ADDRESS}"
_NAME: Final = r"(?:\?|(?P<username>[^,()]+))?"
_WORKER: Final = r"(?:\((?:[0-9]+|default)\): )?"
# 2.3: `pam(bob,198.18.4.77,<session>): …`; a worker puts its connection before it.
_OLD: Final = (
    rf"{_WORKER}{LEVEL}(?:conn unix:\S+ \((?:pid=[0-9]+,)?uid=[0-9]+\): )?"
    r"(?:auth-worker<[0-9]+>: )?[a-z][a-z0-9_-]*\({who}(?:,master)?(?:,(?:<[^<>]*>)?)?\): "
)
# 2.4: `auth(bob,198.18.4.77,sasl:plain)<session>: pam: …`.
_NEW: Final = (
    r"\({who}(?:,sasl:(?P<sasl_method>[a-z0-9-]+))?(?:,master)?\)(?:<[^<>]*>)*: "
    rf"(?:request \[[0-9]+\]: )?{LEVEL}(?:[a-z][a-z0-9_-]*: )?"
)
_GIVES: Final = {"username": "bob", "source_ip": "198.18.4.77"}
_OLD_SAMPLE: Final = (
    "auth-worker(77): conn unix:auth-worker (pid=31,uid=97): auth-worker<3>: "
    "pam(bob,198.18.4.77,<x1Yz+/==>): "
)
_NEW_SAMPLE: Final = "auth(bob,198.18.4.77,sasl:plain)<x1Yz+/==>: passwd-file: "
_HEADS: Final = (
    (_OLD.replace("{who}", _WHO), _OLD_SAMPLE, _GIVES),
    (_NEW.replace("{who}", _WHO), _NEW_SAMPLE, {**_GIVES, "sasl_method": "PLAIN"}),
)
_NO_ADDRESS: Final = (
    (_OLD.replace("{who}", _NAME), "auth: pam(bob): ", {"username": "bob"}),
    (_NEW.replace("{who}", _NAME), "auth(bob): passwd-file: ", {"username": "bob"}),
)
# What a checker says of a name or a password that it does not take.
_REFUSED: Final = (
    r"[Pp]assword mismatch|[Uu]nknown user|[Ii]nvalid (?:credentials|input|username)"
    r"|[Ll]ogin (?:failed|not allowed)|[Aa]uthentication (?:failed|failure|rejected)"
    r"|pam_authenticate\(\) failed: |pam_acct_mgmt\(\) failed: |Empty username"
    r"|allow_(?:real_)?nets|Login attempt with empty password|No password returned"
    r"|(?:login user: )?(?:Username character disallowed|Master user login attempted)"
    r"|Attempted (?:master )?login|oauth2 failed|invalid password field"
    r"|[Uu]ser not auth(?:enticated|orized)|username not known|Unexpected authorization identity"
    r"|(?:[Uu]ser|[Aa]ccount|[Ll]ogin|[Pp]assword) (?:is |has )?(?:disabled|expired|locked)"
    r"|User found from deny passdb|[Tt]oken (?:is|has|expired|validation)|Credentials mismatch"
    r"|Unsupported authentication mechanism|Authenticated username not provided"
    # Words that no mechanism allows: the client is refused as for a wrong password.
    r"|[Mm]alformed data|[Nn]o initial response|[Ii]nvalid (?:challenge|continued data|gs2-header)"
    r"|Missing (?:token|username)|Username or token missing|auth[nz]_name[: ]|Invalid base64 data"
    r"|Cross-realm authentication not supported|User unknown"
)
# What it says where it could not check: its data base, its directory or PAM is in trouble.
_UNAVAILABLE: Final = (
    r"(?:Password|User) query failed|Request [0-9.]+ timed out after|System error"
    r"|[Cc]an't (?:contact|connect)|[Cc]onnect failed"
    r"|pam_start\(\) failed|Request timed out after|[Ll]ookup timed out|[Tt]emporary"
    r"|Authentication service cannot retrieve|Module is unknown|Critical error|unknown passdb"
    r"|[Ii]nternal (?:auth )?failure|ldap_bind\(\) failed|Connection refused|[Cc]onnection lost"
    r"|[Ll]ost connection|Not connected|Policy server HTTP error|exited with status 111"
)


Head = tuple[str, str, dict[str, str]]


def _checked(
    event: str, text: str, sample: str, reason: str, *, heads: tuple[Head, ...] = _HEADS
) -> tuple[Pattern, ...]:
    """Return a row for the way of 2.3 and one for that of 2.4."""
    given = {"reason": reason} if reason else {}
    return tuple(
        Pattern(event, AUTH, ": ", head + text, sample=lead + sample, gives={**gives, **given})
        for head, lead, gives in heads
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
        "auth_failed",
        rf"(?P<reason>[^()]*(?:\([^()]*\))?) \((?:[A-Z0-9]+ of )?given password: {_PLAIN}",
        "Password mismatch (given password: hunter2)",
        "Password mismatch",
    ),
    *_checked("server", rf"[^()]*\({_PLAIN}\) != '{_PLAIN}", "PLAIN(hunter2) != 'secret'", ""),
    *_checked(
        "server",
        rf"[^()]*, password '{_PLAIN}",
        "Generating LANMAN from user 'b', password 'p'",
        "",
    ),
    *_checked(
        "auth_unavailable",
        rf"(?P<reason>[^(]*(?:\(\)[^(]*)?(?:{_UNAVAILABLE}){_PLAIN})",
        "Password query failed: Not connected to database",
        "Password query failed: Not connected to database",
    ),
    *_checked(
        "timeout",
        rf"(?P<reason>Request timed out waiting for client{_PLAIN})",
        "Request timed out waiting for client to continue authentication (150 secs)",
        "Request timed out waiting for client to continue authentication (150 secs)",
    ),
    # The next data base may know the name, or take the password.
    *_checked(
        "server",
        rf"(?P<reason>{_PLAIN} - trying the next (?:passdb|userdb))",
        "unknown user - trying the next passdb",
        "unknown user - trying the next passdb",
    ),
    *_checked(
        "auth_failed",
        rf"(?P<reason>(?:{_REFUSED}){_PLAIN})",
        "pam_authenticate() failed: Authentication failure (Password mismatch?)",
        "pam_authenticate() failed: Authentication failure (Password mismatch?)",
    ),
    *_checked(
        "server", rf"(?P<reason>{_PLAIN})", "lookup service=dovecot", "lookup service=dovecot"
    ),
    # Up to 2.0 the process wrote its own name there: `auth(default): client in: AUTH …`.
    Pattern(
        "server",
        AUTH,
        "(default): ",
        r"\(default\): .*",
        sample="auth(default): client in: AUTH\t1\tPLAIN\tservice=IMAP\trip=198.18.4.77",
        gives={},
    ),
    *_checked(
        "server",
        rf"(?P<reason>{_PLAIN})",
        "unknown user",
        "unknown user",
        heads=_NO_ADDRESS,
    ),
    Pattern(
        "auth_unavailable",
        AUTH,
        ": ",
        r"(?P<reason>(?:ldap|LDAP|conn unix)[^()]*: .*(?:failed|Can't contact|[Ee]rror).*)",
        sample="auth: Error: LDAP: Can't connect to server: ldap://192.0.2.7: failed",
        gives={"reason": "LDAP: Can't connect to server: ldap://192.0.2.7: failed"},
    ),
    Pattern(
        "auth_unavailable",
        AUTH,
        ": Aborted ",
        r"(?P<reason>(?:auth worker|conn unix:[^:]*|auth-worker<[0-9]+>)[^()]*: Aborted [A-Z]+ "
        "request) for .*",
        sample="auth: Error: auth worker: Aborted PASSV request for bob: Lookup timed out",
        gives={"reason": "auth worker: Aborted PASSV request"},
    ),
    # A refusal whose name or given password is a trap: a try, but from nobody knows where.
    *(
        Pattern(
            "auth_failed",
            AUTH,
            f"): {words}",
            rf"{_WORKER}(?:conn unix:\S+ \([^()]*\): )?(?:auth-worker<[0-9]+>: )?"
            rf"[a-z][a-z0-9_-]*\(.*\): {words}.*",
            sample=f"auth: pam(a,203.0.113.9): {words} (x,198.18.4.77): {words}",
            gives={},
        )
        for words in ("unknown user", "Password mismatch")
    ),
    # Anything else the checkers say; where the name or the password is a trap, no source.
    Pattern(
        "server",
        AUTH,
        "",
        ".*",
        sample="auth: Debug: client in: AUTH\t1\tPLAIN\tservice=imap",
        gives={},
    ),
)
