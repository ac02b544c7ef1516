"""Let analyses take a store in place of events: one place says what each of them reads of it.

Only the columns and rows that an analysis looks at are read. What belongs together in time (the
lines of a connection) is on one host, so hosts are joined apart and put together at the end. With
a cluster, that happens on its workers, and only the answer comes back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, wraps
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar, cast

import pandas as pd
import polars as pl
import pyarrow.compute as pc
import pyarrow.dataset as ds

from mailforensics import schema
from mailforensics.analysis.bridge import BEGINS
from mailforensics.analysis.stitching import MAIL_PROCESS, NEEDED
from mailforensics.analysis.stitching_names import BACK, SMTP
from mailforensics.reading.stores.cluster import current_client, on_workers
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Args = tuple[Any, ...]
Kwargs = dict[str, Any]
_SPEAKERS: Final = [*SMTP, *BACK, *MAIL_PROCESS]
_COUNTED: Final = ("repeat", "host", "event", "source_ip")


class Adapter(Protocol):
    """What makes an analysis of a table one that takes a store as well."""

    def __call__(
        self, analysis: Callable[Concatenate[T, P], R], /
    ) -> Callable[Concatenate[T | Store, P], R]:
        """Return it so made."""


@dataclass(frozen=True, slots=True)
class Need:
    """What an analysis reads of a store.

    Attributes:
        columns: beside time, place, host, event and source.
        rows: `clients` (lines of a connection or with a peer), `mail` (those and lines with a
            queue id), or `all`.
        message: which lines' texts: `none`, `spoken` (where words are looked at again), `mail`
            (those and deliveries).
    """

    columns: tuple[str, ...] = ()
    rows: str = "all"
    message: str = "none"


CONNECTIONS: Final = Need(tuple(NEEDED), "clients", "spoken")
MAIL: Final = Need(
    (*NEEDED, "queue_id", "sender", "recipient", "relay", "size", "delay"),
    "mail",
    "mail",
)
EVERY_LINE: Final = Need(MAIL.columns, "all", "mail")
LOGINS: Final = Need(tuple(NEEDED), "all", "spoken")
EVERYTHING: Final = Question()
PACKETS: Final = Need(("direction", "dest_port"))


def takes_stores(need: Need) -> Adapter:
    """Let an analysis of events take a store: it gets what it needs of it."""

    def answer(either: Callable[..., R], store: Store, args: Args, kwargs: Kwargs) -> R:
        # The function by its public name, since that is how it travels.
        return on_whole(store, partial(_called, either, args, kwargs), need)

    return _for_stores(answer)


def through(first: Callable[[pd.DataFrame | Store], pd.DataFrame]) -> Adapter:
    """Let an analysis of another table take a store: `first` makes that table of it."""

    def answer(either: Callable[..., R], store: Store, args: Args, kwargs: Kwargs) -> R:
        return either(first(store), *args, **kwargs)

    return _for_stores(answer)


def _for_stores(answer: Callable[..., Any]) -> Adapter:
    """Return a decorator: stores go to `answer`, tables to the analysis itself."""

    def give(
        analysis: Callable[Concatenate[T, P], R],
    ) -> Callable[Concatenate[T | Store, P], R]:
        @wraps(analysis)
        def either(table: T | Store, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if isinstance(table, Store):
                return cast("R", answer(either, table, args, kwargs))
            return analysis(table, *args, **kwargs)

        return either

    return give


def _called(
    analysis: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any], events: pd.DataFrame
) -> R:
    return analysis(events, *args, **kwargs)


def on_whole(store: Store, analysis: Callable[[pd.DataFrame], R], need: Need) -> R:
    """Run an analysis on what it needs of a whole store, on a worker if there is a cluster."""
    work = partial(_read_and_run, store, analysis, need)
    return on_workers([work], client=current_client(store.client))[0]


def _read_and_run(store: Store, analysis: Callable[[pd.DataFrame], R], need: Need) -> R:
    return analysis(project(store, need))


def project(store: Store, need: Need, *, within: Question = EVERYTHING) -> pd.DataFrame:
    """Return what an analysis needs of a store as a table of events, in the order of events.

    Its `attrs` say in which order the files begin, since rows that would show it may be left out.
    """
    wanted = [*_COUNTED, *need.columns, *(["message"] if need.message != "none" else [])]
    question = replace(within, also=_rows(need))
    result = store.picked(question, columns=wanted, change=partial(_thinned, need=need))
    if need.rows != "all" or within != EVERYTHING:
        result.attrs[BEGINS] = store.begins
    return result


def _rows(need: Need) -> Any:  # noqa: ANN401 - a PyArrow expression
    if need.rows == "all":
        return None
    service = ds.field("service")
    front = service.isin(_SPEAKERS) | pc.ends_with(service, "-login")
    clients = front | ds.field("source_ip").is_valid() | (ds.field("event") == "auth_failed")
    return clients | ds.field("queue_id").is_valid() if need.rows == "mail" else clients


def _thinned(frame: pl.DataFrame, *, need: Need) -> pl.DataFrame:
    """Leave out the texts that nobody looks at again: they are most of a log."""
    if need.message == "none":
        return frame
    service, event = pl.col("service"), pl.col("event")
    front = service.is_in(_SPEAKERS) | service.str.ends_with("-login")
    spoken = (front & ~service.is_in(SMTP)) | (event == "reject")
    spoken = spoken | ((event == "disconnect") & sent_no_text())
    if need.message == "mail":
        spoken = spoken | (service == "smtp") | (event == "message_id")
    return frame.with_columns(message=pl.when(spoken).then("message"))


def sent_no_text() -> pl.Expr:
    """Return whether the counters of a disconnect line say that no text of a mail was sent."""
    message = pl.col("message")
    begun = message.str.contains(" mail=", literal=True)
    return begun & ~message.str.contains(" (?:data|bdat)=[1-9]")


def hosts_apart(store: Store) -> list[str | None]:
    """Return the servers whose lines are joined apart; None for all, where some name none."""
    apart = len(store.hosts) > 1 and not store.has_lines_without_host
    return [*store.hosts] if apart else [None]


def for_each_host(store: Store, work: Callable[[Store, str | None], R]) -> list[R]:
    """Do work for each of `hosts_apart`, on workers if there is a cluster."""
    pieces = [partial(work, store, host) for host in hosts_apart(store)]
    return on_workers(pieces, client=current_client(store.client))


def firewall_table(packets: pd.DataFrame | Store | None) -> pd.DataFrame | None:
    """Return firewall events, of a store those that came in; None stays None."""
    if not isinstance(packets, Store):
        return packets
    return project(packets, PACKETS) if len(packets) else schema.empty(packets.table)
