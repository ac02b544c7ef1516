"""One row a connection: who came, what was tried, and how it ended."""

from typing import Final

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.analysis.attempts import count_once
from mailforensics.analysis.bridge import joined_names, to_pandas
from mailforensics.analysis.stitching import stitch

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


def sessions(events: pd.DataFrame) -> pd.DataFrame:
    """Return one row a connection, oldest first (ties by file and first line).

    Each line of a client-facing daemon is in one session; lines already read from another file
    are in none. One login attempt counts once, even when the SASL warning, a lost connection and
    the disconnect counters all tell of it, and `auth=1` counts as a login although no other line
    does. A client that postscreen passes on and smtpd takes over is one session, named after
    smtpd. An empty input gives an empty table.

    Args:
        events: mail events, as `read_mail_log` gives them, in any order.

    Returns:
        The columns of `schema.SESSIONS`; times in UTC.

    Raises:
        MissingColumnError: the table has no `time`, `event` or `source_ip`.
    """
    schema.require(events, ["time", "event", "source_ip"])
    return to_pandas(summarise(count_once(stitch(events))), schema.SESSIONS)


def summarise(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row a session of counted events, with the columns of SESSIONS and `session`."""
    mine = rows.filter(pl.col("session").is_not_null())
    table = (
        mine.group_by("session", maintain_order=True)
        .agg(*_identity(), *_span(), *_sums(), *_flags())
        .with_columns(outcome=_outcome(), complete=_complete())
        .with_columns(seconds=(pl.col("end") - pl.col("start")).dt.total_microseconds() / 1e6)
    )
    names = (
        mine.filter(pl.col("username").is_not_null())
        .group_by("session")
        .agg(usernames=joined_names("username"))
    )
    return table.join(names, on="session", how="left", maintain_order="left").sort("session")


def completed_use(used: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each session of use that the log shows from its beginning to its end.

    Args:
        used: the counted rows that tell of use (a login, an accepted message).
        rows: all counted rows.

    Returns:
        `source_ip`, `time` (of the end), and `logins` and `mails`, zero: they count elsewhere.
    """
    return (
        rows.join(used.select("session").unique(), on="session", how="semi")
        .group_by("session")
        .agg(pl.col("source_ip").drop_nulls().first(), pl.col("time").max(), *_flags())
        .filter(_complete())
        .select("source_ip", "time", logins=pl.lit(0), mails=pl.lit(0))
    )


def _identity() -> list[pl.Expr]:
    """Return who talked: the daemon that took over last from postscreen, and the peer."""
    front = pl.col("role") == "front"
    own = ("host", "program", "pid")
    peer = ("source_ip", "source_host")
    return [
        *(pl.coalesce(pl.col(c).filter(front).last(), pl.col(c).last()).alias(c) for c in own),
        *(pl.col(c).drop_nulls().first() for c in peer),
    ]


def _span() -> list[pl.Expr]:
    return [
        pl.col("time").min().alias("start"),
        pl.col("time").max().alias("end"),
        pl.col("file").first(),
        pl.col("line").first().alias("first_line"),
        # A session may go on in the next file; its lines are named as a range of one file.
        pl.col("line").filter(pl.col("file") == pl.col("file").first()).last().alias("last_line"),
    ]


def _sums() -> list[pl.Expr]:
    counters = ("commands_ok", "commands_tried")
    return [
        *(pl.col(column).sum().alias(name) for name, column in _COUNTS.items()),
        *(pl.col(name).drop_nulls().last() for name in counters),
    ]


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
