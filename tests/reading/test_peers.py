"""Messages that differ only in their peer's address are read as one, and come out as if alone."""

import itertools
import re

import pandas as pd
import polars as pl
import pytest

import mailforensics as mf
from mailforensics.reading.mail import TABLE
from mailforensics.reading.patterns import PEER, literal_after_peer
from mailforensics.reading.peers import read_once

HEAD = "Sep  4 16:59:45 mail postfix/{service}[12]: "
BRACKETS = re.compile(r"\[[^\s\[\]]+\]")
INSIDE = ("198.18.4.7", "198.18.4.77", "unknown", "240e:d9:d800:200::d4", "x=1", "a[b", " ", "")


def variants(sample: str) -> list[str]:
    """Return a message with different texts between its first brackets."""
    return [BRACKETS.sub(lambda _, text=text: f"[{text}]", sample, count=1) for text in INSIDE]


def read(lines: list[str]) -> pd.DataFrame:
    """Return the events of some lines, without what tells their place."""
    return mf.read_mail_log("\n".join(lines) + "\n", year=2026).drop(columns="line")


def test_messages_read_together_are_read_as_if_alone() -> None:
    """Whatever stands in the first brackets of each sample, other lines change nothing."""
    lines = [
        HEAD.format(service=(pattern.services or ("smtpd",))[0]) + message
        for pattern in TABLE[::3]
        if BRACKETS.search(pattern.sample)
        for message in variants(pattern.sample)
    ]
    together = read(lines)
    for place in range(len(INSIDE)):
        alone = read(lines[place :: len(INSIDE)])
        part = together.iloc[place :: len(INSIDE)].reset_index(drop=True)
        pd.testing.assert_frame_equal(part, alone)


def test_each_message_keeps_its_own_address() -> None:
    """Two hundred addresses with one text come out as two hundred addresses."""
    addresses = [f"198.18.{a}.{b}" for a, b in itertools.product(range(4), range(1, 51))]
    events = read([f"{HEAD.format(service='smtpd')}connect from unknown[{a}]" for a in addresses])
    assert events["source_ip"].tolist() == addresses
    assert set(events["event"]) == {"connect"}


def test_text_that_only_looks_like_a_peer_is_read_by_itself() -> None:
    """Where no event is told for a shared text, each message is read alone."""
    messages = pl.DataFrame({"program": ["a", "a"], "inner": ["b[c]", "b[d]"]})

    def know_only_c(texts: pl.DataFrame) -> pl.DataFrame:
        known = ~pl.col("shared") & pl.col("inner").str.contains("c")
        return texts.select(event=pl.when(known).then(pl.lit("c")))

    assert read_once(messages, know_only_c)["event"].to_list() == ["c", None]


@pytest.mark.parametrize(
    ("expression", "literal"),
    [
        (rf"connect from {PEER}", "]"),
        (rf"warning: {PEER}: SASL (?P<sasl_method>\S+) failed", "]"),
        (rf"[A-Z-]+ from {PEER}", "]"),
        (rf".* from {PEER}", None),
        (rf"[^<]* from {PEER}", None),
        (rf"[!-~]+ from {PEER}", None),
        (rf"\[x\] from {PEER}", None),
        (rf"one|two {PEER}", None),
        (rf"(?:from {PEER})?", None),
        (r"connect from \[(?P<source_ip>[0-9.]+)\]", None),
    ],
)
def test_an_expression_minds_the_address_unless_only_its_peer_can_hold_it(
    expression: str, literal: str | None
) -> None:
    """An expression whose start could hold brackets is never tried on a shared text."""
    assert literal_after_peer(expression) == literal
