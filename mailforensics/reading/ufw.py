"""Kernel log lines of ufw, and of any other netfilter LOG rule, to firewall events."""

from typing import Final

import pandas as pd
import polars as pl

from mailforensics.reading.evidence import Source
from mailforensics.reading.evidence_names import FIREWALL_LOGS
from mailforensics.reading.read import LogKind, read_events
from mailforensics.reading.repeats import unfold
from mailforensics.reading.syslog import read_heads
from mailforensics.schema import FIREWALL_EVENTS

_PACKET: Final = r"^(?:\[ *\d+\.\d+\] ?)?(?P<prefix>.*?) ?(?P<packet>IN=\S* OUT=.*)$"
_FIELDS: Final = {
    "in_interface": r"^IN=(\S+)",
    "out_interface": r" OUT=(\S+)",
    "mac": r" MAC=(\S+)",
    "source_ip": r" SRC=(\S+)",
    "dest_ip": r" DST=(\S+)",
    "length": r" LEN=(\d+)",
    "ttl": r" (?:TTL|HOPLIMIT)=(\d+)",
    "protocol": r" PROTO=(\S+)",
    "source_port": r" SPT=(\d+)",
    "dest_port": r" DPT=(\d+)",
    "icmp_type": r" TYPE=(\d+)",
    "tcp_flags": r" RES=\S+ ((?:(?:CWR|ECE|URG|ACK|PSH|RST|SYN|FIN) )*)URGP=",
}
_EVENTS: Final = {
    "BLOCK": "blocked",
    "ALLOW": "allowed",
    "AUDIT": "audited",
    "AUDIT INVALID": "audited",
    "LIMIT BLOCK": "limited",
}


def read_ufw_log(source: Source, *, tz: str = "UTC", year: int | None = None) -> pd.DataFrame:
    """Return firewall events, one row a line, oldest first, ties in the order of file and line.

    Args:
        source: a path, a glob, a folder, a list of those, a file object, or text with a newline.
        tz: IANA zone in which stamps without an offset were written.
        year: the year of the oldest year-less line; without it the reader finds it.

    Returns:
        The columns of `schema.FIREWALL_EVENTS`; `attrs["evidence"]` holds the facts of each file.

    Raises:
        EvidenceError: nothing can be read there.
        ArgumentError: there is no such zone or year.
    """
    kind = LogKind(FIREWALL_LOGS, parse_ufw, FIREWALL_EVENTS)
    return read_events(source, kind, tz=tz, year=year)


def parse_ufw(lines: pl.DataFrame) -> pl.DataFrame:
    """Turn the lines of a block (`line`, `text`) into events; times are not settled yet."""
    heads = read_heads(lines).pipe(unfold)
    # Only the kernel writes packets: a mail client can put the same words into its HELO.
    is_kernel = pl.col("program").is_null() | (pl.col("program") == "kernel")
    parts = heads.with_columns(
        pl.when(is_kernel).then("inner").str.extract_groups(_PACKET).alias("parts")
    ).unnest("parts")
    # The packet that an ICMP error quotes stands in brackets; the outer one counts.
    outer = parts.with_columns(pl.col("packet").str.replace_all(r"\[[^\]]*\]", ""))
    fields = outer.with_columns(
        **{name: pl.col("packet").str.extract(regex) for name, regex in _FIELDS.items()}
    )
    return fields.with_columns(_action(), _direction(), *_texts()).with_columns(_event())


def _action() -> pl.Expr:
    prefix = pl.col("prefix").str.strip_chars()
    return pl.coalesce(prefix.str.extract(r"^\[UFW (.*)\]$"), prefix).alias("action")


def _direction() -> pl.Expr:
    came, leaves = pl.col("in_interface").is_not_null(), pl.col("out_interface").is_not_null()
    return (
        pl.when(came & leaves)
        .then(pl.lit("forward"))
        .when(came)
        .then(pl.lit("in"))
        .when(leaves)
        .then(pl.lit("out"))
        .alias("direction")
    )


def _texts() -> list[pl.Expr]:
    flags = pl.col("tcp_flags").str.strip_chars()
    return [
        pl.col("protocol").str.to_lowercase(),
        pl.when(flags != "").then(flags).alias("tcp_flags"),
    ]


def _event() -> pl.Expr:
    known = pl.col("action").replace_strict(_EVENTS, default="other", return_dtype=pl.String)
    return (
        pl.when(pl.col("packet").is_not_null())
        .then(known)
        .when(pl.col("clock").is_null() & pl.col("program").is_null())
        .then(pl.lit("unparsed"))
        .otherwise(pl.lit("other"))
        .alias("event")
    )
