"""Count a store's connections stretch by stretch: memory follows a day of a server, not the log.

A stretch is a day of one server, or several quiet ones. Lines of connections that may go on are
carried over its edge, and joined anew with those of the next; so the rows are, number for number,
those that joining the whole log at once would give.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

import pandas as pd
import polars as pl

from mailforensics.analysis.attempts import count_once
from mailforensics.analysis.bridge import BEGINS, ONLY_HOST
from mailforensics.analysis.stitching import stitch
from mailforensics.analysis.stores import CONNECTIONS, hosts_apart, project
from mailforensics.analysis.stretches_ahead import Ahead, look_ahead
from mailforensics.analysis.stretches_open import goes_on
from mailforensics.reading.stores.cluster import current_client, in_turn_on_workers
from mailforensics.reading.stores.spans import spans
from mailforensics.reading.stores.store import Store

R = TypeVar("R")


def for_each_stretch(store: Store, work: Callable[[pl.DataFrame], R]) -> Iterator[R]:
    """Yield what work makes of the counted rows of each stretch of each server.

    With a cluster, a server's stretches are counted on one of its workers, and what work made of
    them travels back.
    """
    client = current_client(store.client)
    if client is None:
        for host in hosts_apart(store):
            yield from map(work, counted_stretches(store, host))
        return
    pieces = [partial(_worked, store, host, work) for host in hosts_apart(store)]
    for made in in_turn_on_workers(pieces, client=client):
        yield from made


def _worked(store: Store, host: str | None, work: Callable[[pl.DataFrame], R]) -> list[R]:
    return list(map(work, counted_stretches(store, host)))


def counted_stretches(store: Store, host: str | None) -> Iterator[pl.DataFrame]:
    """Yield the counted rows of one server, stretch by stretch, each session whole in one of them.

    Args:
        store: mail events.
        host: the server; None for all together.
    """
    questions = spans(store, host=host)
    ahead = look_ahead(store, questions)
    carried: pd.DataFrame | None = None
    for number, question in enumerate(questions):
        table = _carried_on(carried, project(store, CONNECTIONS, within=question), ahead)
        rows = count_once(stitch(table))
        if number == len(questions) - 1:
            yield rows
            return
        going = goes_on(rows, ahead, stretch=number)
        carried = table.iloc[rows.filter(going)["row"].to_numpy()]
        yield rows.filter(~going)


def _carried_on(carried: pd.DataFrame | None, new: pd.DataFrame, ahead: Ahead) -> pd.DataFrame:
    table = new if carried is None else pd.concat([carried, new], ignore_index=True)
    table.attrs = {name: new.attrs[name] for name in (BEGINS,) if name in new.attrs}
    if ahead.only_host is not None:
        table.attrs[ONLY_HOST] = ahead.only_host
    return table
