"""Dask clusters on this machine, and what makes two tables the same."""

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
from distributed import Client, LocalCluster


@contextmanager
def dask_workers(number: int, *, processes: bool = True) -> Iterator[Client]:
    """Give workers of one thread each, and nothing listening beside them."""
    with (
        LocalCluster(
            n_workers=number, threads_per_worker=1, processes=processes, dashboard_address=None
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Two tables are the same, and so are the bytes of their CSV."""
    pd.testing.assert_frame_equal(found, wanted)
    assert found.to_csv() == wanted.to_csv()
