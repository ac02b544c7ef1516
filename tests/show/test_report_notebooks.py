"""A report can hold every step, and be printed; both say so when a program for it is missing."""

import re
import sys
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mailforensics.cli import main
from mailforensics.errors import EvidenceError, MissingExtraError
from mailforensics.review.case import Case, new_case
from mailforensics.show import pdf
from mailforensics.show.notebooks import NOTES
from mailforensics.show.notebooks_run import run_notebook
from mailforensics.show.report_notebooks import notebook_parts

ARTICLE = Path(__file__).parents[2] / "data" / "samples" / "article.log"
CELLS = (
    new_markdown_cell("# Is *this* safe?\n\nSee [the next](02-next.ipynb), [case](../case.json)."),
    new_code_cell('print("<script>alert(1)</script>")'),
    new_code_cell("import mailforensics as mf\n\nmf.prose('5 < 6 & so on')"),
    new_markdown_cell(f"{NOTES}\n\n## And then?"),
)


def write(path: Path, *cells: nbformat.NotebookNode) -> Path:
    """Write a notebook of these cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the one part of a case that has one small notebook in place of the set."""
    case = new_case(Case(tmp_path_factory.mktemp("cases") / "case", (str(ARTICLE),)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mailforensics.show.notebooks.FOR_CASES", range(0))
        write(case.folder / "notebooks" / "01-small.ipynb", *CELLS)
        told: list[str] = []
        made = notebook_parts(case, progress=told.append)
    assert told == ["running 01-small.ipynb"]
    return made[0]


def test_a_part_shows_prose_code_and_what_came_out(parts: dict[str, str]) -> None:
    """Title for the contents, headings one lower, code in grey, outputs below it."""
    assert (parts["name"], parts["title"]) == ("01-small", "Is this safe?")
    assert re.search(r"<h2[^>]*>Is <em>this</em> safe\?", parts["body"])
    assert re.search(r"<h3[^>]*>And then\?", parts["body"])
    assert "<pre class='code'>print(" in parts["body"]
    assert "5 &lt; 6 &amp; so on" in parts["body"]


def test_what_a_cell_prints_is_inert(parts: dict[str, str]) -> None:
    """Text that looks like HTML is shown, not obeyed."""
    assert "<script>" not in parts["body"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in parts["body"]


def test_links_stay_in_the_page(parts: dict[str, str]) -> None:
    """Links to other notebooks jump, links to files become words, an empty note is left out."""
    assert 'href="#02-next"' in parts["body"]
    assert "case.json" not in parts["body"]
    assert "Write it here" not in parts["body"]


def test_a_failing_cell_names_its_notebook(tmp_path: Path) -> None:
    """The error says which notebook stopped, and why."""
    path = write(tmp_path / "07-broken.ipynb", new_code_cell("1 / 0"))
    with pytest.raises(EvidenceError, match=r"07-broken\.ipynb stopped: .*division by zero"):
        run_notebook(path)


def test_without_a_browser_the_pdf_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--pdf` names what is missing and how to do without, and leaves nothing half done."""
    monkeypatch.setattr(pdf, "BROWSERS", ("no-such-browser",))
    with pytest.raises(MissingExtraError, match="apt install chromium"):
        pdf.find_browser()
    words = ["report", str(ARTICLE), "--pdf", "--out", str(tmp_path / "case")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert "print it into a file" in result.output
    assert not (tmp_path / "case").exists()


def test_a_browser_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No PDF is an error with the browser's words, never a path to nothing."""
    page = tmp_path / "report.html"
    page.write_text("<p>hello", "utf-8")
    monkeypatch.setattr(pdf, "BROWSERS", (sys.executable,))  # a program that knows no --headless
    with pytest.raises(EvidenceError, match="made no PDF"):
        pdf.print_to_pdf(page)


def test_a_case_is_reported_again_without_its_logs(tmp_path: Path) -> None:
    """What was decided since stands in the new report; options of the evidence need the logs."""
    case = tmp_path / "case"
    run = CliRunner().invoke
    assert run(main, ["report", str(ARTICLE), "--out", str(case)]).exit_code == 0
    decide = ["decide", "212.70.149.0/24", "approve", "--reason", "three addresses in turns"]
    assert run(main, [*decide, "--reviewer", "ada", "--case", str(case)]).exit_code == 0
    again = run(main, ["report", "--out", str(case)])
    assert again.exit_code == 0, again.output
    assert "three addresses in turns" in (case / "report.html").read_text("utf-8")
    refused = run(main, ["report", "--out", str(case), "--tz", "Asia/Tokyo"])
    assert refused.exit_code == 1
    assert "tz without logs" in refused.output
