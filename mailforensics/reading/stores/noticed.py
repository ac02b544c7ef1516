"""What the events of a store tell of its faults, looked at stretch by stretch and file by file."""

from collections.abc import Iterator
from typing import Final

import polars as pl

from mailforensics.reading.audit_notes import (
    Noticed,
    leaked,
    steps_back,
    telling,
    thrown_away,
    understood,
)
from mailforensics.reading.audit_silences import Silences
from mailforensics.reading.stores.question import Asked, Question
from mailforensics.reading.stores.spans import times_in_turn

_LOOKED_AT: Final = ("event", "program", "service", "message")
_PLACE: Final = ["file", "line", "time"]


def noticed(store: Asked) -> Noticed:
    """Return what the events of a store tell of its faults, as `audit_notes` finds it."""
    silences = Silences()
    for times in times_in_turn(store):
        silences.add(times)
    known = {column.name for column in store.table}
    columns = [name for name in _LOOKED_AT if name in known]
    steps = _Steps()
    found: list[tuple[pl.DataFrame, ...]] = []
    for frame in store.frames(Question(), columns=columns):
        texts = telling(frame)
        found.append((understood(frame), thrown_away(texts), leaked(texts)))
        steps.add(frame.select(_PLACE).drop_nulls())
    read, lost, held = (pl.concat(tables) for tables in zip(*found, strict=True))
    return Noticed(silences, read, pl.concat(steps.found()), lost, held)


class _Steps:
    """Where the clocks of files go back, from parts that hold some of the lines of each.

    Parts of one piece of a file lie among one another, those of later pieces behind them.
    """

    def __init__(self) -> None:
        self._held: list[pl.DataFrame] = []
        self._found: list[pl.DataFrame] = []

    def add(self, lines: pl.DataFrame) -> None:
        """Take lines of the file that is told of, or of the next one."""
        if lines.is_empty():
            self._found.append(steps_back(lines))
            return
        if self._held and self._is_behind(lines):
            self._settle(lines["file"][0])
        self._held.append(lines)

    def _is_behind(self, lines: pl.DataFrame) -> bool:
        held = pl.concat(part.select("file", "line") for part in self._held)
        last = held.select(pl.col("file").last(), pl.col("line").max())
        first = lines.select(pl.col("file").first(), pl.col("line").min())
        return last["file"][0] != first["file"][0] or bool((first["line"] > last["line"])[0])

    def _settle(self, following: str) -> None:
        """Look at the lines held; the last goes on being the one before those that follow."""
        lines = pl.concat(self._held)
        self._found.append(steps_back(lines))
        last = lines.sort("line").tail(1)
        self._held = [last] if last["file"][0] == following else []

    def found(self) -> Iterator[pl.DataFrame]:
        """Yield what was found, when all lines are in."""
        if self._held:
            self._settle("")
        yield from self._found
