r"""nginx as a mail proxy, before Dovecot and Postfix: it alone sees who comes.

It asks a program over HTTP about each password, so a refused login reaches no other log. What it
says ends in `while …, client: ADDRESS, server: ADDRESS:PORT, login: "NAME", upstream: …`, as far as
it knows. The same words of a web server are `other`: only a mail port tells them apart.

Where the attacker's text stands: the name, unescaped, after the client; commands and host names,
and what the asked program says of a name, before it. So an address is taken where the words before
it are nginx's own, or where all quotes are nginx's own too. nginx cuts a line at 2,048 characters:
where a stranger's text stands before the client, it must be so short that nothing can be cut off.

Source: ngx_mail_handler.c, ngx_mail_auth_http_module.c, ngx_mail_proxy_module.c, ngx_mail_smtp_*.c
and ngx_stream_handler.c of nginx 1.18 to 1.28.
"""

from typing import Final

from mailforensics.reading.patterns import Pattern

NGINX: Final = ("nginx",)
# Through syslog its own stamp, level and numbers stay.
_HEAD: Final = r"(?:[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} \[[a-z]+\] [0-9]+#[0-9]+: )?(?:\*[0-9]+ )?"
_PORTS: Final = "(?:25|110|143|465|587|993|995|2525|4190)"
_IP: Final = r"(?P<source_ip>[0-9A-Fa-f.:]+)"
_SERVER: Final = rf"(?: using starttls)?, server: [^\s,]+:{_PORTS}"
_PEER: Final = rf", client: {_IP}{_SERVER}"
_UPSTREAM: Final = r'(?:, upstream: [^\s"]+)?'
_STATE: Final = "(?: while [A-Za-z/ ]+)?"
_ERRNO: Final = r"(?: \([0-9]+: [A-Za-z ]+\))?"
# Whatever stands between quotes after a peer is the name: no trap before it, so it may be anything.
_NAME: Final = rf'(?:, login: "(?P<username>.*?)"{_UPSTREAM})?'
_QUOTED: Final = '[^"]{0,300}"'
_SHORT_NAME: Final = rf'(?:, login: "(?P<username>[^"]{{1,255}})?"{_UPSTREAM})?'
_SAMPLE: Final = ', client: 198.18.4.77, server: 0.0.0.0:143, login: "bob"'
_GIVES: Final = {"source_ip": "198.18.4.77", "username": "bob"}


def _says(event: str, words: str, sample: str) -> Pattern:
    """Return the row of words of nginx's own, after which nothing but its peer can come."""
    return Pattern(
        event,
        NGINX,
        ", client: ",
        rf"{_HEAD}(?P<reason>{words}){_ERRNO}{_STATE}{_PEER}{_NAME}",
        sample=f"*1 {sample} while in auth state{_SAMPLE}",
        gives={**_GIVES, "reason": sample},
    )


def _quotes(event: str, words: str, sample: str) -> Pattern:
    """Return the row of words that end in another's text, in quotes."""
    return Pattern(
        event,
        NGINX,
        words,
        rf"{_HEAD}(?P<reason>{words}{_QUOTED}){_STATE}{_PEER}{_SHORT_NAME}",
        sample=f"*1 {sample} while in auth state{_SAMPLE}",
        gives={**_GIVES, "reason": sample},
    )


def _said(event: str, words: str, sample: str) -> Pattern:
    """Return the row of the same words where a peer would be a guess: no source."""
    return Pattern(
        event,
        NGINX,
        words,
        rf"{_HEAD}(?P<reason>{words}).*, server: [^\s,]+:{_PORTS}(?:, login: .*)?",
        sample=f"*1 {sample}, client: 203.0.113.9, server: 1{_SAMPLE}",
        gives={"reason": words},
    )


_OTHERS_TEXT: Final = (
    ("auth_failed", 'client login failed: "', 'client login failed: "no such user"'),
    ("reject", 'client was rejected: "', 'client was rejected: "MAIL FROM:<a@example.net>"'),
    (
        "pregreet",
        'client was rejected before greeting: "',
        'client was rejected before greeting: "EHLO"',
    ),
    ("bad_command", 'client sent too long command "', 'client sent too long command "GET"'),
)

NGINX_PATTERNS: Final = (
    Pattern(
        "connect",
        NGINX,
        " connected to ",
        rf"{_HEAD}client \[?{_IP}\]?:(?P<source_port>[0-9]+) connected to [^\s,]+:{_PORTS}",
        sample="*1 client 198.18.4.77:40001 connected to 0.0.0.0:143",
        gives={"source_ip": "198.18.4.77", "source_port": "40001"},
    ),
    _says("auth_ok", "client logged in", "client logged in"),
    _says(
        "auth_failed",
        "client sent invalid (?:base64 encoding|login|password|CRAM-MD5 hash) in AUTH [A-Z0-9-]+ "
        "command",
        "client sent invalid login in AUTH PLAIN command",
    ),
    _says(
        "auth_unavailable",
        "(?:auth http server [^ ]+ (?:timed out|did not send [a-z ]+|sent invalid [a-z ]+)"
        "|no password available)",
        "auth http server 127.0.0.1:8000 timed out",
    ),
    _says("timeout", "client timed out", "client timed out"),
    _says("lost_connection", "client closed connection", "client closed connection"),
    _says(
        "too_many_errors",
        "client sent too many invalid commands",
        "client sent too many invalid commands",
    ),
    _says(
        "tls_failed",
        r"SSL_do_handshake\(\) failed(?: \(SSL: [^,]*\))?",
        "SSL_do_handshake() failed",
    ),
    _says(
        "tls_failed",
        "peer closed connection in SSL handshake",
        "peer closed connection in SSL handshake",
    ),
    _says(
        "tls_failed",
        r"client (?:SSL certificate verify error: \([0-9]+:[A-Za-z ]+\)"
        "|sent no required SSL certificate)",
        "client sent no required SSL certificate",
    ),
    _says("disconnect", "proxied session done", "proxied session done"),
    _says(
        "server",
        r"(?:connect|recv|send|upstream)(?:\(\)|) (?:failed|timed out)",
        "upstream timed out",
    ),
    *(row(*words) for words in _OTHERS_TEXT for row in (_quotes, _said)),
    # Whatever else it says of a client of a mail port.
    Pattern(
        "server",
        NGINX,
        ", client: ",
        rf'{_HEAD}(?P<reason>[^",]{{0,300}}(?:"{_QUOTED}[^",]{{0,100}})?){_PEER}{_SHORT_NAME}',
        sample=f'*1 "mx.example.net" could not be resolved (3: Host not found){_SAMPLE}',
        gives={**_GIVES, "reason": '"mx.example.net" could not be resolved (3: Host not found)'},
    ),
)
