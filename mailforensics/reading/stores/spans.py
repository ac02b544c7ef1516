"""A store in turn: stretches of time that hold about as many rows as may be held at a time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from mailforensics.reading.audit_notes import once
from mailforensics.reading.stores.question import Asked, Question, of_host
from mailforensics.reading.stores.settle import DAY_MICROS, days_of


def spans(store: Asked, *, host: str | None = None) -> list[Question]:
    """Return questions for the lines without a time, and then for one stretch after the other.

    A day is never parted. Where all fits, it is one question for everything.

    Args:
        store: events.
        host: the server; None for all together.
    """
    mine = of_host(host)
    lines: Counter[int] = Counter()
    for _, part in store.parts(mine):
        days = days_of(part)
        for day in days:
            lines[day] += part.rows // len(days)
    edges, held = list[int](), 0
    for day in sorted(lines):
        if held and held + lines[day] > store.rows_at_a_time:
            edges.append(day * DAY_MICROS)
            held = 0
        held += lines[day]
    if not edges:
        return [mine]
    ends = zip([None, *edges], [*edges, None], strict=True)
    timed = [replace(mine, start=start, end=end) for start, end in ends]
    return [replace(mine, untimed=True), *timed]


def times_in_turn(store: Asked) -> Iterator[pl.DataFrame]:
    """Yield the times of all lines, stretch by stretch: `time`, each once and oldest first.

    `file` is that of the lines of this time whose name comes last.
    """
    for question in spans(store):
        if question.untimed:
            continue
        frames = [once(frame) for frame in store.frames(question, columns=[])]
        yield once(pl.concat(frames))
