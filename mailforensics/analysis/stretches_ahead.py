"""What must be known of a whole log before it is counted stretch by stretch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import polars as pl
import pyarrow.compute as pc
import pyarrow.dataset as ds

from mailforensics.analysis.stitching import GAP_SECONDS, LASTED, MAIL_PROCESS
from mailforensics.analysis.stitching_names import BACK, SMTP, session_name
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store

# Lines of one moment in two programs may stand some seconds apart.
_SLACK_SECONDS: Final = 60
# Small tables are put together when there are so many.
_MOST_TABLES: Final = 64


@dataclass(frozen=True, slots=True)
class Ahead:
    """What later stretches tell of the lines of earlier ones.

    Attributes:
        edges: beginning of each stretch but the first two, in microseconds since 1970.
        only_host: whose the lines without a host are; None where all have one.
        lasted: seconds, the longest that a login line says its connection had been open.
        names: `key` (see `name_key`) and `last` (the last stretch) of Dovecot's sessions that
            several stretches tell of.
    """

    edges: tuple[int, ...]
    only_host: str | None
    lasted: int
    names: pl.DataFrame

    @property
    def reach(self) -> int:
        """Seconds after its last line in which a connection may still go on."""
        return max(GAP_SECONDS, self.lasted) + _SLACK_SECONDS

    def going_on(self, stretch: int) -> pl.Series:
        """Return the names of which a later stretch tells too."""
        return self.names.filter(pl.col("last") > stretch)["key"]


def name_key(only_host: str | None) -> pl.Expr:
    """Return a number for Dovecot's name of a session on its server; null without a name."""
    host = pl.col("host").fill_null(only_host or "")
    name = session_name()
    key = pl.concat_str(host, pl.lit("\0"), name).hash()
    return pl.when(name.is_not_null()).then(key)


def look_ahead(store: Store, questions: Sequence[Question]) -> Ahead:
    """Return what the stretches that these questions ask for tell of one another."""
    edges = tuple(question.start for question in questions if question.start is not None)
    only_host = _only_host(store, questions[0]) if store.has_lines_without_host else None
    none = pl.DataFrame(schema={"key": pl.UInt64, "first": pl.Int32, "last": pl.Int32})
    if len(questions) == 1:
        return Ahead(edges, only_host, 0, none)
    tables, lasted = [none], 0
    everything = replace(questions[0], untimed=False, also=_dovecot())
    for frame in store.frames(everything, columns=["host", "service", "message"]):
        known = frame.with_columns(
            key=name_key(only_host),
            stretch=_stretch(edges),
            lasted=pl.col("message").str.extract(LASTED).cast(pl.Int64),
        )
        lasted = max(lasted, cast("int", known["lasted"].max() or 0))
        named = known.drop_nulls("key").group_by("key")
        tables.append(named.agg(first=pl.col("stretch").min(), last=pl.col("stretch").max()))
        if len(tables) > _MOST_TABLES:
            tables = [_together(tables)]
    several = _together(tables).filter(pl.col("first") < pl.col("last"))
    return Ahead(edges, only_host, lasted, several)


def _together(tables: list[pl.DataFrame]) -> pl.DataFrame:
    found = pl.concat(tables).group_by("key")
    return found.agg(pl.col("first").min(), pl.col("last").max())


def _stretch(edges: tuple[int, ...]) -> pl.Expr:
    """Return the number of the stretch of each line: 0 without a time, then 1 and on."""
    time = pl.col("time").dt.epoch("us")
    begun = pl.lit(pl.Series(edges, dtype=pl.Int64)).search_sorted(time, side="right")
    return pl.when(time.is_null()).then(0).otherwise(begun + 1).cast(pl.Int32)


def _dovecot() -> Any:  # noqa: ANN401 - a PyArrow expression
    service = ds.field("service")
    return service.isin([*BACK, *MAIL_PROCESS]) | pc.ends_with(service, "-login")


def _only_host(store: Store, first: Question) -> str:
    """Return the only server of lines of connections, or no name if there are several."""
    asked = replace(first, untimed=False, also=_dovecot() | ds.field("service").isin(SMTP))
    known: set[str] = set()
    for frame in store.frames(asked, columns=["host"]):
        counted = frame.filter(~pl.col("duplicate"))
        known |= set(counted["host"].drop_nulls().unique())
    return known.pop() if len(known) == 1 else ""
