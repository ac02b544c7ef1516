"""What a store tells of logins and of mail: on disk, and read back as far as an answer needs it.

On an attacked server nearly all of it is refused logins that say nothing of any account in use.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import polars as pl

from mailforensics.analysis.attempts import FAILED, WORKED
from mailforensics.analysis.campaigns_attempts import with_endings
from mailforensics.analysis.shares import (
    IN_ORDER,
    STRETCHES_A_SHARE,
    Sessions,
    Shares,
    shares_on_disk,
)
from mailforensics.analysis.stretches import for_each_stretch
from mailforensics.reading.stores.store import Store

if TYPE_CHECKING:
    import datetime as dt

_COUNTS: Final = ("failures", "logins", "unexplained", "mails", "relays", "strangers", "bad")
_KEPT: Final = [
    *("time", "file", "file_rank", "line", "session", "host", "source_ip", "username"),
    *("program", "sasl_method", "ending", "cut", *_COUNTS),
]
_TELLS: Final = ("failures", "logins", "mails", "relays", "strangers", "bad")
_ANY: Final = pl.lit(value=True)


@dataclass(frozen=True, slots=True)
class Told:
    """What a stretch of a store tells.

    Attributes:
        rows: counted rows with a peer that tell of something.
        refused: logins refused, by anybody.
        times: first and last time of a row with a peer.
    """

    rows: pl.DataFrame
    refused: int
    times: tuple["dt.datetime | None", "dt.datetime | None"]


class Shelf:
    """The telling rows of a whole store.

    Attributes:
        refused: logins refused, each counted once.
        addresses: those that tell of something.
        hosts: servers that tell of logins.
        begin: first time of a row with a peer; None if there is none.
        end: the last.
    """

    def __init__(self, shares: Shares) -> None:
        self.refused = 0
        self.addresses: set[str] = set()
        self.hosts: set[str] = set()
        self.begin: dt.datetime | None = None
        self.end: dt.datetime | None = None
        self._sessions = Sessions()
        self._rows = shares

    def add(self, told: Told) -> None:
        """Take what a stretch tells; each of its sessions is whole."""
        self.refused += told.refused
        first, last = told.times
        self.begin = min((t for t in (self.begin, first) if t is not None), default=None)
        self.end = max((t for t in (self.end, last) if t is not None), default=None)
        rows = self._sessions.numbered(told.rows)
        self.hosts |= set(rows.filter(FAILED | WORKED)["host"].drop_nulls().unique())
        self.addresses |= set(rows["source_ip"].unique())
        self._rows.add(rows, by=pl.col("source_ip").hash() % self._rows.number)

    def close(self) -> None:
        """Take no more."""
        self._rows.close()

    def rows(self, test: pl.Expr = _ANY) -> pl.DataFrame:
        """Return the rows that meet a test, oldest first, numbered anew as `order`."""
        return _in_order(self.shares(test))

    def first_rows(self, test: pl.Expr, *, each: int) -> pl.DataFrame:
        """Return the same, at most so many of each address: its first ones."""
        turn = pl.int_range(pl.len()).over("source_ip")
        shares = (rows.filter(turn < each) for rows in self.shares(test))
        return _in_order(shares)

    def shares(self, test: pl.Expr = _ANY) -> Iterator[pl.DataFrame]:
        """Yield the rows that meet a test in parts that each hold all of some addresses."""
        for share in range(self._rows.number):
            rows = self._rows.read(share, test=test)
            yield rows.sort(IN_ORDER).with_row_index("order")


def _in_order(shares: Iterable[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(shares).drop("order").sort(IN_ORDER).with_row_index("order")


@contextmanager
def shelved(store: Store) -> Iterator[Shelf]:
    """Give what a store tells, in a temporary folder of this machine."""
    with shares_on_disk(len(store), at_a_time=STRETCHES_A_SHARE * store.rows_at_a_time) as shares:
        shelf = Shelf(shares)
        for told in for_each_stretch(store, _told):
            shelf.add(told)
        shelf.close()
        yield shelf


def _told(rows: pl.DataFrame) -> Told:
    clients = rows.filter(pl.col("source_ip").is_not_null())
    times = clients["time"]
    telling = clients.filter(pl.any_horizontal(pl.col(name) > 0 for name in _TELLS))
    return Told(
        with_endings(telling, rows).select(_KEPT),
        int(rows["failures"].sum()),
        cast("tuple[dt.datetime | None, dt.datetime | None]", (times.min(), times.max())),
    )
