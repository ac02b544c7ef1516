"""Who attacks many of my servers: sources or networks against hosts."""

from typing import Final

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.addresses import network_of
from mailforensics.analysis.attempts import count_once
from mailforensics.analysis.bridge import NAMES_JOINED_BY, to_pandas
from mailforensics.analysis.spill import spilled
from mailforensics.analysis.stitching import stitch
from mailforensics.errors import ArgumentError
from mailforensics.reading.stores.store import Store

BY: Final = ("network", "source_ip")
HOSTS_SHOWN: Final = 20
_COUNTS: Final = ("failures", "relays", "strangers", "bad")
_NEEDED: Final = ["time", "host", "source_ip", "username", *_COUNTS]


def fleet(
    events: pd.DataFrame | Store, *, by: str = "network", least_hosts: int = 1
) -> pd.DataFrame:
    """Return one row a network or source that attacked, those on most servers first.

    Ties: more attempts first, then by text. Attempts count once (see `sessions`): refused logins,
    refused relaying, recipients that do not exist, broken protocol.

    Args:
        events: mail events of several servers, or a store.
        by: `network` (/24, /64 of IPv6) or `source_ip`.
        least_hosts: leave out who attacked fewer servers.

    Returns:
        The columns of `schema.FLEET`; `network` holds an address where `by` is `source_ip`.

    Raises:
        ArgumentError: `by` is neither.
        MissingColumnError: the table has no `time`, `event`, `source_ip` or `host`.
    """
    if by not in BY:
        raise ArgumentError(f"by={by!r} is no kind of attacker; use {' or '.join(BY)}.")
    order = ["hosts", "attempts", "network"]
    table = _of_store(events, by) if isinstance(events, Store) else _of(events, by)
    many = table.filter(pl.col("hosts") >= least_hosts).sort(order, descending=[True, True, False])
    return to_pandas(many, schema.FLEET)


def _of(events: pd.DataFrame, by: str) -> pl.DataFrame:
    schema.require(events, ["time", "event", "source_ip", "host"])
    return _by_place(count_once(stitch(events)), by)


def _of_store(store: Store, by: str) -> pl.DataFrame:
    with spilled(store, columns=_NEEDED) as spill:
        return pl.concat([_by_place(rows, by) for rows, _ in spill.shares()])


def _by_place(counted: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return one row a network or source of counted rows, in no order."""
    attempts = pl.sum_horizontal(*_COUNTS)
    rows = counted.with_columns(attempts=attempts).filter(pl.col("attempts") > 0)
    rows = rows.filter(pl.col("source_ip").is_not_null()).select(*_NEEDED, "attempts")
    rows = rows.join(_places(rows["source_ip"], by), on="source_ip")
    table = rows.group_by("network").agg(
        hosts=pl.col("host").n_unique(),
        host_names=pl.col("host").drop_nulls().unique().sort().head(HOSTS_SHOWN),
        attackers=pl.col("source_ip").n_unique(),
        attempts=pl.col("attempts").sum(),
        auth_failed=pl.col("failures").sum(),
        usernames=pl.col("username").filter(pl.col("failures") > 0).drop_nulls().n_unique(),
        first_seen=pl.col("time").min(),
        last_seen=pl.col("time").max(),
    )
    return table.with_columns(pl.col("host_names").list.join(NAMES_JOINED_BY))


def _places(addresses: pl.Series, by: str) -> pl.DataFrame:
    """Return for each address what it counts for: itself or its network."""
    unique = addresses.unique().sort()
    texts = pd.Series(unique.to_list(), dtype="str")
    places = texts if by == "source_ip" else network_of(texts)
    named = pl.Series("network", list(places), dtype=pl.String)
    return pl.DataFrame({"source_ip": unique}).with_columns(named)
