"""Tables for people: aligned, clean of control characters, every column explained."""

import pandas as pd
import pytest

from mailforensics import schema
from mailforensics.errors import MissingColumnError
from mailforensics.show.tables import as_text, columns_of, log_lines, prose, readable


def test_columns_are_aligned_numbers_to_the_right() -> None:
    """Text stands left, numbers right, under their names."""
    table = pd.DataFrame({"network": ["10.0.0.0/8", "::/0"], "events": [3, 1200]})
    assert as_text(table).splitlines() == [
        "network     events",
        "10.0.0.0/8       3",
        "::/0          1200",
    ]


def test_terminal_codes_of_a_log_are_made_harmless() -> None:
    """An escape sequence or a line break in log text does not reach the terminal."""
    table = pd.DataFrame({"username": ["\x1b[2J\x07", "a\nb"]})
    text = as_text(table)
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3


def test_blocks_leave_out_what_is_empty() -> None:
    """By row, each value has its name before it, and missing values no line."""
    table = pd.DataFrame({"sign": ["login"], "username": [None], "explanation": ["word " * 40]})
    lines = as_text(table, by_row=True).splitlines()
    assert lines[0] == "sign         login"
    assert not any(line.startswith("username") for line in lines)
    assert all(len(line) <= 110 for line in lines)


def test_no_rows_say_so() -> None:
    """An empty table is `(none)`, not a row of headings."""
    assert as_text(schema.empty(schema.BREACHES)) == "(none)"


@pytest.mark.parametrize(
    "table", [schema.MAIL_EVENTS, schema.SESSIONS, schema.SOURCES, schema.CANDIDATES]
)
def test_every_public_column_is_explained(table: schema.Table) -> None:
    """Each column of a public table comes with that table's own meaning."""
    explained = columns_of(schema.empty(table))
    assert explained["column"].tolist() == schema.names(table)
    assert explained["meaning"].tolist() == [column.meaning for column in table]


def test_unknown_columns_stay_blank() -> None:
    """A column that no public table has gets no invented meaning."""
    assert columns_of(pd.DataFrame({"mine": [1]}))["meaning"].tolist() == [""]


def test_log_lines_name_file_and_line() -> None:
    """The lines behind events come with file and line number, at most as many as asked."""
    events = pd.DataFrame({"file": "mail.log", "line": range(1, 9), "message": "connect from x"})
    shown = log_lines(events, most=3)
    assert list(shown.columns) == ["file", "line", "message"]
    assert len(shown) == 3
    with pytest.raises(MissingColumnError, match="the table lacks"):
        log_lines(pd.DataFrame({"file": ["a"]}))


def test_html_is_escaped_and_counts_what_it_leaves_out() -> None:
    """Log text reaches the page as text; rows left out are counted."""
    table = pd.DataFrame({"username": ["<img src=x onerror=alert(1)>", "b", "c"]})
    shown = readable(table, most=2)
    page = shown._repr_html_()
    assert "<img" not in page
    assert "1 more of 3 rows not shown" in page
    assert repr(shown).endswith("1 more of 3 rows not shown")


def test_by_row_page_has_a_table_for_each_row() -> None:
    """One small table a row, without empty values."""
    table = pd.DataFrame({"sign": ["login", "mail"], "username": [None, "vera"]})
    page = readable(table, by_row=True)._repr_html_()
    assert page.count("<table>") == 2
    assert page.count("username") == 1


def test_an_empty_table_is_one_word() -> None:
    """Nothing to show is said, in text and on the page."""
    shown = readable(schema.empty(schema.BREACHES))
    assert repr(shown) == "(none)"
    assert "(none)" in shown._repr_html_()


def test_prose_wraps_and_is_escaped() -> None:
    """Sentences become paragraphs, `- ` lines a list, and markup of a log plain text."""
    shown = prose("Somebody got in: <b>vera</b>, `auth=1`.\n- one\n- " + "word " * 60)
    assert "<b>" not in shown._repr_html_()
    assert shown._repr_html_().count("<li>") == 2
    assert "<code>auth=1</code>" in shown._repr_html_()
    assert all(len(line) <= 100 for line in repr(shown).splitlines())


def test_large_counts_are_grouped_and_names_in_figures_are_not() -> None:
    """Two million lines can be read at a glance; a port or a line number stays as it is typed."""
    table = pd.DataFrame(
        {"lines": [2_000_000, 2_555], "line": [123_456, 7], "dest_port": [47_825, 25]},
        dtype="Int64",
    )
    text = as_text(table.assign(seen=[True, False], missing=pd.array([None, 12_345], "Int64")))
    assert text.split() == [
        *("lines", "line", "dest_port", "seen", "missing"),
        *("2,000,000", "123456", "47825", "yes"),
        *("2555", "7", "25", "no", "12,345"),
    ]
