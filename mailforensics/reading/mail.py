"""Mail logs to mail events: one row a line, whatever the line says."""

from typing import Final

import pandas as pd
import polars as pl

from mailforensics.reading.dovecot import DOVECOT
from mailforensics.reading.engine import run_table
from mailforensics.reading.evidence import Source
from mailforensics.reading.evidence_names import MAIL_LOGS
from mailforensics.reading.others import OTHERS
from mailforensics.reading.postfix import POSTFIX
from mailforensics.reading.read import LogKind, read_events
from mailforensics.reading.repeats import unfold
from mailforensics.reading.syslog import read_heads
from mailforensics.schema import MAIL_EVENTS

_QUEUE_ID: Final = r"^(?:([0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,})|NOQUEUE): "
_PROCESS: Final = r"^([a-z][a-z0-9-]*)(?:: |[(<])"
# What stands in brackets after the process holds names and addresses: it stays in the body.
_DOVECOT: Final = r"^[a-z][a-z0-9-]*(?:: (?:(?:Debug|Info|Warning|Error|Fatal|Panic): )?)?"

TABLE: Final = (*POSTFIX, *OTHERS, *DOVECOT)


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
    return read_events(source, LogKind(MAIL_LOGS, parse_mail, MAIL_EVENTS), tz=tz, year=year)


def parse_mail(lines: pl.DataFrame) -> pl.DataFrame:
    """Turn the lines of a block (`line`, `text`) into events; times are not settled yet."""
    heads = read_heads(lines).pipe(unfold).with_row_index("row")
    bodies = heads.with_columns(*_take_off(pl.col("inner")))
    caught = run_table(TABLE, bodies.select("row", "service", "body"))
    other = (
        pl.when(pl.col("clock").is_null() & pl.col("program").is_null())
        .then(pl.lit("unparsed"))
        .otherwise(pl.lit("other"))
    )
    both = set(caught.columns) & set(bodies.columns) - {"row"}
    return (
        bodies.drop("body", "inner")
        .join(caught, on="row", how="left", maintain_order="left", suffix="_caught")
        .with_columns(pl.coalesce(f"{name}_caught", name).alias(name) for name in sorted(both))
        .with_columns(event=pl.coalesce("event", other))
        .drop("row", *(f"{name}_caught" for name in both))
    )


def _take_off(message: pl.Expr) -> tuple[pl.Expr, ...]:
    """Return `service`, `queue_id` and `body` of messages."""
    process = message.str.extract(_PROCESS)
    is_dovecot = pl.col("program").str.ends_with("dovecot") & process.is_not_null()
    is_postfix = pl.col("program").str.contains("/", literal=True)
    service = (
        pl.when(is_dovecot).then(process).otherwise(pl.col("program").str.extract(r"([^/]+)$"))
    )
    body = (
        pl.when(is_dovecot)
        .then(message.str.replace(_DOVECOT, ""))
        .when(is_postfix)
        .then(message.str.replace(_QUEUE_ID, ""))
        .otherwise(message)
    )
    queue_id = pl.when(is_postfix).then(message.str.extract(_QUEUE_ID))
    return service.alias("service"), queue_id.alias("queue_id"), body.alias("body")
