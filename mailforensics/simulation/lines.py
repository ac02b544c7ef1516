"""From sessions to log lines: process ids, queue ids, and the two styles of time stamp."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

HOST: Final = "mail"
QUEUE_MANAGER_PID: Final = 912
IDLE_SECONDS: Final = 100  # Postfix's max_idle: an idle process goes after this time.
MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"  # whatever the locale


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a session; `@Q1@` stands for its first queue id, `@P1@` for a process id."""

    seconds: float
    program: str
    text: str


@dataclass(frozen=True, slots=True)
class Session:
    """What one client (or the server itself) does, from its first line to its last."""

    start: datetime
    story: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One finished line: when, who wrote it (`postfix/smtpd[812]`), what, and which story."""

    time: datetime
    tag: str
    text: str
    story: str


def dice(seed: int) -> random.Random:
    """Return a source of chance that rolls the same for the same seed."""
    return random.Random(seed)  # noqa: S311 (repeatable on purpose, and no secret)


class _Processes:
    """Hands out process ids as a Postfix master does: an idle process is used again."""

    def __init__(self, rng: random.Random, first: int) -> None:
        self._rng = rng
        self._last = first
        self._idle: dict[str, list[tuple[datetime, int]]] = {}

    def new(self) -> int:
        self._last += self._rng.randint(1, 5)
        return self._last

    def take(self, program: str, start: datetime, end: datetime) -> int:
        if program.endswith("/qmgr"):
            return QUEUE_MANAGER_PID
        pool = self._idle.setdefault(program, [])
        pool[:] = [p for p in pool if p[0] >= start - timedelta(seconds=IDLE_SECONDS)]
        free = next((p for p in pool if p[0] <= start), None)
        if free is not None:
            pool.remove(free)
        pid = free[1] if free is not None else self.new()
        pool.append((end, pid))
        return pid


def write_lines(
    sessions: Iterable[Session], rng: random.Random, *, first_pid: int = 1180
) -> list[LogLine]:
    """Return the lines of all sessions, oldest first, with process and queue ids filled in."""
    processes = _Processes(rng, first_pid)
    lines: list[LogLine] = []
    for session in sorted(sessions, key=lambda s: s.start):
        lines += _session_lines(session, processes, rng)
    return sorted(lines, key=lambda line: line.time)


def _session_lines(
    session: Session, processes: _Processes, rng: random.Random
) -> Iterable[LogLine]:
    tags = _tags(session, processes)
    known: dict[str, str] = {}
    for step in session.steps:
        time = session.start + timedelta(seconds=step.seconds)
        text = step.text
        for mark in [m for m in text.split("@") if m[:1] in "QP" and m[1:].isdigit()]:
            if mark not in known:
                queue_id = f"{time.microsecond:05X}{rng.randint(0x20000, 0x5FFFF):05X}"
                known[mark] = queue_id if mark[0] == "Q" else str(processes.new())
            text = text.replace(f"@{mark}@", known[mark])
        yield LogLine(time, tags[step.program], text, session.story)


def _tags(session: Session, processes: _Processes) -> dict[str, str]:
    spans: dict[str, list[float]] = {}
    for step in session.steps:
        spans.setdefault(step.program, []).append(step.seconds)
    tags = {}
    for program, seconds in spans.items():
        first, last = (session.start + timedelta(seconds=s) for s in (min(seconds), max(seconds)))
        has_pid = program.startswith("postfix")
        tags[program] = f"{program}[{processes.take(program, first, last)}]" if has_pid else program
    return tags


def year_less(lines: Sequence[LogLine]) -> list[str]:
    """Return log text in rsyslog's traditional style: `Sep  4 16:59:45 mail …` (UTC)."""
    return [f"{year_less_stamp(line.time)} {HOST} {line.tag}: {line.text}" for line in lines]


def year_less_stamp(time: datetime) -> str:
    """Return a stamp as syslog has always written it: `Sep  4 16:59:45`."""
    month = MONTHS[3 * time.month - 3 : 3 * time.month]
    return f"{month} {time.day:2d} {time:%H:%M:%S}"


def rfc3339(lines: Sequence[LogLine]) -> list[str]:
    """Return log text with RFC 3339 stamps in UTC, as Debian 12 and Ubuntu 24.04 write it."""
    return [
        f"{line.time.isoformat(timespec='microseconds')} {HOST} {line.tag}: {line.text}"
        for line in lines
    ]
