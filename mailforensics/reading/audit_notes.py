"""What the events themselves tell of a log's faults: silences, clocks, lost lines, passwords."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import polars as pl

from mailforensics.reading.passwords import CHECKERS, CLIENTS_WORDS, leaks

# A silence is worth a note if it is this many times the longest one of a usual day, and long.
GAP_TIMES: Final = 4
GAP_LEAST: Final = timedelta(minutes=30)
# Without a few days to compare with, only a silence far beyond all others.
DAYS_NEEDED: Final = 3
GAP_TIMES_SHORT_LOG: Final = 10
# Several processes write at once: lines a few seconds out of order are no clock's fault.
STEP_BACK: Final = timedelta(seconds=60)
MOST_NOTES: Final = 3
# What syslogd, journald and the kernel say when they throw lines away, and how many.
# Source: imuxsock.c, imjournal.c of rsyslog 8; journald-rate-limit.c of systemd; printk/ratelimit.c
_LOST: Final = (
    r"imuxsock(?:\[[^\]]*\])?:? ?(?:lost|(?:begins? to )?drop)|messages lost due to rate-limiting"
    r"|begin(?:s|ning)? to drop messages|^Suppressed \d+ messages|callbacks suppressed"
    r"|messages? suppressed|^Missed \d+ kernel messages|message\(s\) lost|discarded? \d+ messages"
)
_LOST_COUNT: Final = (
    r"lost (\d+) messages|(\d+) messages lost|Suppressed (\d+) messages|(\d+) callbacks suppressed"
    r"|(\d+) messages? suppressed|Missed (\d+) kernel|discarded? (\d+) messages"
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


def notes_of(table: pl.DataFrame, texts: pl.DataFrame) -> dict[str, list[str]]:
    """Return for each file what its events tell, in plain words; files without a note are absent.

    Args:
        table: `file`, `line`, `time` and `event` of all events.
        texts: `file`, `line`, `message` and, where it is known, `program` of those whose `event` is
            one of TELLING, or whose `service` is one of CHECKERS.
    """
    program = [] if "program" in texts.columns else [pl.lit(None, pl.String).alias("program")]
    table, texts = _ranked(table), _ranked(texts.with_columns(program))
    found: dict[str, list[str]] = {}
    for file, note in itertools.chain(
        _foreign(table), _gaps(table), _steps_back(table), _lost(texts), _leaked(texts)
    ):
        found.setdefault(file, []).append(note)
    return found


def _ranked(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with files as numbers that sort like their names: that is fast."""
    names = table["file"].cast(pl.String).unique().sort()
    return table.with_columns(pl.col("file").cast(pl.String).cast(pl.Enum(names)))


def _foreign(table: pl.DataFrame) -> Iterator[tuple[str, str]]:
    read = ~pl.col("event").is_in(["other", "unparsed"])
    for file, any_read in table.group_by("file", maintain_order=True).agg(read.any()).rows():
        if not any_read:
            yield str(file), "no line of it is understood: is it the log of another program?"


def _gaps(table: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield silences longer than the log's own rhythm, each for the file in which it begins."""
    times = table.select("file", "time").drop_nulls().sort("time", "file")
    gaps = times.with_columns(gap=pl.col("time").diff().shift(-1)).filter(
        pl.col("gap") > timedelta()
    )
    if gaps.is_empty():
        return
    most, usual = _longest_usual(gaps)
    for (file,), rows in gaps.filter(pl.col("gap") > most).group_by("file", maintain_order=True):
        for start, gap in rows.select("time", "gap").head(MOST_NOTES).rows():
            yield (
                str(file),
                f"silent for {_span(gap)} from {start:%Y-%m-%d %H:%M} UTC; {usual}",
            )
        if (more := rows.height - MOST_NOTES) > 0:
            yield str(file), f"{more} more such silences"


def _longest_usual(gaps: pl.DataFrame) -> tuple[timedelta, str]:
    """Return the silence above which one is unusual, and what it was compared with."""
    daily = gaps.group_by(pl.col("time").dt.date()).agg(pl.col("gap").max())
    if daily.height >= DAYS_NEEDED:
        usual = daily.select(pl.col("gap").median()).item()
        words = f"on a usual day the longest silence is {_span(usual)}"
        return max(GAP_TIMES * usual, GAP_LEAST), words
    usual = gaps.select(pl.col("gap").quantile(0.95, "nearest")).item()
    words = f"19 of 20 silences are at most {_span(usual)}"
    return max(GAP_TIMES_SHORT_LOG * usual, GAP_LEAST), words


def _steps_back(table: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield where times go back from one line to the next, in the order of each file's lines."""
    lines = table.select("file", "line", "time").drop_nulls().sort("file", "line")
    step = pl.col("time").diff().over("file")
    backs = lines.with_columns(step=-step).filter(pl.col("step") > STEP_BACK)
    for (file,), rows in backs.group_by("file", maintain_order=True):
        largest = rows.sort("step", "line", descending=[True, False])
        line, step_back = largest.select("line", "step").row(0)
        note = (
            f"the clock goes back {rows.height} time(s), by up to {_span(step_back)} (line {line})"
        )
        is_hour = abs(step_back - timedelta(hours=1)) < timedelta(minutes=5)
        yield str(file), note + (f"; {_DAYLIGHT}" if is_hour else "")


def _lost(texts: pl.DataFrame) -> Iterator[tuple[str, str]]:
    """Yield what the loggers themselves say that they threw away."""
    logger = pl.col("program").fill_null("kernel").str.contains(_LOGGERS)
    says = texts.filter(logger & pl.col("message").str.contains(_LOST))
    groups = pl.col("message").str.extract_groups(_LOST_COUNT)
    numbers = [groups.struct[place].cast(pl.Int64, strict=False) for place in range(7)]
    counted = says.with_columns(lost=pl.coalesce(numbers))
    for (file,), rows in counted.group_by("file", maintain_order=True):
        places = ", ".join(str(line) for line in rows["line"].sort().head(5))
        number = int(rows["lost"].sum())
        what = f"at least {number:,} lines are missing" if number else "lines are missing"
        yield str(file), f"{what}: the logger threw them away (it says so in line {places})"


def _leaked(texts: pl.DataFrame) -> Iterator[tuple[str, str]]:
    held = texts.filter(leaks(texts["message"])) if texts.height else texts
    for (file,), rows in held.group_by("file", maintain_order=True):
        first = rows["line"].sort().item(0)
        yield (
            str(file),
            f"{rows.height} lines hold a password in clear (the first is line {first}): have it "
            "changed, and guard this file",
        )


def _span(length: timedelta) -> str:
    """Return a length of time with its two largest units."""
    seconds = int(length.total_seconds())
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for name, size in units:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"
