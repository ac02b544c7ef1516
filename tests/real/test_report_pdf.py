"""The report of a case with every step, printed by a real browser."""

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from mailforensics.cli import main

pytestmark = pytest.mark.real
WEEK = Path(__file__).parents[2] / "data" / "samples" / "week"


def test_report_with_every_step_as_pdf(tmp_path: Path) -> None:
    """Findings first, then each notebook, in one HTML file that needs no other, and as a PDF."""
    case = tmp_path / "case"
    words = ["report", str(WEEK / "mail.log*"), "--year", "2026", "--out", str(case)]
    made = CliRunner().invoke(main, [*words, "--notebooks", "--pdf"], catch_exceptions=False)
    assert made.exit_code == 0, made.output
    page = (case / "report.html").read_text("utf-8")
    assert page.index("Who attacks?") < page.index("Every step, with its code")
    for name in ("01-start-here", "05-did-anyone-get-in", "10-did-the-ban-work", "glossary"):
        assert f'id="{name}"' in page
        assert f'href="#{name}"' in page
    for other in ("http://", "https://", "src='/", 'src="/'):
        assert other not in page
    assert (case / "report.pdf").read_bytes().startswith(b"%PDF")
    if shutil.which("pdftotext"):
        text = subprocess.run(
            ["pdftotext", "-layout", case / "report.pdf", "-"], capture_output=True, check=True
        ).stdout.decode()
        assert "Somebody got in" in text
        assert "Did the ban work?" in text
