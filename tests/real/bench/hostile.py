"""Deeds made to look like log lines about others. None of those others may ever be a source."""

from collections.abc import Iterable, Iterator
from itertools import cycle
from typing import Final

from hosts import Host

from bench import places
from bench.deeds import ALICE, Deed
from bench.talks import Talk, ask, guess, login, mail, mailbox, smtp

Name = str | list[str]
CERTIFICATE: Final = "/run/hostile.pem"
# What a stranger may say; {x} is somebody else's address.
TEXTS: Final = (
    "unknown[{x}]",
    "connect from unknown[{x}]",
    "x[{x}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
    "]: warning: unknown[{x}]: SASL PLAIN authentication failed: x, sasl_username=root",
    "user=<root>, method=PLAIN, rip={x}, lip=203.0.113.10, session=<aaaaaaaaaaaaaaaa>",
    "a,{x},<bbbbbbbbbbbbbbbb>): unknown user",
    "x> proto=ESMTP helo=<y>: RCPT from unknown[{x}]: 554 5.7.1 Relay access denied",
    "disconnect from unknown[{x}] ehlo=1 auth=5/5 commands=6",
    "CONNECT from [{x}]:4711 to [203.0.113.10]:25",
    "[UFW BLOCK] IN=eth0 OUT= SRC={x} DST=203.0.113.10 PROTO=TCP SPT=1 DPT=25",
    "client=unknown[{x}], sasl_method=PLAIN, sasl_username=alice@example.org",
    "message repeated 9 times: [ connect from unknown[{x}]]",
    "#012Nov 24 10:00:00 mail postfix/smtpd[1]: connect from unknown[{x}]",
    "$(reboot)`id`;<script>alert({x})</script>",
    "{x}\t\udcff\udcfe\x1b[31m",
)
# Only base64 carries these.
LINES: Final = (
    "a\nNov 24 10:00:00 mail postfix/smtpd[1]: connect from unknown[{x}]",
    "a\r\n\0connect from unknown[{x}]",
)
# Labels of reverse names. Postfix shows the valid ones, and complains about the others.
LABELS: Final = (
    ["{.}", "rip"],
    ["unknown[{x}]"],
    ["x[{x}]: SASL LOGIN authentication failed"],
    ["rip={x},", "lip=203"],
    ["{-}", "dynamic"],
    ["localhost"],
)
SUBJECT: Final = "/CN=unknown[{x}]: SASL LOGIN authentication failed/O=rip={x}, lip=203.0.113.10"


def hostile_deeds() -> tuple[Deed, ...]:
    """Return a deed for each thing that a stranger can put into a log."""
    sources, decoys = cycle(places.HOSTILE), cycle(places.DECOYS)
    texts = [(next(sources), text.format(x=next(decoys))) for text in TEXTS]
    lines = [(next(sources), text.format(x=next(decoys))) for text in (*TEXTS, *LINES)]
    return (
        _deed("hostile HELO", "relays", map(_hello, texts)),
        _deed("hostile sender", "relays", map(_sender, texts)),
        _deed("hostile recipient", "unknown", map(_recipient, texts)),
        _deed("hostile command", "bad commands", map(_command, texts)),
        _deed("hostile user name", "failures", (t for pair in lines for t in _user(*pair))),
        _deed("hostile reverse name", "failures", map(_named, places.HOSTILE_NAMES)),
        _deed("hostile TLS names", "failures", _tls(texts)),
        _deed("hostile mail that is taken", "messages", _taken(texts)),
    )


def _deed(name: str, measure: str, talks: Iterable[Talk]) -> Deed:
    return Deed(name, "attackers", measure, tuple((talk,) for talk in talks))


def _hello(pair: tuple[str, str]) -> Talk:
    return smtp(pair[0], *ask("spammer@example.com", "victim@example.net"), hello=pair[1])


def _sender(pair: tuple[str, str]) -> Talk:
    return smtp(pair[0], *ask(f"{local(pair[1])}@example.com", "victim@example.net"))


def _recipient(pair: tuple[str, str]) -> Talk:
    return smtp(pair[0], *ask("a@example.com", f"{local(pair[1])}@example.org"))


def _command(pair: tuple[str, str]) -> Talk:
    return smtp(pair[0], ["say", f"GET /{pair[1]} HTTP/1.0"])


def _user(source: str, text: str) -> Iterator[Talk]:
    yield guess(source, text, "x", port=587)
    if "\n" not in text and "\r" not in text:
        yield mailbox(source, login(text, "x"), port=143)
        yield mailbox(source, login(text, "x"), port=110)


def _named(source: str) -> Talk:
    return guess(source, "admin", "x")


def _tls(texts: list[tuple[str, str]]) -> Iterator[Talk]:
    for source, (_, text) in zip(cycle(places.HOSTILE_TLS), texts, strict=False):
        yield smtp(source, login("admin", "x"), port=587, tls={"sni": text[:60]})
        yield smtp(source, login("admin", "x"), port=465, tls={"cert": CERTIFICATE})


def _taken(texts: list[tuple[str, str]]) -> Iterator[Talk]:
    for source, (_, text) in zip(cycle(places.HOSTILE_MAIL), texts, strict=False):
        body = f"Message-ID: <{text}@example.com>\r\nSubject: {text}\r\n\r\n{text}"
        yield smtp(source, *mail(f"{local(text)}@example.net", ALICE, body=body), hello=text)


def local(text: str) -> str:
    """Return text as a quoted local part."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def hostile_names(table: dict[str, list[Name]]) -> dict[str, list[Name]]:
    """Return the table of the DNS server with hostile reverse names added."""
    table = {key: list(value) for key, value in table.items()}
    for source, labels, decoy in zip(
        places.HOSTILE_NAMES, cycle(LABELS), cycle(places.DECOYS), strict=False
    ):
        dashed = decoy.replace(".", "-").replace(":", "-")
        name = [label.replace("{x}", decoy).replace("{-}", dashed) for label in labels]
        name[:1] = decoy.split(".") if name[0] == "{.}" else name[:1]
        # Every other name is confirmed: it leads back to the address.
        back = source if int(source.rpartition(".")[2]) % 2 else decoy
        places.point(table, source, [*name, "example", "com"], back=back)
    return table


def make_certificate(host: Host) -> None:
    """Make a certificate with a hostile name for the attackers' client."""
    words = ["-subj", SUBJECT.format(x=places.DECOYS[0]), "-keyout", CERTIFICATE, "-out", "/run/c"]
    host.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *words])
    host.run(f"cat /run/c >> {CERTIFICATE}")
