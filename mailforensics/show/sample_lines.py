"""Log lines that show what a network did: a few of all, its signs of proper use first."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.dataset as ds

from mailforensics.addresses import Network
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store
from mailforensics.show.address_book import AddressBook

# Lines that no pattern understood may hold anything, a password that somebody typed too.
UNREAD: Final = ("server", "other", "unparsed")
# Signs of proper use first: they are few, and they are what a ban would hurt.
_LINE_ORDER: Final = {
    kind: place
    for place, kind in enumerate(
        ["auth_ok", "accepted", "auth_failed", "reject", "pregreet", "bad_command", "pipelining"]
    )
}
_TOLD_BY: Final = ["event", "source_ip"]
_SHOWN: Final = [*_TOLD_BY, "program", "message"]
_PLACE: Final = ["time", "file", "line"]


def sampler(events: pd.DataFrame | Store, *, most: int) -> Callable[[Network], pd.DataFrame]:
    """Return what gives the sample lines of a network, oldest first.

    Args:
        events: mail events, or a store: of that only lines of the network are read.
        most: how many lines at most.

    Returns:
        What takes a network and gives at least `time`, `file`, `line`, `event`, `source_ip`,
        `program` and `message` of its lines: one a kind and address.
    """
    if isinstance(events, Store):
        return partial(_of_store, events, most=most)
    book = AddressBook(events["source_ip"])
    return lambda network: _chosen(events.iloc[book.rows(network)], most)


def _of_store(store: Store, network: Network, *, most: int) -> pd.DataFrame:
    """Return the sample of a store: chosen by kind and address, then read with their words."""
    understood = ~ds.field("event").isin(list(UNREAD))
    inside = Question(networks=(network,), also=understood)
    chosen = _chosen(store.picked(inside, columns=_TOLD_BY), most)
    if chosen.empty:
        return chosen
    lines = np.unique(chosen["line"]).tolist()
    peers = tuple(chosen["source_ip"].unique())
    those = Question(values=(("source_ip", peers),), also=ds.field("line").isin(lines))
    return chosen[_PLACE].merge(store.picked(those, columns=_SHOWN), on=_PLACE)


def _chosen(inside: pd.DataFrame, most: int) -> pd.DataFrame:
    known = inside.loc[~inside["event"].isin(UNREAD)]
    first = known.groupby(_TOLD_BY, sort=False).head(1)
    order = first["event"].map(_LINE_ORDER).fillna(len(_LINE_ORDER))
    picked = first.loc[order.sort_values(kind="stable").index[:most]]
    return picked.sort_values(_PLACE)
