"""The head of a line: time, host, program, pid, and the message that follows."""

from typing import Final

import polars as pl

from mailforensics.reading.containers import (
    DEPTH,
    carried_lines,
    inner_lines,
    is_carrier,
    put_in,
    stamped_twice,
)
from mailforensics.reading.distinct import parse_distinct
from mailforensics.reading.journal import is_journal, read_journal
from mailforensics.reading.own_logs import name_nginx, name_own
from mailforensics.reading.stamps import read_stamps

# BusyBox writes facility and level before the tag: `host kern.warn kernel`, `kern.warn kernel`.
_LEVEL: Final = r"(?:emerg|alert|crit|err|error|warn|warning|notice|info|debug)"
# FreeBSD's syslogd -v: `<mail.info> host program`, `<2.6> host program`.
_PRIORITY: Final = r"(?:<[a-z0-9]+\.[a-z0-9]+> )?"
# Solaris puts a number of each message and its level after the tag.
_MESSAGE_ID: Final = r"^\[ID [0-9]+ [a-z0-9]+\.[a-z]+\] "
# What programs that are no daemons write where syslog has the host: `10:00:00 INFO success: …`.
_NO_HOSTS: Final = (
    *("TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRIT", "CRITICAL", "FATAL"),
)
# host postfix/smtpd[123]   kernel   dovecot   host program   imap(anna)<12><a/b>
_TAG: Final = (
    rf"^{_PRIORITY}(?:kern\.{_LEVEL} )?(?:(?P<host>[^\s(]+) +(?:[a-z0-9]+\.{_LEVEL} )?)?"
    r"(?P<program>[^\s\[\]:]+)(?:\[(?P<pid>[0-9]{1,18})\])?$"
)
# The usual `host program[pid]`, which is told much faster; `kern.` may be no host.
_USUAL_TAG: Final = (
    r"^(?P<host>[A-Za-z0-9_.-]+) (?P<program>[A-Za-z0-9_/.-]+)(?:\[(?P<pid>[0-9]{1,18})\])?$"
)
# The same as _TAG where no blank follows the colon, or nothing does.
_TIGHT: Final = (
    r"(?s)^(?:(?P<host>[^\s:(]+) +)?(?P<program>[^\s\[\]:(]+)(?:\[(?P<pid>[0-9]{1,18})\])?:"
    r" ?(?P<message>.*)$"
)
# RFC 5424: host program pid message-id structured-data, then the message
_RFC5424: Final = (
    r"(?s)^(?P<host>\S+) (?P<program>\S+) (?:-|(?P<pid>[0-9]{1,18})|\S+) \S+ "
    r"(?:-|(?:\[(?:[^\]\\]|\\.)*\])+) ?\x{feff}?(?P<message>.*)$"
)
_HEAD: Final = ("time", "clock", "host", "program", "pid", "message")


def read_heads(lines: pl.DataFrame) -> pl.DataFrame:
    """Take the head off each line.

    Args:
        lines: a column `text`; all others are kept.

    Returns:
        The other columns of `lines` in their order, and `time` (naive, microseconds; UTC where
        `clock` is `absolute`, in LEAP_YEAR where it is `yearless`), `clock` (null without a stamp),
        `host`, `program`, `pid`, and `message`: what follows the head, or all of a line without.
    """
    journal = is_journal(lines["text"])
    if not journal.any():
        return lines.drop("text").hstack(_plain(lines["text"]))
    both = pl.concat(
        [
            part.drop("text").hstack(read(part["text"]))
            for part, read in (
                (lines.filter(~journal), _plain),
                (lines.filter(journal), _journal),
            )
        ]
    )
    return both.sort("line")


def _journal(text: pl.Series) -> pl.DataFrame:
    return _open_carried(read_journal(text))


def _plain(text: pl.Series, depth: int = DEPTH) -> pl.DataFrame:
    stamps = read_stamps(text)
    rest = text.str.slice(stamps["width"].fill_null(0)).alias("rest")
    stamped = stamps.drop("width").hstack([rest])
    if not depth:
        return _tagged(text, stamped, depth)
    outer = stamped_twice(stamped)
    if outer.is_empty():
        return _open_carried(_tagged(text, stamped, depth), depth)
    inner = _plain(outer["inner"], depth - 1)
    whole = (inner["program"] != "kernel").fill_null(value=False) & inner["host"].is_not_null()
    outer, inner = outer.filter(whole), inner.filter(whole)
    left = pl.repeat(True, len(text), eager=True).scatter(outer["row"], False)
    found = _tagged(text.filter(left), stamped.filter(left), depth)
    places = pl.int_range(len(text), eager=True).filter(left)
    return _open_carried(put_in(_scattered(found, places, len(text)), outer, inner), depth)


def _scattered(heads: pl.DataFrame, places: pl.Series, length: int) -> pl.DataFrame:
    """Return heads at their places among so many rows, null elsewhere."""
    numbers = pl.repeat(None, length, dtype=pl.UInt32, eager=True)
    numbers = numbers.scatter(places, pl.int_range(len(places), dtype=pl.UInt32, eager=True))
    return heads.select(pl.all().gather(numbers))


def _tagged(text: pl.Series, stamped: pl.DataFrame, depth: int) -> pl.DataFrame:
    """Read what follows the stamps (`time`, `clock`, `rest`)."""
    rest = stamped["rest"]
    head = _before_colon(rest).set(stamped["clock"].is_null(), None)
    tags = parse_distinct(head, _parse_tags)
    message = _without_id(rest.str.slice(tags["width"].fill_null(0))).alias("message")
    heads = stamped.hstack([*tags.drop("width"), message])
    untagged, is_rfc5424 = heads["program"].is_null(), _is_rfc5424(text)
    found = (
        heads.pipe(_retry, _RFC5424, is_rfc5424)
        .pipe(_retry, _TIGHT, heads["clock"].is_not_null() & untagged)
        .pipe(name_own)
        .select(_HEAD)
    )
    if not depth:
        return found
    bare = untagged & ~is_rfc5424
    if not bare.any():
        return found
    return _open(found, inner_lines(heads, text, bare, relayed=depth == DEPTH), depth)


def _open(heads: pl.DataFrame, outer: pl.DataFrame, depth: int) -> pl.DataFrame:
    """Put the heads of the lines inside lines in the place of those around them."""
    return heads if outer.is_empty() else put_in(heads, outer, _plain(outer["inner"], depth - 1))


def _open_carried(heads: pl.DataFrame, depth: int = DEPTH) -> pl.DataFrame:
    """Open what containers printed and a logging driver of Docker passed on."""
    carried = parse_distinct(heads["program"], _carriers)["carried"].fill_null(value=False)
    return _open(heads, carried_lines(heads, carried), depth) if carried.any() else heads


def _carriers(programs: pl.Series) -> pl.DataFrame:
    return programs.to_frame("program").select(carried=is_carrier(pl.col("program")))


def _without_id(messages: pl.Series) -> pl.Series:
    numbered = messages.str.starts_with("[ID ")
    return messages.str.replace(_MESSAGE_ID, "") if numbered.any() else messages


def _is_rfc5424(text: pl.Series) -> pl.Series:
    bracketed = text.str.starts_with("<")
    return bracketed & text.str.contains(r"^<[0-9]+>1 ") if bracketed.any() else bracketed


def _before_colon(rest: pl.Series) -> pl.Series:
    """Return what stands before the first `: `; null where there is none."""
    colon = rest.str.find(": ", literal=True)
    head = rest.str.head(colon)
    head = head.set(colon.is_null(), None) if colon.null_count() else head
    # `find` counts bytes and `head` characters: they differ where the head is not ASCII.
    wrong = (head.str.len_bytes() != colon).fill_null(value=False)
    return head.set(wrong, None) if wrong.any() else head


def _parse_tags(heads: pl.Series) -> pl.DataFrame:
    """Return `host`, `program`, `pid`, and `width`: the characters up to the message."""
    tags = heads.str.extract_groups(_USUAL_TAG).struct.unnest()
    odd = (tags["program"].is_null() | heads.str.starts_with("kern.")).arg_true()
    if len(odd):
        texts = heads.gather(odd)
        found = name_nginx(texts.str.extract_groups(_TAG).struct.unnest(), texts)
        tags = pl.DataFrame([tags[name].scatter(odd, found[name]) for name in found.columns])
    width = pl.when(tags["program"].is_not_null()).then(heads.str.len_chars() + 2)
    return tags.with_columns(
        pl.col("host").replace(_NO_HOSTS, None),
        pl.col("pid").cast(pl.Int64, strict=False),
        width=width,
    )


def _retry(heads: pl.DataFrame, expression: str, rows: pl.Series) -> pl.DataFrame:
    """Read the heads of some rows (a mask) anew, with another expression."""
    if not rows.any():
        return heads
    found = (
        heads.filter(rows)
        .select(pl.col("rest").str.extract_groups(expression).alias("found"))
        .unnest("found")
        .with_columns(pl.col("pid").cast(pl.Int64, strict=False))
    )
    hit = found["program"].is_not_null()
    places = rows.arg_true().filter(hit)
    return heads.with_columns(
        heads[name].scatter(places, found[name].filter(hit)) for name in found.columns
    )
