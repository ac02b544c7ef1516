"""Kernel log lines of ufw, and of any other netfilter LOG rule, to firewall events."""

from typing import Final

import pandas as pd
import polars as pl

from mailforensics.reading.distinct import parse_distinct
from mailforensics.reading.evidence import Source
from mailforensics.reading.evidence_names import FIREWALL_LOGS
from mailforensics.reading.netfilter import judge, packets
from mailforensics.reading.read import LogKind, read_events
from mailforensics.reading.repeats import unfold
from mailforensics.reading.syslog import read_heads
from mailforensics.schema import FIREWALL_EVENTS

_FIELDS: Final = {
    "in_interface": r"^IN=(\S+)",
    "out_interface": r" OUT=(\S+)",
    "mac": r" MAC(?:SRC)?=(\S+)",
    # Complete only with what follows: a cut 212.70.149.83 could pass for 212.70.149.8.
    "source_ip": r" SRC=(\S+) ",
    "dest_ip": r" DST=(\S+) ",
    "length": r" LEN=([0-9]+)",
    "ttl": r" (?:TTL|HOPLIMIT)=([0-9]+)",
    "protocol": r" PROTO=(\S+)",
    "source_port": r" SPT=([0-9]+)",
    "dest_port": r" DPT=([0-9]+)",
    "icmp_type": r" TYPE=([0-9]+)",
    "tcp_flags": r" (?:RES|WINDOW)=\S+ ((?:(?:CWR|ECE|URG|ACK|PSH|RST|SYN|FIN) )*)URGP=",
}
# The kernel names these and writes the rest as numbers.
# Source: IANA protocol numbers; net/netfilter/nf_log_syslog.c
_PROTOCOLS: Final = {
    "1": "icmp", "2": "igmp", "4": "ipip", "6": "tcp", "17": "udp", "41": "ipv6", "47": "gre",
    "50": "esp", "51": "ah", "58": "icmpv6", "88": "eigrp", "89": "ospf", "103": "pim",
    "112": "vrrp", "132": "sctp", "136": "udplite",
}  # fmt: skip


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
    kind = LogKind("ufw", FIREWALL_LOGS, parse_ufw, FIREWALL_EVENTS)
    return read_events(source, kind, tz=tz, year=year)


def parse_ufw(lines: pl.DataFrame) -> pl.DataFrame:
    """Turn the lines of a block (`line`, `text`) into events; times are not settled yet."""
    heads = read_heads(lines).pipe(unfold).pipe(packets, lines["text"])
    # The packet that an ICMP error quotes stands in brackets, cut or whole; the outer one counts.
    outer = heads.with_columns(pl.col("packet").str.replace_all(r"\[[^\]]*(?:\]|$)", ""))
    fields = outer.with_columns(
        **{name: pl.col("packet").str.extract(regex) for name, regex in _FIELDS.items()}
    )
    judged = fields.hstack(parse_distinct(fields["prefix"], judge))
    return judged.with_columns(_direction(), *_texts(), _event())


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
        pl.col("protocol").replace(_PROTOCOLS).str.to_lowercase(),
        pl.when(flags != "").then(flags).alias("tcp_flags"),
    ]


def _event() -> pl.Expr:
    headless = pl.col("clock").is_null() & pl.col("program").is_null()
    return pl.coalesce("event", pl.when(headless).then(pl.lit("unparsed")), pl.lit("other")).alias(
        "event"
    )
