r"""Which lines the kernel itself wrote about a packet, and what a LOG prefix says became of it.

Anybody who talks to a daemon can make it log `[UFW BLOCK] IN=eth0 OUT= SRC=203.0.113.9`, so a line
counts only where its head leaves no doubt: the tag is `kernel` (or ulogd, which gets packets from
the kernel), or there is no tag at all and the message *begins* with the kernel's own words.

Source: nf_log_syslog.c, libxt_LOG.c of Linux 3.10 to 6.12, printpkt.c of ulogd 2.0.8, ufw
backend_iptables.py, firewalld fw.py, and the prefixes of Shorewall, CSF and SuSEfirewall2.
"""

from typing import Final

import polars as pl

# `[12345.678901] `, with CONFIG_PRINTK_CALLER `[   12.345678][  T1] `.
_UPTIME: Final = r"\[ *[0-9]+\.[0-9]+\] ?(?:\[ *[TC][0-9]+\] ?)?"
_PACKET: Final = r"(?P<packet>IN=\S* OUT=\S*(?: .*)?)$"
# A kernel line by its tag.
_TAGGED: Final = rf"(?s)^(?:{_UPTIME})?(?P<prefix>.*?) ?{_PACKET}"
# After the uptime: a prefix in which no other program's `host tag[123]: ` can be.
_PREFIX: Final = r"(?P<prefix>(?:\[[^\[\]]*\])?[^\[\]]*?)"
_NO_TAG: Final = (
    # dmesg: `[12345.678901] …`, raw `<4>[…] …`, decoded `kern  :warn  : […] …`; and
    # journalctl -o short-monotonic, which puts host and tag after it.
    rf"(?s)^(?:<[0-7]>|kern *:[a-z]+ *: *)?{_UPTIME}(?:\S+ kernel: )?{_PREFIX} ?{_PACKET}",
    # Without uptime: ufw's words, or a verdict. Other words may be a host and what a user wrote.
    rf"(?s)^(?P<prefix>\[UFW [A-Z ]+\]|(?:[^\s\[\]=]*(?:DROP|REJECT|DEN|BLOCK|ACCEPT|ALLOW)"
    rf"[^\s\[\]=]*?)?) ?{_PACKET}",
)
# dmesg -T: no host, no tag, so what looks like them is the prefix.
_DMESG: Final = (
    r"(?s)^\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} [0-9]{4}\] "
    rf"{_PREFIX} ?{_PACKET}"
)
# ulogd's own file has a host and no tag: only ufw's prefix is told from a user's text. It writes
# `TOS=00` where the kernel writes `TOS=0x00`.
_ULOGD: Final = (
    r"(?s)^\S+ +(?P<prefix>(?:\[UFW [A-Z ]+\])?) *(?P<packet>IN=\S* OUT=\S*"
    r"(?: MAC=\S*)? +SRC=\S+ DST=\S+ LEN=[0-9]+ TOS=[0-9A-F]{2} PREC=.*)$"
)
# socklog tags kernel lines by facility and level; BusyBox writes those before the tag.
_KERNEL: Final = r"^(?:kernel|ulogd|kern\.[a-z]+)$"
# A kernel line's facility is 0: `<4>`. `logger -t kernel` writes `<13>`.
_OTHER_FACILITY: Final = r"^<(?:[89]|[1-9][0-9]+)>"

_VERDICTS: Final = {
    "limited": r"limit(?:ed|ing)?",
    "audited": r"audit(?:ed)?",
    "blocked": (
        r"drop(?:p?ed|ping)?|reject(?:ed|ing)?|den(?:y|ied|ying)|block(?:ed|ing)?|ban(?:ned)?"
        r"|discard(?:ed|ing)?|refused?|blacklist(?:ed)?|not[ _-](?:allow|accept|permitt)ed"
    ),
    "allowed": r"accept(?:ed|ing)?|allow(?:ed|ing)?|pass(?:ed|ing)?|permit(?:ted)?|acc",
}


def packets(heads: pl.DataFrame, text: pl.Series) -> pl.DataFrame:
    """Add `prefix` and `packet` to heads, null where the kernel did not write the line.

    Args:
        heads: `clock`, `program`, `pid` and `inner`, the message to understand.
        text: the whole line of each.
    """
    line, inner, program = pl.lit(text), pl.col("inner"), pl.col("program")
    maybe = inner.str.contains("IN=", literal=True) & ~line.str.contains(_OTHER_FACILITY)
    # The kernel has no process id; in the journal, a program that says it is the kernel has.
    tagged = program.str.contains(_KERNEL) & (pl.col("pid").is_null() | (program == "ulogd"))
    # Every entry of the journal names its writer: without one, nothing is known of it.
    bare = program.is_null() & ~line.str.starts_with("{")
    undated = pl.when(maybe & bare).then(inner)
    dated = pl.when(maybe & bare & pl.col("clock").is_not_null()).then(inner)
    dmesg = pl.when(maybe & line.str.starts_with("[")).then(line).str.extract_groups(_DMESG)
    found = [
        pl.when(maybe & tagged).then(inner).str.extract_groups(_TAGGED),
        *(undated.str.extract_groups(words) for words in _NO_TAG),
        dated.str.extract_groups(_ULOGD),
        dmesg,
    ]
    return heads.with_columns(
        host=pl.when(dmesg.struct.field("packet").is_null()).then("host"),
        **{name: pl.coalesce(g.struct.field(name) for g in found) for name in ("prefix", "packet")},
    )


def judge(prefixes: pl.Series) -> pl.DataFrame:
    """Return for each distinct prefix its `action` and the `event` that it names.

    The action is ufw's word, or the prefix without what sets it off. The event needs words of one
    kind: `LIMIT BLOCK` is `limited`, `AUDIT INVALID` is `audited`; a prefix that says both that a
    packet was dropped and that it was accepted, or neither, is `other`.
    """
    prefix = pl.col("prefix").str.strip_chars(" ")
    named = pl.coalesce(prefix.str.extract(r"^\[UFW (.*)\]$"), prefix.str.strip_chars_end(" :=>-"))
    table = prefixes.alias("prefix").to_frame().with_columns(action=named)
    return table.select(pl.when(pl.col("action") != "").then("action"), event=_verdict())


def _verdict() -> pl.Expr:
    says = {
        event: pl.col("action").str.contains(rf"(?i)(?:^|[^a-z])(?:{words})(?:$|[^a-z])")
        for event, words in _VERDICTS.items()
    }
    negated = pl.col("action").str.contains(r"(?i)(?:^|[^a-z])not[ _-]")
    rules = {
        "audited": says["audited"] & (pl.col("prefix").str.starts_with("[UFW ") | ~says["blocked"]),
        "limited": says["limited"] & ~says["allowed"],
        "blocked": says["blocked"] & (~says["allowed"] | negated),
        "allowed": says["allowed"] & ~says["blocked"],
    }
    return pl.coalesce(
        *(pl.when(rule).then(pl.lit(event)) for event, rule in rules.items()), pl.lit("other")
    )
