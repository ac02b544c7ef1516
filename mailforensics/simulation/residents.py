"""The proper users of the server: mail in and out, IMAP, and a phone with a stale password."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from mailforensics.simulation.attackers import Span, beats
from mailforensics.simulation.imap import bad_login, good_login
from mailforensics.simulation.lines import Session, Step, year_less_stamp
from mailforensics.simulation.smtp import (
    DOMAIN,
    Client,
    Mail,
    failed_submission,
    incoming,
    submitted,
)

USERS: Final = tuple(f"{name}@{DOMAIN}" for name in ("anna", "tom", "vera", "carla"))
HOMES: Final = {
    "anna@example.org": Client("198.51.100.44", "dsl-44.home.example.net"),
    "tom@example.org": Client("198.51.100.23", "dsl-23.home.example.net"),
    "vera@example.org": Client("198.51.100.60", "dsl-60.home.example.net"),
    "carla@example.org": Client("2001:db8:77::15"),
}
SERVERS: Final = (
    Client("203.0.113.10", "mx.example.net"),
    Client("203.0.113.77", "mx.example.com"),
    Client("203.0.113.130", "lists.example.net"),
    Client("2001:db8:10::25", "mail6.example.com"),
)


def quiet(rng: random.Random, span: Span) -> list[Session]:
    """Return a server without any attack: four users who read and send, and mail that comes in."""
    sessions = housekeeping("server", span)
    for user, client in HOMES.items():
        sessions += reading(rng, "residents", client, span, username=user)
        sessions += sending(rng, "residents", client, span, username=user)
    return sessions + receiving(rng, "residents", SERVERS, span, users=USERS)


def is_awake(time: datetime) -> bool:
    """Say whether people use their mail at this hour (06 to 22 UTC)."""
    return 6 <= time.hour < 22


def reading(
    rng: random.Random, story: str, client: Client, span: Span, *, username: str
) -> list[Session]:
    """Return one user's IMAP logins, every hour and a half or so, by day."""
    return [
        Session(start, story, good_login(rng, client, username))
        for start in beats(rng, span, 5400, 0.6)
        if is_awake(start)
    ]


def sending(
    rng: random.Random, story: str, client: Client, span: Span, *, username: str
) -> list[Session]:
    """Return the messages that one user sends, three or four a day."""
    sessions = []
    for start in beats(rng, span, 14000, 0.7):
        if is_awake(start):
            domain = rng.choice(["example.com", "example.net"])
            to = rng.choice(["desk", "julia", "orders", "team"])
            stamp = (
                f"{start:%Y%m%d%H%M%S}.{rng.randint(1000, 9999)}@{username.partition('@')[0]}-pc"
            )
            mail = Mail(username, ((f"{to}@{domain}", "sent"),), rng.randint(900, 90000), stamp)
            sessions.append(Session(start, story, submitted(rng, client, mail, username=username)))
    return sessions


def receiving(
    rng: random.Random, story: str, clients: Sequence[Client], span: Span, *, users: Sequence[str]
) -> list[Session]:
    """Return mail from other servers to the users, at all hours, more by day."""
    sessions = []
    for number, start in enumerate(beats(rng, span, 2700, 0.8)):
        client = rng.choice(clients)
        domain = ".".join(client.host.split(".")[-2:])
        if is_awake(start) or number % 3 == 0:
            mail = Mail(
                f"{rng.choice(['news', 'desk', 'julia', 'orders'])}@{domain}",
                ((rng.choice(users), "sent"),),
                rng.randint(1500, 120000),
                f"{start:%Y%m%d%H%M%S}.{rng.randint(100, 999)}@{client.host}",
            )
            sessions.append(Session(start, story, incoming(rng, client, mail)))
    return sessions


def stale_password(
    rng: random.Random,
    client: Client,
    span: Span,
    *,
    username: str,
    gap_seconds: float = 900,
) -> list[Session]:
    """Return a phone that keeps trying an old password, as clocks do, until it is mended."""
    story = "broken_phone"
    sessions = []
    for number, start in enumerate(beats(rng, span, gap_seconds, 0.02)):
        steps = bad_login(rng, client, username)
        if number % 6 == 5:
            steps = failed_submission(rng, client, username=username)
        sessions.append(Session(start, story, steps))
    mended = span[1] + timedelta(minutes=11)
    return [*sessions, Session(mended, story, good_login(rng, client, username))]


def housekeeping(story: str, span: Span) -> list[Session]:
    """Return what the server itself writes: connection statistics, a nightly reload."""
    sessions = []
    for day in range((span[1] - span[0]).days):
        midnight = span[0] + timedelta(days=day)
        reload = (
            Step(1, "postfix/postfix-script", "refreshing the Postfix mail system"),
            Step(1.2, "postfix/master", "reload -- version 3.7.11, configuration /etc/postfix"),
        )
        sessions.append(Session(midnight + timedelta(hours=4, minutes=17), story, reload))
        for hour in range(2, 24, 3):
            at = midnight + timedelta(hours=hour, minutes=21)
            sessions.append(Session(at, story, _statistics(at)))
    return sessions


def _statistics(at: datetime) -> tuple[Step, ...]:
    stamp = year_less_stamp(at)
    client = f"(smtp:203.0.113.10) at {stamp}"
    return (
        Step(0, "postfix/anvil", f"statistics: max connection rate 1/60s for {client}"),
        Step(0, "postfix/anvil", f"statistics: max connection count 1 for {client}"),
        Step(0, "postfix/anvil", f"statistics: max cache size 1 at {stamp}"),
    )
