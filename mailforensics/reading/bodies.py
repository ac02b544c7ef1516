"""Take off what stands before the text proper: a queue id, or Dovecot's process and level."""

from typing import Final

import polars as pl

from mailforensics.reading.distinct import parse_distinct

# Short queue ids are hexadecimal; long ones leave out the vowels, so that they spell no words.
_QUEUE_ID: Final = r"^(?:[0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}|NOQUEUE): "
_QUEUE_ID_LENGTH: Final = 6
# Dovecot 1.x may write its own name twice.
_PROCESS: Final = r"^(?:dovecot: )?([a-z][a-z0-9-]*)(?:: |[(<])"
# What stands in brackets after the process holds names and addresses: it stays in the body.
_DOVECOT: Final = (
    r"^(?:dovecot: )?[a-z][a-z0-9-]*(?:: (?:(?:Debug|Info|Warning|Error|Fatal|Panic): )?)?"
)


def take_off(heads: pl.DataFrame) -> pl.DataFrame:
    """Add `service`, `queue_id` and `body` to heads.

    Args:
        heads: `program`, and `inner`, the message to understand.
    """
    kinds = parse_distinct(heads["program"], _parse_program)
    body, service = heads["inner"].alias("body"), kinds["service"]
    queue_id = pl.repeat(None, len(body), dtype=pl.String, eager=True)
    colon = body.str.find(": ", literal=True)
    rows = _rows(body, _QUEUE_ID, kinds["is_postfix"] & (colon >= _QUEUE_ID_LENGTH))
    if len(rows):
        texts, colon = body.gather(rows), colon.gather(rows)
        queue_id = queue_id.scatter(rows, texts.str.head(colon).replace("NOQUEUE", None))
        body = body.scatter(rows, texts.str.slice(colon + 2))
    rows = _rows(body, _PROCESS, kinds["is_dovecot"])
    if len(rows):
        texts = body.gather(rows)
        service = service.scatter(rows, texts.str.extract(_PROCESS))
        body = body.scatter(rows, texts.str.replace(_DOVECOT, ""))
    return heads.with_columns(service.alias("service"), queue_id.alias("queue_id"), body)


def _rows(texts: pl.Series, expression: str, candidates: pl.Series) -> pl.Series:
    """Return the numbers of the candidates that match."""
    rows = candidates.arg_true()
    return rows.filter(texts.gather(rows).str.contains(expression).fill_null(value=False))


def _parse_program(programs: pl.Series) -> pl.DataFrame:
    """Return the last part of each tag, and whether it is one of Postfix or Dovecot."""
    program = pl.col("program")
    return programs.to_frame("program").select(
        service=program.str.extract(r"([^/]+)$"),
        is_postfix=program.str.contains("/", literal=True),
        is_dovecot=program.str.ends_with("dovecot"),
    )
