"""The journal on a disk that is really full: nothing half-written, nothing lost."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailforensics.errors import DecisionError
from mailforensics.review.decisions import Decisions

pytestmark = pytest.mark.real


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 64 kB and take it away again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


def _fill(decisions: Decisions, acknowledged: list[str]) -> None:
    for number in range(1000):
        network = f"198.18.{number}.0/24"
        decisions.record(network, "approve", reason="x" * 900, reviewer="ann")
        acknowledged.append(network)


def test_a_full_disk_loses_no_decision_and_tears_no_line(small_disk: Path) -> None:
    """What was acknowledged is on disk, the refused one is not, and freed space is used again."""
    decisions, acknowledged = Decisions(small_disk / "decisions.jsonl"), []
    (small_disk / "other").write_bytes(b"x" * 30_000)
    with pytest.raises(DecisionError, match=r"nothing was recorded.*free some space"):
        _fill(decisions, acknowledged)
    saved = len(acknowledged)
    assert 10 < saved < 60
    raw = decisions.path.read_bytes()
    assert raw.endswith(b"}\n")
    assert list(Decisions(decisions.path).table()["network"]) == acknowledged
    (small_disk / "other").unlink()
    decisions.record("198.19.0.0/24", "reject", reason="later", reviewer="ann")
    assert len(decisions.table()) == saved + 1
    assert decisions.path.read_bytes().startswith(raw)


def test_a_disk_that_turned_read_only_says_so(small_disk: Path) -> None:
    """A read-only disk refuses the decision with the next step, and can still be read."""
    decisions = Decisions(small_disk / "decisions.jsonl")
    decisions.record("198.18.0.0/24", "approve", reason="", reviewer="ann")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(DecisionError, match=r"nothing was recorded.*disk is read-only"):
        decisions.record("198.19.0.0/24", "reject", reason="later", reviewer="ann")
    assert list(decisions.table()["network"]) == ["198.18.0.0/24"]
