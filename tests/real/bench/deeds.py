"""The script of the bench: who does what to the mail server, and what it is counted by."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from bench import places
from bench.places import PASSWORDS
from bench.talks import Talk, ask, cut_off, guess, login, mail, mailbox, smtp, talk

Chains = tuple[tuple[Talk, ...], ...]
ALICE, BOB, CARLA, TOM, VERA = PASSWORDS
NAMES: Final = (
    *("info", "admin", "test", "sales", "root", "office", "postmaster", "support", "contact"),
    *("scanner", "web", "backup", "service", "user", "guest", "mail", "noreply", "billing"),
)


@dataclass(frozen=True)
class Deed:
    """One row of the table.

    Attributes:
        name: what it is, for people.
        host: the host whose client does it.
        measure: what it is counted by, a key of `measures.MEASURES`.
        chains: rows of talks; each row's talks come one after the other, the rows at once.
        hostile: whether a ban should end it.
    """

    name: str
    host: str
    measure: str
    chains: Chains = field(repr=False)
    hostile: bool = True

    @property
    def sources(self) -> frozenset[str]:
        """The addresses it is done from."""
        return frozenset(talk["source"] for chain in self.chains for talk in chain)


def chains(sources: Iterable[str], *makers: Callable[[str], Iterable[Talk]]) -> Chains:
    """Return one chain for each source: all that the makers give for it."""
    return tuple(tuple(t for maker in makers for t in maker(source)) for source in sources)


def history() -> tuple[Deed, ...]:
    """Return the proper use that comes before any attack: everybody at home in their account."""
    home = (
        *(mailbox(places.HOME, login(ALICE, PASSWORDS[ALICE])) for _ in range(12)),
        mailbox(places.HOME, login(BOB, PASSWORDS[BOB]), port=995),
        mailbox(places.HOME6, login(BOB, PASSWORDS[BOB]), port=143),
        mailbox(places.OFFICE, login(VERA, PASSWORDS[VERA])),
        mailbox(places.CARRIER, login(CARLA, PASSWORDS[CARLA])),
    )
    phone = tuple(mailbox(places.STALE_PHONE, login(TOM, PASSWORDS[TOM])) for _ in range(3))
    return (
        Deed("users log in", "users", "logins", (home,), hostile=False),
        Deed("a phone with the right password", "users", "logins", (phone,), hostile=False),
    )


def ordinary() -> tuple[Deed, ...]:
    """Return mail both ways by the hundred, logins, and a phone with a stale password."""
    inward = tuple(
        tuple(
            smtp(source, *mail(f"friend{n}@example.net", to), hello="mx.example.net")
            for n in range(10)
        )
        for source in (places.PEER, places.PEER, places.PEER6)
        for to in (ALICE, BOB, CARLA, VERA)
    )
    outward = tuple(
        tuple(
            smtp(source, login(user, PASSWORDS[user]), *mail(user, f"f{n}@example.net"), port=port)
            for n in range(10)
        )
        for source, user, port in (
            *((places.HOME, ALICE, 587), (places.HOME, BOB, 465), (places.HOME6, BOB, 587)),
            *((places.OFFICE, VERA, 587), (places.CARRIER, CARLA, 587)) * 4,
        )
    )
    phone = tuple(mailbox(places.STALE_PHONE, login(TOM, "tom-old")) for _ in range(12))
    return (
        Deed("ordinary mail in", "peers", "messages", inward, hostile=False),
        Deed("ordinary mail out", "users", "messages", outward, hostile=False),
        Deed("a phone with a stale password", "users", "failures", (phone,), hostile=False),
    )


def attacks() -> tuple[Deed, ...]:
    """Return the attacks on passwords: the well-known case, a spray, single tries, a theft."""
    return (
        Deed("brute force of the well-known case", "attackers", "failures", _brute_force()),
        Deed("spray over names and services", "attackers", "failures", _spray()),
        Deed("one try per address, 200 addresses", "attackers", "failures", _singles()),
        Deed("guessing over IPv6", "attackers", "failures", _over_ipv6()),
        Deed("guessing from a carrier's network", "attackers", "failures", _from_carrier()),
        Deed("stolen password after failures", "attackers", "failures", _theft()),
        Deed("spam run with it", "attackers", "messages", _spam()),
    )


def _brute_force() -> Chains:
    def knock(source: str, number: int) -> Talk:
        whole = guess(source, NAMES[number % 3], f"pass{number}")
        return cut_off(whole) if number % 4 == 3 else whole

    return tuple(tuple(knock(source, n) for n in range(12)) for source in places.ARTICLE)


def _spray() -> Chains:
    first, second = places.SPRAY
    return (
        tuple(guess(first, f"{name}@example.org", "Summer2026", port=587) for name in NAMES),
        *(
            tuple(
                mailbox(second, login(f"{name}@example.org", "Summer2026"), port=port)
                for name in NAMES[:9]
            )
            for port in (143, 993, 110, 995)
        ),
    )


def _singles() -> Chains:
    ports, ways = (25, 587, 465), ("login", "plain")
    return tuple(
        (smtp(source, [ways[n % 2], NAMES[n % len(NAMES)], "123456"], port=ports[n % 3]),)
        for n, source in enumerate(places.SINGLES)
    )


def _over_ipv6() -> Chains:
    return tuple(
        (
            *(guess(source, "admin", f"pass{n}") for n in range(5)),
            *(mailbox(source, login("admin", f"pass{n}")) for n in range(3)),
        )
        for source in places.IPV6_ATTACKERS
    )


def _from_carrier() -> Chains:
    return tuple(
        tuple(guess(source, name, "qwerty", port=587) for name in NAMES[:8])
        for source in places.CARRIER_ATTACKERS
    )


def _theft() -> Chains:
    wrong = (guess(places.THIEF, ALICE, f"alice{n}", port=587) for n in range(14))
    right = guess(places.THIEF, ALICE, PASSWORDS[ALICE], port=587)
    look = mailbox(places.THIEF, login(ALICE, PASSWORDS[ALICE]))
    return ((*wrong, right, look),)


def _spam() -> Chains:
    targets = [f"victim{n}@d{n}.example.{'com' if n % 3 == 0 else 'net'}" for n in range(60)]
    entry = login(ALICE, PASSWORDS[ALICE])
    sessions = (
        smtp(places.SPAMMER, entry, *mail(ALICE, first), *mail(ALICE, second), port=587)
        for first, second in zip(targets[::2], targets[1::2], strict=True)
    )
    # Spam programs first try whether they need a password at all.
    naked = (smtp(places.SPAMMER, *ask(ALICE, target)) for target in targets[:3])
    return ((*naked, *sessions),)


def probes() -> tuple[Deed, ...]:
    """Return attacks on all but passwords: relaying, protocol, TLS, mailboxes, patience, ports."""
    return (
        Deed("relay probes", "attackers", "relays", chains(places.RELAY, _relay)),
        Deed("talk before the greeting", "attackers", "pregreets", _pregreet()),
        Deed("improper pipelining", "attackers", "pipelining", chains(places.PIPELINE, _pipeline)),
        Deed("broken TLS", "attackers", "tls failures", chains(places.BAD_TLS, _bad_tls)),
        Deed("harvest of mailboxes", "attackers", "unknown", chains(places.HARVEST, _harvest)),
        Deed("slow connections", "attackers", "timeouts", _slow()),
        Deed("scan of closed ports", "attackers", "packets", _scan()),
    )


def _relay(source: str) -> Iterable[Talk]:
    senders = ("spammer@example.com", ALICE, "")
    for sender in senders:
        yield smtp(source, *ask(sender, "victim@example.net", "victim%example.net@example.org"))
        yield smtp(source, *ask(sender, "victim@example.com"))


def _pregreet() -> Chains:
    early = [["raw", "EHLO ylmf-pc\r\n"], ["read"], ["say", "EHLO ylmf-pc"]]
    steps = [*early, *ask("a@example.com", ALICE), ["say", "QUIT"]]
    return tuple(tuple(talk(s, 25, steps) for _ in range(4)) for s in places.PREGREET)


def _pipeline(source: str) -> Iterable[Talk]:
    for _ in range(4):
        yield talk(source, 25, [["read"], ["raw", "EHLO x\r\nNOOP\r\nQUIT\r\n"], ["drain"]])


def _bad_tls(source: str) -> Iterable[Talk]:
    request = ["raw", "GET / HTTP/1.1\r\nHost: mail.example.org\r\n\r\n"]
    upgrade = [["read"], ["say", "EHLO x"], ["say", "STARTTLS"]]
    yield talk(source, 465, [request, ["drain"]])
    yield talk(source, 465, [["tls", {"max": "1.0"}]])
    yield talk(source, 465, [["tls", {"verify": True}]])
    yield talk(source, 587, [*upgrade, request, ["drain"]])
    yield talk(source, 993, [request, ["drain"]])
    yield talk(source, 995, [["tls", {"max": "1.0"}]])
    yield talk(source, 993, [["tls", {"verify": True}]])


def _harvest(source: str) -> Iterable[Talk]:
    strangers = [f"{name}@example.org" for name in NAMES]
    for sender in ("", "list@example.net"):
        yield smtp(source, *ask(sender, *strangers[:9], ALICE))
        yield smtp(source, *ask(sender, *strangers[9:]), ["say", "VRFY root@example.org"])


def _slow() -> Chains:
    half = [["read"], ["raw", "EHL"], ["drain"]]
    return tuple((talk(source, port, half),) for source in places.SLOW for port in (25, 587) * 4)


def _scan() -> Chains:
    ports = (21, 23, 80, 443, 3306, 3389, 5432, 8080)
    return tuple(
        (talk(source, port, [], wait=1.5),) for source in places.SCANNERS for port in ports
    )
