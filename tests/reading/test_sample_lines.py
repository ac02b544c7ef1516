"""Lines as servers wrote them, hostile ones included, and what must become of each."""

from pathlib import Path

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics import schema

FOLDER = Path(__file__).parent
HEAD = {"time", "host", "program", "service", "pid", "repeat", "duplicate"}
TEXT = {"message", "file", "line"}
CAUGHT = [name for name in schema.names(schema.MAIL_EVENTS) if name not in HEAD | TEXT]


def read_samples(path: Path) -> list[tuple[str, dict[str, str]]]:
    """Return each sample of a file: the line after the head, and its columns as text."""
    samples: list[tuple[str, dict[str, str]]] = []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("    "):
            name, _, value = line.strip().partition(" =")
            samples[-1][1][name] = value.removeprefix(" ")
        elif line and not line.startswith("#"):
            samples.append((line, {}))
    return samples


SAMPLES = [s for path in sorted(FOLDER.glob("samples_*.txt")) for s in read_samples(path)]


def with_head(sample: str) -> str:
    """Return a sample as a whole log line."""
    program, _, message = sample.partition(": ")
    return f"2026-09-04T16:59:45Z mail {program}[4242]: {message}"


@pytest.fixture(scope="module")
def events() -> list[dict[str, object]]:
    """Return the samples' rows, read in one go, in order."""
    text = "".join(f"{with_head(sample)}\n" for sample, _ in SAMPLES)
    rows = mf.read_mail_log(text).sort_values("line")[CAUGHT].to_dict("records")
    return [{str(k): v for k, v in row.items() if pd.notna(v)} for row in rows]


@pytest.mark.parametrize("index", range(len(SAMPLES)))
def test_a_line_becomes_exactly_these_columns(events: list[dict[str, object]], index: int) -> None:
    """Every column that the sample names is caught, and no other."""
    line, expected = SAMPLES[index]
    caught = {k: f"{v:g}" if isinstance(v, float) else str(v) for k, v in events[index].items()}
    assert caught == expected, line


def test_there_are_samples_enough() -> None:
    """The files are found, and hold what they are meant to hold."""
    assert len(SAMPLES) >= 330
