"""Signs in the mail itself: bursts from a new place, many bounces, a relay for strangers."""

from typing import Final

import polars as pl

from mailforensics.analysis.breaches_case import Case, as_sign
from mailforensics.analysis.bridge import number

_SHOWN: Final = 10
# A hop to this host itself or to a private network is no relay to the outside: a content filter,
# the local delivery, a mail store behind the server.
_INSIDE: Final = (
    r"^(?:localhost|none|local|virtual|\S*\[(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\."
    r"|::1|f[cd]|private/|/))"
)
_INSIDE_CLIENT: Final = (
    r"^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|::1$|f[cd]|fe80:)"
)


def deliveries(mails: pl.DataFrame) -> pl.DataFrame:
    """Return one row a message that a client handed in: where it came from and went.

    Columns: `order`, `file_rank` and `line` of its `accepted` line, `deliveries`, `bounced`,
    `relayed` (deliveries outside), `domains` (of those).

    Args:
        mails: the lines about messages, with `number`, as `messages` puts them together.
    """
    tries = pl.col("event").is_in(["delivered", "bounced", "expired", "deferred"])
    outside = tries & (pl.col("service") == "smtp") & ~pl.col("relay").str.contains(_INSIDE)
    stranger = outside & ~pl.col("message").str.contains("orig_to=<", literal=True)
    accepted = pl.col("order", "file_rank", "line").filter(pl.col("event") == "accepted").first()
    return (
        mails.group_by("number")
        .agg(
            accepted,
            deliveries=pl.col("event").is_in(["delivered", "bounced", "expired"]).sum(),
            bounced=pl.col("event").is_in(["bounced", "expired"]).sum(),
            relayed=stranger.fill_null(value=False).sum(),
            domains=pl.col("recipient").filter(stranger).str.extract(r"@([^@]*)$").unique(),
        )
        .drop_nulls("order")
        .drop("number")
    )


def sent_mail(rows: pl.DataFrame, per_message: pl.DataFrame) -> pl.DataFrame:
    """Return one row a message of a client: who sent it, and how many deliveries bounced.

    Args:
        rows: counted events with a peer; the `accepted` ones name the client.
        per_message: what `deliveries` says of each.
    """
    clients = rows.filter(pl.col("mails") > 0).select(
        "order", "session", "host", "source_ip", "time", "username"
    )
    logged_in = (
        rows.filter(pl.col("logins") > 0)
        .group_by("session")
        .agg(login_name=pl.col("username").drop_nulls().first(), authenticated=pl.len() > 0)
    )
    return (
        clients.join(logged_in, on="session", how="left")
        .join(per_message, on="order", how="inner")
        .with_columns(
            username=pl.coalesce("username", "login_name"),
            authenticated=pl.col("authenticated").fill_null(value=False)
            | pl.col("username").is_not_null(),
        )
        .sort("order")
    )


def burst(case: Case, sent: pl.DataFrame) -> pl.DataFrame:
    """Return hours in which an account sent far more than ever, or bounced much."""
    limits = case.thresholds
    hours = _hours(case, sent)
    more = pl.col("messages") >= limits.burst_factor * pl.col("usual")
    many = (pl.col("messages") >= limits.burst_messages) & more
    wide = pl.col("deliveries") >= limits.burst_deliveries
    wide &= pl.col("deliveries") >= limits.burst_factor * pl.col("usual_deliveries")
    bouncing = (pl.col("bounced") >= limits.bounces) & (
        pl.col("bounced") >= limits.bounce_share * pl.col("deliveries")
    )
    hours = hours.with_columns(many=many | wide, bouncing=bouncing)
    return _burst_signs(hours.filter((pl.col("new") & pl.col("many")) | pl.col("bouncing")))


def _hours(case: Case, sent: pl.DataFrame) -> pl.DataFrame:
    """Return one row an account, place and hour of sending, with the account's busiest before.

    An hour begins with a message and not with the clock, so that no burst is cut in two. What came
    from a place in its first day (`new`), beside places known before, is no measure of the usual:
    a thief's second machine would be measured by the first.
    """
    places = case.logins.select("source_ip", "place").unique()
    mine = sent.filter(pl.col("username").is_not_null()).join(places, on="source_ip", how="left")
    mine = case.accounts(mine).sort("account", "place", "order")
    since = pl.col("time") - pl.col("time").min().over("account", "place")
    counts = {"messages": pl.len(), "deliveries": pl.col("deliveries").sum()}
    hours = (
        mine.with_columns(number=since.dt.total_hours())
        .group_by("account", "place", "number", maintain_order=True)
        .agg(
            pl.col("username", "source_ip", "time").first(),
            **counts,
            bounced=pl.col("bounced").sum(),
            orders=pl.col("order").head(_SHOWN),
            hour=pl.col("time").min(),
        )
        .sort("account", "hour", "place")
    )
    hours = hours.join(
        _arrived(case), on=["account", "place"], how="left", maintain_order="left"
    ).with_columns(new=_is_new().fill_null(value=False))
    strange = pl.col("new") & (pl.col("elsewhere") > 0).fill_null(value=False)
    before = {
        name: pl.when(strange)
        .then(0)
        .otherwise(count)
        .cum_max()
        .shift(1)
        .over("account")
        .fill_null(0)
        for name, count in (("usual", "messages"), ("usual_deliveries", "deliveries"))
    }
    return hours.with_columns(**before)


def _is_new() -> pl.Expr:
    begun = pl.col("hour") + pl.duration(hours=1) >= pl.col("arrived")
    return begun & (pl.col("hour") - pl.col("arrived") <= pl.duration(days=1))


def _arrived(case: Case) -> pl.DataFrame:
    return case.arrivals.select("account", "place", arrived="time", elsewhere="logins_before")


def _burst_signs(hours: pl.DataFrame) -> pl.DataFrame:
    rows = hours.group_by("account", "place", maintain_order=True).agg(
        pl.col("username", "source_ip", "time", "orders", "new").first(),
        pl.col("messages", "deliveries", "bounced").sum(),
        pl.col("elsewhere").first().fill_null(0),
        hours=pl.len(),
        usual=pl.col("usual").min(),
    )
    stolen = pl.col("new") & (pl.col("elsewhere") > 0)
    severity = pl.when(stolen).then(pl.lit("critical")).otherwise(pl.lit("high"))
    place = pl.when("new").then(pl.lit(", a place it never used before")).otherwise(pl.lit(""))
    words = pl.format(
        "{} sent {} in {} from {}{}; {} of {} bounced, and its busiest hour before had {}. So an "
        "account is used that was stolen. Innocent reading: a newsletter or an invitation to a "
        "list with old addresses. Stop the queue first, then ask the owner.",
        "username",
        number("messages", one="message"),
        number("hours", one="hour"),
        "source_ip",
        place,
        "bounced",
        number("deliveries", one="delivery", many="deliveries"),
        "usual",
    )
    return as_sign(rows, sign="mail_burst", severity=severity, explanation=words)


def stranger_relay(case: Case, sent: pl.DataFrame) -> pl.DataFrame:
    """Return clients without a login whose mail this server passed on to the outside."""
    outside = ~pl.col("source_ip").str.contains(_INSIDE_CLIENT)
    rows = (
        sent.filter(~pl.col("authenticated") & (pl.col("relayed") > 0) & outside)
        .group_by("source_ip", maintain_order=True)
        .agg(
            pl.col("username", "time").first(),
            messages=pl.len(),
            domains=pl.col("domains").explode().drop_nulls().n_unique(),
            orders=pl.col("order").head(_SHOWN),
        )
    )
    broad = pl.col("domains") >= case.thresholds.relay_domains
    severity = pl.when(broad).then(pl.lit("high")).otherwise(pl.lit("look"))
    words = pl.format(
        "{} handed in {} without a login, and the server passed them on to {} outside. Innocent "
        "reading: a forward, a backup MX, or a machine of your own network that may relay "
        "(`mynetworks`). If it is none of these, the server is an open relay.",
        "source_ip",
        number("messages", one="message"),
        number("domains", one="domain"),
    )
    return as_sign(rows, sign="stranger_relay", severity=severity, explanation=words)
