"""What fail2ban would have stopped: its rule replayed over the log, address by address.

Source: fail2ban's jail.conf: `maxretry = 5`, `findtime = 10m`, `bantime = 10m`.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

import polars as pl

RETRIES: Final = 5
FIND_SECONDS: Final = 600.0
BAN_SECONDS: Final = 600.0


@dataclass(frozen=True, slots=True)
class Fail2banRule:
    """When an address is banned, and for how long."""

    retries: int = RETRIES
    find_seconds: float = FIND_SECONDS
    ban_seconds: float = BAN_SECONDS


def bans(failures: pl.DataFrame, rule: Fail2banRule) -> pl.DataFrame:
    """Return the bans that fail2ban would have set: `source_ip`, `begin`, `end` (in seconds).

    While an address is banned its failures do not happen, so they do not count.

    Args:
        failures: `source_ip`, `seconds`, `failures` (how many), oldest first.
        rule: when to ban.
    """
    total = pl.col("failures").sum().over("source_ip")
    busy = failures.filter(total >= rule.retries)
    found = [
        (source, begin, begin + rule.ban_seconds)
        for (source,), part in busy.group_by("source_ip", maintain_order=True)
        for begin in _begins(part.select("seconds", "failures").rows(), rule)
    ]
    kinds = {"source_ip": pl.String, "begin": pl.Float64, "end": pl.Float64}
    return pl.DataFrame(found, schema=kinds, orient="row").sort("begin", "source_ip")


def _begins(failures: list[tuple[float, int]], rule: Fail2banRule) -> list[float]:
    begins: list[float] = []
    recent: deque[float] = deque()
    for seconds, count in failures:
        if begins and seconds < begins[-1] + rule.ban_seconds:
            continue
        recent.extend([seconds] * min(count, rule.retries))
        while recent[0] <= seconds - rule.find_seconds:
            recent.popleft()
        if len(recent) >= rule.retries:
            begins.append(seconds)
            recent.clear()
    return begins


def is_banned(rows: pl.DataFrame, bans: pl.DataFrame) -> pl.Series:
    """Say for each row (`source_ip`, `seconds`) whether its address was banned at that time.

    The failure that brings the ban about still happens.
    """
    found = (
        rows.select("source_ip", "seconds")
        .with_row_index("place")
        .sort("seconds")
        .join_asof(
            bans.sort("begin"),
            left_on="seconds",
            right_on="begin",
            by="source_ip",
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,
        )
        .sort("place")
    )
    return (found["seconds"] < found["end"]).fill_null(value=False)


def most_at_once(bans: pl.DataFrame, begin: float, end: float) -> int:
    """Return the most bans that stood at one time between two moments."""
    inside = bans.filter((pl.col("begin") < end) & (pl.col("end") > begin))
    steps = sorted(
        [(at, 1) for at in inside["begin"]] + [(at, -1) for at in inside["end"]],
        key=lambda step: (step[0], step[1]),
    )
    now = most = 0
    for _, change in steps:
        now += change
        most = max(most, now)
    return most
