"""Logs and stores in a bucket, through a real S3 server on this machine."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pandas as pd
import pytest
from moto.server import ThreadedMotoServer

import mailforensics as mf
from mailforensics.errors import EvidenceError, StoreBusyError
from mailforensics.reading.stores.locking import LOCK

WEEK = Path("data/samples/week")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty bucket of an S3 server at a free port."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    fsspec.filesystem("s3").mkdir("fleet")
    yield "s3://fleet"
    fsspec.filesystem("s3").rm("fleet", recursive=True)
    server.stop()
    fsspec.get_filesystem_class("s3").clear_instance_cache()


def test_logs_and_store_in_a_bucket(bucket: str) -> None:
    """Events come back from S3 as they do from disk; a second ingest finds nothing new."""
    files = fsspec.filesystem("s3")
    for path in WEEK.glob("mail.log*"):
        files.put_file(str(path), f"fleet/logs/{path.name}")
    store = mf.ingest(f"{bucket}/logs", store=f"{bucket}/store")
    wanted = mf.read_mail_log(WEEK)
    pd.testing.assert_frame_equal(store.events(), wanted)
    assert mf.sources(store).to_csv() == mf.sources(wanted).to_csv()
    told: list[str] = []
    again = mf.ingest(f"{bucket}/logs/mail.log*", store=f"{bucket}/store", progress=told.append)
    assert told[0] == "3 files, 0 with something new"
    assert len(mf.read_mail_log(f"{bucket}/store")) == len(again) == len(wanted)


def test_what_a_killed_ingest_left_in_a_bucket_goes(bucket: str) -> None:
    """Parts that no manifest names are garbage after the next ingest, and gone after one more."""
    files, store = fsspec.filesystem("s3"), f"{bucket}/store"
    mf.ingest(WEEK, store=store)
    held = set(files.find("fleet/store"))
    part = next(name for name in held if "kind=mail" in name)
    folder, _, name = part.rpartition("/")
    left = f"{folder}/000900{name[6:]}"
    files.copy(part, left)
    mf.ingest(WEEK, store=store)
    assert files.exists(left)
    mf.ingest(WEEK, store=store)
    assert set(files.find("fleet/store")) == held


def test_a_bucket_has_a_lock_too(bucket: str) -> None:
    """A second writer is told who is there; the lock goes when the ingest ends."""
    store = f"{bucket}/store"
    mf.ingest(WEEK, store=store)
    files = fsspec.filesystem("s3")
    assert not files.exists(f"fleet/store/{LOCK}")
    files.pipe_file(f"fleet/store/{LOCK}", b"process 1 on another machine")
    with pytest.raises(StoreBusyError, match="process 1 on another machine"):
        mf.ingest(WEEK, store=store)
    with pytest.raises(EvidenceError, match="no log there"):
        mf.ingest(f"{bucket}/nothing/*.log", store=f"{bucket}/other")
