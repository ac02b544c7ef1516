"""Analyses say of a store what they say of a table of events, to the byte."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import mailforensics as mf
from tests.fleet import WEEK, write_fleet
from tests.logs import hard_log

Pair = tuple[pd.DataFrame, mf.Store]


def assert_same(found: Any, wanted: Any) -> None:
    """Two answers are the same: tables by dtype, order and bytes, all else by value."""
    if isinstance(wanted, pd.DataFrame):
        pd.testing.assert_frame_equal(found, wanted)
        assert found.to_csv() == wanted.to_csv()
        return
    for field in fields(wanted):
        ours, theirs = getattr(found, field.name), getattr(wanted, field.name)
        if isinstance(theirs, pd.DataFrame):
            assert_same(ours, theirs)
        else:
            assert ours == theirs, field.name


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The logs of three servers, in memory and in a store."""
    logs = write_fleet(tmp_path_factory.mktemp("logs"))
    store = mf.ingest(logs, store=tmp_path_factory.mktemp("store"), chunk_bytes=400_000)
    return mf.read_mail_log(logs), store


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Lines without a host, two files that hold the same, hosts that share a file."""
    logs = tmp_path_factory.mktemp("logs")
    (logs / "mail.log").write_bytes(hard_log(2))
    (logs / "mail.info").write_bytes(hard_log(1))
    source = [str(WEEK), str(logs)]
    return mf.read_mail_log(source), mf.ingest(source, store=tmp_path_factory.mktemp("store"))


ANALYSES: dict[str, Callable[[Any], Any]] = {
    "sessions": mf.sessions,
    "timeline by event": lambda events: mf.timeline(events, every="1d"),
    "timeline by host": lambda events: mf.timeline(events, every="6h", by="host"),
    "timeline by file": lambda events: mf.timeline(events, every="1w", by="file"),
    "timeline of all": lambda events: mf.timeline(events, every="1w", by=None),
    "sources": mf.sources,
    "messages": mf.messages,
    "breaches": mf.breaches,
    "verdict": mf.verdict,
    "campaigns": mf.campaigns,
    "backtest": mf.backtest,
    "survival": mf.survival,
    "detectors": mf.detectors,
    "audit": mf.audit,
    "unknown": mf.unknown,
}


@pytest.mark.parametrize("name", ANALYSES)
@pytest.mark.parametrize("logs", ["fleet", "mixed"])
def test_a_store_is_analysed_as_its_events_are(
    name: str, logs: str, request: pytest.FixtureRequest
) -> None:
    """Every analysis says the same of events and of their store, however little it may hold."""
    events, store = request.getfixturevalue(logs)
    wanted = ANALYSES[name](events)
    assert_same(ANALYSES[name](store), wanted)
    by_day = mf.open_store(store.place.address)
    by_day.rows_at_a_time = 3000
    assert_same(ANALYSES[name](by_day), wanted)


def test_networks_and_candidates_take_stores(fleet: Pair) -> None:
    """What is made of sources is made of a store too."""
    events, store = fleet
    sources = mf.sources(events)
    assert_same(mf.networks(store), mf.networks(sources))
    wanted = mf.candidates(sources, mf.networks(sources))
    assert_same(mf.candidates(store, mf.networks(store)), wanted)


def test_firewall_events_of_a_store_count(fleet: Pair, tmp_path: Path) -> None:
    """Blocked packets weigh the same from a store; one without firewall logs has none."""
    events, store = fleet
    packets = mf.ingest(WEEK, store=tmp_path, kind="ufw")
    assert_same(mf.sources(store, packets), mf.sources(events, mf.read_ufw_log(WEEK)))
    assert_same(mf.sources(store, store.firewall), mf.sources(events))


def test_an_empty_store_gives_empty_tables(tmp_path: Path) -> None:
    """A log that is empty since its rotation is no error, and its tables have all columns."""
    (tmp_path / "mail.log").touch()
    store = mf.ingest(tmp_path / "mail.log", store=tmp_path / "store")
    assert len(store.events()) == len(mf.sessions(store)) == len(mf.sources(store)) == 0
    assert len(mf.breaches(store)) == len(mf.timeline(store)) == 0


FULL = """
import resource, sys
import mailforensics as mf
from mailforensics.errors import StoreWriteError
store = mf.open_store(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for analysis in (mf.fleet, mf.breaches, mf.messages):
    try:
        analysis(store)
    except StoreWriteError as problem:
        print(problem)
"""


def test_a_temporary_folder_without_room_is_named(tmp_path: Path) -> None:
    """What is put aside may not fit: the error says where, and that TMPDIR names another place."""
    mf.ingest(WEEK, store=tmp_path)
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    wanted = f"{tempfile.gettempdir()}: what an analysis of a store puts aside cannot be written"
    assert told.count(wanted) == 3
    assert told.count("name another folder by TMPDIR") == 3
