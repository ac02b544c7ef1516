"""What Dovecot 2.3 writes about one IMAP login, good or bad."""

import random
from typing import Final

from mailforensics.simulation.lines import Step
from mailforensics.simulation.smtp import Client, Steps

PROGRAM: Final = "dovecot"
SERVER_IP4: Final = "192.0.2.25"
SERVER_IP6: Final = "2001:db8:25::25"
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def good_login(rng: random.Random, client: Client, username: str) -> Steps:
    """Return one login that works, and its end with Dovecot's byte counters."""
    session = _session_id(rng)
    seconds = 20 + rng.random() * 240
    counters = (
        f"in={rng.randint(90, 900)} out={rng.randint(900, 30000)} deleted=0 expunged=0 trashed=0 "
        f"hdr_count={rng.randint(0, 4)} hdr_bytes={rng.randint(0, 2400)} "
        f"body_count={rng.randint(0, 2)} body_bytes={rng.randint(0, 24000)}"
    )
    return (
        Step(
            0,
            PROGRAM,
            f"imap-login: Login: user=<{username}>, method=PLAIN, rip={client.ip}, "
            f"lip={_server(client)}, mpid=@P1@, TLS, session=<{session}>",
        ),
        Step(
            seconds,
            PROGRAM,
            f"imap({username})<@P1@><{session}>: Disconnected: Logged out {counters}",
        ),
    )


def bad_login(rng: random.Random, client: Client, username: str, *, attempts: int = 1) -> Steps:
    """Return one connection whose login attempts were all refused: Dovecot writes one line."""
    seconds = 2 * attempts + rng.randint(0, 2)
    return (
        Step(
            seconds,
            PROGRAM,
            f"imap-login: Disconnected: Connection closed (auth failed, {attempts} attempts in "
            f"{seconds} secs): user=<{username}>, method=PLAIN, rip={client.ip}, "
            f"lip={_server(client)}, TLS, session=<{_session_id(rng)}>",
        ),
    )


def _server(client: Client) -> str:
    return SERVER_IP6 if ":" in client.ip else SERVER_IP4


def _session_id(rng: random.Random) -> str:
    return "".join(rng.choice(_BASE64) for _ in range(16))
