"""Counted rows that are too many for memory: on disk by network, and read back a share at a time.

All that is said of an address, or of its network, is said from the rows of one share.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, cast

import polars as pl

from mailforensics.analysis.accounts import account_key
from mailforensics.analysis.bridge import with_network
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

_NONE: Final = pl.DataFrame(schema={"source_ip": pl.String()})
_NOTED: Final = ("session", "host", "source_ip", "username", "failures", "logins")


class Spill:
    """Counted rows with an address, by shares of networks.

    Attributes:
        newest: time of the newest row; None if there is none.
        users: addresses from which a login worked.
        accounts: names of accounts in which a login worked, whatever their domain and server.
        hosts: servers that tell of logins.
    """

    def __init__(self, shares: Shares) -> None:
        self.newest: dt.datetime | None = None
        self.users: set[str] = set()
        self.accounts: set[str] = set()
        self.hosts: set[str] = set()
        self._shares = shares
        self._sessions = Sessions()
        self._mixed: set[str] = set()

    def add(self, rows: pl.DataFrame) -> None:
        """Take the rows of one stretch, with `network`, each of its sessions whole."""
        self._note(rows)
        self._shares.add(self._sessions.numbered(rows), by=_share(self._shares.number))

    def _note(self, rows: pl.DataFrame) -> None:
        newest = cast("dt.datetime | None", rows["time"].max())
        if newest is not None:
            self.newest = newest if self.newest is None else max(newest, self.newest)
        tries = rows.filter((pl.col("failures") > 0) | (pl.col("logins") > 0))
        self.hosts |= set(tries["host"].drop_nulls().unique())
        worked = tries.filter(pl.col("logins") > 0)
        self.users |= set(worked["source_ip"].unique())
        self.accounts |= set(worked.select(account_key()).to_series().drop_nulls().unique())
        several = rows.drop_nulls("session").filter(
            pl.col("network").n_unique().over("session") > 1
        )
        self._mixed |= set(several["network"].unique())

    def close(self) -> None:
        """Write no more."""
        self._shares.close()

    def shares(
        self, *, beside: pl.DataFrame = _NONE
    ) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
        """Yield the rows of each share, in the order of events, and what another table has of it.

        Networks that one session joins are in the first share.

        Args:
            beside: the other table; it has `source_ip`.
        """
        number = self._shares.number
        mixed, share = pl.col("network").is_in(list(self._mixed)), _share(number)
        other = with_network(beside)
        together = [self._shares.read(one, test=mixed) for one in range(number)]
        yield pl.concat(together).sort(IN_ORDER), other.filter(mixed)
        for one in range(number):
            rows = self._shares.read(one, test=~mixed).sort(IN_ORDER)
            yield rows, other.filter(~mixed & (share == one))

    def telling(self, tries: pl.DataFrame) -> pl.DataFrame:
        """Return the tries by an address, or on an account, that a login ever worked for."""
        user = pl.col("source_ip").cast(pl.String).is_in(list(self.users))
        return tries.filter(user | account_key().is_in(list(self.accounts)))


@contextmanager
def spilled(store: Store, *, columns: Sequence[str]) -> Iterator[Spill]:
    """Give the counted rows of a store as a spill, in a temporary folder of this machine.

    Args:
        store: mail events.
        columns: which columns; those of `Spill` come with them.
    """
    wanted = list(dict.fromkeys([*columns, *IN_ORDER, *_NOTED]))
    with shares_on_disk(len(store), at_a_time=STRETCHES_A_SHARE * store.rows_at_a_time) as shares:
        spill = Spill(shares)
        for rows in for_each_stretch(store, partial(_picked, columns=wanted)):
            spill.add(rows)
        spill.close()
        yield spill


def _picked(rows: pl.DataFrame, *, columns: list[str]) -> pl.DataFrame:
    return with_network(rows.select(columns).drop_nulls("source_ip"))


def _share(shares: int) -> pl.Expr:
    return (pl.col("network").hash() % shares).cast(pl.Int32)
