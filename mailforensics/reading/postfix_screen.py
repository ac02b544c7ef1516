r"""Postfix's gatekeepers: postscreen and its helpers dnsblog and tlsproxy, and anvil.

postscreen writes `[address]:port` and no name, always before the client's own text, and says one
thing a line: several lines may tell of one client. A test that the client failed is its own kind
(`pregreet`, `dnsbl`, `hangup`, `pipelining`, `bad_command`); `screen_connect`, `screen_pass` and
`screen_disconnect` are its way through.

Source: postscreen*.c, dnsblog.c, tlsproxy.c, anvil.c of Postfix 2.8 to 3.10.
"""

from typing import Final

from mailforensics.reading.patterns import Pattern

_SCREEN: Final = ("postscreen",)
TLSPROXY: Final = ("tlsproxy",)
# Without a port in the first releases.
CLIENT: Final = r"\[(?P<source_ip>[0-9A-Fa-f.:]+)\](?::(?P<source_port>[0-9]+))?"
SAMPLE: Final = "[198.18.5.6]:40001"
GIVES: Final = {"source_ip": "198.18.5.6", "source_port": "40001"}


def _said(event: str, words: str, *, services: tuple[str, ...] = _SCREEN) -> Pattern:
    """Return the row of a line that is `WORDS [address]:port` and no more."""
    return Pattern(
        event, services, words, f"{words} {CLIENT}", sample=f"{words} {SAMPLE}", gives=GIVES
    )


def _noted(event: str, words: str) -> Pattern:
    """Return the row of `WORDS [address]:port` where the words are the reason."""
    return Pattern(
        event,
        _SCREEN,
        words,
        f"{words} {CLIENT}",
        sample=f"{words} {SAMPLE}",
        gives={**GIVES, "reason": words},
        fixed={"reason": words},
    )


def _failed(event: str, words: str, after: str) -> Pattern:
    """Return the row of a test that failed: `WORDS from [address]:port after …`."""
    return Pattern(
        event,
        _SCREEN,
        words,
        rf"{words} from {CLIENT}(?: (?P<reason>after .*))?",
        sample=f"{words} from {SAMPLE} {after}",
        gives={**GIVES, "reason": after},
    )


SCREEN_PATTERNS: Final = (
    Pattern(
        "screen_connect",
        _SCREEN,
        "CONNECT from ",
        rf"CONNECT from {CLIENT}(?: to \[[0-9A-Fa-f.:]+\]:[0-9]+)?",
        sample=f"CONNECT from {SAMPLE} to [192.0.2.1]:25",
        gives=GIVES,
    ),
    _said("screen_pass", "PASS OLD"),
    _said("screen_pass", "PASS NEW"),
    _said("screen_disconnect", "DISCONNECT"),
    *(_noted("screen_pass", words) for words in ("ALLOWLISTED", "WHITELISTED")),
    *(_noted("reject", words) for words in ("DENYLISTED", "BLACKLISTED")),
    # A veto takes back the pass of a client that came to the wrong address: nothing is refused yet.
    *(_noted("server", words) for words in ("ALLOWLIST VETO", "WHITELIST VETO")),
    # Text that the client sent before the greeting comes last, quoted.
    Pattern(
        "pregreet",
        _SCREEN,
        "PREGREET ",
        rf"PREGREET [0-9]+ after [0-9.]+ from {CLIENT}: (?P<reason>.*)",
        sample=rf"PREGREET 11 after 0.08 from {SAMPLE}: EHLO User\r\n",
        gives={**GIVES, "reason": r"EHLO User\r\n"},
    ),
    Pattern(
        "dnsbl",
        _SCREEN,
        "DNSBL rank ",
        rf"DNSBL (?P<reason>rank -?[0-9]+) for {CLIENT}",
        sample=f"DNSBL rank 6 for {SAMPLE}",
        gives={**GIVES, "reason": "rank 6"},
    ),
    Pattern(
        "hangup",
        _SCREEN,
        "HANGUP after ",
        rf"HANGUP after [0-9.]+ from {CLIENT}(?: (?P<reason>in .*))?",
        sample=f"HANGUP after 0.9 from {SAMPLE} in tests after SMTP handshake",
        gives={**GIVES, "reason": "in tests after SMTP handshake"},
    ),
    _failed("pipelining", "COMMAND PIPELINING", r"after EHLO: MAIL FROM:<x@example.net>\r\n"),
    _failed("bad_command", "NON-SMTP COMMAND", "after CONNECT: GET / HTTP/1.1"),
    _failed("bad_command", "BARE NEWLINE", "after MAIL"),
    _failed("bad_command", "COMMAND LENGTH LIMIT", "after EHLO"),
    _failed("rate", "COMMAND COUNT LIMIT", "after RCPT"),
    _failed("timeout", "COMMAND TIME LIMIT", "after CONNECT"),
    _said("bad_command", "DATA without valid RCPT from"),
    _said("bad_command", "BDAT without valid RCPT from"),
    Pattern(
        "reject",
        _SCREEN,
        "reject: RCPT from ",
        rf"reject: RCPT from {CLIENT}: (?P<status>[45][0-9][0-9]) "
        r"(?:(?P<dsn>[45]\.[0-9]+\.[0-9]+) )?(?P<reason>.*?); from=<(?P<sender>.*?)>, "
        r"to=<(?P<recipient>.*?)>, proto=[A-Z]+, helo=<(?P<helo>.*)>",
        sample=f"NOQUEUE: reject: RCPT from {SAMPLE}: 550 5.7.1 Service unavailable; client "
        "[198.18.5.6] blocked using zen.example.org; from=<a@example.net>, to=<x@example.org>, "
        "proto=ESMTP, helo=<[203.0.113.9]>",
        gives={
            **GIVES,
            "status": "550",
            "dsn": "5.7.1",
            "reason": "Service unavailable; client [198.18.5.6] blocked using zen.example.org",
            "sender": "a@example.net",
            "recipient": "x@example.org",
            "helo": "[203.0.113.9]",
        },
    ),
    *(
        Pattern(
            "rate",
            _SCREEN,
            words,
            rf"{words} {CLIENT}: (?P<reason>too many connections|all [a-z]+ ports busy)",
            sample=f"NOQUEUE: {words} {SAMPLE}: all screening ports busy",
            gives={**GIVES, "reason": "all screening ports busy"},
        )
        for words in ("reject: CONNECT from", "reject: connect from")
    ),
    Pattern(
        "server",
        _SCREEN,
        ": ",
        rf"{CLIENT}: (?P<reason>.*)",
        sample=rf'{SAMPLE}: replacing command "EHLO x" with "HELO x"',
        gives={**GIVES, "reason": 'replacing command "EHLO x" with "HELO x"'},
    ),
    Pattern(
        "lost_connection",
        _SCREEN,
        "warning: write ",
        rf"warning: write {CLIENT}: (?P<reason>.*)",
        sample=f"warning: write {SAMPLE}: Broken pipe",
        gives={**GIVES, "reason": "Broken pipe"},
    ),
    Pattern(
        "server",
        _SCREEN,
        "using backwards-compatible default setting ",
        rf"(?P<reason>using backwards-compatible default setting [a-z_=]+) for client {CLIENT}",
        sample="using backwards-compatible default setting respectful_logging=no for client "
        f"{SAMPLE}",
        gives={
            **GIVES,
            "reason": "using backwards-compatible default setting respectful_logging=no",
        },
    ),
    # The colon of the port is missing in Postfix's own format.
    Pattern(
        "server",
        _SCREEN,
        "discarding EHLO keywords: ",
        r"\[(?P<source_ip>[0-9A-Fa-f.:]+)\](?P<source_port>[0-9]+): "
        "(?P<reason>discarding EHLO keywords: .*)",
        sample="[198.18.5.6]40001: discarding EHLO keywords: CHUNKING",
        gives={**GIVES, "reason": "discarding EHLO keywords: CHUNKING"},
    ),
    # With -v: what it says, and what it hears, which is the client's own text.
    Pattern(
        "server",
        _SCREEN,
        "> ",
        rf"> {CLIENT}: (?P<reason>.*)",
        sample=f"> {SAMPLE}: 220 mail.example.org ESMTP",
        gives={**GIVES, "reason": "220 mail.example.org ESMTP"},
    ),
    Pattern(
        "server",
        _SCREEN,
        "< ",
        rf"< {CLIENT}: .*",
        sample=f"< {SAMPLE}: EHLO [203.0.113.9]:25",
        gives=GIVES,
    ),
    Pattern(
        "server",
        _SCREEN,
        " test for ",
        rf"(?P<reason>skip [a-z -]+ test) for {CLIENT}",
        sample=f"skip pregreet test for {SAMPLE}",
        gives={**GIVES, "reason": "skip pregreet test"},
    ),
    Pattern(
        "server",
        _SCREEN,
        " STRESS mode ",
        r"(?P<reason>(?:entering|leaving) STRESS mode with [0-9]+ connections)",
        sample="entering STRESS mode with 90 connections",
        gives={"reason": "entering STRESS mode with 90 connections"},
    ),
    Pattern(
        "dnsbl",
        ("dnsblog",),
        "addr ",
        r"addr (?P<source_ip>[0-9A-Fa-f.:]+) (?P<reason>listed by domain .*)",
        sample="addr 198.18.5.6 listed by domain zen.example.org as 127.0.0.4",
        gives={
            "source_ip": "198.18.5.6",
            "reason": "listed by domain zen.example.org as 127.0.0.4",
        },
    ),
    # tlsproxy speaks TLS for postscreen: its comings and goings are postscreen's.
    _said("server", "CONNECT from", services=TLSPROXY),
    _said("server", "DISCONNECT", services=TLSPROXY),
    Pattern(
        "server",
        TLSPROXY,
        "CONNECT to ",
        r"CONNECT to (?P<relay>\[[0-9A-Fa-f.:]+\]:[0-9]+)",
        sample="CONNECT to [192.0.2.25]:25",
        gives={"relay": "[192.0.2.25]:25"},
    ),
    # The service's own name stands before the client: `(smtp:198.18.5.6)`.
    Pattern(
        "rate",
        ("anvil",),
        "statistics: max ",
        r"statistics: (?P<reason>max [a-z ]+ [0-9]+(?:/[0-9]+s)?) for "
        r"\((?:\S*:)?(?P<source_ip>[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)\) at .*",
        sample="statistics: max connection rate 9/60s for (smtp:198.18.5.6) at Sep  4 16:59:45",
        gives={"source_ip": "198.18.5.6", "reason": "max connection rate 9/60s"},
    ),
    Pattern(
        "rate",
        ("anvil",),
        "statistics: max ",
        r"statistics: (?P<reason>max [a-z ]+ [0-9]+(?:/[0-9]+s)?) for "
        r"\((?:\[\S*\]:)?[^\s:()]+:(?P<source_ip>[0-9A-Fa-f.:]+)\) at .*",
        sample="statistics: max connection count 2 for (submission:240e:d9:d800:200::7) at "
        "Sep  4 16:59:45",
        gives={"source_ip": "240e:d9:d800:200::7", "reason": "max connection count 2"},
    ),
    Pattern(
        "rate",
        ("anvil",),
        "statistics: max ",
        r"statistics: (?P<reason>max cache size [0-9]+) at .*",
        sample="statistics: max cache size 3 at Sep  4 16:59:45",
        gives={"reason": "max cache size 3"},
    ),
)
