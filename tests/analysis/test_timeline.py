"""Timelines: bins of any width, with zeros, in UTC."""

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics.errors import ArgumentError, MissingColumnError
from tests.frames import events, failed, session

ROWS = session("198.18.0.1", failed(repeat=3)) + session("198.18.0.2", at=7200)


def test_bins_have_zeros_and_repeats() -> None:
    """Every bin has every kind; folded lines count as often as they stand for."""
    table = mf.timeline(events(ROWS))
    assert list(table) == ["time", "event", "count"]
    failures = table.loc[table["event"] == "auth_failed", "count"]
    assert failures.tolist() == [3, 0, 0]
    assert table["time"].dt.hour.unique().tolist() == [10, 11, 12]


def test_duplicates_do_not_count() -> None:
    """A line that was already read from another file is in no bin."""
    twice = [row | {"duplicate": True} for row in ROWS]
    counts = mf.timeline(events([*ROWS, *twice]), by=None)["count"]
    assert counts.sum() == 7


def test_any_table_with_a_time() -> None:
    """Sessions are placed by their start and counted by any column."""
    table = mf.timeline(mf.sessions(events(ROWS)), every="1d", by="outcome")
    assert table[["outcome", "count"]].to_numpy().tolist() == [["auth_failed", 1], ["probe", 1]]


def test_missing_values_are_counted() -> None:
    """Rows without a value are counted as `(none)`, not lost."""
    table = mf.timeline(events(ROWS), by="username")
    assert table.groupby("username")["count"].sum().to_dict() == {"(none)": 7}


@pytest.mark.parametrize("every", ["", "0h", "1y", "h", "1h30"])
def test_widths_that_are_none(every: str) -> None:
    """A width that cannot be read is refused with an example."""
    with pytest.raises(ArgumentError, match="write a number and s, min, h, d or w"):
        mf.timeline(events(ROWS), every=every)


def test_too_many_bins() -> None:
    """A year in seconds is refused before memory is gone."""
    rows = session("198.18.0.1") + session("198.18.0.2", at=400 * 86400)
    with pytest.raises(ArgumentError, match="take wider bins"):
        mf.timeline(events(rows), every="1s")


def test_no_rows_and_no_such_column() -> None:
    """No rows give no bins; a column that is not there is named."""
    assert mf.timeline(events([])).empty
    with pytest.raises(MissingColumnError, match="lacks colour"):
        mf.timeline(events(ROWS), by="colour")
    with pytest.raises(ArgumentError, match="column of the result"):
        mf.timeline(pd.DataFrame({"time": []}), by="time")
