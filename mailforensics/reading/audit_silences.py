"""Silences of a log that are longer than its own rhythm, found stretch by stretch."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import polars as pl

# A silence is worth a note if it is this many times the longest one of a usual day, and long.
GAP_TIMES: Final = 4
GAP_LEAST: Final = timedelta(minutes=30)
# Without a few days to compare with, only a silence far beyond all others.
DAYS_NEEDED: Final = 3
GAP_TIMES_SHORT_LOG: Final = 10
MOST_NOTES: Final = 3


class Silences:
    """The silences of a log: it is told the times of lines, from the first to the last."""

    def __init__(self) -> None:
        self._last: pl.DataFrame | None = None
        self._long: list[pl.DataFrame] = []
        self._daily = pl.DataFrame()
        self._all: list[pl.Series] = []

    def add(self, times: pl.DataFrame) -> None:
        """Take the next times: `time`, each once and oldest first, with its `file`."""
        rows = times if self._last is None else pl.concat([self._last, times])
        if rows.is_empty():
            return
        self._last = rows.tail(1)
        gaps = rows.with_columns(gap=pl.col("time").diff().shift(-1)).head(-1)
        daily = gaps.select(day=pl.col("time").dt.date(), gap="gap")
        daily = pl.concat([self._daily, daily]) if self._daily.width else daily
        self._daily = daily.group_by("day").agg(pl.col("gap").max())
        # The gaps of a longer log are never asked for one by one.
        is_short = self._daily.height < DAYS_NEEDED
        self._all = [*self._all, gaps["gap"]] if is_short else []
        self._long.append(gaps.filter(pl.col("gap") > GAP_LEAST))

    def longest(self) -> tuple[datetime | None, datetime | None]:
        """Return when the longest silence begins and ends; of equals the first.

        Without one of more than GAP_LEAST it is nothing.
        """
        if not self._long or (gaps := pl.concat(self._long)).is_empty():
            return None, None
        longest = pl.col("gap") == pl.col("gap").max()
        begin, gap = gaps.filter(longest).select("time", "gap").row(0)
        return begin, begin + gap

    def notes(self) -> Iterator[tuple[str, str]]:
        """Yield the silences worth a note, each with the file in which it begins."""
        if self._daily.is_empty():
            return
        most, usual = self._longest_usual()
        gaps = pl.concat(self._long).filter(pl.col("gap") > most)
        for (file,), rows in gaps.group_by("file", maintain_order=True):
            for start, gap in rows.select("time", "gap").head(MOST_NOTES).rows():
                yield (
                    str(file),
                    f"silent for {span_in_words(gap)} from {start:%Y-%m-%d %H:%M} UTC; {usual}",
                )
            if (more := rows.height - MOST_NOTES) > 0:
                yield str(file), f"{more} more such silences"

    def _longest_usual(self) -> tuple[timedelta, str]:
        """Return the silence above which one is unusual, and what it was compared with."""
        if self._daily.height >= DAYS_NEEDED:
            usual = self._daily.select(pl.col("gap").median()).item()
            words = f"on a usual day the longest silence is {span_in_words(usual)}"
            return max(GAP_TIMES * usual, GAP_LEAST), words
        usual = (
            pl.concat(self._all).to_frame().select(pl.col("gap").quantile(0.95, "nearest")).item()
        )
        words = f"19 of 20 silences are at most {span_in_words(usual)}"
        return max(GAP_TIMES_SHORT_LOG * usual, GAP_LEAST), words


def span_in_words(length: timedelta) -> str:
    """Return a length of time with its two largest units."""
    seconds = int(length.total_seconds())
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"
