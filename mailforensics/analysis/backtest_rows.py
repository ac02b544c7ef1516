"""The log as a backtest sees it: attack events and sessions of proper use, judged in hindsight."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

from mailforensics.analysis.attempts import count_once
from mailforensics.analysis.backtest_fail2ban import Fail2banRule, bans, is_banned
from mailforensics.analysis.sources import sources
from mailforensics.analysis.stitching import stitch

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Deeds:
    """Attack events, or sessions of proper use, in order of time.

    Attributes:
        seconds: when, since the log began.
        address: position of the source in `Hindsight.addresses`.
        count: how many events the row stands for.
        fail2ban: whether fail2ban would have had the address banned.
    """

    seconds: Floats
    address: Codes
    count: Codes
    fail2ban: Flags

    def between(self, begin: float, end: float) -> slice:
        """Return the rows later than `begin`, up to `end`."""
        low, high = np.searchsorted(self.seconds, [begin, end], side="right")
        return slice(int(low), int(high))


@dataclass(frozen=True, slots=True)
class Hindsight:
    """The whole log, with who was who."""

    begin: pd.Timestamp
    span_seconds: float
    addresses: tuple[str, ...]
    attacks: Deeds
    uses: Deeds
    first_attack: Floats
    bans: pl.DataFrame


def hindsight(events: pd.DataFrame, rule: Fail2banRule) -> Hindsight | None:
    """Return the log's deeds, or None for a log without a time.

    Whoever has legitimate weight over the whole log counts as a proper user throughout: his
    failures are no attack, and his sessions can be lost. fail2ban does not know that: it counts
    his failures too.
    """
    rows = count_once(stitch(events))
    rows = rows.filter(pl.col("time").is_not_null() & pl.col("source_ip").is_not_null())
    if rows.is_empty():
        return None
    begin = rows["time"].min()
    seconds = (pl.col("time") - pl.lit(begin)).dt.total_microseconds() / 1e6
    rows = rows.with_columns(seconds=seconds).sort("seconds", "order")
    table = sources(events)
    honest = set(table.loc[table["legit_weight"] > 0, "source_ip"])
    fail2ban = bans(rows.filter(pl.col("failures") > 0), rule)
    rows = rows.with_columns(fail2ban=is_banned(rows, fail2ban))
    mine = pl.col("source_ip").is_in(honest)
    addresses = tuple(rows["source_ip"].unique().sort())
    attacks = _deeds(_attacks(rows.filter(~mine)), addresses)
    first = np.full(len(addresses), np.inf)
    np.minimum.at(first, attacks.address, attacks.seconds)
    return Hindsight(
        begin=pd.Timestamp(begin),  # type: ignore[arg-type]
        span_seconds=float(rows["seconds"].max()),  # type: ignore[arg-type]
        addresses=addresses,
        attacks=attacks,
        uses=_deeds(_sessions(rows.filter(mine)), addresses),
        first_attack=first,
        bans=fail2ban,
    )


def _attacks(rows: pl.DataFrame) -> pl.DataFrame:
    count = pl.sum_horizontal("failures", "relays", "strangers", "bad")
    return rows.with_columns(count=count).filter(pl.col("count") > 0)


def _sessions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row a session in which somebody logged in or handed in a message."""
    used = (pl.col("logins") > 0) | (pl.col("mails") > 0)
    return (
        rows.filter(used)
        .group_by(session=pl.coalesce("session", "order"))
        .agg(pl.col("seconds", "source_ip", "fail2ban").first(), count=pl.lit(1))
        .sort("seconds", "session")
    )


def _deeds(rows: pl.DataFrame, addresses: tuple[str, ...]) -> Deeds:
    place = dict(zip(addresses, range(len(addresses)), strict=True))
    codes = [place[source] for source in rows["source_ip"]]
    return Deeds(
        rows["seconds"].to_numpy(),
        np.array(codes, dtype=np.int64),
        rows["count"].cast(pl.Int64).to_numpy(),
        rows["fail2ban"].to_numpy(),
    )
