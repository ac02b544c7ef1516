"""The notebook's side of the review: one constant, inert output, and a widget that answers."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mailforensics as mf
from mailforensics.errors import ArgumentError, MissingColumnError
from mailforensics.review.decisions import Decisions
from mailforensics.show.review_static import static_html
from mailforensics.show.widgets import WIDGET_VIEW, ReviewTable
from tests.review.candidate_rows import candidate, many, table

NETWORK = "212.70.149.0/24"


@pytest.fixture
def decisions(tmp_path: Path) -> Decisions:
    """Return an empty journal."""
    return Decisions(tmp_path / "decisions.jsonl")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Collect what widgets send to their pages."""
    messages: list[dict] = []
    monkeypatch.setattr(ReviewTable, "send", lambda _, content: messages.append(content))
    return messages


def test_review_is_a_function_although_a_room_has_its_name(decisions: Decisions) -> None:
    """`mf.review` makes the table, and the modules of the room can still be imported."""
    shown = mf.review(table(candidate()), decisions, reviewer="ann")
    assert isinstance(shown, ReviewTable)
    assert shown.about["reviewer"] == "ann"
    assert [row["network"] for row in shown.rows] == [NETWORK]


def test_the_widget_answers_its_page(decisions: Decisions, sent: list[dict]) -> None:
    """A message of the page is recorded and answered."""
    shown = mf.review(table(candidate()), decisions, reviewer="ann")
    asked = {"kind": "decide", "verdict": "approve", "networks": [NETWORK], "reviewer": "ann"}
    shown._handle_custom_msg(asked | {"client": "c", "number": 1, "seen": {NETWORK: 0}}, [])
    assert sent[-1]["kind"] == "saved"
    assert decisions.verdict_on(NETWORK) == "approve"


def test_a_large_table_travels_as_one_small_text(decisions: Decisions) -> None:
    """Five thousand rows are one text of columns: a quarter of a kilobyte a row, and no more."""
    shown = mf.review(many(5_000), decisions)
    assert isinstance(shown.table, str)
    assert len(shown.table) < 5_000 * 300
    assert shown.rows == shown.session.rows()


def test_the_text_of_the_output_is_constant(decisions: Decisions) -> None:
    """Stored notebooks do not change with every run."""
    bundle = mf.review(table(candidate()), decisions)._repr_mimebundle_()
    assert bundle["text/plain"] == "ReviewTable()"
    assert set(bundle) == {"text/plain", "text/html", WIDGET_VIEW}


def test_the_still_copy_is_inert_and_says_what_stands(decisions: Decisions) -> None:
    """Hostile text is escaped and spelled out, and decisions stand beside their rows."""
    hostile = "<img src=x onerror=alert(1)> $x$ **b** \u202e" + "A" * 10_240
    decisions.record(NETWORK, "approve", reason=hostile, reviewer=hostile[:50], until=30)
    shown = mf.review(table(candidate(reasons=hostile, collateral=hostile)), decisions)
    text = static_html(shown.session, shown.rows)
    tags = set(re.findall(r"<(\w+)", text))
    wanted = {"style", "div", "p", "table", "thead", "tbody", "tr", "th", "td", "bdi", "span"}
    assert tags == wanted
    assert "$" not in text
    assert "\u202e" not in text
    assert "approved until" in html.unescape(text)
    assert len(text) < 5000


def test_the_still_copy_of_a_large_table_is_short(decisions: Decisions) -> None:
    """A hundred rows are stored in the notebook and the rest is counted."""
    shown = mf.review(many(250), decisions)
    text = static_html(shown.session, shown.rows)
    assert text.count("<tr>") == 101
    assert "and 150 more rows" in text


def test_wrong_tables_are_named(decisions: Decisions) -> None:
    """A table of something else, or a senseless protect=, is an error at once."""
    with pytest.raises(MissingColumnError, match="lacks network"):
        mf.review(table(candidate()).drop(columns="network"), decisions)
    with pytest.raises(ArgumentError, match="'office' is no network"):
        mf.review(table(candidate()), decisions, protect="office")


def test_an_empty_table_can_be_shown(decisions: Decisions) -> None:
    """No candidates is a fine result of a quiet log."""
    shown = mf.review(table(), decisions)
    assert shown.rows == []
    assert "run this cell" in static_html(shown.session, shown.rows)


def test_without_the_extra_the_error_names_the_command() -> None:
    """On a server without anywidget the rest works and `mf.review` says what to install."""
    code = (
        "import sys; sys.modules['anywidget'] = None\n"
        "import mailforensics as mf\n"
        "try: mf.review\n"
        "except mf.errors.MissingExtraError as problem: sys.stdout.write(str(problem))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install '.[notebooks]'" in run.stdout
