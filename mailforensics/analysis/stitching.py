"""Find which lines belong to one connection, for each way in which the daemons write them.

- Postfix smtpd serves one client after another: a session is a stretch of one process.
- postscreen serves many at once: a session is one peer address and port. A client that passes
  is handed to smtpd, and both stretches are one session.
- Dovecot names each session in the line itself: `session=<Xk3+8n4aUNsKAAAB>`.
- Dovecot's auth service, asked by smtpd, names no session: its lines join the session of the same
  peer that was open at that time, or else stand together by peer and time.
"""

from typing import Final

import numpy as np
import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.analysis.bridge import ADDRESS, ONLY_HOST, counted, to_polars
from mailforensics.analysis.stitching_names import BACK, SMTP, session_names

# smtpd_timeout is 300 s, and a milter or a proxy may wait about as long again. After an hour of
# silence a process that writes again has a new client, or its number was given to a new process.
GAP_SECONDS: Final = 3600
# postscreen passes a client on at once; a busy server may let it wait for a free smtpd.
HAND_OVER_SECONDS: Final = 30
# A line of the auth service and the line of its client differ by the delay of a failed login.
AUTH_SLACK_SECONDS: Final = 5
AUTH_GAP_SECONDS: Final = 60

NEEDED: Final = [
    *("host", "program", "service", "pid", "event", "source_ip", "source_host", "source_port"),
    *("username", "sasl_method", "auth_ok", "auth_tried", "commands_ok", "commands_tried"),
    "reason",
]
# What is looked at of a line to join it to others of its connection.
_JOINED_BY: Final = [
    *("order", "time", "host", "program", "pid", "service", "event", "source_ip", "source_port"),
    *("address", "role", "message", "name"),
]
# In which way a line is joined to others; what speaks for others alone waits for their sessions.
_SERIAL: Final = pl.col("service") == "smtpd"
_SCREEN: Final = pl.col("service") == "postscreen"
_NAMED: Final = ~pl.col("service").is_in(SMTP) & (
    pl.col("name").is_not_null() | (pl.col("role") == "front")
)
_BACK: Final = (
    (pl.col("role") == "back") & pl.col("name").is_null() & pl.col("source_ip").is_not_null()
)
# A remark of the auth service alone, without its client's line, makes no connection.
_ATTEMPTS: Final = ("auth_failed", "auth_ok")
MAIL_PROCESS: Final = ("imap", "pop3", "managesieve", "submission")
_SCREEN_ENDS: Final = ("screen_disconnect", "screen_pass")
_SCREENED: Final = pl.col("event").is_in(["screen_connect", "screen_pass"])
# A login process writes one line at the end, about all that went before.
LASTED: Final = r"^[^<]*\([^<()]* in ([0-9]{1,6}) secs\)"
_NOBODY: Final = 2**32 - 1
# Kinds that say nothing about a client when no address stands beside them.
_LOOSE: Final = ("server", "other", "unparsed", "auth_unavailable", "rate")


def stitch(events: pd.DataFrame) -> pl.DataFrame:
    """Return the events that count, oldest first, with the `session` that each belongs to.

    A session's number is the `order` of its first line; lines of no session have null.
    Columns: NEEDED, `row` (position in `events`), `order`, `time`, `file`, `file_rank`, `line`,
    `repeat`, `address` (`source_ip` as a number for each text), `role` (`front` talks to the
    client, `back` answers about passwords, `mail` serves a mailbox), `message` (of Dovecot's
    lines, of refusals, and of the ends of processes that took mail) and `session`.
    """
    rows = counted(events, columns=schema.MAIL_EVENTS, only=NEEDED)
    rows = rows.with_columns(role=_role(), address=pl.col("source_ip").cast(ADDRESS))
    rows = rows.with_columns(message=_messages(events, rows))
    lines = _lines(rows, events.attrs.get(ONLY_HOST))
    screened, named = lines.filter(_SCREEN).collect(), lines.filter(_NAMED).collect()
    fronts = [_serial(lines.filter(_SERIAL)), _screened(screened), _named(named)]
    session = _scattered(pl.concat(fronts), len(rows))
    known = lines.with_columns(session=pl.lit(session).gather("order"))
    if not lines.filter(_SCREENED | _BACK).select("order").collect().is_empty():
        session = _scattered(_with_others(known.collect()), len(rows))
    return _with_peer(rows.with_columns(session=session))


def _with_others(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with their session, joined to what postscreen and the auth service say."""
    known = _handed_over(lines)
    backs = _attached(known.filter(_BACK), known)
    sessions = pl.concat([known.select("order", "session"), backs])
    return sessions.filter(pl.col("session").is_not_null())


def _messages(events: pd.DataFrame, rows: pl.DataFrame) -> pl.Series:
    """Return the messages of the lines whose words are looked at again, null for the others.

    Most lines are smtpd's and are told by their columns; to carry all texts would cost the most.
    """
    if "message" not in events.columns:
        return pl.Series("message", [None] * len(rows), dtype=pl.String)
    smtp = pl.col("service").is_in(SMTP)
    mailed = rows["pid"].filter(rows["event"] == "accepted").drop_nulls().unique().implode()
    ended = (pl.col("event") == "disconnect") & pl.col("pid").is_in(mailed)
    spoken = (pl.col("role").is_not_null() & ~smtp) | (pl.col("event") == "reject") | ended
    wanted = rows.select(pl.when(spoken.fill_null(value=False)).then("row")).to_series()
    return to_polars(events, schema.MAIL_EVENTS, only=["message"])["message"][wanted]


def _scattered(sessions: pl.DataFrame, length: int) -> pl.Series:
    """Return the session numbers of all rows, in order; -1, no session, becomes null."""
    numbers = np.full(length, -1, dtype=np.int64)
    numbers[sessions["order"].to_numpy()] = sessions["session"].to_numpy()
    return pl.Series("session", numbers).replace(-1, None)


def _with_peer(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the lines, those without an address with the peer of their session."""
    alone = pl.col("session").is_not_null() & pl.col("source_ip").is_null()
    orphans = rows.filter(alone).select("session").unique()
    if orphans.is_empty():
        return rows
    peers = (
        rows.filter(pl.col("source_ip").is_not_null())
        .join(orphans, on="session", how="semi", maintain_order="left")
        .group_by("session")
        .agg(pl.col("source_ip", "address").first())
    )
    rows = rows.join(peers, on="session", how="left", maintain_order="left", suffix="_peer")
    known = [pl.coalesce(name, f"{name}_peer") for name in ("source_ip", "address")]
    return rows.with_columns(known).drop("source_ip_peer", "address_peer")


def _role() -> pl.Expr:
    service = pl.col("service")
    front = service.is_in(SMTP) | service.str.ends_with("-login")
    return (
        pl.when(front)
        .then(pl.lit("front"))
        .when(service.is_in(BACK))
        .then(pl.lit("back"))
        .when(service.is_in(MAIL_PROCESS))
        .then(pl.lit("mail"))
    )


def _lines(rows: pl.DataFrame, only_host: str | None) -> pl.LazyFrame:
    """Return the lines that can belong to a connection, with `name`, Dovecot's of its session."""
    mine = rows.lazy().with_columns(session_names(rows).alias("name"))
    mine = mine.filter(pl.col("role").is_not_null()).select(_JOINED_BY)
    host = _only_host(mine) if only_host is None else only_host
    return mine.with_columns(pl.col("host").fill_null(host))


def _only_host(lines: pl.LazyFrame) -> str:
    """Return whose a log without host names (Dovecot's own file) is: of the only host known."""
    known = lines.select("host").drop_nulls().unique().collect()["host"]
    return str(known[0]) if len(known) == 1 else ""


def _serial(serial: pl.LazyFrame) -> pl.DataFrame:
    """Return smtpd's lines with their session: one process serves one client after another."""
    event, peer = pl.col("event"), pl.col("address").to_physical()
    told = serial.select(
        *("order", "time"),
        peer=peer,
        process=_process(peer.fill_null(2**31 - 1).cast(pl.Int64)),
        connects=event == "connect",
        leaves=event == "disconnect",
        complains=event == "rdns_mismatch",
        silent=peer.is_null() & event.is_in(_LOOSE),
    )
    lines = told.collect().sort("process", maintain_order=True)
    starts = _starts(_is_new("process"))
    lines = lines.with_columns(session=pl.when(starts).then("order").forward_fill())
    # Words about no client, between two clients, are no session.
    doubtful = lines.filter(pl.col("silent") & (pl.col("order") == pl.col("session")))
    sessions = lines.select("order", "session")
    if doubtful.is_empty():
        return sessions
    about = lines.join(doubtful.select("session"), on="session", how="semi")
    loose = about.group_by("session").agg(pl.col("silent").all()).filter("silent")
    return sessions.join(loose, on="session", how="anti")


def _process(peer: pl.Expr) -> pl.Expr:
    """Return one number for each process, so that sorting is fast.

    Without a process id only the peer can tell the clients of a daemon apart.
    """
    daemon = pl.struct("host", pl.col("program").fill_null("")).rank("dense").cast(pl.Int64)
    below = pl.when(pl.col("pid").is_null()).then(peer + 2**31).otherwise(pl.col("pid") % 2**31)
    return daemon * 2**32 + below


def _is_new(*columns: str) -> pl.Expr:
    """Say where any of the columns differs from the row before (null is a value)."""
    return pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in columns) | (
        pl.int_range(pl.len()) == 0
    )


def _starts(new_process: pl.Expr) -> pl.Expr:
    """Say where a session of a serial process begins."""
    peer, connects = pl.col("peer"), pl.col("connects")
    # smtpd complains about the reverse name before it says `connect from`.
    early = pl.col("complains") & connects.shift(-1) & (peer == peer.shift(-1))
    early = (early & ~new_process.shift(-1)).fill_null(value=False)
    connected = connects & ~early.shift(1, fill_value=False)
    left = pl.col("leaves").shift(1).fill_null(value=False)
    begins = new_process | connected | early | left | _is_silent(GAP_SECONDS)
    # No other process, and no client that left, says whose line without a peer is.
    known = pl.when(begins & peer.is_null()).then(pl.lit(_NOBODY, pl.UInt32)).otherwise(peer)
    return begins | (peer != known.forward_fill().shift(1)).fill_null(value=False)


def _screened(lines: pl.DataFrame) -> pl.DataFrame:
    """Return postscreen's lines with their session: one peer address and port."""
    peer = ["host", "program", "source_ip", "source_port"]
    lines = lines.sort(peer, maintain_order=True)
    ended = pl.col("event").shift(1).is_in(_SCREEN_ENDS)
    doubtful = pl.any_horizontal(ended, _is_silent(GAP_SECONDS)).fill_null(value=False)
    starts = _is_new(*peer) | (pl.col("event") == "screen_connect") | doubtful
    lines = lines.with_columns(session=pl.when(starts).then("order").forward_fill())
    return lines.filter(pl.col("source_ip").is_not_null()).select("order", "session")


def _named(lines: pl.DataFrame) -> pl.DataFrame:
    """Return Dovecot's lines with their session: its own id, or each line of a login alone."""
    alone = pl.format("line {}", "order")
    lines = lines.with_columns(name=pl.coalesce("name", alone))
    lines = lines.with_columns(session=pl.col("order").min().over("host", "name"))
    telling = (pl.col("role") != "back") | pl.col("event").is_in(_ATTEMPTS)
    return lines.filter(telling.any().over("session")).select("order", "session")


def _handed_over(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines with the number of postscreen's session where smtpd went on with it.

    Clients of one address that pass are matched in turn with the sessions that smtpd begins. Of a
    client with several connections postscreen may write only that it came.
    """
    if lines.filter(_SCREENED).is_empty():
        return lines
    silent = (pl.col("event") == "screen_connect") & (pl.len().over("session") == 1)
    passed = lines.filter((pl.col("event") == "screen_pass") | silent)
    if passed.is_empty():
        return lines
    begun = lines.filter(_SERIAL & (pl.col("order") == pl.col("session"))).filter(
        ~pl.col("program").str.contains("submission|smtps").fill_null(value=False)
    )
    moves = pl.concat([passed.with_columns(step=1), begun.with_columns(step=-1)])
    moves = moves.sort("host", "source_ip", "order").with_columns(
        stretch=(_is_new("host", "source_ip") | _is_silent(HAND_OVER_SECONDS)).cum_sum()
    )
    waiting = pl.col("step").cum_sum()
    lowest = pl.min_horizontal(waiting.cum_min(), 0)
    moves = moves.with_columns(
        met=((pl.col("step") == 1) | (lowest == lowest.shift(1, fill_value=0))).over("stretch")
    ).filter("met")
    moves = moves.with_columns(turn=pl.col("order").cum_count().over("stretch", "step"))
    first = moves.filter(pl.col("step") == 1).select("stretch", "turn", earlier="session")
    second = moves.filter(pl.col("step") == -1).select("stretch", "turn", "session")
    pairs = first.join(second, on=["stretch", "turn"]).select("session", "earlier")
    joined = lines.join(pairs, on="session", how="left", maintain_order="left")
    return joined.with_columns(session=pl.coalesce("earlier", "session")).drop("earlier")


def _is_silent(seconds: int) -> pl.Expr:
    return (pl.col("time").diff() > pl.duration(seconds=seconds)).fill_null(value=False)


def _attached(backs: pl.DataFrame, fronts: pl.DataFrame) -> pl.DataFrame:
    """Return the auth service's unnamed lines with the unnamed session of that peer and time."""
    if backs.is_empty():
        return backs.select("order", "session")
    lasted = pl.duration(seconds=pl.col("message").str.extract(LASTED).cast(pl.Int64).fill_null(0))
    slack = pl.duration(seconds=AUTH_SLACK_SECONDS)
    begun = pl.col("event").is_in(["connect", "screen_connect"]).any()
    early = pl.when(begun).then(pl.duration()).otherwise(slack)
    spans = (
        fronts.filter(pl.col("name").is_null())
        .drop_nulls(["source_ip", "session"])
        .join(backs.select("source_ip").unique(), on="source_ip", how="semi")
        .group_by("session")
        .agg(
            pl.col("host", "source_ip").first(),
            begins=(pl.col("time") - lasted).min() - early,
            ends=pl.col("time").max() + slack,
        )
        .sort("begins", "session")
    )
    backs = backs.sort("time", "order")
    found = backs.select("order", "time", "host", "source_ip", "event").join_asof(
        spans, left_on="time", right_on="begins", by=["host", "source_ip"], check_sortedness=False
    )
    inside = pl.col("time") <= pl.col("ends")
    found = found.with_columns(session=pl.when(inside).then("session"))
    telling = pl.col("session").is_null() & pl.col("event").is_in(_ATTEMPTS)
    alone = found.filter(telling).sort("host", "source_ip", "order")
    starts = _is_new("host", "source_ip") | _is_silent(AUTH_GAP_SECONDS)
    alone = alone.with_columns(session=pl.when(starts).then("order").forward_fill().cast(pl.Int64))
    found = found.filter(pl.col("session").is_not_null())
    return pl.concat([found, alone]).select("order", "session")
