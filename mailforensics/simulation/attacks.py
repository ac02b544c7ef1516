"""One attack at a time, for lessons: labelled log lines to mix into a quiet log."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from mailforensics.errors import ArgumentError
from mailforensics.simulation import attackers, residents
from mailforensics.simulation.lines import LogLine, Session, dice, rfc3339, write_lines
from mailforensics.simulation.smtp import Client, failed_login, submitted
from mailforensics.simulation.smtp import Mail as Message

DAY: Final = ("2026-09-04 00:00", "2026-09-05 00:00")
PIDS_APART: Final = 5000  # so that the lines of two calls can be mixed, sessions intact
VICTIM: Final = "vera@example.org"
Maker = Callable[[random.Random, attackers.Span, int, int], list[Session]]


def simulate_attack(
    kind: str,
    *,
    between: tuple[str, str] = DAY,
    sources: int = 5,
    tries: int = 60,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the log lines of one attack, one row a line, oldest first.

    Join the `line`s of two calls, sorted by `time`, to hide an attack in a quiet day.

    Args:
        kind: a key of ATTACKS; `quiet` is a day of proper use without any attack.
        between: first and last moment, UTC.
        sources: attacking addresses, 1 to 250 (`brute_force`: all in one /24; `spray` and
            `slow_distributed`: each in a network of its own).
        tries: attempts in all; for `stolen_password` guesses, for `broken_phone` retries.
        seed: another seed, other times and names; the same seed, the same bytes.

    Returns:
        A table with `time` (UTC), `label` (the kind), `line` (with an RFC 3339 stamp).

    Raises:
        ArgumentError: no such kind, a number out of range, or an end before its start.
    """
    if kind not in ATTACKS:
        raise ArgumentError(f"{kind!r} is no kind of attack; choose from {', '.join(ATTACKS)}.")
    for name, value, most in (("sources", sources, 250), ("tries", tries, 100_000)):
        if not 1 <= value <= most:
            raise ArgumentError(f"{name}={value} is out of range; use 1 to {most}.")
    rng = dice(seed)
    maker, number = ATTACKS[kind], list(ATTACKS).index(kind)
    first_pid = PIDS_APART * (1 + number + len(ATTACKS) * (seed % 50))
    lines = write_lines(maker(rng, _span(between), sources, tries), rng, first_pid=first_pid)
    return _table(lines, kind)


def _table(lines: list[LogLine], kind: str) -> pd.DataFrame:
    table = pd.DataFrame({"time": [line.time for line in lines], "line": rfc3339(lines)})
    table.insert(1, "label", kind)
    return table.astype({"time": "datetime64[us, UTC]", "label": "str", "line": "str"})


def _span(between: tuple[str, str]) -> attackers.Span:
    try:
        start, end = (datetime.fromisoformat(text) for text in between)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"between={between!r} is no pair of times; write ('2026-09-04', '2026-09-05 12:00')."
        ) from None
    start, end = (
        moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        for moment in (start, end)
    )
    if end <= start:
        raise ArgumentError(f"between={between!r} ends before it starts; swap the two times.")
    return start, end


def _times(rng: random.Random, span: attackers.Span, count: int) -> list[datetime]:
    """Return `count` times over the span, evenly spread but for a little chance."""
    gap = (span[1] - span[0]).total_seconds() / count
    return [
        span[0] + timedelta(seconds=gap * (number + 0.2 + 0.6 * rng.random()))
        for number in range(count)
    ]


def _one_network(count: int) -> list[Client]:
    return [Client(f"198.18.66.{1 + number}") for number in range(count)]


def _many_networks(rng: random.Random, count: int) -> list[Client]:
    blocks = rng.sample([n for n in range(512) if n != 66], count)
    return [Client(f"198.{18 + n // 256}.{n % 256}.{(77 * n) % 253 + 1}") for n in blocks]


def _guesses(
    rng: random.Random, span: attackers.Span, clients: list[Client], tries: int
) -> list[Session]:
    sessions = []
    for number, start in enumerate(_times(rng, span, tries)):
        name = attackers.NAMES[number % len(attackers.NAMES)]
        client = clients[number % len(clients)]
        sessions.append(Session(start, "attack", failed_login(rng, client, username=name)))
    return sessions


def _brute_force(
    rng: random.Random, span: attackers.Span, sources: int, tries: int
) -> list[Session]:
    return _guesses(rng, span, _one_network(sources), tries)


def _spray(rng: random.Random, span: attackers.Span, sources: int, tries: int) -> list[Session]:
    clients = _many_networks(rng, sources)
    return [
        Session(
            start,
            "attack",
            failed_login(rng, clients[number % sources], username=VICTIM, ending="lost"),
        )
        for number, start in enumerate(_times(rng, span, tries))
    ]


def _slow_distributed(
    rng: random.Random, span: attackers.Span, sources: int, tries: int
) -> list[Session]:
    clients = _many_networks(rng, 250)
    turns = [clients[number % sources] for number in range(tries)]
    return attackers.spray(rng, "attack", turns, span, names=attackers.FIRST_NAMES)


def _relay_probe(
    rng: random.Random, span: attackers.Span, sources: int, tries: int
) -> list[Session]:
    each = max(1, tries // sources)
    clients = [Client(c.ip, helo=f"[{c.ip}]") for c in _many_networks(rng, sources)]
    return attackers.relay_probes(rng, "attack", clients, span, tries=each)


def _harvest(rng: random.Random, span: attackers.Span, sources: int, tries: int) -> list[Session]:
    known = len(attackers.NAMES)
    names = [f"{attackers.NAMES[n % known]}{n // known or ''}" for n in range(tries)]
    clients = [Client(c.ip, helo="mail") for c in _many_networks(rng, sources)]
    return [
        session
        for number, client in enumerate(clients)
        for session in attackers.harvest(rng, "attack", client, span, names=names[number::sources])
        if names[number::sources]
    ]


def _stolen_password(
    rng: random.Random, span: attackers.Span, sources: int, tries: int
) -> list[Session]:
    """Guesses in the first half, then one good login and a run of spam in the second."""
    middle = span[0] + (span[1] - span[0]) / 2
    clients, victim = _many_networks(rng, sources), rng.choice(residents.USERS)
    guesses = [
        Session(start, "attack", failed_login(rng, clients[n % sources], username=victim))
        for n, start in enumerate(_times(rng, (span[0], middle), tries))
    ]
    test = Message(victim, (("collector@example.net", "sent"),), 612, "test.1@pc")
    login = Session(middle, "attack", submitted(rng, clients[0], test, username=victim))
    until = min(span[1], middle + timedelta(hours=2))
    spam = attackers.spam_run(rng, "attack", clients[-1], (middle, until), username=victim)
    return [*guesses, login, *spam]


def _broken_phone(
    rng: random.Random, span: attackers.Span, sources: int, tries: int
) -> list[Session]:
    del sources  # one user has one phone
    client = Client("198.51.100.23", "dsl-23.home.example.net")
    gap = (span[1] - span[0]).total_seconds() / (tries + 1)
    until = span[0] + timedelta(seconds=gap * tries)
    return residents.stale_password(
        rng, client, (span[0], until), username="tom@example.org", gap_seconds=gap
    )


def _quiet(rng: random.Random, span: attackers.Span, sources: int, tries: int) -> list[Session]:
    del sources, tries  # proper use has neither
    return residents.quiet(rng, span)


ATTACKS: Final[dict[str, Maker]] = {
    "quiet": _quiet,
    "brute_force": _brute_force,
    "spray": _spray,
    "slow_distributed": _slow_distributed,
    "relay_probe": _relay_probe,
    "harvest": _harvest,
    "stolen_password": _stolen_password,
    "broken_phone": _broken_phone,
}
