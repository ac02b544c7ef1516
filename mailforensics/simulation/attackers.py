"""The attackers: each function returns the sessions of one story, nothing else."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from mailforensics.simulation.imap import bad_login
from mailforensics.simulation.lines import Session
from mailforensics.simulation.smtp import (
    Client,
    Mail,
    Steps,
    failed_login,
    failed_submission,
    refused,
    scan,
    submitted,
)

Span = tuple[datetime, datetime]
# fmt: off
NAMES: Final = (
    "info", "admin", "office", "sales", "support", "test", "contact", "postmaster",
    "webmaster", "user", "mail", "backup", "scan", "newsletter", "invoice", "accounts",
    "service", "hello", "root", "guest", "marketing", "press", "jobs", "shop", "billing",
)
FIRST_NAMES: Final = (
    "anna", "peter", "maria", "john", "linda", "paul", "laura", "frank", "julia", "mark",
    "sandra", "tim", "nina", "oscar", "petra", "robert", "silvia", "thomas", "ursula",
    "victor", "walter", "yvonne", "zoe", "alex", "bert", "cora", "dora", "emil", "fiona",
    "greta", "henry", "ida", "jonas", "karl", "lena", "moritz", "norbert", "olga",
)
# fmt: on


def beats(rng: random.Random, span: Span, gap_seconds: float, jitter: float) -> Iterator[datetime]:
    """Yield times from the span's start to its end, `gap_seconds` apart, give or take `jitter`."""
    time = span[0] + timedelta(seconds=rng.random() * gap_seconds)
    while time < span[1]:
        yield time
        time += timedelta(seconds=gap_seconds * (1 + jitter * (2 * rng.random() - 1)))


def brute_force(
    rng: random.Random, story: str, client: Client, span: Span, *, gap_seconds: float
) -> list[Session]:
    """Return one address that tries names from a list, one login a connection."""
    sessions = []
    for number, start in enumerate(beats(rng, span, gap_seconds, 0.3)):
        name = NAMES[number % len(NAMES)]
        username = name if rng.random() < 0.5 else f"{name}@example.org"
        ending = "lost" if rng.random() < 0.2 else "rset"
        steps = failed_login(rng, client, username=username, ending=ending)
        sessions.append(Session(start, story, steps))
    return sessions


def spray(
    rng: random.Random, story: str, clients: Sequence[Client], span: Span, *, names: Sequence[str]
) -> list[Session]:
    """Return a slow campaign: each address tries one name, once, in turn through one list."""
    gap = (span[1] - span[0]).total_seconds() / len(clients)
    sessions = []
    for number, client in enumerate(clients):
        start = span[0] + timedelta(seconds=gap * (number + 0.2 + 0.5 * rng.random()))
        username = f"{names[number % len(names)]}@example.org"
        steps = failed_login(rng, client, username=username, ending="quit")
        sessions.append(Session(start, story, steps))
    return sessions


def single_tries(
    rng: random.Random, story: str, clients: Sequence[Client], span: Span
) -> list[Session]:
    """Return unrelated addresses: each tries once or twice, each in its own way, then goes."""
    sessions = []
    for client in clients:
        seconds = rng.random() * ((span[1] - span[0]).total_seconds() - 900)
        for _ in range(rng.choice([1, 1, 1, 2])):
            seconds += rng.randint(30, 400)
            start = span[0] + timedelta(seconds=seconds)
            sessions.append(Session(start, story, _one_try(rng, client)))
    return sessions


def _one_try(rng: random.Random, client: Client) -> Steps:
    name = rng.choice(NAMES)
    way = rng.randrange(4)
    if way == 0:
        return failed_login(rng, client, username=name, method="PLAIN", ending="lost")
    if way == 1:
        return failed_submission(rng, client, username=f"{name}@example.org")
    if way == 2:
        return bad_login(rng, client, name, attempts=rng.choice([1, 1, 2, 3]))
    return failed_login(rng, client, username=name, ending=rng.choice(["rset", "lost"]))


def relay_probes(
    rng: random.Random, story: str, clients: Sequence[Client], span: Span, *, tries: int = 4
) -> list[Session]:
    """Return clients that test whether the server relays for strangers; all are refused."""
    sessions = []
    for client in clients:
        seconds = rng.random() * ((span[1] - span[0]).total_seconds() - 1200)
        for number in range(tries):
            start = span[0] + timedelta(seconds=seconds + number * rng.randint(4, 40))
            steps = refused(
                rng, client, recipient=f"probe{number}@example.com", sender="test@example.net"
            )
            sessions.append(Session(start, story, steps))
    return sessions


def harvest(
    rng: random.Random, story: str, client: Client, span: Span, *, names: Sequence[str]
) -> list[Session]:
    """Return one client that asks for mailboxes of the own domain, one after the other."""
    gap = (span[1] - span[0]).total_seconds() / len(names)
    return [
        Session(
            span[0] + timedelta(seconds=gap * (number + rng.random() / 2)),
            story,
            refused(rng, client, recipient=f"{name}@example.org", sender="hr@example.net"),
        )
        for number, name in enumerate(names)
    ]


def scanners(
    rng: random.Random, story: str, clients: Sequence[Client], span: Span
) -> list[Session]:
    """Return scanners of the whole internet: a visit or two each, no login."""
    seconds = (span[1] - span[0]).total_seconds()
    return [
        Session(span[0] + timedelta(seconds=rng.random() * seconds), story, scan(rng, client))
        for client in clients
        for _ in range(rng.choice([1, 2]))
    ]


def guessing(
    rng: random.Random, story: str, client: Client, starts: Sequence[datetime], *, username: str
) -> list[Session]:
    """Return one address that guesses the password of one account, at the given times."""
    return [Session(start, story, failed_login(rng, client, username=username)) for start in starts]


def spam_run(
    rng: random.Random, story: str, client: Client, span: Span, *, username: str
) -> list[Session]:
    """Return a stolen account that sends spam; many of the recipients do not exist."""
    sessions = []
    for number, start in enumerate(beats(rng, span, 70, 0.4)):
        recipients = tuple(
            (f"{rng.choice(FIRST_NAMES)}.{rng.randint(1, 999)}@{domain}", outcome)
            for domain, outcome in (
                (
                    rng.choice(["example.com", "example.net"]),
                    rng.choices(["sent", "bounced", "bounced_spam", "deferred"], [45, 35, 10, 10])[
                        0
                    ],
                )
                for _ in range(rng.randint(1, 4))
            )
        )
        mail = Mail(
            username, recipients, rng.randint(1800, 2600), f"{start:%Y%m%d%H%M%S}.{number}@pc"
        )
        sessions.append(Session(start, story, submitted(rng, client, mail, username=username)))
    return sessions
