r"""Logs of containers and relays: the line that a daemon wrote, inside a line written around it.

Docker, Kubernetes, syslog relays and grep put what they know before a line, and a daemon in a
container puts its own stamp, host and tag after that:

    mailserver  | Nov 24 10:00:00 mail postfix/smtpd[9]: …        docker compose logs
    2026-11-24T10:00:00.123456789Z Nov 24 10:00:00 mail …         docker logs -t, kubectl logs
    2026-11-24T10:00:00.123456789Z stdout F Nov 24 10:00:00 …     /var/log/containers (CRI)
    {"log":"Nov 24 10:00:00 mail …\n","time":"2026-11-24T10:…"}   /var/lib/docker/containers
    [pod/mail-0/postfix] Nov 24 10:00:00 mail …                   kubectl logs --prefix
    mail.log.1:27:Nov 24 10:00:00 mail postfix/smtpd[9]: …        grep -n, zgrep
    Nov 24 10:00:00 vps 3f2a1b0c9d8e[4]: Nov 24 10:00:00 mail …   Docker's drivers for syslog
    Nov 24 10:00:01 relay Nov 24 10:00:00 mail postfix/smtpd …    a relay that stamps anew

A line is taken out of another only where a whole head begins it. The outer time counts, as its zone
or year is known, unless the inner stamp holds both itself. The container's name is the host where
the inner line names none.

Source: docker/cli and compose log printers, Kubernetes CRI logging format, moby's jsonfilelog,
syslog and journald drivers.
"""

from typing import Final

import polars as pl

from mailforensics.reading.stamps import CLOCK, has_stamp, read_stamps

# Lines in lines in lines: `docker compose logs -t` of a container in which syslog runs needs two.
DEPTH: Final = 3
_ANSI: Final = r"(?:\x1b\[[0-9;]*[A-Za-z])*"
# A container's name, a pod's, or the file and the line number that grep puts first.
_NAMED: Final = (
    rf"(?s)^{_ANSI}(?:\[?(?P<name>[A-Za-z0-9][A-Za-z0-9_.@-]*)\]? *\| ?{_ANSI} ?"
    r"|\[pod/(?P<pod>[A-Za-z0-9_.-]+)/[A-Za-z0-9_.-]+\] "
    rf"|(?:[^\s:|]+?{_ANSI}[:-]{_ANSI})?(?:[0-9]+{_ANSI}[:-]{_ANSI})?)"
    r"(?P<inner>(?:[A-Z<\[@]|[0-9]{4}[-/]).*)$"
)
# What stands between two stamps: the stream of a container, or a relay's host.
_STREAM: Final = r"(?s)^std(?:out|err) [FP] (.+)$"
_RELAY: Final = r"(?s)^(?P<host>[^\s:]+) (?P<tail>.+)$"
# The two stamps that daemons write, of which no head of another kind can begin; a look at the first
# lines tells whether it is worth while to look at all.
_TWICE: Final = (
    r"^(?:std(?:out|err) [FP] )?(?:[A-Z][a-z]{2} [ 0-9][0-9] "
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] "
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][.Z+-])"
)
_LOOKED_AT: Final = 100
_STREAM_WIDTH: Final = len("stdout F ")
# Names that Docker gives by itself: an id, `docker/…`, compose's `mail-postfix-1`, and the name
# that docker-mailserver asks for. Other programs may log a stranger's text first.
_CARRIERS: Final = r"^(?:[0-9a-f]{12}|docker(?:/\S*)?|mailserver|[A-Za-z0-9_.-]+[_-][0-9]+)$"
# Docker's own files; Filebeat, Fluent Bit and Loki's `logcli -o jsonl` hold whole lines too.
_DOCKER: Final = r'^\{"(?:log|stream|time|attrs)":'
_JSON_LINES: Final = ("$.log", "$.message", "$.line")
_JSON_TIMES: Final = ("$.time", "$['@timestamp']", "$.timestamp")
_MAIL_DAEMON: Final = pl.col("program").str.contains(r"/|^(?:dovecot|nginx)$")
# Stands in for the stamp of an inner line without one; the outer time replaces it.
_NO_STAMP: Final = "2000-01-01T00:00:00Z "


def is_carrier(program: pl.Expr) -> pl.Expr:
    """Say for each tag whether it is one that Docker gives to what a container prints."""
    return program.str.contains(_CARRIERS)


def inner_lines(
    heads: pl.DataFrame, text: pl.Series, untagged: pl.Series, *, relayed: bool
) -> pl.DataFrame:
    """Return the lines inside lines that have no tag of their own.

    Args:
        heads: `time`, `clock`, and `rest`, what follows the stamp.
        text: the whole lines.
        untagged: which of them to look into.
        relayed: a relay may have put its stamp and a host before a line.

    Returns:
        `row` (the place in `text`), `inner` (a line with a stamp), `time` and `clock` of the outer
        line, `host` that it names, for the lines that may hold another one.
    """
    lines = heads.select("time", "clock", "rest").with_columns(text=text).with_row_index("row")
    lines = lines.filter(untagged)
    dated = lines["clock"].is_not_null()
    parts = (
        _after_stamp(lines.filter(dated), relayed=relayed),
        _after_name(lines.filter(~dated)),
        _in_json(lines.filter(~dated)),
    )
    return pl.concat(parts).pipe(_stamped)


def stamped_twice(heads: pl.DataFrame) -> pl.DataFrame:
    """Return the lines inside lines as `inner_lines` does, of the plainest kind only, but fast.

    Args:
        heads: `time`, `clock`, and `rest`, what follows the stamp.
    """
    rest = pl.col("rest")
    worth = heads["rest"].head(_LOOKED_AT).str.contains(_TWICE).any()
    streamed = rest.str.starts_with("std")
    return (
        (heads if worth else heads.clear())
        .with_row_index("row")
        .filter(pl.col("clock").is_not_null() & rest.str.contains(_TWICE))
        .select(
            *("row", "time", "clock"),
            inner=pl.when(streamed).then(rest.str.slice(_STREAM_WIDTH)).otherwise(rest),
            host=pl.lit(None, pl.String),
        )
    )


def carried_lines(heads: pl.DataFrame, carried: pl.Series) -> pl.DataFrame:
    """Return the lines that containers printed and a logging driver of Docker passed on.

    Args:
        heads: `time`, `clock`, `host` and `message`.
        carried: which of them come from a container.
    """
    lines = heads.with_row_index("row").filter(carried & has_stamp(pl.lit(heads["message"])))
    return lines.select("row", pl.col("message").alias("inner"), "time", "clock", "host")


def _after_stamp(lines: pl.DataFrame, *, relayed: bool) -> pl.DataFrame:
    rest = pl.col("rest")
    found = lines.with_columns(rest.str.extract_groups(_RELAY).alias("found")).unnest("found")
    relay = pl.when(has_stamp(pl.col("tail")) & relayed)
    inner = (pl.when(has_stamp(rest)).then(rest), rest.str.extract(_STREAM), relay.then("tail"))
    return (
        found.with_columns(inner=pl.coalesce(inner), host=relay.then("host"))
        .filter(pl.col("inner").is_not_null())
        .select("row", "inner", "time", "clock", "host")
    )


def _after_name(lines: pl.DataFrame) -> pl.DataFrame:
    found = lines.with_columns(pl.col("text").str.extract_groups(_NAMED).alias("found"))
    named = found.unnest("found").with_columns(host=pl.coalesce("name", "pod"))
    return named.filter(has_stamp(pl.col("inner"))).select("row", "inner", "time", "clock", "host")


def _in_json(lines: pl.DataFrame) -> pl.DataFrame:
    """Take lines out of JSON objects that hold a whole one.

    Docker's need no stamp inside, for theirs is the daemon's own printing; of others only a line
    with a stamp is taken.
    """
    objects = lines.filter(pl.col("text").str.starts_with("{"))
    texts = [objects["text"].str.json_path_match(path) for path in _JSON_LINES]
    stamped = [text.set(~_have_stamp(text), None) for text in texts]
    by_docker = texts[0].set(~objects["text"].str.contains(_DOCKER), None)
    inner = objects.select(pl.coalesce(*stamped, by_docker)).to_series()
    times = [objects["text"].str.json_path_match(path) for path in _JSON_TIMES]
    stamps = read_stamps(objects.select(pl.coalesce(times)).to_series())
    found = objects.with_columns(
        inner.str.strip_chars_end("\r\n").alias("inner"),
        stamps["time"],
        stamps["clock"],
        host=pl.lit(None, pl.String),
    )
    known = pl.col("inner").is_not_null() & pl.col("clock").is_not_null()
    return found.filter(known).select("row", "inner", "time", "clock", "host")


def _have_stamp(text: pl.Series) -> pl.Series:
    return (
        text.to_frame("text").select(has_stamp(pl.col("text"))).to_series().fill_null(value=False)
    )


def _stamped(lines: pl.DataFrame) -> pl.DataFrame:
    inner = pl.col("inner")
    return lines.with_columns(pl.when(has_stamp(inner)).then(inner).otherwise(_NO_STAMP + inner))


def _speaks_for_itself() -> pl.Expr:
    """Say which inner lines count: a container sees no packets, so it is not heard on those."""
    untagged = pl.col("program").is_null() & ~pl.col("message").str.contains("IN=", literal=True)
    return (pl.col("program") != "kernel").fill_null(untagged)


def put_in(heads: pl.DataFrame, outer: pl.DataFrame, inner: pl.DataFrame) -> pl.DataFrame:
    """Return heads with those of inner lines in the place of those around them.

    Args:
        heads: `time, clock, host, program, pid, message` of all lines.
        outer: what `inner_lines` or `carried_lines` gave.
        inner: the heads of its inner lines; those without a tag give no more than their time, and
            that only where the line around has none.
    """
    own = (inner["clock"] == "absolute") & ~outer["inner"].str.starts_with(_NO_STAMP)
    own |= outer["clock"].is_null()
    merged = inner.with_columns(
        outer["row"],
        time=pl.when(own).then("time").otherwise(outer["time"]),
        clock=pl.when(own).then("clock").otherwise(outer["clock"]).cast(CLOCK),
        # Only of what mail daemons say does it matter which container said it.
        host=pl.coalesce("host", pl.when(_MAIL_DAEMON).then(outer["host"])),
    ).filter(_speaks_for_itself(), outer["clock"].is_null() | inner["program"].is_not_null())
    rows = merged["row"]
    return heads.with_columns(heads[name].scatter(rows, merged[name]) for name in heads.columns)
