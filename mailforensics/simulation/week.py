"""The sample week of a small server, 31 August to 6 September 2026 (UTC): all stories together."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from mailforensics.simulation import attackers, residents
from mailforensics.simulation.imap import good_login
from mailforensics.simulation.lines import LogLine, Session, dice, write_lines
from mailforensics.simulation.packets import Packet, log_packets
from mailforensics.simulation.smtp import Client, Mail, failed_submission, submitted

SEED: Final = 20260904
MONDAY: Final = datetime(2026, 8, 31, tzinfo=UTC)
END: Final = MONDAY + timedelta(days=7)
BAN: Final = datetime(2026, 9, 4, 18, 10, tzinfo=UTC)
ARTICLE: Final = "article_network"
IPV6: Final = Client("240e:d9:d800:200::d4")


def at(day: int, clock: str) -> datetime:
    """Return a time of the sample week: day 0 is Monday, `clock` is UTC."""
    hour, minute = clock.split(":")
    return MONDAY + timedelta(days=day, hours=int(hour), minutes=int(minute))


ARTICLE_ADDRESSES: Final = (
    ("212.70.149.4", (at(0, "03:12"), at(2, "11:30")), 880),
    ("212.70.149.36", (at(1, "06:00"), at(3, "20:00")), 1200),
    ("212.70.149.83", (at(3, "21:30"), BAN), 540),
    ("212.70.149.52", (at(4, "05:10"), BAN), 620),
    ("212.70.149.20", (at(4, "11:00"), BAN), 500),
)
CARLAS_PHONE: Final = Client("198.19.44.180", "pool-180.mobile.example.net")


@dataclass(frozen=True, slots=True)
class SampleWeek:
    """The finished week: its mail lines, its firewall lines, and the packets behind the latter."""

    mail: list[LogLine]
    firewall: list[LogLine]
    packets: list[Packet]


def sample_week(*, seed: int = SEED) -> SampleWeek:
    """Return the sample week; the same seed gives the same lines."""
    rng = dice(seed)
    strangers = _strangers(rng)
    campaign = [next(strangers) for _ in range(96)]
    sessions = [
        *_article_network(rng),
        *attackers.spray(
            rng,
            "slow_campaign",
            campaign,
            (at(1, "00:00"), at(4, "00:00")),
            names=attackers.FIRST_NAMES,
        ),
        *_lesser_attackers(rng, strangers),
        *_breach(rng),
        *_residents(rng),
    ]
    packets = [*_banned_packets(rng), *_background(rng, strangers), *_campaign_packets(sessions)]
    return SampleWeek(write_lines(sessions, rng), log_packets(packets, rng), packets)


def _strangers(rng: random.Random) -> Iterator[Client]:
    """Return clients of 198.18.0.0/15, no two in one /24, in the order of chance."""
    kept = {(18, 201), (19, 13), (19, 44)}
    blocks = [(a, b) for a in (18, 19) for b in range(256) if (a, b) not in kept]
    rng.shuffle(blocks)
    return iter(
        [Client(f"198.{a}.{b}.{rng.randint(1, 254)}", helo="[127.0.0.1]") for a, b in blocks]
    )


def _article_network(rng: random.Random) -> list[Session]:
    sessions = []
    for ip, span, gap in ARTICLE_ADDRESSES:
        sessions += attackers.brute_force(rng, ARTICLE, Client(ip), span, gap_seconds=gap)
    # One connection is open at the moment of the ban: it goes on until it closes.
    open_session = attackers.guessing(
        rng, ARTICLE, Client("212.70.149.52"), [BAN - timedelta(seconds=1)], username="info"
    )
    return [s for s in sessions if s.start < BAN - timedelta(seconds=8)] + open_session


def _lesser_attackers(rng: random.Random, strangers: Iterator[Client]) -> list[Session]:
    week = (MONDAY, END)
    tries, probes, scans, harvester = (list(islice(strangers, n)) for n in (40, 6, 24, 1))
    neighbours = [Client("198.19.44.12"), Client("198.19.44.77")]
    return [
        *attackers.single_tries(rng, "single_tries", tries, week),
        *attackers.relay_probes(rng, "relay_probes", probes, week),
        *attackers.scanners(rng, "scanners", scans, week),
        *attackers.harvest(
            rng, "harvest", harvester[0], (at(5, "01:00"), at(5, "02:10")), names=attackers.NAMES
        ),
        *attackers.brute_force(
            rng, "ipv6_attacker", IPV6, (at(0, "20:00"), at(6, "09:00")), gap_seconds=5400
        ),
        *attackers.guessing(
            rng,
            "shared_carrier_attackers",
            neighbours[0],
            [at(2, "03:05"), at(2, "03:17"), at(2, "03:31"), at(2, "03:44")],
            username="office",
        ),
        *attackers.guessing(
            rng,
            "shared_carrier_attackers",
            neighbours[1],
            [at(4, "01:12"), at(4, "01:15"), at(4, "01:21")],
            username="sales",
        ),
    ]


def _breach(rng: random.Random) -> list[Session]:
    """Return the account that was really broken into, from first guess to the changed password."""
    vera = "vera@example.org"
    guesser, spammer = Client("198.18.201.9"), Client("198.19.13.66")
    guesses = list(attackers.beats(rng, (at(3, "02:10"), at(3, "03:50")), 420, 0.4))
    late = list(attackers.beats(rng, (at(3, "09:31"), at(3, "11:00")), 900, 0.3))
    test = Mail(vera, (("collector@example.net", "sent"),), 612, "20260903035212.1@pc")
    return [
        *attackers.guessing(rng, "breach", guesser, guesses, username=vera),
        Session(at(3, "03:52"), "breach", submitted(rng, guesser, test, username=vera)),
        *attackers.spam_run(
            rng, "breach", spammer, (at(3, "04:20"), at(3, "05:55")), username=vera
        ),
        *[
            Session(start, "breach", failed_submission(rng, spammer, username=vera))
            for start in late
        ],
    ]


def _residents(rng: random.Random) -> list[Session]:
    week = (MONDAY, END)
    sessions = residents.quiet(rng, week)
    sessions += residents.reading(
        rng, "carlas_phone", CARLAS_PHONE, week, username="carla@example.org"
    )
    tom = "tom@example.org"
    sessions += residents.stale_password(
        rng, residents.HOMES[tom], (at(1, "18:02"), at(2, "07:30")), username=tom
    )
    return [
        *sessions,
        Session(at(0, "06:58"), "residents", good_login(rng, residents.HOMES[tom], tom)),
    ]


def _banned_packets(rng: random.Random) -> list[Packet]:
    """Return the banned network's packets: a steady knocking, and two storms of half an hour."""
    packets = []
    storms = [(BAN, BAN + timedelta(minutes=20)), (at(5, "05:00"), at(5, "05:12"))]
    for ip, ttl in (("212.70.149.83", 51), ("212.70.149.52", 51), ("212.70.149.20", 51)):
        steady = list(attackers.beats(rng, (BAN, at(6, "20:00")), 4000, 0.4))
        times = steady + [t for storm in storms for t in attackers.beats(rng, storm, 12, 0.5)]
        for time in times:
            port = rng.choices([25, 587, 465], [80, 15, 5])[0]
            packets += [
                Packet(time + timedelta(seconds=wait), ip, port, ARTICLE, "ban", ttl, 64240)
                for wait in (0, 1.02, 3.05)
            ]
    return packets


def _background(rng: random.Random, strangers: Iterator[Client]) -> list[Packet]:
    """Return the noise of the internet: closed ports, and SSH held back by `ufw limit`."""
    ports = [23, 3389, 8080, 445, 5900, 1433, 6379, 8443, 3306, 2222]
    packets = [
        Packet(
            time, client.ip, rng.choice(ports), "port_scan", ttl=rng.randint(38, 118), window=1024
        )
        for client in list(strangers)[:160]
        for time in attackers.beats(rng, (MONDAY, END), 360000, 0.9)
    ]
    for ip, span in (
        ("198.18.0.8", (at(1, "13:00"), at(1, "13:40"))),
        ("198.19.254.31", (at(5, "22:00"), at(5, "22:25"))),
    ):
        packets += [
            Packet(time, ip, 22, "ssh_guessing", "limit", 49, 29200)
            for time in attackers.beats(rng, span, 15, 0.5)
        ]
    knocks = attackers.beats(rng, (at(0, "20:00"), at(6, "09:00")), 30000, 0.5)
    return packets + [Packet(time, IPV6.ip, 465, "ipv6_attacker", ttl=47) for time in knocks]


def _campaign_packets(sessions: Iterable[Session]) -> list[Packet]:
    """Return the campaign's knock at the closed port 465, half a minute before every other try."""
    campaign = [session for session in sessions if session.story == "slow_campaign"]
    return [
        Packet(
            session.start - timedelta(seconds=31),
            session.steps[0].text.partition("[")[2].rstrip("]"),
            465,
            "slow_campaign",
            ttl=47,
            window=14600,
        )
        for session in campaign[::2]
    ]
