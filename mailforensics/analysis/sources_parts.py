"""What the lines and packets of addresses say of each: the columns of sources, table by table."""

from dataclasses import dataclass
from typing import Final

import pandas as pd
import polars as pl
from polars.lazyframe.group_by import LazyGroupBy

from mailforensics import schema
from mailforensics.analysis.bridge import (
    ADDRESS,
    TIME,
    counted,
    distinct_names,
    networks_of,
    number,
    places,
)
from mailforensics.analysis.countries import country_of
from mailforensics.analysis.sessions import completed_use
from mailforensics.analysis.stores import sent_no_text
from mailforensics.analysis.weights import (
    Weights,
    attack_points,
    blocked_points,
    capped,
    decay,
    exact_sum,
    legit_weights,
)

_COUNTS: Final = {
    "auth_failed": "failures",
    "auth_ok": "logins",
    "relay_refused": "relays",
    "bad_protocol": "bad",
    "accepted": "mails",
}
NEEDED: Final = [
    *("host", "source_ip", "source_host", "time", "file", "file_rank", "line", "session"),
    "username",
    *("event", "service", "role", "message", "strangers", "rejects", *_COUNTS.values()),
]
_BLOCKED: Final = ("blocked", "limited")
_FIREWALL: Final = ["source_ip", "event", "direction", "dest_port"]


@dataclass(frozen=True, slots=True)
class Scale:
    """What points count: the end of the log, and the weights."""

    end: pl.Expr
    weights: Weights


def by_address(
    rows: pl.LazyFrame, packets: pl.DataFrame, tried: pl.DataFrame, scale: Scale
) -> pl.DataFrame:
    """Return one row an address, with the columns of SOURCES, in no order.

    Args:
        rows: counted rows (see `coded`), all of each address; no part reads all of its columns.
        packets: the firewall's packets (see `incoming`), all of each address.
        tried: what `standings` says of the addresses that tried to log in.
        scale: what points count.
    """
    return _side_by_side(
        _networks(rows, packets),
        _seen(rows, packets),
        _mail_counts(rows),
        _accounts(rows),
        _attacks(rows, packets, scale),
        _uses(rows, tried, scale),
    )


def login_tries(rows: pl.LazyFrame) -> pl.DataFrame:
    """Return what rows tell of logins."""
    tries = rows.filter((pl.col("failures") > 0) | (pl.col("logins") > 0))
    return tries.select("source_ip", "host", "username", "time", "failures", "logins").collect()


def coded(rows: pl.DataFrame) -> pl.LazyFrame:
    """Return counted rows with an address, as `by_address` takes them.

    A queue id that was given to a client who then sent no text is no message: who guesses at
    mailboxes gets one with every guess that is right.
    """
    left = rows.select("session", "event", "message").filter(pl.col("event") == "disconnect")
    empty = left.filter(sent_no_text())["session"].unique()
    is_empty = (pl.col("mails") > 0) & pl.col("session").is_in(empty.implode())
    mails = pl.when(is_empty).then(0).otherwise("mails")
    rows = _with_codes(rows.select(NEEDED).with_columns(mails=mails))
    return rows.lazy().drop_nulls("source_ip")


def _with_codes(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with a number for the text of each address: those group faster."""
    return rows.with_columns(pl.col("source_ip").cast(ADDRESS))


def incoming(firewall_events: pd.DataFrame | None) -> pl.DataFrame:
    """Return the packets that came in; those that this server sent are no source."""
    table = schema.empty(schema.FIREWALL_EVENTS) if firewall_events is None else firewall_events
    schema.require(table, ["time", "event", "source_ip"])
    packets = counted(table, columns=schema.FIREWALL_EVENTS, only=_FIREWALL)
    came_in = pl.col("direction").ne_missing("out")
    blocked = pl.col("event").is_in(_BLOCKED)
    told = pl.when(blocked).then("repeat").otherwise(0)
    packets = packets.filter(came_in).drop_nulls("source_ip")
    return _with_codes(packets.with_columns(blocked=told))


def _networks(rows: pl.LazyFrame, packets: pl.DataFrame) -> pl.DataFrame:
    mail = rows.select("source_ip").unique().collect()["source_ip"]
    addresses = pl.concat([mail, packets["source_ip"]]).unique()
    country = pl.Series("country", country_of(addresses.cast(pl.String).to_list()), pl.String)
    return pl.DataFrame([addresses, networks_of(addresses), country])


def log_end(newest: object, packets: pl.DataFrame) -> pl.Expr:
    """Return the end of the log: the newest mail event, or packet if that is newer."""
    return pl.max_horizontal(pl.lit(newest, dtype=TIME), pl.lit(packets["time"].max(), dtype=TIME))


def _seen(rows: pl.LazyFrame, packets: pl.DataFrame) -> pl.DataFrame:
    mail, wall = rows.select("source_ip", "time"), packets.lazy().select("source_ip", "time")
    time = pl.col("time")
    spans = [
        mail.group_by("source_ip").agg(first_seen=time.min(), last_contact=time.max()),
        wall.group_by("source_ip").agg(first_packet=time.min(), last_packet=time.max()),
    ]
    days = pl.concat([mail, wall]).select("source_ip", day=time.dt.date()).drop_nulls()
    return (
        spans[0]
        .join(spans[1], on="source_ip", how="full", coalesce=True)
        .join(_distinct(days).agg(active_days=pl.len()), on="source_ip", how="left")
        .with_columns(
            first_seen=pl.min_horizontal("first_seen", "first_packet"),
            last_seen=pl.max_horizontal("last_contact", "last_packet"),
        )
        .drop("first_packet", "last_packet")
        .collect()
    )


def _distinct(pairs: pl.LazyFrame) -> LazyGroupBy:
    """Return different pairs by address; most that are alike stand together, and go first."""
    again = pl.all_horizontal(pl.all() == pl.all().shift(1)).fill_null(value=False)
    return pairs.filter(~again).unique().group_by("source_ip")


def _mail_counts(rows: pl.LazyFrame) -> pl.DataFrame:
    """Return what was counted of each address; few rows count anything."""
    counts = [*_COUNTS.values(), "rejects"]
    telling = rows.filter(pl.sum_horizontal(counts) > 0).group_by("source_ip")
    sums = telling.agg(
        *(pl.col(column).sum().alias(name) for name, column in _COUNTS.items()),
        rejected=pl.col("rejects").sum() - pl.col("relays").sum(),
    )
    named = rows.select("source_ip", "source_host").drop_nulls().group_by("source_ip")
    visits = _distinct(rows.select("source_ip", "session").drop_nulls())
    return (
        visits.agg(sessions=pl.len())
        .join(sums, on="source_ip", how="full", coalesce=True)
        .join(named.agg(pl.col("source_host").last()), on="source_ip", how="full", coalesce=True)
        .collect()
    )


def _accounts(rows: pl.LazyFrame) -> pl.DataFrame:
    failed = (pl.col("event") == "auth_failed") | (pl.col("failures") > 0)
    tried = rows.filter(failed).select("source_ip", "username").collect()
    names = distinct_names(tried, by="source_ip")
    return names.rename({"names": "accounts", "count": "usernames"})


def _attacks(rows: pl.LazyFrame, packets: pl.DataFrame, scale: Scale) -> pl.DataFrame:
    """Return attack weight, the number of attack events and where they stand."""
    where = ["source_ip", "time", "file", "file_rank", "line"]
    attacks = pl.sum_horizontal("failures", "relays", "strangers", "bad")
    mail = rows.filter(attacks > 0).select(
        *where, points=attack_points(scale.weights), attacks=attacks
    )
    last_file = rows.select(pl.col("file_rank").max().fill_null(0)).collect().item()
    later = pl.col("file_rank") + last_file + 1
    wall = packets.with_columns(file_rank=later).filter(pl.col("blocked") > 0)
    wall = wall.select(*where, points=blocked_points(scale.weights), attacks=pl.col("blocked"))
    both = pl.concat([mail.collect(), wall], how="vertical_relaxed").filter(pl.col("attacks") > 0)
    fade = decay(end=scale.end, half_life_days=scale.weights.half_life_days)
    total = exact_sum(pl.col("points") * fade)
    sums = both.group_by("source_ip").agg(
        attack_weight=capped(total, scale.weights), attack_events=pl.col("attacks").sum()
    )
    blocked = packets.group_by("source_ip").agg(firewall_blocked=pl.col("blocked").sum())
    return (
        places(both, by="source_ip")
        .join(sums, on="source_ip", how="full", coalesce=True)
        .join(blocked, on="source_ip", how="full", coalesce=True)
    )


def _uses(rows: pl.LazyFrame, tried: pl.DataFrame, scale: Scale) -> pl.DataFrame:
    """Return what speaks for each address; a suspect login speaks for nobody."""
    columns = ["source_ip", "time", "logins", "mails"]
    telling = rows.filter((pl.col("logins") > 0) | (pl.col("mails") > 0))
    used = telling.select(*columns, "session", "file", "file_rank", "line").collect()
    shown = places(used, by="source_ip", name="legit_evidence")
    suspects = tried.filter(pl.col("standing") == "suspect")
    honest = used.join(suspects, on="source_ip", how="anti")
    uses = pl.concat(
        [
            honest.select(*columns, completed=pl.lit(0)),
            completed_use(honest, rows).select(*columns, completed=pl.lit(1)),
        ],
        how="vertical_relaxed",
    )
    worth = legit_weights(uses, end=scale.end, weights=scale.weights)
    last = honest.filter(pl.col("logins") > 0).group_by("source_ip")
    return (
        shown.join(tried, on="source_ip", how="full", coalesce=True)
        .join(worth, on="source_ip", how="left")
        .join(last.agg(last_login=pl.col("time").max()), on="source_ip", how="left")
    )


def _side_by_side(first: pl.DataFrame, *parts: pl.DataFrame) -> pl.DataFrame:
    """Return the parts side by side, zero where nothing was counted."""
    table = first
    for part in parts:
        table = table.join(part, on="source_ip", how="left")
    counts = [c.name for c in schema.SOURCES if c.dtype in {"int64", "float64"}]
    attacked, mailed = pl.col("attack_events") > 0, pl.col("accepted") > 0
    knocked = (pl.col("auth_failed") > 0) | (pl.col("relay_refused") > 0)
    standing = (
        pl.when(mailed & ~knocked)
        .then(pl.lit("peer"))
        .when(attacked)
        .then(pl.lit("attacker"))
        .otherwise(pl.lit("quiet"))
    )
    return (
        table.with_columns(pl.col(counts).fill_null(0))
        .with_columns(standing=pl.coalesce("standing", standing))
        .with_columns(note=pl.coalesce("note", _note()))
        .with_columns(pl.col("evidence", "legit_evidence", "accounts").fill_null(""))
        .with_columns(pl.col("source_ip").cast(pl.String))
    )


def _note() -> pl.Expr:
    """Return in plain words what speaks for and against an address without a login."""
    attacks = number("attack_events", one="attack event")
    messages = number("accepted", one="message")
    attack = pl.format("{}, no sign of proper use", attacks)
    mixed = pl.format("{}, but {} accepted", attacks, messages)
    peer = pl.format("{} accepted", messages)
    standing = pl.col("standing")
    return (
        pl.when((standing == "attacker") & (pl.col("accepted") > 0))
        .then(mixed)
        .when(standing == "attacker")
        .then(attack)
        .when(standing == "peer")
        .then(peer)
        .otherwise(pl.lit(""))
    )
