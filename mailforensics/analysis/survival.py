"""How long attackers stay, and from it how long a ban should stand.

An attacker's life runs from its first attack to its last. Whoever attacked shortly before the log
ends may come again: that life is only known to be at least so long (it is censored), and the
Kaplan-Meier estimate takes it into account.

Sources:
    Kaplan, Meier, "Nonparametric Estimation from Incomplete Observations" (1958).
    Kalbfleisch, Prentice, "The Statistical Analysis of Failure Time Data" (2002), section 1.4, for
    the log-log confidence bounds.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.addresses import network_of
from mailforensics.analysis.attempts import USED, count_once
from mailforensics.analysis.bridge import days
from mailforensics.analysis.campaigns_clock import duration
from mailforensics.analysis.shelf import shelved
from mailforensics.analysis.stitching import stitch
from mailforensics.analysis.verdict_lines import span_of
from mailforensics.errors import ArgumentError
from mailforensics.reading.stores.store import Store

if TYPE_CHECKING:
    import datetime as dt

    _Time = dt.datetime | None

BY: Final = ("source_ip", "network")
QUIET_DAYS: Final = 14.0
# A log too short for that calls an attacker gone after a quarter of its span.
QUIET_SHARE: Final = 0.25
# When this share of the attackers is gone, a ban has done what it can.
GONE_SHARE: Final = 0.9
FEW: Final = 20
_NORMAL_95: Final = 1.959963984540054
_ATTACK: Final = pl.sum_horizontal("failures", "relays", "bad") > 0


@dataclass(frozen=True, slots=True)
class Survival:
    """How long attackers stay.

    Attributes:
        table: the share still active by age in days (SURVIVAL).
        half_life_days: age by which half of them are gone; None if the log is too short to tell.
        expiry_days: suggested days for a ban: nine of ten are gone by then; None likewise.
        attackers: how many lives the estimate rests on.
        text: the same in words, with what to be careful about.
    """

    table: pd.DataFrame
    half_life_days: float | None
    expiry_days: int | None
    attackers: int
    text: str


def survival(
    events: pd.DataFrame | Store, *, by: str = "source_ip", quiet_days: float = QUIET_DAYS
) -> Survival:
    """Return how long attackers stay active, by Kaplan-Meier, and a suggested expiry for bans.

    Attackers seen at one moment only have no length of life and are left out.

    Args:
        events: mail events, in any order; or a store.
        by: `source_ip` for lives of addresses, `network` for those of /24s and /64s.
        quiet_days: silence after which an attacker counts as gone; at most a quarter of the log.

    Raises:
        ArgumentError: `by` is neither, or `quiet_days` is not above 0.
        MissingColumnError: the table has no `time`, `event` or `source_ip`.
    """
    if not isinstance(events, Store):
        schema.require(events, ["time", "event", "source_ip"])
    if by not in BY:
        raise ArgumentError(f"by={by!r} is no kind of attacker; use {' or '.join(BY)}.")
    if not quiet_days > 0:
        raise ArgumentError(f"quiet_days={quiet_days} is no silence; use a number above 0.")
    lives, span = _lives(events, by)
    quiet = min(quiet_days, QUIET_SHARE * span) if span else quiet_days
    table = kaplan_meier(lives["days"].to_numpy(), lives["silent"].to_numpy() >= quiet)
    half, most = _age_at(table, 0.5), _age_at(table, 1 - GONE_SHARE)
    expiry = max(math.ceil(most), 1) if most is not None else None
    text = _text(lives, half=half, expiry=expiry, quiet=quiet)
    return Survival(table, half, expiry, len(lives), text)


def _lives(events: pd.DataFrame | Store, by: str) -> tuple[pl.DataFrame, float]:
    """Return age at the last attack and the silence since, in days, and the span of the log."""
    timed = pl.col("time").is_not_null()
    if isinstance(events, Store):
        begin, end = span_of(events)
        with shelved(events) as shelf:
            honest = set(shelf.rows(timed & USED)["source_ip"])
            shares = shelf.shares(timed & _ATTACK & ~pl.col("source_ip").is_in(honest))
            attacks = pl.concat(rows.select("source_ip", "time") for rows in shares)
    else:
        rows = count_once(stitch(events)).filter(timed)
        begin, end = cast(
            "tuple[dt.datetime | None, dt.datetime | None]",
            (rows["time"].min(), rows["time"].max()),
        )
        honest = set(rows.filter(USED & pl.col("source_ip").is_not_null())["source_ip"])
        hostile = _ATTACK & pl.col("source_ip").is_not_null()
        attacks = rows.filter(hostile & ~pl.col("source_ip").is_in(honest))
    if begin is None or end is None:
        return pl.DataFrame(schema={"days": pl.Float64, "silent": pl.Float64}), 0.0
    if by == "network":
        texts = network_of(pd.Series(attacks["source_ip"].to_list(), dtype="str"))
        attacks = attacks.with_columns(source_ip=pl.Series(list(texts), dtype=pl.String))
    return _aged(attacks, end), (end - begin).total_seconds() / 86_400


def _aged(attacks: pl.DataFrame, end: "dt.datetime") -> pl.DataFrame:
    return (
        attacks.group_by("source_ip")
        .agg(first=pl.col("time").min(), last=pl.col("time").max())
        .filter(pl.col("first") < pl.col("last"))
        .select(
            days=days(pl.col("last") - pl.col("first")),
            silent=days(pl.lit(end) - pl.col("last")),
        )
        .sort("days", "silent")
    )


def kaplan_meier(
    days: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    gone: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
) -> pd.DataFrame:
    """Return the share still active after each age at which somebody left (SURVIVAL).

    Args:
        days: age at the last sign of life.
        gone: whether that was the end; if not, the life went on for an unknown time.
    """
    ages, left = np.unique(days[gone], return_counts=True)
    at_risk = len(days) - np.searchsorted(np.sort(days), ages, side="left")
    share = np.cumprod(1 - left / np.maximum(at_risk, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(left / (at_risk * (at_risk - left)))) / np.abs(np.log(share))
        low, high = (share ** np.exp(sign * _NORMAL_95 * spread) for sign in (1, -1))
    table = pd.DataFrame(
        {
            "days": ages.astype(np.float64),
            "at_risk": at_risk,
            "gone": left,
            "active_share": share,
            "low": np.where(share > 0, low, 0.0),
            "high": np.where(share > 0, high, np.nan),
        }
    )
    return schema.conform(table, schema.SURVIVAL)


def _age_at(table: pd.DataFrame, share: float) -> float | None:
    """Return the first age at which at most that share is still active."""
    reached = table.loc[table["active_share"] <= share + 1e-12, "days"]
    return float(reached.iloc[0]) if len(reached) else None


def _text(lives: pl.DataFrame, *, half: float | None, expiry: int | None, quiet: float) -> str:
    if lives.is_empty():
        return (
            "No attacker was seen more than once, so nothing can be said about how long they stay."
        )
    parts = [
        f"{len(lives)} attackers came more than once; one counts as gone after "
        f"{duration(quiet * 86_400)} of silence."
    ]
    parts.append(
        f"Half of them are gone {duration(half * 86_400)} after they were first seen."
        if half is not None
        else "The log is too short to see half of them go."
    )
    parts.append(
        f"Nine of ten are gone after {expiry} days: a ban that ends then does nearly all it can."
        if expiry is not None
        else "The log is too short to see nine of ten go: look again in a few weeks."
    )
    if len(lives) < FEW:
        parts.append(f"{len(lives)} lives are few: take these numbers as a rough guide.")
    return " ".join(parts)
