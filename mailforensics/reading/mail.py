"""Mail logs to mail events: one row a line, whatever the line says."""

from typing import Final

import pandas as pd
import polars as pl

from mailforensics.reading.bodies import take_off
from mailforensics.reading.dovecot import DOVECOT
from mailforensics.reading.engine import run_table
from mailforensics.reading.evidence import Source
from mailforensics.reading.evidence_names import MAIL_LOGS
from mailforensics.reading.nginx import NGINX_PATTERNS
from mailforensics.reading.others import OTHERS
from mailforensics.reading.passwords import CHECKERS, CLIENTS_WORDS, masked
from mailforensics.reading.peers import read_once
from mailforensics.reading.postfix import POSTFIX
from mailforensics.reading.read import LogKind, read_events
from mailforensics.reading.repeats import unfold
from mailforensics.reading.stores.store import Store, open_store, store_at
from mailforensics.reading.syslog import read_heads
from mailforensics.schema import MAIL_EVENTS

TABLE: Final = (*POSTFIX, *OTHERS, *NGINX_PATTERNS, *DOVECOT)


def read_mail_log(source: Source, *, tz: str = "UTC", year: int | None = None) -> pd.DataFrame:
    """Return mail events, one row a line, oldest first, ties in the order of file and line.

    Args:
        source: a path, a glob, a folder, a list of those, a file object, or text with a newline.
        tz: IANA zone in which stamps without an offset were written.
        year: the year of the oldest year-less line; without it the reader finds it.

    Returns:
        The columns of `schema.MAIL_EVENTS`; `attrs["evidence"]` holds the facts of each file.

    Raises:
        EvidenceError: nothing can be read there.
        ArgumentError: there is no such zone or year.
    """
    return read_events(
        source, LogKind("mail", MAIL_LOGS, parse_mail, MAIL_EVENTS), tz=tz, year=year
    )


def open_mail(source: Source, *, tz: str = "UTC", year: int | None = None) -> pd.DataFrame | Store:
    """Return what analyses of mail take: the store that a source names, or its events, read.

    Args and errors are those of `read_mail_log`.
    """
    store = store_at(source)
    return read_mail_log(source, tz=tz, year=year) if store is None else open_store(store)


def parse_mail(lines: pl.DataFrame) -> pl.DataFrame:
    """Turn the lines of a block (`line`, `text`, `open_end`) into events with unsettled times."""
    heads = read_heads(lines).pipe(unfold)
    headless = pl.col("clock").is_null() & pl.col("program").is_null()
    other = pl.when(headless).then(pl.lit("unparsed")).otherwise(pl.lit("other"))
    return (
        heads.drop("inner")
        .hstack(read_once(heads.select("program", "inner"), _understand))
        .with_columns(event=pl.coalesce("event", other))
        .pipe(_doubt_cut_address)
    )


def _understand(messages: pl.DataFrame) -> pl.DataFrame:
    """Return what messages say, `event` null where no pattern knows; see `peers.read_once`."""
    bodies = take_off(messages)
    caught = run_table(TABLE, bodies)
    # A pattern may find a queue id or a service that stands elsewhere in the line.
    held = [series for series in caught if series.name in bodies.columns]
    added = [series for series in caught if series.name not in bodies.columns]
    return (
        bodies.select("service", "queue_id")
        .with_columns(pl.coalesce(series, pl.col(series.name)) for series in held)
        .hstack(added)
        .pipe(_hide_passwords)
    )


def _doubt_cut_address(events: pl.DataFrame) -> pl.DataFrame:
    """Take the source from a line that a file ends in and that ends in it: digits may be missing.

    `rip=198.18.4.7` of a log that is being written may become `rip=198.18.4.77`.
    """
    if "source_ip" not in events.columns or not events["open_end"].any():
        return events
    cut = pl.col("open_end") & pl.col("message").str.ends_with(pl.col("source_ip"))
    return events.with_columns(source_ip=pl.when(~cut).then("source_ip"))


def _hide_passwords(events: pl.DataFrame) -> pl.DataFrame:
    """Mask passwords in `reason`; only some kinds of lines can hold one."""
    if "reason" not in events.columns:
        return events
    may = events["event"].is_in(CLIENTS_WORDS) | events["service"].is_in(CHECKERS)
    rows = may.fill_null(value=False).arg_true()
    reasons = events["reason"]
    return events.with_columns(reasons.scatter(rows, masked(reasons.gather(rows))))
