"""Files of evidence: found, ordered, named, unpacked, fingerprinted, refused."""

import bz2
import gzip
import hashlib
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

import mailforensics as mf
from mailforensics.errors import EvidenceError
from mailforensics.reading import evidence_open
from tests.unprivileged import without_rights

LINE = "Sep  4 16:59:45 mail postfix/smtpd[{}]: connect from unknown[212.70.149.83]\n"
LOG = "".join(LINE.format(number) for number in range(1, 2001))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.ZstdCompressor().compress,
}


def pids(events: object) -> list[int]:
    """Return the process ids in the order of the table."""
    return list(events["pid"])  # type: ignore[index]


@pytest.mark.parametrize("suffix", PACKERS)
def test_every_compression_gives_the_same_events(suffix: str, tmp_path: Path) -> None:
    """A packed log reads as the plain one, is fingerprinted as stored, whatever its name."""
    stored = PACKERS[suffix](LOG.encode())
    for name in (f"mail.log.1.{suffix}", "evidence"):
        (tmp_path / name).write_bytes(stored)
        events = mf.read_mail_log(tmp_path / name, year=2026)
        (row,) = mf.audit(events).to_dict("records")
        assert pids(events) == list(range(1, 2001))
        assert (row["lines"], row["bytes"]) == (2000, len(stored))
        assert row["sha256"] == hashlib.sha256(stored).hexdigest()


@pytest.mark.parametrize("suffix", PACKERS)
def test_members_one_after_the_other(suffix: str, tmp_path: Path) -> None:
    """A file of several packed pieces (logrotate with dateext, zcat-able) is read whole."""
    path = tmp_path / f"mail.log.1.{suffix}"
    path.write_bytes(PACKERS[suffix](LOG.encode()) * 2)
    assert len(mf.read_mail_log(path, year=2026)) == 4000


@pytest.mark.parametrize("suffix", ["gz", "bz2", "xz"])
def test_truncated_file_gives_what_can_be_read(suffix: str, tmp_path: Path) -> None:
    """Of a file cut in the middle the first part is read, and the audit says so."""
    noise = "".join(LINE.format(number * 7919 % 100_003) for number in range(60_000))
    stored = PACKERS[suffix](noise.encode())
    path = tmp_path / f"mail.log.1.{suffix}"
    path.write_bytes(stored[: len(stored) * 3 // 4])
    events = mf.read_mail_log(path, year=2026)
    (row,) = mf.audit(events).to_dict("records")
    assert 1000 < len(events) < 60_000
    assert "truncated or damaged" in row["notes"]
    assert row["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_garbage_after_gzip_is_noted(tmp_path: Path) -> None:
    """What follows the packed data is not read, and the audit says so."""
    path = tmp_path / "mail.log.1.gz"
    path.write_bytes(gzip.compress(LOG.encode()) + b"garbage")
    events = mf.read_mail_log(path, year=2026)
    assert len(events) == 2000
    assert "truncated or damaged" in mf.audit(events)["notes"][0]


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data that grow beyond reason are read up to a limit, with a note."""
    monkeypatch.setattr(evidence_open, "BOMB_BYTES", 1 << 22)
    path = tmp_path / "mail.log.1.gz"
    path.write_bytes(gzip.compress(b"a" * 9999 + (b"\n" * (1 << 25)) + LOG.encode()))
    events = mf.read_mail_log(path, year=2026)
    assert len(events) == 1
    assert "decompression bomb" in mf.audit(events)["notes"][0]


def test_rotations_are_read_oldest_first(tmp_path: Path) -> None:
    """Equal stamps keep the order of the rotation, by number and by date, whatever the glob."""
    names = ["mail.log.10.gz", "mail.log.2.gz", "mail.log.1", "mail.log"]
    for number, name in enumerate(names, start=1):
        data = LINE.format(number).replace("45", f"{number:02}").encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    events = mf.read_mail_log(f"{tmp_path}/mail.log*", year=2026)
    assert events["file"].tolist() == names
    assert [f["file"] for f in events.attrs["evidence"]] == names


def test_names_are_as_short_as_can_be(tmp_path: Path) -> None:
    """Two files of one name are told apart by their folders; one named twice is read once."""
    for host in ("mx1", "mx2"):
        (tmp_path / host).mkdir()
        (tmp_path / host / "mail.log").write_text(LINE.format(1).replace("mail ", f"{host} "))
    paths = [tmp_path / "mx1/mail.log", tmp_path / "mx2/mail.log", f"{tmp_path}/mx1/mail.log"]
    assert mf.read_mail_log(paths, year=2026)["file"].tolist() == ["mx1/mail.log", "mx2/mail.log"]
    (tmp_path / "link").symlink_to(tmp_path / "mx1/mail.log")
    assert len(mf.read_mail_log([tmp_path / "link", tmp_path / "mx1/mail.log"], year=2026)) == 1


def test_folder_takes_logs_and_leaves_the_rest(tmp_path: Path) -> None:
    """Of a folder like /var/log each reader takes the logs of its kind."""
    for name in ("mail.log", "mail.log.1", "syslog", "ufw.log", "dpkg.log", "wtmp", "status.txt"):
        (tmp_path / name).write_text(LINE.format(1))
    assert {f["file"] for f in mf.read_mail_log(tmp_path, year=2026).attrs["evidence"]} == {
        "mail.log", "mail.log.1", "syslog",
    }  # fmt: skip
    assert {f["file"] for f in mf.read_ufw_log(tmp_path, year=2026).attrs["evidence"]} == {
        "syslog", "ufw.log",
    }  # fmt: skip


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_archive_of_a_log_folder(mode: str, tmp_path: Path) -> None:
    """The logs in an archive of /var/log are read as if it were a folder."""
    suffix = {"w": "tar", "w:gz": "tar.gz", "w:xz": "tar.xz"}[mode]
    path = tmp_path / f"varlog.{suffix}"
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, data in {
            "var/log/mail.log": LOG.encode(),
            "var/log/mail.log.1.gz": gzip.compress(LINE.format(7).encode()),
            "var/log/wtmp": b"\0\1\2",
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = 1577880000
            tar.addfile(info, io.BytesIO(data))
    events = mf.read_mail_log(path)
    assert events["file"].value_counts().to_dict() == {"mail.log": 2000, "mail.log.1.gz": 1}
    assert set(events["time"].dt.year) == {2019}
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert mf.audit(events)["notes"].str.contains(digest).all()


def test_streams_and_text() -> None:
    """A binary or text file object and a text give the same events."""
    expected = mf.read_mail_log(LOG, year=2026)
    packed = io.BytesIO(gzip.compress(LOG.encode()))
    for stream in (io.BytesIO(LOG.encode()), io.StringIO(LOG), packed):
        events = mf.read_mail_log(stream, year=2026)
        assert events.equals(expected)
        assert set(events["file"]) == {"<text>"}


def test_a_file_object_keeps_its_name_and_stays_open(tmp_path: Path) -> None:
    """An open file is named as its path is, and is not closed by reading it."""
    (tmp_path / "mail.log").write_text(LOG)
    with (tmp_path / "mail.log").open() as stream:
        assert set(mf.read_mail_log(stream, year=2026)["file"]) == {"mail.log"}
        assert not stream.closed


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("mail.log", b"", "is empty"),
        ("mail.log", gzip.compress(b""), "is empty"),
        ("wtmp", bytes(range(256)) * 40, "is binary data"),
        ("system.journal", b"LPKSHHRH" + bytes(200), "journalctl --file"),
        ("mail.export", b"__CURSOR=s=1\n__REALTIME_TIMESTAMP=1\n", "-o json in place of -o export"),
        ("mail.json", b'{\n\t"__CURSOR" : "s=1",\n', "in place of -o json-pretty"),
        ("logs.zip", b"PK\x03\x04" + bytes(200), "unpack it first"),
        ("logs.tar", b"\0" * 10240, "no log in this archive"),
    ],
)
def test_what_is_no_log_is_refused(name: str, data: bytes, words: str, tmp_path: Path) -> None:
    """A file that cannot be a log is an error of one paragraph that names it and the next step."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(EvidenceError, match=words) as caught:
        mf.read_mail_log(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_binary_among_logs_is_noted(tmp_path: Path) -> None:
    """A binary file that a glob happens to match does not stop the others."""
    (tmp_path / "mail.log").write_text(LINE.format(1))
    (tmp_path / "mail.log.core").write_bytes(bytes(range(256)) * 40)
    events = mf.read_mail_log(f"{tmp_path}/mail.log*", year=2026)
    audit = mf.audit(events).set_index("file")
    assert audit.loc["mail.log.core", "events"] == 0
    assert "not read" in str(audit.loc["mail.log.core", "notes"])


@pytest.mark.parametrize(
    "source", ["nowhere/mail.log", "nowhere/*.log", "", "a" * 5000, "a\0b", []]
)
def test_what_is_not_there_is_an_error(source: str | list[str]) -> None:
    """A source that names nothing is an error, never a traceback of the machine."""
    with pytest.raises(EvidenceError, match=r"no such file|cannot be read|is empty"):
        mf.read_mail_log(source)


def test_folder_without_logs_is_an_error(tmp_path: Path) -> None:
    """A folder without a log says what was looked for."""
    (tmp_path / "notes.md").write_text("x")
    with pytest.raises(EvidenceError, match=r"no log in this folder, such as mail.log"):
        mf.read_mail_log(tmp_path)


def test_unreadable_file_is_an_error(tmp_path: Path) -> None:
    """A file without permission says which group may read it."""
    path = tmp_path / "mail.log"
    path.write_text(LOG)
    path.chmod(0)
    with without_rights(path), pytest.raises(EvidenceError, match="group adm"):
        mf.read_mail_log(path)


def test_evidence_is_never_changed(tmp_path: Path) -> None:
    """Reading changes neither bytes nor times of a file."""
    path = tmp_path / "mail.log"
    path.write_text(LOG)
    path.chmod(0o444)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    mf.read_mail_log(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
