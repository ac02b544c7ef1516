"""A case gets the notebooks of the lesson, about itself: no sample, no outputs, no dead links."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mailforensics.cli import main
from mailforensics.review.case import Case, new_case
from mailforensics.show.notebooks import for_case, lesson_paths, write_notebooks

ARTICLE = Path(__file__).parents[2] / "data" / "samples" / "article.log"
OF_THE_SAMPLE = re.compile(r"sample(?!d)\b|\bvera\b|\btom\b|198\.1[89]\.|198\.51\.|SAMPLE")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Return a case of fifteen lines with its notebooks."""
    made = new_case(Case(tmp_path_factory.mktemp("cases") / "my case", (str(ARTICLE),)))
    write_notebooks(made)
    return made


def cells(path: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook file."""
    return list(json.loads(path.read_text("utf-8"))["cells"])


def test_the_set_is_there(case: Case) -> None:
    """One notebook for each question about a case, and the glossary."""
    written = sorted(path.name for path in (case.folder / "notebooks").iterdir())
    assert written == [*(p.name for p in lesson_paths()[:10]), "glossary.md"]


@pytest.mark.parametrize("number", range(10))
def test_a_notebook_speaks_of_the_case_only(case: Case, number: int) -> None:
    """No word about the sample week is left, no output, and every link leads to a file."""
    path = sorted((case.folder / "notebooks").glob("*.ipynb"))[number]
    text = "\n".join("".join(cell["source"]) for cell in cells(path))
    about_ufw_log = text.replace("is [a sample]", "").replace("a sample of", "")
    assert not OF_THE_SAMPLE.search(about_ufw_log), OF_THE_SAMPLE.search(about_ufw_log)
    assert "MAILFORENSICS_" not in text
    assert 'case = mf.open_case("..")' in text
    assert "Case `my case`" in text
    assert not any(cell.get("outputs") for cell in cells(path))
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert (path.parent / target).exists(), target


def test_notes_are_kept(case: Case) -> None:
    """A notebook that is there already is not written again; a missing one is."""
    first, second = sorted((case.folder / "notebooks").glob("*.ipynb"))[:2]
    first.write_text(first.read_text("utf-8").replace("Write it here", "I saw it"), "utf-8")
    second.unlink()
    assert write_notebooks(case) == [second]
    assert "I saw it" in first.read_text("utf-8")


def test_the_lesson_is_not_changed(case: Case) -> None:
    """Making a case's notebook leaves the lesson as it was."""
    lesson = json.loads(lesson_paths()[0].read_text("utf-8"))
    for_case(lesson, case, names=set())
    assert lesson == json.loads(lesson_paths()[0].read_text("utf-8"))


def test_new_case_writes_them(tmp_path: Path) -> None:
    """The command fingerprints the evidence, writes the notebooks and says how to open them."""
    result = CliRunner().invoke(main, ["new-case", str(tmp_path / "case"), str(ARTICLE)])
    assert result.exit_code == 0, result.output
    assert "sha256" in result.output
    assert "10 written" in result.output
    assert "jupyter lab" in result.output
