"""Every notebook says something true on a log that lacks its subject."""

import ast
import json
import re
import warnings
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pytest
from poor_logs import POOR_LOGS

from mailforensics.review.case import Case, new_case
from mailforensics.show.notebooks import lesson_paths, write_notebooks

SAMPLES = Path(__file__).parents[1] / "data" / "samples"
# A word that each notebook must say, by log and number.
SAYS = {
    ("no firewall log", 7): "This case has no firewall log.",
    ("no user names", 6): "The log names no accounts",
    ("no attack", 1): "there is nothing to ban",
    ("no attack", 3): "Nothing was refused in this log",
    ("no attack", 10): "there is no ban to test",
    ("another program", 1): "Nothing can be said: no line of these files is of a known mail server",
    ("another program", 3): "No client connected.",
    ("Dovecot alone", 5): "the log has no line of smtpd",
    ("IPv6 alone", 1): "240e:",
    ("one line", 1): "not one login attempt worked",
    ("one line", 9): "Nothing is approved yet",
    ("ten minutes", 5): "less than a day is too short",
}


def run(path: Path) -> str:
    """Run a notebook's cells in one namespace and return what they show, figures by title."""
    names: dict[str, Any] = {"print": lambda text: shown.append(str(text))}
    shown: list[str] = []
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            tree = ast.parse(source)
            last = (
                tree.body.pop()
                if isinstance(tree.body[-1], ast.Expr)
                else ast.parse("None").body[0]
            )
            exec(compile(tree, path.name, "exec"), names)
            shown.append(repr(eval(compile(ast.Expression(last.value), path.name, "eval"), names)))
            if source.lstrip().startswith("axes") or "\naxes = " in source:
                shown.append(names["axes"].get_title(loc="left"))
    plt.close("all")
    return "\n".join(shown)


@pytest.fixture(autouse=True)
def _no_window_and_no_old_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw without a screen, and take what pandas will forbid for an error."""
    plt.switch_backend("Agg")
    warnings.simplefilter("error", FutureWarning)


@pytest.mark.parametrize("log", POOR_LOGS)
def test_notebooks_of_a_case(log: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All ten run, and say in words what is not there instead of an empty table or a `nan`."""
    (tmp_path / "mail.log").write_text("\n".join(POOR_LOGS[log]()) + "\n", "utf-8")
    write_notebooks(new_case(Case(tmp_path / "case", (str(tmp_path / "mail.log"),))))
    monkeypatch.chdir(tmp_path / "case" / "notebooks")
    for path in sorted(Path().glob("*.ipynb")):
        said = run(path)
        assert not re.search(r"\b(nan|NaN|NaT|<NA>|None of|inf)\b", said), said
        number = int(path.name[:2])
        assert "(none)" not in said, said
        assert SAYS.get((log, number), "") in said.replace("\n", " "), said


def test_lessons_on_own_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lesson's own notebooks run on fifteen lines that the environment names."""
    monkeypatch.setenv("MAILFORENSICS_LOGS", str(SAMPLES / "article.log"))
    monkeypatch.setenv("MAILFORENSICS_CASE", str(tmp_path / "case"))
    (tmp_path / "data").symlink_to(SAMPLES.parent)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    for path in lesson_paths()[:10]:
        assert run(path)
    assert (tmp_path / "case" / "ban.sh").exists()
    assert not (tmp_path / "case" / "decisions.jsonl").exists(), "the sample's decisions leaked"
