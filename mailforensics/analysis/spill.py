"""Counted rows that are too many for memory: on disk by network, and read back a share at a time.

All that is said of an address, or of its network, is said from the rows of one share.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import polars as pl

from mailforensics.analysis.accounts import account_key
from mailforensics.analysis.bridge import with_network
from mailforensics.analysis.shares import Shares
from mailforensics.analysis.stretches import for_each_stretch
from mailforensics.reading.stores.store import Store

if TYPE_CHECKING:
    import datetime as dt

# A share is this many times what is in memory of a store at a time.
_STRETCHES_A_SHARE: Final = 2
_MOST_SHARES: Final = 200
_NONE: Final = pl.DataFrame(schema={"source_ip": pl.String()})
_ORDER: Final = ["time", "file_rank", "line"]
_NOTED: Final = ("session", "host", "source_ip", "username", "failures", "logins")


class Spill:
    """Counted rows with an address, by shares of networks.

    Attributes:
        newest: time of the newest row; None if there is none.
        users: addresses from which a login worked.
        accounts: names of accounts in which a login worked, whatever their domain and server.
        hosts: servers that tell of logins.
    """

    def __init__(self, folder: Path, shares: int) -> None:
        self.newest: dt.datetime | None = None
        self.users: set[str] = set()
        self.accounts: set[str] = set()
        self.hosts: set[str] = set()
        self._shares = Shares(folder, shares)
        self._sessions = 0
        self._mixed: set[str] = set()

    def add(self, rows: pl.DataFrame) -> None:
        """Take the rows of one stretch, with `network`, each of its sessions whole."""
        self._note(rows)
        rows = rows.with_columns(pl.col("session").cast(pl.Int64) + self._sessions)
        self._sessions = max(self._sessions, cast("int | None", rows["session"].max()) or 0) + 1
        self._shares.add(rows, by=_share(self._shares.number))

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
        yield pl.concat(together).sort(_ORDER), other.filter(mixed)
        for one in range(number):
            rows = self._shares.read(one, test=~mixed).sort(_ORDER)
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
    shares = len(store) // (_STRETCHES_A_SHARE * store.rows_at_a_time) + 1
    wanted = list(
        dict.fromkeys(
            [*columns, *_ORDER, "session", "host", "source_ip", "username", "failures", "logins"]
        )
    )
    with tempfile.TemporaryDirectory(prefix="mailforensics-") as folder:
        spill = Spill(Path(folder), min(shares, _MOST_SHARES))
        for rows in for_each_stretch(store, partial(_picked, columns=wanted)):
            spill.add(rows)
        spill.close()
        yield spill


def _picked(rows: pl.DataFrame, *, columns: list[str]) -> pl.DataFrame:
    return with_network(rows.select(columns).drop_nulls("source_ip"))


def _share(shares: int) -> pl.Expr:
    return (pl.col("network").hash() % shares).cast(pl.Int32)
