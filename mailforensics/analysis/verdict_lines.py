"""What the lines of a log come to, as the verdict on break-ins rests on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.analysis.bridge import to_polars
from mailforensics.analysis.stores import for_each_host
from mailforensics.reading.audit_notes import once
from mailforensics.reading.audit_silences import Silences
from mailforensics.reading.stores.cluster import current_client, on_workers
from mailforensics.reading.stores.question import of_host
from mailforensics.reading.stores.spans import times_in_turn
from mailforensics.reading.stores.store import Store

if TYPE_CHECKING:
    import datetime as dt

_COLUMNS: Final = ["event", "service", "username", "auth_ok", "auth_tried", "commands_tried"]
_EVENT: Final = pl.col("event")


@dataclass(frozen=True, slots=True)
class Silence:
    """The longest time without a line; both times are null where none is worth a note."""

    begin: "dt.datetime | None" = None
    end: "dt.datetime | None" = None

    @property
    def hours(self) -> float:
        """How long it was."""
        if self.begin is None or self.end is None:
            return 0.0
        return (self.end - self.begin).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class Lines:
    """Sums over the lines of a log.

    Attributes:
        counts: one row: `lines`, `logins`, `sent`, `none` (disconnects after failures only),
            `unexplained` (with `auth=1`), `begin` and `end` of those that count; and of all
            `first` and `last` time, `understood`, `unread`, `worked`, `failed` and, of these,
            `nameless`; `closings` of smtpd and those `with_counters`; lines `of_mailboxes` (a
            login service of Dovecot) and `of_smtpd`.
        silence: the longest.
    """

    counts: dict[str, int]
    times: dict[str, "dt.datetime | None"]
    silence: Silence


def lines_of(events: pd.DataFrame | Store) -> Lines:
    """Return what the lines of a log come to; of a store part by part."""
    if isinstance(events, Store):
        client = current_client(events.client)
        silence = on_workers([partial(_silence_of_store, events)], client=client)[0]
        return _lines(_sums_of_store(events), silence)
    wanted = ["time", "file", *_COLUMNS, "repeat", "duplicate"]
    rows = to_polars(events, schema.MAIL_EVENTS, only=wanted)
    return _lines(_sums(rows), _longest([once(rows.with_columns(pl.col("file").fill_null("")))]))


def span_of(store: Store) -> tuple["dt.datetime | None", "dt.datetime | None"]:
    """Return the first and the last time of the lines of a store that count."""
    sums = _sums_of_store(store)
    return (
        cast("dt.datetime | None", sums["begin"].min()),
        cast("dt.datetime | None", sums["end"].max()),
    )


def _sums_of_store(store: Store) -> pl.DataFrame:
    return pl.concat(for_each_host(store, _sums_of_host))


def _sums_of_host(store: Store, host: str | None) -> pl.DataFrame:
    frames = store.frames(of_host(host), columns=[*_COLUMNS, "repeat"])
    return pl.concat([_sums(frame) for frame in frames])


def _sums(rows: pl.DataFrame) -> pl.DataFrame:
    ok, service = pl.col("auth_ok").fill_null(0), pl.col("service").fill_null("")
    named, is_open = pl.col("username").is_not_null(), ~pl.col("duplicate").fill_null(value=False)
    closed, failed = _EVENT == "disconnect", _EVENT == "auth_failed"
    tried = closed & (pl.col("auth_tried").fill_null(0) > 0)
    sent, unread = (_EVENT == "accepted") & named, _EVENT.is_in(["other", "unparsed"])
    closing = closed & (service == "smtpd")
    tests = {
        "lines": is_open,
        "sent": is_open & sent,
        "none": is_open & tried & (ok == 0),
        "unexplained": is_open & closed & (ok > 0),
        "understood": ~unread,
        "unread": unread,
        "worked": (_EVENT == "auth_ok") | (ok > 0) | sent,
        "failed": failed,
        "nameless": failed & ~named,
        "closings": closing,
        "with_counters": closing & pl.col("commands_tried").is_not_null(),
        "of_mailboxes": service.str.ends_with("-login"),
        "of_smtpd": service == "smtpd",
    }
    logins = pl.col("repeat").cast(pl.Int64).filter(is_open & (_EVENT == "auth_ok")).sum()
    counts = {name: test.fill_null(value=False).sum() for name, test in tests.items()}
    time = pl.col("time")
    return rows.select(
        *(count.cast(pl.Int64).alias(name) for name, count in counts.items()),
        logins=logins,
        begin=time.filter(is_open).min(),
        end=time.filter(is_open).max(),
        first=time.min(),
        last=time.max(),
    )


def _lines(sums: pl.DataFrame, silence: Silence) -> Lines:
    lows, highs = ("begin", "first"), ("end", "last")
    counts = sums.drop(*lows, *highs).sum().row(0, named=True)
    times = sums.select(pl.col(lows).min(), pl.col(highs).max()).row(0, named=True)
    return Lines({name: int(count or 0) for name, count in counts.items()}, times, silence)


def _silence_of_store(store: Store) -> Silence:
    return _longest(times_in_turn(store))


def _longest(times: Iterable[pl.DataFrame]) -> Silence:
    silences = Silences()
    for table in times:
        silences.add(table)
    return Silence(*silences.longest())
