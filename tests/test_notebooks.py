"""The notebooks read as the house style asks, and their stored outputs are true."""

import ast
import ipaddress
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from configparser import RawConfigParser
from itertools import groupby
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.rglob("*.ipynb"))
LESSONS = sorted(FOLDER.glob("[0-9]*.ipynb"))
WIDGET = "application/vnd.jupyter.widget-view+json"
ALLOWED = [
    ipaddress.ip_network(text)
    for text in (
        *("2001:db8::/32", "240e:d9:d800:200::/64"),
        *("127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15"),
        *("212.70.148.0/23", "10.0.0.0/8", "0.0.0.0/32"),  # the /23: a ban one bit wider
    )
]
IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{1,4}:)+(?::[0-9a-f]{1,4})+(?![\w:])")
OF_THE_SAMPLE = re.compile(r"\bvera\b|\btom\b|\banna\b|\bcarla\b|198\.1[89]\.|198\.51\.")
BANNED_CODE = ("!", "%", "import sys", "import os", "pip install", "requests", "urllib")
BYTES = 900_000
CELL_LINES = 15
CODE_CELLS = 25
PROSE_WORDS = 330
OUTPUT_LINES = 70
DAY = re.compile(r"20\d\d-\d\d-\d\d")
LAST_DAY = "2026-10-13"  # no lesson and no exercise speaks of a later one
SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")
NBVAL = (
    *("--nbval", "--nbval-current-env", "--nbval-cell-timeout", "120"),
    *("--nbval-sanitize-with", str(SANITIZE)),
)


def cells(path: Path, kind: str = "") -> list[Any]:
    """Return a notebook's cells, of one kind where asked."""
    notebook = nbformat.read(path, as_version=4)
    return [cell for cell in notebook.cells if kind in ("", cell.cell_type)]


def named(path: Path) -> str:
    """Return the name of a notebook for a test id."""
    return path.stem


@pytest.mark.parametrize("path", LESSONS, ids=named)
def test_begins_and_ends_with_prose(path: Path) -> None:
    """One title in the first cell, the parameters in the second, prose and a pointer at the end.

    The script's notebook ends with the cell that writes the script: nothing may come after it.
    """
    first, second, *_, last = cells(path)[:-1] if "ban-script" in path.stem else cells(path)
    titles = [
        line
        for cell in cells(path, "markdown")
        for line in cell.source.splitlines()
        if line.startswith("# ")
    ]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert len(titles) == 1
    assert second.metadata.get("tags") == ["parameters"]
    assert last.cell_type == "markdown"
    assert ".ipynb" in last.source


@pytest.mark.parametrize("path", LESSONS, ids=named)
def test_headings_are_questions(path: Path) -> None:
    """Each heading of the second level asks something; the last one may sum up."""
    headings = re.findall(
        r"^## (.+)$", "\n".join(cell.source for cell in cells(path, "markdown")), re.MULTILINE
    )
    assert headings
    for heading in headings[:-1]:
        assert heading.endswith("?"), heading


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_code_cells_are_short_and_plain(path: Path) -> None:
    """Cells stay short and hold no functions, loops, expressions of patterns, magics or paths."""
    lengths = []
    for cell in cells(path, "code"):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        lengths.append(len(lines))
        assert len(lines) <= CELL_LINES, cell.source
        assert not [line for line in lines if line.strip().startswith(BANNED_CODE)], cell.source
        assert not re.search(r"[\"'](/|~|[A-Z]:)", cell.source), "an absolute path"
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(
                node, ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.Lambda
            ), cell.source
    assert statistics.median(lengths) <= 4


@pytest.mark.parametrize("path", LESSONS, ids=named)
def test_prose_stands_between_code(path: Path) -> None:
    """At most two code cells follow one another."""
    for kind, run in groupby(cells(path)[2:], key=lambda cell: cell.cell_type):
        assert kind != "code" or len(list(run)) <= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_stored_as_run_from_top_to_bottom(path: Path) -> None:
    """Every code cell was run, in order, without an error, and leaves nothing that is random."""
    notebook = nbformat.read(path, as_version=4)
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1))
    assert "widgets" not in notebook.metadata
    assert path.stat().st_size < BYTES
    for cell in cells(path, "code"):
        assert "execution" not in cell.metadata
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.get("text")
            assert WIDGET not in output.get("data", {})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_tells_nothing_of_the_machine_or_of_strangers(path: Path) -> None:
    """No home folder, and no address of a real party but the well-known network."""
    text = path.read_text("utf-8")
    assert not re.search(r"/(home|root|Users|tmp|work)/", text)
    for found in set(IPV4.findall(text)) | set(IPV6.findall(text)):
        address = ipaddress.ip_address(found)
        assert any(address in network for network in ALLOWED), found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_nothing_is_too_long_to_read(path: Path) -> None:
    """Few cells, short prose between them, and outputs that fit on two screens."""
    assert len(cells(path, "code")) <= CODE_CELLS
    for cell in cells(path, "markdown"):
        assert len(cell.source.split()) <= PROSE_WORDS, cell.source[:80]
    for cell in cells(path, "code"):
        for output in cell.outputs:
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            assert text.count("\n") <= OUTPUT_LINES, cell.source


@pytest.mark.parametrize("path", LESSONS[:10], ids=named)
def test_talk_of_the_sample_is_marked(path: Path) -> None:
    """What is true of the sample only stands in paragraphs of its own, which a case leaves out."""
    for cell in cells(path, "markdown"):
        for paragraph in cell.source.partition("## What we found")[0].split("\n\n"):
            inside = paragraph.removeprefix("*In the sample*")
            assert "In the sample" not in inside, paragraph
            assert paragraph != inside or not OF_THE_SAMPLE.search(paragraph), paragraph


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    """Every link to a file of the project leads to one."""
    prose = "\n".join(cell.source for cell in cells(path, "markdown"))
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", prose):
        if "://" not in target:
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_outputs_do_not_tell_when_they_were_made(path: Path) -> None:
    """What stays of a stored output when nbval compares it names no day of its own making."""
    said = RawConfigParser()
    said.read(SANITIZE)
    for cell in cells(path, "code"):
        text = json.dumps(cell.outputs).replace("\\n", "\n")
        for rule in said.values():
            text = re.sub(rule.get("regex", "$^"), rule.get("replace", ""), text)
        assert max(DAY.findall(text), default="") <= LAST_DAY, text


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Return a place with the notebooks and the samples, and no case of earlier runs."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    shutil.copytree(FOLDER, tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*"))
    return tmp_path


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_outputs_are_what_the_code_gives_today(path: Path, fresh: Path) -> None:
    """Run again, each cell gives the stored text (nbval, strict)."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MAILFORENSICS_")}
    run = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", fresh),
            *(*NBVAL, fresh / path.relative_to(ROOT)),
        ],
        cwd=fresh,
        env=clean | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:] + "run python tools/build_notebooks.py"
