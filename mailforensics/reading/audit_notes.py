"""What the events themselves tell of a log's faults: silences, clocks, lost lines, passwords."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl

from mailforensics.reading.audit_silences import Silences, span_in_words
from mailforensics.reading.passwords import CHECKERS, CLIENTS_WORDS, leaks

# Several processes write at once: lines a few seconds out of order are no clock's fault.
STEP_BACK: Final = timedelta(seconds=60)
# What syslogd, journald and the kernel say when they throw lines away, and how many.
# Source: imuxsock.c, imjournal.c of rsyslog 8; journald-rate-limit.c of systemd; printk/ratelimit.c
_LOST: Final = (
    r"imuxsock(?:\[[^\]]*\])?:? ?(?:lost|(?:begins? to )?drop)|messages lost due to rate-limiting"
    r"|begin(?:s|ning)? to drop messages|^Suppressed [0-9]+ messages|callbacks suppressed"
    r"|messages? suppressed|^Missed [0-9]+ kernel messages|message\(s\) lost"
    r"|discarded? [0-9]+ messages"
)
_LOST_COUNT: Final = (
    r"lost ([0-9]+) messages|([0-9]+) messages lost|Suppressed ([0-9]+) messages"
    r"|([0-9]+) callbacks suppressed|([0-9]+) messages? suppressed"
    r"|Missed ([0-9]+) kernel|discarded? ([0-9]+) messages"
)
_LOGGERS: Final = r"^(?:rsyslogd|syslogd|syslog-ng|systemd-journald?|journal|kernel|klogd)"
_DAYLIGHT: Final = "an hour is what the end of daylight saving looks like: is tz= right?"
# Only these kinds of lines can hold a password (see `passwords`) or tell of lost lines.
TELLING: Final = (*CLIENTS_WORDS, "other")


def telling(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose text `notes_of` looks at."""
    tells = pl.col("event").is_in(TELLING)
    if "service" in rows.columns:
        tells |= pl.col("service").is_in(CHECKERS).fill_null(value=False)
    return rows.filter(tells)


@dataclass(slots=True)
class Noticed:
    """What the events of a log tell of its faults, as far as they were looked at.

    Attributes:
        silences: of all files together.
        read: `file`, and whether any line of it is understood (`read`).
        steps: `file`, how often its clock goes back (`backs`), and the largest `step`, with `line`.
        lost: `file` and `line` of what loggers say that they threw away, and how many (`lost`).
        leaked: `file`, how many `lines` hold a password in clear, and the first `line`.
    """

    silences: Silences
    read: pl.DataFrame
    steps: pl.DataFrame
    lost: pl.DataFrame
    leaked: pl.DataFrame

    def notes(self) -> dict[str, list[str]]:
        """Return for each file what its events tell, in words; files without a note are absent."""
        found: dict[str, list[str]] = {}
        for file, note in itertools.chain(
            _foreign(self.read),
            self.silences.notes(),
            _steps_back(self.steps),
            _lost(self.lost),
            _leaked(self.leaked),
        ):
            found.setdefault(file, []).append(note)
        return found


def notes_of(table: pl.DataFrame, texts: pl.DataFrame) -> dict[str, list[str]]:
    """Return for each file what its events tell, in plain words; files without a note are absent.

    Args:
        table: `file`, `line`, `time` and `event` of all events.
        texts: `file`, `line`, `message` and, where it is known, `program` of those whose `event` is
            one of TELLING, or whose `service` is one of CHECKERS.
    """
    table, texts = _ranked(table), _ranked(texts)
    silences = Silences()
    silences.add(once(table))
    noticed = Noticed(
        silences, understood(table), steps_back(table), thrown_away(texts), leaked(texts)
    )
    return noticed.notes()


def _ranked(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with files as numbers that sort like their names: that is fast."""
    names = table["file"].cast(pl.String).unique().sort()
    return table.with_columns(pl.col("file").cast(pl.String).cast(pl.Enum(names)))


def once(table: pl.DataFrame) -> pl.DataFrame:
    """Return each `time` once, oldest first, with the last `file` that has it."""
    times = table.select("time", "file").drop_nulls().sort("time", "file")
    return times.unique("time", keep="last", maintain_order=True)


def understood(table: pl.DataFrame) -> pl.DataFrame:
    """Return for each file whether any of its lines is understood, as `Noticed.read`."""
    read = ~pl.col("event").is_in(["other", "unparsed"])
    return table.group_by("file").agg(read=read.any())


def _foreign(read: pl.DataFrame) -> Iterator[tuple[str, str]]:
    for (file,) in (
        read.group_by("file")
        .agg(pl.col("read").any())
        .filter(~pl.col("read"))
        .select("file")
        .rows()
    ):
        yield str(file), "no line of it is understood: is it the log of another program?"


def steps_back(table: pl.DataFrame) -> pl.DataFrame:
    """Return where times go back from one line to the next, as `Noticed.steps`."""
    lines = table.select("file", "line", "time").drop_nulls().sort("file", "line")
    step = pl.col("time").diff().over("file")
    backs = lines.with_columns(step=-step).filter(pl.col("step") > STEP_BACK)
    return _largest(backs.select("file", "step", "line", backs=pl.lit(1, pl.Int64)))


def _largest(steps: pl.DataFrame) -> pl.DataFrame:
    largest = steps.sort("step", "line", descending=[True, False]).group_by("file")
    return largest.agg(pl.col("backs").sum(), pl.col("step", "line").first())


def _steps_back(steps: pl.DataFrame) -> Iterator[tuple[str, str]]:
    for file, times, step, line in _largest(steps).rows():
        note = f"the clock goes back {times} time(s), by up to {span_in_words(step)} (line {line})"
        is_hour = abs(step - timedelta(hours=1)) < timedelta(minutes=5)
        yield str(file), note + (f"; {_DAYLIGHT}" if is_hour else "")


def thrown_away(texts: pl.DataFrame) -> pl.DataFrame:
    """Return what the loggers themselves say that they threw away, as `Noticed.lost`."""
    program = pl.col("program") if "program" in texts.columns else pl.lit(None, pl.String)
    logger = program.fill_null("kernel").str.contains(_LOGGERS)
    says = texts.filter(logger & pl.col("message").str.contains(_LOST))
    groups = pl.col("message").str.extract_groups(_LOST_COUNT)
    numbers = [groups.struct[place].cast(pl.Int64, strict=False) for place in range(7)]
    return says.select("file", "line", lost=pl.coalesce(numbers))


def _lost(lines: pl.DataFrame) -> Iterator[tuple[str, str]]:
    for (file,), rows in lines.group_by("file"):
        places = ", ".join(str(line) for line in rows["line"].sort().head(5))
        number = int(rows["lost"].sum())
        what = f"at least {number:,} lines are missing" if number else "lines are missing"
        yield str(file), f"{what}: the logger threw them away (it says so in line {places})"


def leaked(texts: pl.DataFrame) -> pl.DataFrame:
    """Return how many lines hold a password in clear, as `Noticed.leaked`."""
    held = texts.filter(leaks(texts["message"])) if texts.height else texts
    return held.group_by("file").agg(lines=pl.len().cast(pl.Int64), line=pl.col("line").min())


def _leaked(lines: pl.DataFrame) -> Iterator[tuple[str, str]]:
    together = lines.group_by("file").agg(pl.col("lines").sum(), pl.col("line").min())
    for file, count, first in together.rows():
        yield (
            str(file),
            f"{count} lines hold a password in clear (the first is line {first}): have it "
            "changed, and guard this file",
        )
