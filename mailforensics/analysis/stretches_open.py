"""Which lines of a stretch may belong to connections that the next stretch goes on with.

Rather too many than too few: what is carried on is joined anew, with all that its joining looks at.
"""

from typing import Final

import polars as pl

from mailforensics.analysis.stitching import AUTH_SLACK_SECONDS, HAND_OVER_SECONDS, LASTED
from mailforensics.analysis.stitching_names import SMTP
from mailforensics.analysis.stretches_ahead import Ahead, name_key

_PEER: Final = ["host", "source_ip"]
_PROCESS: Final = ["host", "program", "pid"]
_BEGINS: Final = ["connect", "screen_connect"]


def goes_on(rows: pl.DataFrame, ahead: Ahead, *, stretch: int) -> pl.Series:
    """Return for each counted row whether it must be joined anew with the next stretch.

    Args:
        rows: the counted rows of a stretch and of what was carried into it.
        ahead: what later stretches tell.
        stretch: its number.
    """
    known = name_key(ahead.only_host)
    lines = rows.with_columns(
        pl.col("host").fill_null(ahead.only_host or ""),
        known.is_null().alias("nameless"),
        known.is_in(ahead.going_on(stretch).implode()).fill_null(value=False).alias("comes_again"),
        late=_is_late(ahead, stretch),
    ).with_columns(pl.col("nameless", "comes_again") & pl.col("role").is_not_null())
    held = _with_neighbours(lines.filter("nameless"))
    alone = pl.col("session").is_null() & pl.col("nameless") & pl.col("late")
    going = pl.col("session").is_in(held.implode()).fill_null(value=False)
    kept = lines.select(going | alone | pl.col("comes_again")).to_series()
    return kept | _tails(lines)


def _is_late(ahead: Ahead, stretch: int) -> pl.Expr:
    """Say which lines the next stretch may go on with; those without a time always."""
    if not stretch:
        return pl.lit(value=True)
    first = ahead.edges[stretch - 1] - ahead.reach * 1_000_000
    return (pl.col("time").dt.epoch("us") >= first).fill_null(value=True)


def _with_neighbours(lines: pl.DataFrame) -> pl.Series:
    """Return the sessions that may go on, and those without which they would be joined otherwise.

    - Of one process, those that came after: where one ends shows where the next begins.
    - Of one peer, those that began after: the auth service's lines go to the one that began last,
      and what postscreen passed on goes to smtpd in turn, as long as the peer is not silent.
    """
    mine = lines.filter(pl.col("session").is_not_null())
    peers = _of_peers(mine)
    smtpd = mine.filter(pl.col("service") == "smtpd")
    turns = smtpd.group_by(*_PROCESS, "session").agg(begin=pl.col("order").min())
    runs = _runs(mine)
    timed = pl.col("late") & pl.col("time").is_not_null()
    seeds = mine.group_by("session").agg(go=timed.any() | pl.col("time").is_null().all())
    held = seeds.filter("go").select("session")
    while True:
        more = pl.concat([held, _after(turns, held, _PROCESS), _since(peers, held, runs)]).unique()
        if len(more) == len(held):
            return held["session"]
        held = more


def _of_peers(mine: pl.DataFrame) -> pl.DataFrame:
    """Return for each session and peer when it began, as the auth service's lines are placed."""
    lasted = pl.duration(seconds=pl.col("message").str.extract(LASTED).cast(pl.Int64).fill_null(0))
    early = pl.when(pl.col("event").is_in(_BEGINS).any()).then(0).otherwise(AUTH_SLACK_SECONDS)
    front = pl.when(pl.col("role") != "back").then(pl.col("time") - lasted)
    spoken = mine.filter(pl.col("source_ip").is_not_null()).group_by(*_PEER, "session")
    return spoken.agg(
        begin=pl.coalesce(front.min() - pl.duration(seconds=early), pl.col("time").min()),
        end=pl.col("time").max(),
    )


def _after(sessions: pl.DataFrame, held: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Return the sessions that began after the first of those held, of the same process or peer."""
    mine = sessions.join(held, on="session", how="semi")
    since = mine.group_by(by).agg(since=pl.col("begin").min())
    later = sessions.join(since, on=by, nulls_equal=True)
    return later.filter(pl.col("begin") >= pl.col("since")).select("session")


def _since(peers: pl.DataFrame, held: pl.DataFrame, runs: pl.DataFrame) -> pl.DataFrame:
    """Return the sessions of peers since those held began, or the peer of postscreen came back."""
    later = _after(peers, held, _PEER)
    if runs.is_empty():
        return later
    mine = peers.join(pl.concat([held, later]), on="session", how="semi")
    since = mine.group_by(_PEER).agg(since=pl.col("begin").min())
    touched = runs.join(since, on=_PEER).filter(pl.col("last") >= pl.col("since"))
    since = touched.group_by(_PEER).agg(since=pl.col("first").min())
    within = peers.join(since, on=_PEER).filter(pl.col("end") >= pl.col("since"))
    return pl.concat([later, within.select("session")])


def _runs(mine: pl.DataFrame) -> pl.DataFrame:
    """Return when peers of postscreen came and went without a silence of HAND_OVER_SECONDS."""
    smtp = mine.filter(pl.col("service").is_in(SMTP) & pl.col("source_ip").is_not_null())
    peers = smtp.filter(pl.col("service") == "postscreen").select(_PEER).unique()
    smtp = smtp.join(peers, on=_PEER, how="semi").sort(*_PEER, "time")
    silent = pl.col("time").diff().over(_PEER) > pl.duration(seconds=HAND_OVER_SECONDS)
    smtp = smtp.select(*_PEER, "time", run=silent.fill_null(value=True).cum_sum())
    return smtp.group_by(*_PEER, "run").agg(first=pl.col("time").min(), last=pl.col("time").max())


def _tails(lines: pl.DataFrame) -> pl.Series:
    """Say which lines about no client end a process of smtpd: they may begin a session."""
    smtpd = pl.col("service") == "smtpd"
    of_session = pl.when(pl.col("session").is_not_null()).then("order").cast(pl.Int64)
    known = of_session.max().over(_PROCESS).fill_null(-1)
    last = pl.when(smtpd & pl.col("late")).then("order").max().over(_PROCESS)
    ends = (last > known) & (pl.col("order") > known)
    loose = smtpd & ends & pl.col("session").is_null()
    return lines.select(loose.fill_null(value=False)).to_series()
