"""The lines of a log part by part, each with how often it counts: of a store never all at a time.

A table is one part, so that what is summed up over parts is written once for both.
"""

from collections.abc import Iterator
from typing import Final, cast

import pandas as pd
import polars as pl
import pyarrow.dataset as ds

from mailforensics.analysis.refusals import REFUSED, counted_lines
from mailforensics.analysis.stitching_names import BACK
from mailforensics.analysis.stretches import for_each_stretch
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store
from mailforensics.schema import require

_TRIES: Final = ["auth_tried", "auth_ok"]
_PLACE: Final = ["file", "line"]


def counted_parts(
    events: pd.DataFrame | Store,
    *,
    columns: list[str],
    kinds: tuple[str, ...] | None = None,
    source_ip: str | None = None,
) -> Iterator[pd.DataFrame]:
    """Yield the lines that count, of a store part by part, in no order.

    Args:
        events: mail or firewall events, or a store.
        columns: which columns come with `event` and `repeat`.
        kinds: which events; none: all.
        source_ip: of which peer; none: of all.

    Yields:
        Tables in which `repeat` says how often a line counts: a refused login once a try, however
        many lines tell of it (0 where another line does), others as often as they were folded.

    Raises:
        MissingColumnError: the table lacks one of the columns, event, repeat or duplicate.
    """
    shown = list(dict.fromkeys([*columns, "event", "repeat"]))
    if isinstance(events, Store):
        asked = {"event": kinds, "source_ip": None if source_ip is None else (source_ip,)}
        values = tuple((name, given) for name, given in asked.items() if given is not None)
        for rows in _parts_of(events, shown, Question(values=values)):
            yield rows.select(shown).to_pandas()
        return
    require(events, [*shown, "duplicate"])
    chosen = ~events["duplicate"]
    if kinds is not None:
        chosen &= events["event"].isin(kinds)
    if source_ip is not None:
        chosen &= events["source_ip"] == source_ip
    yield events[shown].assign(repeat=counted_lines(events)).loc[chosen]


def has_kind(events: pd.DataFrame | Store, kind: str) -> bool:
    """Say whether a log holds an event of this kind."""
    if not isinstance(events, Store):
        return bool((events["event"] == kind).any())
    frames = events.frames(Question(values=(("event", (kind,)),)), columns=[])
    return any(len(frame) for frame in frames)


def newest(events: pd.DataFrame | Store) -> pd.Timestamp:
    """Return the time of the newest line, UTC; NaT where none has a time."""
    if isinstance(events, Store):
        frames = events.frames(Question(), columns=[])
        times = pl.concat(frame.select(pl.col("time").max()) for frame in frames)
        return cast("pd.Timestamp", times.max().to_pandas()["time"].iloc[0])
    return cast("pd.Timestamp", events["time"].max())


def _parts_of(store: Store, columns: list[str], question: Question) -> Iterator[pl.DataFrame]:
    mail = store.kind == "mail"
    told = _told_elsewhere(store) if mail and tells_twice(store) else None
    asked = list(dict.fromkeys([*columns, *(_TRIES if mail else [])]))
    for frame in store.frames(question, columns=[name for name in asked if name not in _PLACE]):
        rows = frame.filter(~pl.col("duplicate"))
        rows = rows.with_columns(repeat=pl.col("repeat").fill_null(1).cast(pl.Int64))
        if mail:
            rows = rows.with_columns(repeat=tries_alone())
        if told is not None:
            rows = rows.with_columns(pl.col("file").cast(pl.String))
            rows = rows.join(told, on=_PLACE, how="left", maintain_order="left")
            rows = rows.with_columns(repeat=pl.coalesce("failures", "repeat"))
        yield rows


def tries_alone() -> pl.Expr:
    """Return how often a line counts by itself: a refused login as often as it was tried."""
    missed = pl.col("auth_tried").fill_null(1) - pl.col("auth_ok").fill_null(0)
    times = pl.when(pl.col("event") == REFUSED).then(missed.clip(1)).otherwise(1)
    return pl.col("repeat").fill_null(1) * times


def tells_twice(store: Store) -> bool:
    """Say whether the auth service tells of refused logins, which other lines may tell of too."""
    told = (ds.field("event") == REFUSED) & ds.field("service").isin(list(BACK))
    frames = store.frames(Question(also=told), columns=["event"])
    return any(not frame["duplicate"].all() for frame in frames)


def _told_elsewhere(store: Store) -> pl.DataFrame:
    """Return the refused logins that count otherwise than by themselves, with their `failures`."""
    return pl.concat(for_each_stretch(store, _otherwise))


def _otherwise(rows: pl.DataFrame) -> pl.DataFrame:
    refused = rows.filter(pl.col("event") == REFUSED).with_columns(alone=tries_alone())
    apart = refused.filter(pl.col("failures") != pl.col("alone"))
    return apart.select(
        pl.col("file").cast(pl.String), pl.col("line").cast(pl.Int64), pl.col("failures")
    )
