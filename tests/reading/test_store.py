"""A store holds what the reader reads, however the logs came in."""

import gzip
import io
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mailforensics as mf
from mailforensics.errors import ArgumentError, EvidenceError, StoreBusyError
from mailforensics.reading.stores.locking import locked
from mailforensics.reading.stores.manifest import load
from mailforensics.reading.stores.place import Place
from tests.logs import HARD_LINES, hard_log
from tests.unprivileged import without_rights

WEEK = Path("data/samples/week")


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Two tables are the same: dtypes, order, the bytes of their CSV, the facts of the files."""
    pd.testing.assert_frame_equal(found, wanted)
    assert found.to_csv() == wanted.to_csv()
    assert found.attrs == wanted.attrs


def assert_holds(store: mf.Store, source: object, **zone: object) -> None:
    """A store holds what the reader reads of a source, and its audit says the same."""
    wanted = mf.read_mail_log(source, **zone)
    assert_same(store.events(), wanted)
    pd.testing.assert_frame_equal(store.audit(), mf.audit(wanted))
    assert len(store) == len(wanted)


@pytest.mark.parametrize("tz", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("folder", ["week", "week-rfc3339"])
def test_a_store_gives_what_the_reader_reads(folder: str, tz: str, tmp_path: Path) -> None:
    """Mail and firewall events of the samples come back to the byte, in any zone."""
    source = f"data/samples/{folder}"
    store = mf.ingest(source, store=tmp_path, tz=tz, chunk_bytes=100_000)
    assert_holds(store, source, tz=tz)
    mf.ingest(source, store=tmp_path, kind="ufw", tz=tz)
    both = mf.open_store(tmp_path)
    assert_same(both.firewall.events(), mf.read_ufw_log(source, tz=tz))
    assert_same(both.events(), mf.read_mail_log(source, tz=tz))


def test_hard_lines_come_back(tmp_path: Path) -> None:
    """Repeats, wrapped lines, broken encodings, two New Years, many hosts, no head at all."""
    log = tmp_path / "mail.log"
    log.write_bytes(hard_log(12))
    store = mf.ingest(log, store=tmp_path / "store", chunk_bytes=700)
    assert_holds(store, log)


def test_a_last_line_that_waited_for_its_end_is_kept(tmp_path: Path) -> None:
    """A line met without its newline, then whole, then followed by another: nothing is removed."""
    lines = hard_log(1).splitlines(keepends=True)
    log, store = tmp_path / "mail.log", tmp_path / "store"
    for size in (len(lines[0]) - 1, len(lines[0]), len(lines[0] + lines[1])):
        log.write_bytes(b"".join(lines)[:size])
        opened = mf.ingest(log, store=store, chunk_bytes=600)
    opened = mf.ingest(log, store=store)
    assert_holds(opened, log)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_cutting_into_files_chunks_and_visits_gives_the_same(data: st.DataObject) -> None:
    """Whoever cuts a log into files, and the store's reading into chunks and visits, sees one log.

    A visit may find a file that ends in the middle of a line, or of a character.
    """
    lines = data.draw(st.lists(st.sampled_from(HARD_LINES), min_size=1, max_size=60))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=2)))
    chunk = data.draw(st.sampled_from([1, 600, 10**6]))
    zone = data.draw(st.sampled_from(["UTC", "Europe/Berlin"]))
    with_files = [lines[a:b] for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    names = [f"mail.log.{number}" for number in range(len(cuts), 0, -1)] + ["mail.log"]
    folder = Path(tempfile.mkdtemp())
    logs, store = folder / "logs", folder / "store"
    logs.mkdir()
    try:
        for name, content in zip(names, with_files, strict=True):
            whole = b"".join(content)
            for visit in sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=2))):
                (logs / name).write_bytes(whole[:visit])
                mf.ingest(logs, store=store, tz=zone, chunk_bytes=chunk)
            (logs / name).write_bytes(whole)
        opened = mf.ingest(logs, store=store, tz=zone, chunk_bytes=chunk)
        assert_holds(opened, logs, tz=zone)
    finally:
        shutil.rmtree(folder)


def test_lines_of_two_files_are_marked_as_the_reader_does(tmp_path: Path) -> None:
    """`mail.log`, `mail.info` and `syslog` repeat one another, also where one came later."""
    lines = hard_log(3).splitlines(keepends=True)
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "mail.log").write_bytes(b"".join(lines))
    (logs / "syslog").write_bytes(b"".join(lines[10:60]))
    mf.ingest(logs, store=tmp_path / "store", chunk_bytes=900)
    (logs / "mail.info").write_bytes(b"".join(lines[::2]))
    store = mf.ingest(logs, store=tmp_path / "store", chunk_bytes=500)
    assert store.audit()["duplicates"].sum() > 30
    assert_holds(store, logs)


def test_rotation_and_compression_bring_nothing_twice(tmp_path: Path) -> None:
    """`mail.log` that became `mail.log.1`, and then `mail.log.2.gz`, is the file it was."""
    logs, store = tmp_path / "logs", tmp_path / "store"
    logs.mkdir()
    text = gzip.decompress((WEEK / "mail.log.2.gz").read_bytes())
    first, second, third = text[:30_000], text[30_000:61_234], text[61_234:100_000]
    (logs / "mail.log").write_bytes(first)
    mf.ingest(logs, store=store)
    with (logs / "mail.log").open("ab") as log:
        log.write(second)
    (logs / "mail.log").rename(logs / "mail.log.1")
    (logs / "mail.log").write_bytes(third[:5000])
    mf.ingest(logs, store=store)
    packed = gzip.compress((logs / "mail.log.1").read_bytes())
    (logs / "mail.log.2.gz").write_bytes(packed)
    (logs / "mail.log.1").unlink()
    (logs / "mail.log").rename(logs / "mail.log.1")
    (logs / "mail.log").write_bytes(third[5000:])
    opened = mf.ingest(logs, store=store)
    assert_holds(opened, logs)
    assert len(opened.audit()) == 3


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    """A second ingest tells of nothing new and leaves every part as it was."""
    mf.ingest(WEEK, store=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")}
    told: list[str] = []
    mf.ingest(WEEK, store=tmp_path, progress=told.append)
    assert told[0] == "3 files, 0 with something new"
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.parquet")} == before


def test_a_beginning_that_was_changed_is_told(tmp_path: Path) -> None:
    """Who rewrites the past of a log is seen: the old rows stay, and the audit says so."""
    log = tmp_path / "mail.log"
    text = hard_log(12)
    log.write_bytes(text)
    mf.ingest(log, store=tmp_path / "store", chunk_bytes=2000)
    at = len(text) // 2 + 40
    log.write_bytes(text[:at] + b"X" + text[at + 1 :] + text[-300:])
    store = mf.ingest(log, store=tmp_path / "store", chunk_bytes=2000)
    audit = store.audit()
    assert audit["file"].tolist() == ["mail.log", "mail.log~1"]
    assert "has changed in the file since" in audit["notes"][1]


CHILD = """
import sys
import mailforensics as mf
logs, store = sys.argv[1:]
mf.ingest(logs, store=store, chunk_bytes=60_000, progress=lambda told: print(told, flush=True))
"""


def test_kill_9_at_any_moment_costs_time_and_no_line(tmp_path: Path) -> None:
    """An ingest that is killed again and again ends with the same table, and shows none half."""
    logs, store = tmp_path / "logs", tmp_path / "store"
    shutil.copytree(WEEK, logs)
    chance = random.Random(9)
    for steps in (1, 3, chance.randint(4, 9)):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(logs), str(store)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(steps):
            child.stdout.readline()
        child.kill()
        child.wait()
        child.stdout.close()
        assert len(mf.open_store(store)) == 0
    assert any(entry.going for entry in load(Place(str(store))).entries)
    assert_holds(mf.ingest(logs, store=store), logs)


def test_two_ingests_at_once_are_refused(tmp_path: Path) -> None:
    """The second is told that somebody is writing; reading goes on."""
    mf.ingest(WEEK, store=tmp_path)
    with (
        locked(Place(str(tmp_path))),
        pytest.raises(StoreBusyError, match="another ingest is writing"),
    ):
        mf.ingest(WEEK, store=tmp_path)
    assert len(mf.open_store(tmp_path)) == 8057


FULL = """
import resource, sys
import mailforensics as mf
from mailforensics.errors import StoreWriteError
logs, store, most = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
try:
    mf.ingest(logs, store=store, chunk_bytes=60_000)
except StoreWriteError as problem:
    print(problem)
"""


def test_a_disk_that_takes_no_more_is_an_error_and_costs_no_line(tmp_path: Path) -> None:
    """A store that cannot be written is no file that cannot be read: said at once, gone on with."""
    store = tmp_path / "store"
    command = [sys.executable, "-c", FULL, str(WEEK), str(store), "6000"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "cannot be written" in told
    assert "ingest again: it goes on where it stopped" in told
    assert len(mf.open_store(store)) == 0
    assert not list(store.rglob("*.tmp"))
    (store / "events").mkdir(exist_ok=True)
    (store / "events" / ".torn.parquet.1.tmp").write_bytes(b"half of a part")
    assert_holds(mf.ingest(WEEK, store=store), WEEK)
    assert not list(store.rglob("*.tmp"))


def test_a_file_that_may_not_be_read_for_a_while_stays_the_file_it_was(tmp_path: Path) -> None:
    """Rights that are missing once are noted, and leave neither a second file nor a stale note."""
    tmp_path.chmod(0o777)
    log = tmp_path / "mail.log"
    with without_rights(tmp_path):
        log.write_bytes(hard_log(2))
        mf.ingest(log, store=tmp_path / "store")
        log.chmod(0)
        told = mf.ingest(log, store=tmp_path / "store").audit()
        log.chmod(0o600)
        store = mf.ingest(log, store=tmp_path / "store")
        assert told["events"].tolist() == [len(store)]
        assert "not read" in told["notes"][0]
        assert_holds(store, log)


def test_a_poisoned_file_stops_nothing(tmp_path: Path) -> None:
    """A binary file and a broken archive stand in the audit; the others are read."""
    logs = tmp_path / "logs"
    logs.mkdir()
    shutil.copy(WEEK / "mail.log", logs / "mail.log")
    (logs / "mail.log.1").write_bytes(b"\x7fELF" + bytes(9000))
    (logs / "mail.log.2.gz").write_bytes(gzip.compress(hard_log(9))[:-40])
    audit = mf.ingest(logs, store=tmp_path / "store").audit()
    assert "not read" in audit["notes"][1]
    assert "truncated or damaged" in audit["notes"][2]
    assert audit["events"].gt(0).tolist() == [True, False, True]


def test_questions_are_answered_as_pandas_would(tmp_path: Path) -> None:
    """Filters by time, host, event, source and network give the rows that a mask gives."""
    store = mf.ingest(WEEK, store=tmp_path, chunk_bytes=200_000)
    events = store.events()
    noon = pd.Timestamp("2026-09-03 12:00", tz="UTC")
    day = events["time"].ge(noon) & events["time"].lt(noon + pd.Timedelta(days=1))
    found = store.events(start="2026-09-03 12:00", end=noon + pd.Timedelta(days=1))
    assert_same(found, events[day].reset_index(drop=True))
    failed = events["event"].isin(["auth_failed", "reject"])
    found = store.events(events=["auth_failed", "reject"])
    assert_same(found, events[failed].reset_index(drop=True))
    inside = events["source_ip"].str.startswith("212.70.149.", na=False)
    found = store.events(network="212.70.149.0/24")
    assert_same(found, events[inside].reset_index(drop=True))
    assert_same(store.events(hosts="nowhere"), events.head(0))
    found = store.events(source_ip="212.70.149.83", events="auth_failed", start=noon)
    mask = events["source_ip"].eq("212.70.149.83") & failed & events["time"].ge(noon)
    mask &= events["event"].eq("auth_failed")
    assert_same(found, events[mask].reset_index(drop=True))


def test_what_is_not_asked_for_is_not_read(tmp_path: Path) -> None:
    """A question about one day is answered although the parts of the other days are gone."""
    store = mf.ingest(WEEK, store=tmp_path)
    wanted = store.events(start="2026-09-03", end="2026-09-04")
    for folder in tmp_path.glob("events/*/*/*"):
        if folder.name != "day=--09-03":
            shutil.rmtree(folder)
    assert_same(store.events(start="2026-09-03", end="2026-09-04"), wanted)


def test_daylight_saving_is_settled_from_the_whole_file(tmp_path: Path) -> None:
    """The doubled hour is told apart by the order of lines, also where a chunk ends in it."""
    stamps = ["01:59:50", "02:10:00", "02:50:00", "02:20:00", "02:40:00", "03:05:00"]
    text = "".join(
        f"Oct 25 {at} mail postfix/smtpd[1]: connect from unknown[198.18.0.{n}]\n"
        for n, at in enumerate(stamps)
    )
    log = tmp_path / "mail.log"
    log.write_text(text)
    store = mf.ingest(log, store=tmp_path / "store", tz="Europe/Berlin", year=2026, chunk_bytes=60)
    assert_holds(store, log, tz="Europe/Berlin", year=2026)
    assert store.events()["time"].is_monotonic_increasing


def test_text_and_streams_can_be_ingested(tmp_path: Path) -> None:
    """What the reader takes, the store takes: pasted text, an open file, an archive's members."""
    text = hard_log(2).decode("utf-8", "replace")
    assert_holds(mf.ingest(text, store=tmp_path / "a"), text)
    data = hard_log(4)
    assert_holds(mf.ingest(io.BytesIO(data), store=tmp_path / "b"), io.BytesIO(data))


def test_bad_arguments_are_named(tmp_path: Path) -> None:
    """No store, no kind, no zone, no time: each is an error that says what is allowed."""
    with pytest.raises(EvidenceError, match="holds no store"):
        mf.open_store(tmp_path)
    with pytest.raises(ArgumentError, match="no kind of log"):
        mf.ingest(WEEK, store=tmp_path, kind="web")
    with pytest.raises(ArgumentError, match="no time zone"):
        mf.ingest(WEEK, store=tmp_path, tz="Mars")
    store = mf.ingest(WEEK, store=tmp_path)
    with pytest.raises(ArgumentError, match="is no time"):
        store.events(start="yesterday-ish")
