"""The network that knocked loudest: what a lesson or a figure looks at from close by."""

import ipaddress
from dataclasses import dataclass
from typing import Final

import pandas as pd
import polars as pl
import pyarrow.dataset as ds

from mailforensics.addresses import is_ipv6, network_of
from mailforensics.errors import ArgumentError
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store
from mailforensics.schema import require

NO_ADDRESS: Final = str(ipaddress.IPv4Address(0))  # no source: for a log without a client
NOWHERE: Final = f"{NO_ADDRESS}/24"
VERSIONS: Final = (None, 4, 6)


@dataclass(frozen=True, slots=True)
class Loudest:
    """The loudest network of a log.

    Attributes:
        network: its /24 or /64; `0.0.0.0/24` where the log names no client.
        source_ip: its loudest address.
        refused: how many of its logins were refused; 0 means that it is loud in another way.
        said: all of it in a sentence.
    """

    network: str
    source_ip: str
    refused: int
    said: str

    def __str__(self) -> str:
        return self.said


def loudest(events: pd.DataFrame | Store, *, version: int | None = None) -> Loudest:
    """Return the network with the most refused logins; where there are none, with the most lines.

    Ties go to the network and address that come first as text.

    Args:
        events: mail events, or firewall events: of those each blocked packet counts; or a store.
        version: only networks of IPv4 (4) or IPv6 (6); none: both.

    Raises:
        ArgumentError: `version` is neither.
        MissingColumnError: the table lacks source_ip, event, repeat or duplicate.
    """
    if isinstance(events, Store):
        events = _sums(events)
    require(events, ["source_ip", "event", "repeat", "duplicate"])
    if version not in VERSIONS:
        raise ArgumentError(f"version={version!r} is no kind of address; use 4, 6 or None.")
    known = events.loc[events["source_ip"].notna() & ~events["duplicate"]]
    if version is not None:
        known = known.loc[is_ipv6(known["source_ip"]) == (version == 6)]
    refused = known.loc[known["event"].isin(["auth_failed", "blocked"])]
    if known.empty:
        kind = "" if version is None else f" IPv{version}"
        return Loudest(
            NOWHERE, NO_ADDRESS, 0, f"No line of this log names a client's{kind} address."
        )
    counted = (refused if len(refused) else known).assign(
        network=lambda t: network_of(t["source_ip"])
    )
    network = _most(counted, "network")
    inside = counted.loc[counted["network"] == network]
    address, count = _most(inside, "source_ip"), int(inside["repeat"].sum())
    if refused.empty:
        said = f"Nothing was refused in this log. Most lines, {count:,}, are about {network}."
        return Loudest(network, address, 0, said)
    own = int(inside.loc[inside["source_ip"] == address, "repeat"].sum())
    said = (
        f"The loudest network is {network}: {count:,} refused tries from "
        f"{inside['source_ip'].nunique():,} of its addresses, {own:,} of them from {address}."
    )
    return Loudest(network, address, count, said)


def _sums(store: Store) -> pd.DataFrame:
    """Return one row an address and kind of event, with the sum of `repeat`, for all its lines."""
    named = Question(also=ds.field("source_ip").is_valid())
    keys = ["source_ip", "event"]
    parts = [
        frame.filter(~pl.col("duplicate")).group_by(keys).agg(pl.col("repeat").sum())
        for frame in store.frames(named, columns=[*keys, "repeat"])
    ]
    sums = pl.concat(parts).group_by(keys).agg(pl.col("repeat").sum())
    return sums.with_columns(duplicate=False).to_pandas()


def _most(table: pd.DataFrame, column: str) -> str:
    sums = table.groupby(column, as_index=False).agg(repeat=("repeat", "sum"))
    first = sums.sort_values(["repeat", column], ascending=[False, True])
    return str(first[column].iloc[0])
