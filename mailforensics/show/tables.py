"""Tables for people: plain text for a terminal, short tables for a notebook, columns explained."""

import textwrap
from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from mailforensics import schema
from mailforensics.schema import Table, require

CELL_LETTERS: Final = 60
VALUE_LETTERS: Final = 88
KNOWN_TABLES: Final[tuple[Table, ...]] = (
    *(schema.MAIL_EVENTS, schema.FIREWALL_EVENTS, schema.AUDIT, schema.SESSIONS, schema.SOURCES),
    *(schema.CANDIDATES, schema.BREACHES, schema.DECISIONS, schema.FRONTIER, schema.MESSAGES),
)


def as_text(table: pd.DataFrame, *, by_row: bool = False) -> str:
    """Return a table as plain text: aligned columns, or one block of `column  value` lines a row.

    Control characters of log text are replaced, so that it cannot steer a terminal. Times are
    UTC, to the second. No rows: `(none)`.

    Args:
        table: any table; its index is not shown.
        by_row: one block a row, for wide tables; empty values are left out.
    """
    if table.empty:
        return "(none)"
    names = [str(name) for name in table.columns]
    rows = [[cell(value) for value in row] for row in table.itertuples(index=False, name=None)]
    if by_row:
        return "\n\n".join(_block(names, row) for row in rows)
    return "\n".join(_lines(names, rows, [_is_right(table[name]) for name in table.columns]))


def cell(value: object) -> str:
    """Return one value as clean text on one line; missing values are empty."""
    if isinstance(value, pd.Timestamp):
        return "" if pd.isna(value) else f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, float):
        return "" if pd.isna(value) else f"{value:,.10g}" if value.is_integer() else f"{value:,.3g}"
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    return "".join(letter if letter.isprintable() else "?" for letter in str(value))


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

    Args:
        events: mail events or firewall events; the first `most` rows are shown.
        most: how many rows.

    Raises:
        MissingColumnError: the table lacks file, line or message.
    """
    require(events, ["file", "line", "message"])
    shown = [name for name in ("file", "line", "program", "message") if name in events.columns]
    return events[shown].head(most).reset_index(drop=True)
