"""Whether logs can be trusted: what limits every answer drawn from them, in plain words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pandas as pd
import polars as pl
import pyarrow as pa

from mailforensics import schema
from mailforensics.analysis.wording import counted
from mailforensics.reading.audit import audit
from mailforensics.reading.stores.question import Question
from mailforensics.reading.stores.store import Store

MOST_OF_A_KIND: Final = 3
LEAST_UNDERSTOOD: Final = 0.5
# What the audit notes of a file, and what limits an answer: the rest is how the file was read.
FAULTS: Final = (
    re.compile(r"truncated or damaged|decompression bomb|^not read"),
    re.compile(r"lines? (?:is|are) missing"),
    re.compile(r"the clock goes back|wrong clock|in the future"),
    re.compile(r"^silent for"),
)
_DATED: Final = ("", "the stamps hold it")
_PACKET: Final = r"\bSRC=\S+ DST=\S+ "
_MAIL: Final = r"connect from |client=|SASL |status=\w+|NOQUEUE|-login: |statistics: "


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether logs can be trusted, as far as they tell themselves.

    Attributes:
        answer: one sentence, beginning with Yes, In part, or No.
        limits: what takes away from it, each with the file; empty where nothing does.
        assumptions: what was taken for granted; each says what to do if it does not hold.
        files: what `audit` told of the mail logs.
    """

    answer: str
    limits: tuple[str, ...]
    assumptions: tuple[str, ...]
    files: pd.DataFrame = field(compare=False, repr=False)

    def __str__(self) -> str:
        return "\n".join([self.answer, *(f"- {line}" for line in self.limits + self.assumptions)])


def trust(
    events: pd.DataFrame | Store,
    *,
    firewall_events: pd.DataFrame | Store | None = None,
    tz: str = "UTC",
) -> Trust:
    """Return whether these logs can be trusted, and what limits an answer drawn from them.

    Args:
        events: mail events, or a store.
        firewall_events: firewall events, or a store, if there are any.
        tz: the zone in which year-less stamps were read.

    Raises:
        MissingColumnError: a table is not what it should be.
    """
    files = audit(events)
    walls = None if firewall_events is None else audit(firewall_events)
    kinds = _kinds(events)
    limits = (
        *_faults(pd.concat([files, walls]) if walls is not None else files),
        *_misplaced(kinds, None if firewall_events is None else _kinds(firewall_events)),
        *_hosts(kinds),
    )
    assumptions = tuple(_assumed(files, tz))
    return Trust(_answer(files, limits, assumptions), limits, assumptions, files)


def _kinds(events: pd.DataFrame | Store) -> pl.DataFrame:
    """Return one row a file and host: `lines`, those `seen` (understood), `packets` and `mail`.

    Packets are lines that are not understood and of a firewall; mail are lines of a mail server.
    """
    looked_at = ["file", "event", "host", "message"]
    if isinstance(events, Store):
        frames = events.frames(Question(), columns=looked_at[1:])
        return _summed(pl.concat(_counted(frame) for frame in frames))
    schema.require(events, looked_at)
    only = events[looked_at]
    return _counted(pl.DataFrame(pa.Table.from_pandas(only, preserve_index=False)))


def _counted(lines: pl.DataFrame) -> pl.DataFrame:
    places = pl.col("file", "host").cast(pl.String)
    seen = ~pl.col("event").is_in(["other", "unparsed"])
    message, one = pl.col("message"), pl.lit(1, pl.Int64)
    known = lines.select(places, seen=seen.cast(pl.Int64), lines=one)
    # Only the words of lines that nobody understood are looked at.
    texts = lines.filter(~seen).select(
        places,
        packets=((pl.col("event") == "other") & message.str.contains(_PACKET)).cast(pl.Int64),
        mail=message.str.contains(_MAIL).cast(pl.Int64),
    )
    return _summed(pl.concat([known, texts], how="diagonal"))


def _summed(table: pl.DataFrame) -> pl.DataFrame:
    return table.group_by("file", "host").agg(pl.col("lines", "seen", "packets", "mail").sum())


def _answer(files: pd.DataFrame, limits: tuple[str, ...], assumptions: tuple[str, ...]) -> str:
    rows, unread = int(files["events"].sum()), int(files[["other", "unparsed"]].to_numpy().sum())
    known = rows - unread
    read = f"{counted(rows, 'line')} of {counted(len(files), 'file')}, {known:,} of them understood"
    if known < LEAST_UNDERSTOOD * rows or not rows:
        return f"No: {read}. Is it the log of a mail server?"
    if limits:
        faults = "this limits" if len(limits) == 1 else f"{len(limits)} things limit"
        return f"In part: {read}, but {faults} the answers."
    condition = ", if this holds" if assumptions else ""
    return (
        f"Yes{condition}: {read}, nothing missing that the log would show. (Whoever was root could "
        "change a log without a trace; the fingerprints hold it fast from now on.)"
    )


def _faults(files: pd.DataFrame) -> Iterator[str]:
    """Yield the faults that the audit found, the worst kind first, a few of each kind."""
    pieces = [
        (file, piece, last)
        for file, notes, last in files[["file", "notes", "last_time"]].values
        for piece in (notes.split("; ") if isinstance(notes, str) else [])
    ]
    for fault in FAULTS:
        found = [_told(*item) for item in pieces if fault.search(item[1])]
        yield from found[:MOST_OF_A_KIND]
        if (more := len(found) - MOST_OF_A_KIND) > 0:
            yield f"{counted(more, 'more fault')} of this kind, in the notes on the files."


def _told(file: str, piece: str, last: pd.Timestamp) -> str:
    if FAULTS[0].search(piece) and not pd.isna(last):
        return f"{file}: {piece}; its lines end at {last:%Y-%m-%d %H:%M} UTC."
    return f"{file}: {piece}."


def _misplaced(mail: pl.DataFrame, wall: pl.DataFrame | None) -> Iterator[str]:
    """Yield the logs that were given as what they are not."""
    files = mail.group_by("file").agg(pl.col("lines", "packets").sum()).sort("file")
    for file, lines, packets in files.filter(pl.col("packets") > 0).rows():
        if 2 * packets > lines:
            yield (
                f"{file} is a firewall log, no mail log: name it with `--ufw-log`, and the mail "
                "log as LOG."
            )
        elif wall is None:
            yield (
                f"{file} holds {counted(packets, 'line')} of a firewall that were not counted: "
                "name it with `--ufw-log` as well."
            )
    if wall is not None:
        yield from _no_firewall_logs(wall)


def _no_firewall_logs(wall: pl.DataFrame) -> Iterator[str]:
    files = wall.group_by("file").agg(pl.col("seen", "mail").sum()).sort("file")
    for file, mail in files.filter(pl.col("seen") == 0).select("file", "mail").rows():
        if mail:
            yield f"{file} is a mail log, no firewall log: name it as LOG, not with `--ufw-log`."
        else:
            yield f"{file} was named with `--ufw-log` and holds no line of a firewall."


def _hosts(kinds: pl.DataFrame) -> Iterator[str]:
    """Yield what it means that lines come from several hosts."""
    known = kinds.filter(pl.col("seen") > 0)["host"]
    hosts = known.drop_nulls().unique().sort().to_list()
    if len(hosts) > 1:
        named = ", ".join(hosts[:MOST_OF_A_KIND]) + (" …" if len(hosts) > MOST_OF_A_KIND else "")
        yield (
            f"The lines come from {len(hosts):,} hosts ({named}) and are counted together, but a "
            "firewall and a ban script belong to one: make a case for each, or see "
            "`mailforensics fleet`."
        )


def _assumed(files: pd.DataFrame, tz: str) -> Iterator[str]:
    guessed = files.loc[~files["year_from"].fillna("").isin(_DATED)]
    if len(guessed) and tz == "UTC":
        yield (
            "The stamps name no zone and were read as UTC: if the server's clock shows another "
            "zone, name it, for example `--tz Europe/Berlin`."
        )
