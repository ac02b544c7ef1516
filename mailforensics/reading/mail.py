"""Mail logs to mail events: one row a line, whatever the line says."""

from typing import Final

import pandas as pd
import polars as pl

from mailforensics.reading.dovecot import DOVECOT
from mailforensics.reading.engine import run_table
from mailforensics.reading.evidence import Source, find_evidence
from mailforensics.reading.files import read_file
from mailforensics.reading.postfix import POSTFIX
from mailforensics.reading.syslog import read_heads
from mailforensics.reading.tables import to_pandas
from mailforensics.reading.years import settle_times
from mailforensics.schema import MAIL_EVENTS

_QUEUE_ID: Final = r"^(?:([0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,})|NOQUEUE): "
_PROCESS: Final = r"^([a-z][a-z0-9-]*)(?:: |[(<])"
# What stands in brackets after the process holds names and addresses: it stays in the body.
_DOVECOT: Final = r"^[a-z][a-z0-9-]*(?:: (?:(?:Debug|Info|Warning|Error|Fatal|Panic): )?)?"


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
    evidence = find_evidence(source)
    frames = [read_file(item, parse_mail) for item in evidence]
    events = settle_times(frames, evidence, tz=tz, year=year)
    table = to_pandas(events, MAIL_EVENTS)
    table.attrs["evidence"] = [item.facts() for item in evidence]
    return table


def parse_mail(lines: pl.DataFrame) -> pl.DataFrame:
    """Turn the lines of a block (`line`, `text`) into events; times are not settled yet."""
    heads = read_heads(lines).with_row_index("row")
    postfix = pl.col("message").str.extract_groups(_QUEUE_ID)
    process = pl.col("message").str.extract(_PROCESS)
    is_dovecot = pl.col("program").str.ends_with("dovecot") & process.is_not_null()
    is_postfix = pl.col("program").str.contains("/", literal=True)
    bodies = heads.select(
        "row",
        service=pl.when(is_dovecot)
        .then(process)
        .otherwise(pl.col("program").str.extract(r"([^/]+)$")),
        queue_id=pl.when(is_postfix).then(postfix.struct.field("1")),
        body=pl.when(is_dovecot)
        .then(pl.col("message").str.replace(_DOVECOT, ""))
        .when(is_postfix)
        .then(pl.col("message").str.replace(_QUEUE_ID, ""))
        .otherwise("message"),
    )
    caught = run_table((*POSTFIX, *DOVECOT), bodies.select("row", "service", "body"))
    other = pl.when(pl.col("program").is_null()).then(pl.lit("unparsed")).otherwise(pl.lit("other"))
    return (
        heads.join(bodies.drop("body"), on="row")
        .join(caught, on="row", how="left", maintain_order="left")
        .with_columns(event=pl.coalesce("event", other))
        .drop("row")
    )
