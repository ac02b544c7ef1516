"""One large file that many workers read: the bytes of the store that one worker writes."""

import hashlib
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from distributed import Client
from hypothesis import given, settings
from hypothesis import strategies as st

import mailforensics as mf
from tests.clusters import assert_same, dask_workers
from tests.logs import HARD_LINES, hard_log


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Three threads of this process as workers."""
    with dask_workers(3, processes=False) as client:
        yield client


def content(store: Path) -> dict[str, str]:
    """Return what a store holds: the fingerprint of each file, and the manifest's facts."""
    manifest = json.loads((store / "manifest.json").read_text())
    facts = {key: manifest[key] for key in ("entries", "marks")}
    kept = {part["name"] for entry in facts["entries"] for part in parts(entry)}
    files = {name: hashlib.sha256((store / name).read_bytes()).hexdigest() for name in kept}
    for entry in facts["entries"]:  # its name counts how often the manifest was saved
        moved = entry.pop("moved")
        entry["moved rows"] = pd.read_parquet(store / moved).to_csv() if moved else ""
    return files | {"manifest": json.dumps(facts, sort_keys=True)}


def parts(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the parts of a manifest's entry."""
    return [*entry["done"]["parts"], *entry["tail"]]


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_cutting_and_any_visits_give_the_store_of_one_reader(
    client: Client, data: st.DataObject
) -> None:
    """A file that grows from visit to visit, in cells of any size: same files, same manifest.

    The cells may be shorter than a line, and the file may end in the middle of a character.
    """
    whole = b"".join(data.draw(st.lists(st.sampled_from(HARD_LINES), min_size=1, max_size=60)))
    visits = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=2)))
    chunk = data.draw(st.sampled_from([40, 150, 600, 3000]))
    zone = data.draw(st.sampled_from(["UTC", "Europe/Berlin"]))
    folder = Path(tempfile.mkdtemp())
    log = folder / "mail.log"
    try:
        for visit in (*visits, len(whole)):
            log.write_bytes(whole[:visit])
            os.utime(log, (1.8e9, 1.8e9))
            for store, workers in (("one", None), ("many", client)):
                mf.ingest(log, store=folder / store, tz=zone, chunk_bytes=chunk, client=workers)
        assert content(folder / "many") == content(folder / "one")
        assert_same(mf.open_store(folder / "many").events(), mf.read_mail_log(log, tz=zone))
    finally:
        shutil.rmtree(folder)


def test_a_large_file_is_read_by_all_workers(client: Client, tmp_path: Path) -> None:
    """Nobody waits for the one who has the large file: each cell is a piece of work."""
    log = tmp_path / "mail.log"
    log.write_bytes(hard_log(24))
    told: list[str] = []
    mf.ingest(log, store=tmp_path / "s", chunk_bytes=1500, client=client, progress=told.append)
    assert sum("bytes read" in what for what in told) > 3


def test_a_file_replaced_while_many_read_it_is_read_again_by_one(
    client: Client, tmp_path: Path
) -> None:
    """Rows of the old file and of the new one never stand side by side."""
    log = tmp_path / "mail.log"
    log.write_bytes(hard_log(24))
    told: list[str] = []

    def replace(what: str) -> None:
        if "bytes read" in what and not any("bytes read" in before for before in told):
            (tmp_path / "new").write_bytes(hard_log(20).replace(b"mx1", b"mx9"))
            (tmp_path / "new").replace(log)
        told.append(what)

    store = mf.ingest(log, store=tmp_path / "s", chunk_bytes=1500, client=client, progress=replace)
    assert "mail.log: replaced while it was read; read again by one worker" in told
    assert_same(store.events(), mf.read_mail_log(log))


def test_a_past_that_was_changed_is_told_by_many_too(client: Client, tmp_path: Path) -> None:
    """Who rewrites the past of a log is seen, whoever reads: the old rows stay."""
    log, text = tmp_path / "mail.log", hard_log(12)
    log.write_bytes(text)
    mf.ingest(log, store=tmp_path / "s", chunk_bytes=2000, client=client)
    log.write_bytes(text[:5000] + b"X" + text[5001:] + hard_log(12))
    audit = mf.ingest(log, store=tmp_path / "s", chunk_bytes=2000, client=client).audit()
    assert audit["file"].tolist() == ["mail.log", "mail.log~1"]
    assert "has changed in the file since" in audit["notes"][1]


def test_a_binary_file_is_named_and_stops_nothing(client: Client, tmp_path: Path) -> None:
    """What is no log stands in the audit with the reason, however many would read it."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "mail.log").write_bytes(hard_log(24))
    (logs / "mail.log.1").write_bytes(b"SQLite format 3\0" + bytes(90_000))
    audit = mf.ingest(logs, store=tmp_path / "s", chunk_bytes=3000, client=client).audit()
    notes = dict(zip(audit["file"], audit["notes"], strict=True))
    assert "this is a database, not a text log" in notes["mail.log.1"]
    assert audit["events"].gt(0).sum() == 1


def test_a_worker_lost_in_the_middle_of_a_file_leaves_no_trace(tmp_path: Path) -> None:
    """What the lost worker held is read again; the store has the bytes that one reader writes."""
    log = tmp_path / "mail.log"
    log.write_bytes(hard_log(24))
    mf.ingest(log, store=tmp_path / "one", chunk_bytes=2000)
    killed: list[int] = []
    with dask_workers(2) as client:
        pids = list(client.run(os.getpid).values())

        def kill(what: str) -> None:
            if "bytes read" in what and not killed:
                killed.append(pids[0])
                os.kill(pids[0], signal.SIGKILL)

        mf.ingest(log, store=tmp_path / "many", chunk_bytes=2000, client=client, progress=kill)
    assert killed
    assert content(tmp_path / "many") == content(tmp_path / "one")


# Zones, years that no stamp tells, a day that its year may not have, an hour that is skipped.
STAMPS = (
    *("2026-03-29T01:59:58+01:00", "2026-03-29T03:00:01+02:00", "2026-09-04T16:00:00Z"),
    *("2026-09-04 15:00:00", "Sep  4 16:59:45", "Sep  4 14:00:00", "Mar 29 02:30:00"),
    *("Feb 29 12:00:00", "Dec 31 23:59:59", "Jan  1 00:00:00", "no stamp at all"),
)


@settings(max_examples=15, deadline=None)
@given(
    lines=st.lists(
        st.tuples(st.sampled_from(STAMPS), st.sampled_from(("mx1", "mx2", "a.b"))),
        min_size=1,
        max_size=60,
    ),
    chunk=st.sampled_from([60, 400, 2000]),
    zone=st.sampled_from(["UTC", "Europe/Berlin"]),
)
def test_clocks_that_go_back_are_told_however_a_file_is_cut(
    client: Client, lines: list[tuple[str, str]], chunk: int, zone: str
) -> None:
    """Servers that share a file, each with a clock of its own: the audit is that of one reader."""
    text = "".join(f"{stamp} {host} postfix/qmgr[1]: A1: removed\n" for stamp, host in lines)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "mail.log"
        log.write_text(text, "utf-8")
        os.utime(log, (1.8e9, 1.8e9))
        wanted = mf.audit(mf.read_mail_log(log, tz=zone))
        for workers in (None, client):
            place = Path(folder) / f"store {workers is None}"
            store = mf.ingest(log, store=place, tz=zone, chunk_bytes=chunk, client=workers)
            assert_same(store.audit(), wanted)
