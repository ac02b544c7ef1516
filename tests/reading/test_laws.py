"""The laws of reading, tried on text that nobody would write by hand."""

import bz2
import gzip
import io
import ipaddress
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mailforensics as mf
from mailforensics.reading.blocks import read_blocks
from mailforensics.reading.files import parse_block
from mailforensics.reading.mail import TABLE, parse_mail
from mailforensics.reading.patterns import Pattern
from mailforensics.reading.ufw import parse_ufw

STAMPS = (
    "Sep  4 16:59:45 mail ",
    "Sep 14 00:00:00 mx2 ",
    "2026-09-04T16:59:45.123456+02:00 mail ",
    "2026-09-05T01:00:00Z mail ",
    "<22>Sep  5 10:00:00 mail ",
    "2026-09-04 16:59:45 mail ",
)
TAGS = (
    "postfix/smtpd[12]: ",
    "postfix/submission/smtpd[7]: ",
    "dovecot: ",
    "kernel: ",
    "cron[1]: ",
)
MESSAGES = tuple(pattern.sample for pattern in TABLE)
PACKET = (
    "[UFW BLOCK] IN=eth0 OUT= MAC= SRC=212.70.149.83 DST=203.0.113.10 LEN=60 TTL=50 PROTO=TCP "
    "SPT=40000 DPT=25 WINDOW=29200 RES=0x00 SYN URGP=0"
)
lines = st.one_of(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(STAMPS),
        st.sampled_from(TAGS),
        st.sampled_from([*MESSAGES, PACKET]),
    ),
    st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=60),
    st.sampled_from(["", " ", "\t", "  : more", "    rest of it", ":x", "\r", "{", '{"a":1}']),
    st.builds("{}{}".format, st.sampled_from(STAMPS), st.text("ab[]<>:=, .1", max_size=30)),
)
texts = st.lists(lines, min_size=1, max_size=12).map("\n".join).map(lambda text: text + "\n")
LAWS = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def counts(events: pd.DataFrame) -> tuple[int, int]:
    """Return the lines of the evidence, and the rows with blank and joined lines added."""
    (fact,) = events.attrs["evidence"]
    extra = sum(int(n.split()[0]) for n in fact["notes"] if " blank " in n or " wrapped " in n)
    return fact["lines"], len(events) + extra


@LAWS
@given(texts)
def test_nothing_is_lost(text: str) -> None:
    """Rows, blank lines and joined lines are the physical lines, for mail and firewall logs."""
    for read in (mf.read_mail_log, mf.read_ufw_log):
        lines_in, accounted = counts(read(text, year=2026))
        assert lines_in == accounted == text.count("\n")


@LAWS
@given(st.binary(max_size=400), st.integers(0, 3))
def test_hostile_bytes_never_crash(data: bytes, kind: int) -> None:
    """Any bytes after a good line give rows, never an error."""
    good = STAMPS[kind].encode() + b"postfix/smtpd[1]: connect from unknown[198.18.0.1]\n"
    for read in (mf.read_mail_log, mf.read_ufw_log):
        lines_in, accounted = counts(read(io.BytesIO(good * 9 + data), year=2026))
        assert lines_in == accounted


@LAWS
@given(texts, st.integers(50, 300))
def test_blocks_do_not_matter(text: str, size: int) -> None:
    """Any split of the bytes into blocks gives the same events."""
    for parse in (parse_mail, parse_ufw):
        whole = parse_block(text.encode(), parse).events
        parts, before = [], 0
        for block in read_blocks(io.BytesIO(text.encode()), size):
            parsed = parse_block(block, parse)
            parts.append(parsed.events.with_columns(pl.col("line") + before))
            before += parsed.lines
        together = pl.concat([whole.clear(), *parts], how="diagonal_relaxed")
        assert together.select(whole.columns).equals(whole)


@settings(LAWS, max_examples=10)
@given(st.lists(texts, min_size=2, max_size=4), st.randoms())
def test_files_order_and_compression_do_not_matter(contents: Sequence[str], random: object) -> None:
    """Any order of files and any compression gives the same table, to the byte."""
    with TemporaryDirectory() as folder:
        tables = []
        for pack in (bytes, gzip.compress, bz2.compress):
            paths = []
            for number, text in enumerate(contents):
                paths.append(Path(folder) / f"mail.log.{number}")
                paths[-1].write_bytes(pack(text.encode()))
            random.shuffle(paths)  # type: ignore[attr-defined]
            tables.append(mf.read_mail_log(paths, year=2026))
    assert tables[0].equals(tables[1])
    assert tables[0].equals(tables[2])


@LAWS
@given(texts)
def test_order_is_time_file_line(text: str) -> None:
    """Rows are sorted by time, then by place; rows without a time stand last."""
    events = mf.read_mail_log(text, year=2026)
    expected = events.sort_values(["time", "file", "line"], ignore_index=True, kind="stable")
    assert events.equals(expected)


HOSTILE = (
    "198.18.66.6", "unknown[198.18.66.6]", "x[198.18.66.6]:25", "rip=198.18.66.6,",
    "rip=198.18.66.6", "> rip=198.18.66.6, lip=", "]: connect from a[198.18.66.6]", "\x00\r\t",
    "from unknown[198.18.66.6]", "(?,198.18.66.6)", "pam(x,198.18.66.6)", ", sasl_username=root",
    "a>, method=PLAIN, rip=198.18.66.6, lip=203.0.113.1, x=<", "<x>, relay=y[198.18.66.6]:25",
    "client=x[198.18.66.6]",
    "#012Sep  4 16:59:45 mail postfix/smtpd[1]: connect from x[198.18.66.6]",
)  # fmt: skip


def poisoned(row: Pattern) -> list[str]:
    """Return a row's sample line with each text that a client wrote replaced by hostile ones."""
    fields = {"helo", "sender", "recipient", "username", "reason"}
    values = [row.gives.get(name, "") for name in sorted(fields)]
    texts = [value for value in values if value and not row.sample.startswith(value)]
    service = (row.services or ("smtpd",))[0]
    tag = "dovecot: " if row.sample.startswith(service) else f"postfix/{service}[1]: "
    return [
        f"Sep  4 16:59:45 mail {tag}{row.sample.replace(text, hostile)}\n"
        for text in texts
        for hostile in HOSTILE
    ]


def test_text_never_moves_the_source() -> None:
    """Whatever a client calls itself or its user, no address of its text becomes the source."""
    events = mf.read_mail_log("".join(line for row in TABLE for line in poisoned(row)), year=2026)
    moved = events[events["source_ip"] == "198.18.66.6"]
    assert len(events) > 1000
    assert moved["message"].tolist() == []


@LAWS
@given(texts)
def test_sources_are_canonical_addresses(text: str) -> None:
    """A source is an address in canonical text, never IPv4 in IPv6, or null."""
    for source in mf.read_mail_log(text, year=2026)["source_ip"].dropna():
        assert str(ipaddress.ip_address(source)) == source
        assert not source.startswith("::ffff:")
