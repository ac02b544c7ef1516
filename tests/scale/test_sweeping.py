"""What killed ingests leave in a store goes, and nothing that anybody needs."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mailforensics as mf
from mailforensics.errors import EvidenceError
from mailforensics.reading.stores.manifest import MANIFEST, load
from mailforensics.reading.stores.place import Place
from mailforensics.reading.stores.sweeping import FOLDERS

WEEK = Path("data/samples/week")
CHILD = """
import sys
import mailforensics as mf
logs, store, chunk = sys.argv[1:]
mf.ingest(logs, store=store, chunk_bytes=int(chunk), progress=lambda told: print(told, flush=True))
"""


def held(store: Path) -> set[str]:
    """Return the names of the Parquet files that lie in a store."""
    return {
        name for folder in FOLDERS for name in Place(str(store)).names(folder) if "parquet" in name
    }


def killed(logs: Path, store: Path, *, chunk: int, steps: int) -> None:
    """Ingest, and be killed after so many steps."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(logs), str(store), str(chunk)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    for _ in range(steps):
        child.stdout.readline()
    child.kill()
    child.wait()
    child.stdout.close()


def test_what_killed_ingests_left_goes_with_the_second_ingest_after_them(tmp_path: Path) -> None:
    """Killed anywhere, with other pieces each time; then only what the manifest names is left."""
    logs, store = tmp_path / "logs", tmp_path / "store"
    shutil.copytree(WEEK, logs)
    chance = random.Random(4)
    for chunk in (50_000, 90_000, 130_000):
        killed(logs, store, chunk=chunk, steps=chance.randint(3, 9))
    place = Place(str(store))
    left = store / "events/kind=mail/host=mail/day=2026-08-31"
    left.mkdir(parents=True, exist_ok=True)
    (left / "000007-00000000000000-00000000050000-yearless0.parquet").write_bytes(b"half")
    mf.ingest(logs, store=store)
    manifest = load(place)
    assert manifest is not None
    assert held(store) == manifest.named() - {""} | set(manifest.garbage) & held(store)
    assert held(store) > manifest.named() & held(store)
    wanted = mf.ingest(logs, store=store).events()
    manifest = load(place)
    assert manifest is not None
    assert held(store) <= manifest.named()
    assert wanted.to_csv() == mf.read_mail_log(logs).to_csv()


def test_whoever_reads_a_store_still_finds_its_parts_after_the_next_ingest(tmp_path: Path) -> None:
    """A last entry that grew, and what was left over, stay for one ingest more."""
    log, store = tmp_path / "mail.log", tmp_path / "store"
    lines = (WEEK / "mail.log").read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:500]))
    before = mf.ingest(log, store=store)
    wanted = before.events()
    log.write_bytes(b"".join(lines))
    after = mf.ingest(log, store=store)
    assert before.events().to_csv() == wanted.to_csv()
    assert len(after) > len(before)
    assert held(store) > load(Place(str(store))).named() & held(store)


def test_what_is_not_the_stores_stays(tmp_path: Path) -> None:
    """Files that a user put beside the parts are never removed."""
    mf.ingest(WEEK, store=tmp_path)
    mine = [tmp_path / "events/mine.parquet", tmp_path / "notes.txt", tmp_path / "marks/a.parquet"]
    mine.append(next((tmp_path / "events").rglob("day=*")) / "mine.parquet")
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"mine")
    for _ in range(3):
        mf.ingest(WEEK, store=tmp_path)
    assert all(path.read_bytes() == b"mine" for path in mine)


def test_parts_without_a_manifest_are_kept(tmp_path: Path) -> None:
    """Whoever lost the manifest is told, and loses no part."""
    mf.ingest(WEEK, store=tmp_path)
    parts = held(tmp_path)
    kept = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).unlink()
    with pytest.raises(EvidenceError, match=r"its manifest\.json is gone; put that back"):
        mf.ingest(WEEK, store=tmp_path)
    assert held(tmp_path) == parts
    (tmp_path / MANIFEST).write_bytes(kept)
    assert len(mf.ingest(WEEK, store=tmp_path)) == 8057
