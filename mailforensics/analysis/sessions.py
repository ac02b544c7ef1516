"""One row a connection: who came, what was tried, and how it ended."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.addresses import Network, lies_in, parse_network
from mailforensics.analysis.bridge import distinct_names, seconds, to_pandas
from mailforensics.analysis.joined import Joined, joined
from mailforensics.analysis.stretches import for_each_stretch
from mailforensics.reading.stores.store import Store

_BEGINS: Final = ("connect", "screen_connect")
_LOST: Final = ("lost_connection", "timeout", "too_many_errors", "hangup")
# A login line of Dovecot is written when the client leaves, but for these.
_LOGIN_GOES_ON: Final = ("auth_ok", "server", "other", "tls_ok")
_MAIL_ENDS: Final = "Disconnected|Logged out|Connection closed"
_SCREEN_ENDS: Final = ("screen_disconnect", "hangup")
_COUNTS: Final = {
    "auth_ok": "logins",
    "auth_failed": "failures",
    "accepted": "mails",
    "rejected": "rejects",
    "_relays": "relays",
}


def sessions(
    events: pd.DataFrame | Joined | Store,
    *,
    network: str | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return one row a connection, oldest first (ties by file and first line).

    Each line of a client-facing daemon is in one session; lines already read from another file
    are in none. One login attempt counts once, even when the SASL warning, a lost connection and
    the disconnect counters all tell of it, and `auth=1` counts as a login although no other line
    does. A client that postscreen passes on and smtpd takes over is one session, named after
    smtpd. An empty input gives an empty table.

    Args:
        events: mail events, as `read_mail_log` gives them, in any order; or a store.
        network: only sessions of a peer in this network, in CIDR form; none: all.
        columns: only these, where a store has many sessions; none: all.

    Returns:
        The columns of `schema.SESSIONS`, or those asked for; times in UTC.

    Raises:
        ArgumentError: `network` is no network.
        MissingColumnError: the table has no `time`, `event` or `source_ip`.
    """
    within = None if network is None else parse_network(network)
    shown = tuple(c for c in schema.SESSIONS if columns is None or c.name in columns)
    if isinstance(events, Store):
        work = partial(_of_stretch, within=within, columns=schema.names(shown))
        parts = list(for_each_stretch(events, work))
        table = pl.concat(parts, how="vertical_relaxed").sort("_time", "_rank", "_line")
        return to_pandas(table, shown)
    return to_pandas(_inside(summarise(joined(events).rows), within), shown)


def _of_stretch(rows: pl.DataFrame, within: Network | None, columns: Sequence[str]) -> pl.DataFrame:
    """Return the sessions of a stretch of a store, and what gives their place among all."""
    named_after = rows.filter(pl.col("order") == pl.col("session"))
    place = named_after.select("session", _time="time", _rank="file_rank", _line="line")
    table = _inside(summarise(rows), within).select("session", *columns)
    return table.join(place, on="session").drop("session")


def _inside(table: pl.DataFrame, network: Network | None) -> pl.DataFrame:
    if network is None:
        return table
    peers = pd.Series(table["source_ip"].drop_nulls().unique().to_list(), dtype="str")
    inside = pl.Series(peers[lies_in(peers, network)].to_list(), dtype=pl.String)
    return table.filter(pl.col("source_ip").is_in(inside.implode()))


def summarise(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row a session of counted events, with the columns of SESSIONS and `session`.

    Groups give only sums, and the places of the rows that tell the rest: to pick single values
    inside hundreds of thousands of groups would take many times longer.
    """
    mine = rows.filter(pl.col("session").is_not_null())
    mine = mine.with_columns(place=pl.int_range(pl.len(), dtype=pl.Int64))
    table = mine.group_by("session").agg(*_places(), *_sums(), *_flags()).sort("session")
    table = table.with_columns(*_picked(mine, table), outcome=_outcome(), complete=_complete())
    names = distinct_names(mine, by="session").rename({"names": "usernames"})
    return table.join(names, on="session", how="left", maintain_order="left").with_columns(
        seconds=seconds(pl.col("end") - pl.col("start"))
    )


def _places() -> list[pl.Expr]:
    """Return for each session the places of the rows that tell who it was, and its span."""
    place = pl.col("place")
    front = pl.col("role") == "front"
    return [
        pl.col("time").min().alias("start"),
        pl.col("time").max().alias("end"),
        place.min().alias("_first"),
        place.max().alias("_last"),
        _where(front, place).max().alias("_front"),
        _where(pl.col("source_ip").is_not_null(), place).min().alias("_peer"),
        _where(pl.col("source_host").is_not_null(), place).min().alias("_named"),
        _where(pl.col("commands_tried").is_not_null(), place).max().alias("_counted"),
    ]


def _where(test: pl.Expr, value: pl.Expr) -> pl.Expr:
    return pl.when(test).then(value)


def _picked(mine: pl.DataFrame, table: pl.DataFrame) -> list[pl.Series]:
    """Return the values at those places: the daemon that took over last, the peer, the lines."""
    daemon = table.select(pl.coalesce("_front", "_last")).to_series()
    picks = {
        "host": daemon,
        "program": daemon,
        "pid": daemon,
        "source_ip": table["_peer"],
        "source_host": table["_named"],
        "commands_ok": table["_counted"],
        "commands_tried": table["_counted"],
        "file": table["_first"],
    }
    values = [mine[name].gather(places).alias(name) for name, places in picks.items()]
    first_line = mine["line"].gather(table["_first"]).alias("first_line")
    return [*values, first_line, _last_line(mine, table)]


def _last_line(mine: pl.DataFrame, table: pl.DataFrame) -> pl.Series:
    """Return the last line in time in the file of the first: a session may go on in the next."""
    lines = mine["line"].gather(table["_last"]).alias("last_line")
    begun = mine["file_rank"].gather(table["_first"])
    if (begun == mine["file_rank"].gather(table["_last"])).all():
        return lines
    ranks = table.select("session", begun=begun)
    here = mine.select("session", "line", "file_rank")
    here = here.join(ranks, on="session", how="left", maintain_order="left")
    inside = here.filter(pl.col("file_rank") == pl.col("begun"))
    last = inside.group_by("session").agg(last_line=pl.col("line").last())
    return table.select("session").join(last, on="session", how="left")["last_line"]


def completed_use(used: pl.DataFrame, rows: pl.LazyFrame) -> pl.DataFrame:
    """Return one row for each session of use that the log shows from its beginning to its end.

    Args:
        used: the counted rows that tell of use (a login, an accepted message).
        rows: all counted rows.

    Returns:
        `source_ip`, `time` (of the end), and `logins` and `mails`, zero: they count elsewhere.
    """
    return (
        rows.join(used.lazy().select("session").unique(), on="session", how="semi")
        .group_by("session")
        .agg(pl.col("source_ip").drop_nulls().first(), pl.col("time").max(), *_flags())
        .filter(_complete())
        .select("source_ip", "time", logins=pl.lit(0), mails=pl.lit(0))
        .collect()
    )


def _sums() -> list[pl.Expr]:
    return [pl.col(column).sum().alias(name) for name, column in _COUNTS.items()]


def _flags() -> list[pl.Expr]:
    event, service = pl.col("event"), pl.col("service")
    login = service.str.ends_with("-login")
    ended = (
        ((service == "smtpd") & (event == "disconnect"))
        | ((service == "postscreen") & event.is_in(_SCREEN_ENDS))
        | (login & ~event.is_in(_LOGIN_GOES_ON))
        | ((pl.col("role") == "mail") & pl.col("message").str.contains(_MAIL_ENDS))
    )
    return [
        (event.is_in(_BEGINS) | login).any().alias("_begun"),
        ended.any().alias("_ended"),
        (event == "tls_failed").any().alias("_tls"),
        event.is_in(_LOST).any().alias("_lost"),
    ]


def _outcome() -> pl.Expr:
    """Return the most serious of OUTCOMES, which stand in that order."""
    tests = {
        "login_after_failures": (pl.col("auth_ok") > 0) & (pl.col("auth_failed") > 0),
        "login": pl.col("auth_ok") > 0,
        "mail": pl.col("accepted") > 0,
        "auth_failed": pl.col("auth_failed") > 0,
        "relay_refused": pl.col("_relays") > 0,
        "rejected": pl.col("rejected") > 0,
        "tls_failed": pl.col("_tls"),
        "lost": pl.col("_lost"),
    }
    return pl.coalesce(
        *(pl.when(test).then(pl.lit(name)) for name, test in tests.items()), pl.lit("probe")
    )


def _complete() -> pl.Expr:
    return (pl.col("_begun") & pl.col("_ended")).fill_null(value=False)
