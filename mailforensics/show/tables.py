"""Tables for people: plain text for a terminal, short tables for a notebook, columns explained."""

import html
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from mailforensics import schema
from mailforensics.reading.passwords import mask_passwords
from mailforensics.schema import Table, require

CELL_LETTERS: Final = 60
VALUE_LETTERS: Final = 88
PROSE_LETTERS: Final = 100
NO_ROWS: Final = "(none)"
GROUPED_DIGITS: Final = 5
NAMES_IN_FIGURES: Final = frozenset(
    ("line", "first_line", "last_line", "pid", "source_port", "dest_port", "asn", "year")
)
CODE_WORDS: Final = re.compile(r"`([^`]+)`")
KNOWN_TABLES: Final[tuple[Table, ...]] = (
    *(schema.MAIL_EVENTS, schema.FIREWALL_EVENTS, schema.AUDIT, schema.SESSIONS, schema.SOURCES),
    *(schema.CANDIDATES, schema.BREACHES, schema.DECISIONS, schema.FRONTIER, schema.MESSAGES),
    schema.UNKNOWN,
)


def as_text(table: pd.DataFrame, *, by_row: bool = False, none: str = NO_ROWS) -> str:
    """Return a table as plain text: aligned columns, or one block of `column  value` lines a row.

    Control characters of log text are replaced, so that it cannot steer a terminal. Times are
    UTC, to the second.

    Args:
        table: any table; its index is not shown.
        by_row: one block a row, for wide tables; empty values are left out.
        none: what to say when there are no rows.
    """
    if table.empty:
        return none
    names = [str(name) for name in table.columns]
    rows = _cells(table)
    if by_row:
        return "\n\n".join(_block(names, row) for row in rows)
    return "\n".join(_lines(names, rows, [_is_right(table[name]) for name in table.columns]))


def cell(value: object) -> str:
    """Return one value as clean text on one line, passwords masked; missing values are empty."""
    if isinstance(value, pd.Timestamp):
        return "" if pd.isna(value) else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if pd.isna(value) else _number(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    return "".join(letter if letter.isprintable() else "?" for letter in mask_passwords(str(value)))


def _cells(table: pd.DataFrame) -> list[list[str]]:
    """Return the rows as clean texts; large counts are grouped, names such as a port are not."""
    counts = [
        str(name) not in NAMES_IN_FIGURES and pd.api.types.is_integer_dtype(table[name])
        for name in table.columns
    ]
    return [
        [_count(value) if counts[place] else cell(value) for place, value in enumerate(row)]
        for row in table.itertuples(index=False, name=None)
    ]


def _count(value: object) -> str:
    text = cell(value)
    return f"{int(text):,}" if len(text) >= GROUPED_DIGITS else text


def _number(value: float) -> str:
    """Return a number with three figures that count, thousands marked, no powers of ten."""
    if value.is_integer() or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1e-4 else f"{value:.1e}"


def _is_right(column: "pd.Series[Any]") -> bool:
    is_number = pd.api.types.is_numeric_dtype(column)
    return is_number and not pd.api.types.is_bool_dtype(column)


def _lines(names: list[str], rows: list[list[str]], right: list[bool]) -> Iterable[str]:
    short = [[_cut(value, CELL_LETTERS) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(names, *short, strict=True)]
    for row in [names, *short]:
        cells = [
            value.rjust(width) if is_right else value.ljust(width)
            for value, width, is_right in zip(row, widths, right, strict=True)
        ]
        yield "  ".join(cells).rstrip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _block(names: list[str], row: list[str]) -> str:
    width = max(map(len, names))
    lines = []
    for name, value in zip(names, row, strict=True):
        if value:
            first, *rest = textwrap.wrap(value, VALUE_LETTERS) or [""]
            lines.append(f"{name.ljust(width)}  {first}")
            lines += [f"{' ' * width}  {more}" for more in rest]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True, repr=False)
class Readable:
    """A table as a notebook shows it: escaped, without index, and saying what it leaves out."""

    table: pd.DataFrame
    rows: int
    by_row: bool
    none: str = NO_ROWS

    @property
    def _note(self) -> str:
        left_out = self.rows - len(self.table)
        return f"{left_out:,} more of {self.rows:,} rows not shown" if left_out else ""

    def __repr__(self) -> str:
        return "\n".join(
            filter(None, [as_text(self.table, by_row=self.by_row, none=self.none), self._note])
        )

    def _repr_html_(self) -> str:
        if self.table.empty:
            return f"<p>{html.escape(self.none)}</p>"
        names = [html.escape(str(name)) for name in self.table.columns]
        body = [[html.escape(text) for text in row] for row in _cells(self.table)]
        right = [_is_right(self.table[name]) for name in self.table.columns]
        made = _html_blocks(names, body) if self.by_row else _html_rows(names, body, right)
        return made + (f"<p><em>{self._note}</em></p>" if self._note else "")


def readable(
    table: pd.DataFrame, *, most: int = 12, by_row: bool = False, none: str = NO_ROWS
) -> Readable:
    """Return the first rows of a table in the form that a notebook shows best.

    Args:
        table: any table; its index is not shown.
        most: how many rows; the rest is counted in a note.
        by_row: one block of `column  value` lines a row, for wide tables and long texts.
        none: what to say when there are no rows.
    """
    return Readable(table.head(most), len(table), by_row, none)


@dataclass(frozen=True, slots=True, repr=False)
class Prose:
    """A text as a notebook shows it: escaped, in paragraphs and lists that wrap."""

    text: str

    def __repr__(self) -> str:
        lines = (textwrap.wrap(line, PROSE_LETTERS) or [""] for line in self.text.splitlines())
        return "\n".join(part for wrapped in lines for part in wrapped)

    def _repr_html_(self) -> str:
        return "".join(
            f"<ul><li>{html_words(line[2:])}</li></ul>"
            if line.startswith("- ")
            else f"<p>{html_words(line)}</p>"
            for line in self.text.splitlines()
        )


def html_words(line: str) -> str:
    """Return a line as HTML: escaped, and words in backticks as code."""
    return CODE_WORDS.sub(r"<code>\1</code>", html.escape(line))


def prose(text: object) -> Prose:
    """Return what the toolkit says in words in the form that a notebook shows best.

    Args:
        text: a sentence, or anything whose `str` is one: a verdict, an explanation. Lines that
            begin with `- ` are items of a list.
    """
    lines = str(text).splitlines()
    return Prose("\n".join(cell(line) for line in lines))


def _html_rows(names: list[str], body: list[list[str]], right: list[bool]) -> str:
    sides = ["right" if is_right else "left" for is_right in right]
    head = _html_cells("th", names, sides)
    rows = "".join(f"<tr>{_html_cells('td', row, sides)}</tr>" for row in body)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _html_cells(tag: str, texts: list[str], sides: list[str]) -> str:
    return "".join(
        f'<{tag} style="text-align: {side}">{text}</{tag}>'
        for text, side in zip(texts, sides, strict=True)
    )


def _html_blocks(names: list[str], body: list[list[str]]) -> str:
    sides = ["left", "left"]
    return "".join(
        "<table><tbody>"
        + "".join(
            f"<tr>{_html_cells('td', [f'<strong>{name}</strong>', value], sides)}</tr>"
            for name, value in zip(names, row, strict=True)
            if value
        )
        + "</tbody></table>"
        for row in body
    )


def columns_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return what each column of a public table means: `column`, `unit`, `meaning`.

    A column that no public table has gets an empty meaning.
    """
    known = {column.name: column for known in KNOWN_TABLES for column in known}
    for candidate in KNOWN_TABLES:
        if set(table.columns) <= set(schema.names(candidate)):
            known |= {column.name: column for column in candidate}
    rows = [
        (str(name), known[name].unit, known[name].meaning) if name in known else (str(name), "", "")
        for name in table.columns
    ]
    return pd.DataFrame(rows, columns=["column", "unit", "meaning"], dtype="str")


def log_lines(events: pd.DataFrame, *, most: int = 12) -> pd.DataFrame:
    """Return where events stand and what they say: `file`, `line`, `program`, `message`.

    Passwords in the messages are masked. Lines of several servers have `host` too.

    Args:
        events: mail events or firewall events; the first `most` rows are shown.
        most: how many rows.

    Raises:
        MissingColumnError: the table lacks file, line or message.
    """
    require(events, ["file", "line", "message"])
    several = "host" in events.columns and events["host"].nunique() > 1
    columns = ("file", "line", *(["host"] if several else []), "program", "message")
    shown = [name for name in columns if name in events.columns]
    rows = events[shown].head(most).reset_index(drop=True)
    said = [None if pd.isna(text) else mask_passwords(text) for text in rows["message"]]
    return rows.assign(message=pd.array(said, dtype="str"))
