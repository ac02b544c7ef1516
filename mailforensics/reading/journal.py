"""Lines of `journalctl -o json`: one JSON object a line."""

import json
from typing import Final

import polars as pl

from mailforensics.reading.stamps import CLOCK

_FIELDS: Final = (
    "__REALTIME_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "_HOSTNAME",
    "SYSLOG_IDENTIFIER",
    "_COMM",
    "_TRANSPORT",
    "_PID",
    "SYSLOG_PID",
    "CONTAINER_NAME",
    "MESSAGE",
)


def is_journal(text: pl.Series) -> pl.Series:
    """Say for each line whether it looks like an entry of the journal."""
    braced = text.str.starts_with("{")
    if not braced.any():
        return braced
    return braced & text.str.contains('"__REALTIME_TIMESTAMP"', literal=True)


def read_journal(text: pl.Series) -> pl.DataFrame:
    """Return the heads and messages of journal entries; see `syslog.read_heads`.

    An entry that is no JSON comes out without a head, its text as the message. A message that is
    not UTF-8 stands in the journal as a list of bytes, and is read from it.
    Source: systemd.journal-fields(7), https://systemd.io/JOURNAL_EXPORT_FORMATS/
    """
    fields = pl.DataFrame([text.str.json_path_match(f"$.{name}").alias(name) for name in _FIELDS])
    micros = pl.coalesce("__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP")
    time = micros.cast(pl.Int64, strict=False).cast(pl.Datetime("us"))
    kernel = pl.when(pl.col("_TRANSPORT") == "kernel").then(pl.lit("kernel"))
    # Any program may call itself so; only the transport tells, and journald writes that.
    claims = (pl.col("SYSLOG_IDENTIFIER") == "kernel") & pl.col("_TRANSPORT").is_not_null()
    named = pl.when(claims.fill_null(value=False)).then(None).otherwise("SYSLOG_IDENTIFIER")
    return fields.with_columns(text.alias("text")).select(
        time=time,
        clock=pl.when(time.is_not_null()).then(pl.lit("absolute", CLOCK)),
        host="_HOSTNAME",
        # What a container printed; see `containers`.
        program=pl.coalesce(kernel, "docker/" + pl.col("CONTAINER_NAME"), named, "_COMM"),
        pid=pl.coalesce("SYSLOG_PID", "_PID").cast(pl.Int64, strict=False),
        message=pl.coalesce(_decoded(fields["MESSAGE"]), "text"),
    )


def _decoded(messages: pl.Series) -> pl.Series:
    """Read messages that the journal holds as a list of bytes."""
    listed = messages.str.contains(r"^\[[0-9]+(?:,[0-9]+)*\]$").fill_null(value=False)
    if not listed.any():
        return messages
    texts = [_bytes_to_text(message) for message in messages.filter(listed)]
    return messages.scatter(listed.arg_true(), texts)


def _bytes_to_text(listed: str) -> str:
    numbers = json.loads(listed)
    if not all(isinstance(number, int) and 0 <= number < 256 for number in numbers):
        return listed
    return bytes(numbers).decode("utf-8", "backslashreplace")
