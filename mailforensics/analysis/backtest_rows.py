"""The log as a backtest sees it: attack events and sessions of proper use, judged in hindsight."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

from mailforensics.analysis.attempts import FAILED, USED, count_once
from mailforensics.analysis.backtest_fail2ban import Fail2banRule, bans, is_banned
from mailforensics.analysis.bridge import seconds
from mailforensics.analysis.shelf import shelved
from mailforensics.analysis.sources import sources
from mailforensics.analysis.stitching import stitch
from mailforensics.reading.stores.store import Store

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_DEED: Final = ["seconds", "source_ip", "count", "fail2ban"]


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


@dataclass(frozen=True, slots=True)
class Past:
    """The counted rows of a log with a time and a peer.

    Attributes:
        begin: first time.
        end: last time.
        shares: the rows with attacks, in parts that each hold all of some addresses.
        used: the rows with logins and messages.
    """

    begin: dt.datetime
    end: dt.datetime
    shares: Iterable[pl.DataFrame]
    used: pl.DataFrame


def hindsight(events: pd.DataFrame | Store, rule: Fail2banRule) -> Hindsight | None:
    """Return the log's deeds, or None for a log without a time.

    Whoever has legitimate weight over the whole log counts as a proper user throughout: his
    failures are no attack, and his sessions can be lost. fail2ban does not know that: it counts
    his failures too.
    """
    if isinstance(events, Store):
        with shelved(events) as shelf:
            if shelf.begin is None or shelf.end is None:
                return None
            timed = pl.col("time").is_not_null()
            used = shelf.rows(timed & USED)
            return _judged(
                Past(shelf.begin, shelf.end, shelf.shares(timed), used), sources(events), rule
            )
    rows = count_once(stitch(events))
    rows = rows.filter(pl.col("time").is_not_null() & pl.col("source_ip").is_not_null())
    if rows.is_empty():
        return None
    begin, end = cast("tuple[dt.datetime, dt.datetime]", (rows["time"].min(), rows["time"].max()))
    return _judged(Past(begin, end, [rows], rows.filter(USED)), sources(events), rule)


def _judged(past: Past, table: pd.DataFrame, rule: Fail2banRule) -> Hindsight:
    """Return the deeds, told apart by who has legitimate weight."""
    mine = pl.col("source_ip").is_in(set(table.loc[table["legit_weight"] > 0, "source_ip"]))
    since = seconds(pl.col("time") - pl.lit(past.begin))
    banned, attacked = list[pl.DataFrame](), list[pl.DataFrame]()
    for share in past.shares:
        rows = share.with_columns(seconds=since).sort("seconds", "order")
        found = bans(rows.filter(FAILED), rule)
        attacks = _attacks(rows.filter(~mine))
        attacked.append(attacks.with_columns(fail2ban=is_banned(attacks, found)).select(_DEED))
        banned.append(found)
    fail2ban = pl.concat(banned).sort("begin", "source_ip")
    used = past.used.with_columns(seconds=since).sort("seconds", "order").filter(mine)
    uses = _sessions(used.with_columns(fail2ban=is_banned(used, fail2ban)))
    return _hindsight(past, pl.concat(attacked).sort("seconds", "source_ip"), uses, fail2ban)


def _hindsight(
    past: Past, attacked: pl.DataFrame, used: pl.DataFrame, fail2ban: pl.DataFrame
) -> Hindsight:
    addresses = tuple(pl.concat([attacked["source_ip"], used["source_ip"]]).unique().sort())
    attacks = _deeds(attacked, addresses)
    first = np.full(len(addresses), np.inf)
    np.minimum.at(first, attacks.address, attacks.seconds)
    return Hindsight(
        begin=pd.Timestamp(past.begin),
        span_seconds=(past.end - past.begin) / dt.timedelta(seconds=1),
        addresses=addresses,
        attacks=attacks,
        uses=_deeds(used, addresses),
        first_attack=first,
        bans=fail2ban,
    )


def _attacks(rows: pl.DataFrame) -> pl.DataFrame:
    count = pl.sum_horizontal("failures", "relays", "strangers", "bad")
    return rows.with_columns(count=count).filter(pl.col("count") > 0)


def _sessions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row a session in which somebody logged in or handed in a message."""
    # Rows outside of sessions stand for themselves; sessions have numbers from 0 up.
    alone = -1 - pl.col("order").cast(pl.Int64)
    return (
        rows.group_by(session=pl.coalesce(pl.col("session").cast(pl.Int64), alone))
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
