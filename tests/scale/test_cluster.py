"""The same on the workers of a Dask cluster: same bytes, whatever happens to a worker."""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client, LocalCluster
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mailforensics as mf
from tests.clusters import assert_same, dask_workers
from tests.fleet import write_fleet


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two worker processes of one thread each, and nothing listening beside them."""
    with dask_workers(2) as client:
        yield client


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs of three servers."""
    return write_fleet(tmp_path_factory.mktemp("logs"))


def test_workers_read_and_analyse_to_the_same_bytes(
    client: Client, logs: Path, tmp_path: Path
) -> None:
    """Two workers give the tables that one process gives."""
    events = mf.read_mail_log(logs)
    store = mf.ingest(logs, store=tmp_path, client=client)
    assert store.client is client
    assert_same(store.events(), events)
    assert_same(mf.sessions(store), mf.sessions(events))
    assert_same(mf.sources(store), mf.sources(events))
    assert_same(mf.breaches(store), mf.breaches(events))
    assert_same(mf.messages(store), mf.messages(events))
    assert_same(mf.campaigns(store).members, mf.campaigns(events).members)
    assert str(mf.verdict(store)) == str(mf.verdict(events))
    assert_same(mf.timeline(store, by="host"), mf.timeline(events, by="host"))
    assert_same(mf.audit(store), mf.audit(events))
    assert_same(mf.fleet(store), mf.fleet(events))


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    workers=st.sampled_from([1, 2, 3]),
    chunk=st.sampled_from([20_000, 10**6]),
    rows=st.sampled_from([1_000, 10**6]),
)
def test_any_number_of_workers_and_any_cutting_gives_the_same(
    logs: Path, workers: int, chunk: int, rows: int
) -> None:
    """Files in chunks, servers in stretches, one worker or three: nobody sees it in the tables."""
    events = mf.read_mail_log(logs)
    with (
        tempfile.TemporaryDirectory() as place,
        LocalCluster(n_workers=workers, processes=False, dashboard_address=None) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        store = mf.ingest(logs, store=place, client=client, chunk_bytes=chunk)
        store.rows_at_a_time = rows
        for analysis in (mf.sessions, mf.sources, mf.fleet, mf.timeline):
            assert_same(analysis(store), analysis(events))


def test_a_lost_worker_costs_time_and_no_line(client: Client, logs: Path, tmp_path: Path) -> None:
    """A worker that is killed in the middle leaves no trace in the tables."""
    pids = client.run(os.getpid)
    files_read = threading.Event()

    def told(what: str) -> None:
        if what.endswith(": read") and not files_read.is_set():
            files_read.set()
            os.kill(next(iter(pids.values())), signal.SIGKILL)

    store = mf.ingest(logs, store=tmp_path, client=client, chunk_bytes=50_000, progress=told)
    assert files_read.is_set()
    assert_same(store.events(), mf.read_mail_log(logs))


def test_a_poisoned_file_is_named_and_stops_nothing(
    client: Client, logs: Path, tmp_path: Path
) -> None:
    """A file that no worker can read stands in the audit with the reason."""
    mine = tmp_path / "logs"
    shutil.copytree(logs / "mx1", mine)
    (mine / "mail.log.3").write_bytes(b"SQLite format 3\0" + bytes(5000))
    audit = mf.ingest(mine, store=tmp_path / "store", client=client).audit()
    notes = dict(zip(audit["file"], audit["notes"], strict=True))
    assert "this is a database, not a text log" in notes["mail.log.3"]
    assert audit["events"].gt(0).sum() == 3
