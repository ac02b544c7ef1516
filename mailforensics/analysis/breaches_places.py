"""Signs in where and when an account is used: new places, impossible journeys, long sleep."""

from typing import Final

import polars as pl

from mailforensics.analysis.accounts import account_key
from mailforensics.analysis.breaches_case import Case, as_sign
from mailforensics.analysis.breaches_thresholds import ROLE_ACCOUNTS
from mailforensics.analysis.bridge import TIME, number

_SHOWN: Final = 10


def new_place(case: Case) -> pl.DataFrame:
    """Return first logins from a new network, or a new country, after a history of other places."""
    limits = case.thresholds
    rows = case.arrivals.filter(
        (pl.col("logins_before") >= limits.history_logins)
        & (pl.col("days_before") >= limits.history_days)
        & (pl.col("new_country") | (pl.col("places_before") <= limits.history_networks))
    ).with_columns(orders=pl.concat_list("order"))
    abroad = pl.col("new_country")
    where = pl.when(abroad).then(pl.format("{} in {}", "place", "country")).otherwise("place")
    words = pl.format(
        "{} logged in from {} for the first time, after {} on {} from {}. Innocent reading: its "
        "owner is on a journey, or has a new provider; an address is registered in a country, "
        "which need not be where its user sits.",
        "username",
        where,
        number("logins_before", one="login"),
        number("days_before", one="day"),
        number("places_before", one="other network"),
    )
    high = pl.when(abroad).then(pl.lit("high")).otherwise(pl.lit("look"))
    sign = pl.when(abroad).then(pl.lit("new_country")).otherwise(pl.lit("new_network"))
    return as_sign(rows, sign="", severity=high, explanation=words).with_columns(
        sign=pl.Series(rows.select(sign).to_series(), dtype=pl.String)
    )


def impossible_travel(case: Case) -> pl.DataFrame:
    """Return logins of one account from two countries in less time than a journey takes."""
    known = case.logins.filter(pl.col("account").is_not_null() & pl.col("country").is_not_null())
    known = known.sort("account", "order").with_columns(
        last_country=pl.col("country").shift(1).over("account"),
        last_time=pl.col("time").shift(1).over("account"),
        last_order=pl.col("order").shift(1).over("account"),
    )
    soon = pl.duration(seconds=int(case.thresholds.travel_hours * 3600))
    rows = (
        known.filter(
            (pl.col("country") != pl.col("last_country"))
            & (pl.col("time") - pl.col("last_time") < soon)
        )
        .with_columns(minutes=(pl.col("time") - pl.col("last_time")).dt.total_minutes())
        .group_by("account", maintain_order=True)
        .agg(
            pl.col("username", "source_ip", "time", "country", "last_country", "minutes").first(),
            times=pl.len(),
            days=pl.col("time").dt.truncate("1d").n_unique(),
            orders=pl.concat_list("last_order", "order").explode().head(_SHOWN),
        )
    )
    words = pl.format(
        "{} logged in from {} and, {} minutes later, from {}; {}. Innocent reading: a VPN, a "
        "phone that roams, or a provider that registers its addresses abroad.",
        "username",
        "last_country",
        "minutes",
        "country",
        number("times", one="such change", many="such changes"),
    )
    severity = _unless_habit(case)
    return as_sign(rows, sign="impossible_travel", severity=severity, explanation=words)


def _unless_habit(case: Case) -> pl.Expr:
    """Return `high`, and `look` for what happens on so many `days` that it is a habit."""
    habit = pl.col("days") >= case.thresholds.habit_days
    return pl.when(habit).then(pl.lit("look")).otherwise(pl.lit("high"))


def many_networks(case: Case) -> pl.DataFrame:
    """Return accounts in use from many networks within one hour."""
    logins = case.logins.filter(pl.col("account").is_not_null()).sort("account", "time", "order")
    hours = logins.rolling("time", period="1h", group_by="account").agg(
        pl.col("username", "source_ip").last(),
        networks=pl.col("place").n_unique(),
        orders=pl.col("order").tail(_SHOWN),
    )
    rows = (
        hours.filter(pl.col("networks") >= case.thresholds.networks_an_hour)
        .sort("networks", "time", descending=[True, False])
        .group_by("account", maintain_order=True)
        .agg(
            pl.col("username", "source_ip", "time", "networks", "orders").first(),
            days=pl.col("time").dt.truncate("1d").n_unique(),
        )
    )
    words = pl.format(
        "{} was in use from {} within one hour. Thieves spread one password over many machines. "
        "Innocent reading: several people share the account, or a mail service fetches it.",
        "username",
        number("networks", one="network"),
    )
    return as_sign(rows, sign="many_networks", severity=_unless_habit(case), explanation=words)


def role_account(case: Case) -> pl.DataFrame:
    """Return logins on role accounts from places where no person's account is at home."""
    named = case.logins.filter(pl.col("account").is_not_null())
    role = account_key().is_in(list(ROLE_ACCOUNTS))
    people = named.filter(~role).select("place").unique()
    rows = (
        named.filter(role)
        .join(people, on="place", how="anti")
        .sort("order")
        .group_by("account", "place", maintain_order=True)
        .agg(
            pl.col("username", "source_ip", "time").first(),
            times=pl.len(),
            orders=pl.col("order").head(_SHOWN),
        )
    )
    words = pl.format(
        "{}, a name that attackers try first, logged in from {} ({}), where nobody else of this "
        "server is at home. Innocent reading: a person reads that mailbox, or a machine sends "
        "with it.",
        "username",
        "source_ip",
        number("times", one="login"),
    )
    return as_sign(rows, sign="role_account", severity=pl.lit("look"), explanation=words)


def dormant_account(case: Case) -> pl.DataFrame:
    """Return accounts that slept for a month or more and woke up in a new place."""
    first = pl.lit(case.begin, TIME)
    asleep = (pl.col("time") - pl.coalesce("last_before", first)).dt.total_days()
    rows = case.arrivals.with_columns(asleep=asleep, orders=pl.concat_list("order")).filter(
        pl.col("asleep") >= case.thresholds.dormant_days
    )
    words = pl.format(
        "{} logged in from {}, a place it never used before, after {} without any login. "
        "Innocent reading: an account in rare use, or a new one.",
        "username",
        "source_ip",
        number("asleep", one="day"),
    )
    severity = pl.when(pl.col("logins_before") > 0).then(pl.lit("high")).otherwise(pl.lit("look"))
    return as_sign(rows, sign="dormant_account", severity=severity, explanation=words)
