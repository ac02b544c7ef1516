"""The tables that all signs look at: logins, arrivals in a new place, failures."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import pandas as pd
import polars as pl

from mailforensics.addresses import network_of
from mailforensics.analysis.accounts import are_apart, with_accounts
from mailforensics.analysis.breaches_thresholds import Thresholds
from mailforensics.analysis.countries import country_of

if TYPE_CHECKING:
    import datetime as dt

# What every sign gives back; `orders` are the rows behind it, the most telling ones first.
SIGN: Final = {
    "severity": pl.String(),
    "sign": pl.String(),
    "username": pl.String(),
    "source_ip": pl.String(),
    "time": pl.Datetime("us", "UTC"),
    "explanation": pl.String(),
    "orders": pl.List(pl.UInt32()),
}


@dataclass(frozen=True, slots=True)
class Case:
    """What the log shows of accounts.

    Attributes:
        begin: first time of a counted event with a peer; None if there is none.
        rows: all of these, or those that can matter, oldest first.
        logins: one row a login: `order, time, session, source_ip, place, country, username,
            account, unexplained, host`.
        arrivals: the first login of each account in each place, with what came before it:
            `logins_before, days_before, places_before, countries_before, last_before`.
        failures: the attempts that failed: `order, time, source_ip, place, account, failures`.
        thresholds: from where on something is a sign.
        apart: whether several servers tell of logins, so that an account is one of a server.
    """

    begin: "dt.datetime | None"
    rows: pl.DataFrame
    logins: pl.DataFrame
    arrivals: pl.DataFrame
    failures: pl.DataFrame
    thresholds: Thresholds
    apart: bool

    def accounts(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return rows with `host` and `username` with the `account` that they mean."""
        return with_accounts(rows, logins=self.logins, apart=self.apart)


def open_case(counted: pl.DataFrame, thresholds: Thresholds) -> Case:
    """Return the tables that all signs look at, of counted rows."""
    rows = counted.filter(pl.col("source_ip").is_not_null())
    return case_of(rows, thresholds, cast("dt.datetime | None", rows["time"].min()))


def case_of(
    rows: pl.DataFrame,
    thresholds: Thresholds,
    begin: "dt.datetime | None",
    *,
    apart: bool | None = None,
) -> Case:
    """Return the tables that all signs look at.

    Args:
        rows: counted rows with a peer: logins, messages, and failures that can matter.
        thresholds: from where on something is a sign.
        begin: first time of any counted row with a peer.
        apart: whether several servers tell of logins; None: as these rows show.
    """
    tried = rows.filter((pl.col("failures") > 0) | (pl.col("logins") > 0))
    tried = tried.join(
        places_of(tried, thresholds), on="source_ip", how="left", maintain_order="left"
    )
    apart = are_apart(tried) if apart is None else apart
    tried = with_accounts(tried, logins=tried.filter(pl.col("logins") > 0), apart=apart)
    logins = tried.filter(pl.col("logins") > 0).select(
        *("order", "time", "session", "source_ip", "place", "country", "username", "account"),
        *("unexplained", "host"),
    )
    failures = tried.filter(pl.col("failures") > 0).select(
        "order", "time", "source_ip", "place", "username", "account", "failures"
    )
    return Case(begin, rows, logins, _arrivals(logins), failures, thresholds, apart)


def places_of(tried: pl.DataFrame, thresholds: Thresholds) -> pl.DataFrame:
    """Return for each address the network that counts as one place, and its country."""
    addresses = tried["source_ip"].unique().sort()
    texts = pd.Series(addresses.to_list(), dtype="str")
    places = network_of(texts, v4=thresholds.home_v4, v6=thresholds.home_v6)
    return pl.DataFrame(
        {
            "source_ip": addresses,
            "place": pl.Series(list(places), dtype=pl.String),
            "country": pl.Series(country_of(addresses.to_list()), dtype=pl.String),
        }
    )


def _arrivals(logins: pl.DataFrame) -> pl.DataFrame:
    """Return the first login of each account in each place, with what came before it."""
    named = logins.filter(pl.col("account").is_not_null()).sort("account", "order")
    day = pl.col("time").dt.truncate("1d")
    first_here = pl.col("order") == pl.col("order").min().over("account", "place")
    new_day = (day != day.shift(1).over("account")).fill_null(value=True)
    before = pl.int_range(pl.len()).over("account")
    return (
        named.with_columns(
            first_here=first_here,
            logins_before=before,
            days_before=new_day.cum_sum().over("account") - new_day.cast(pl.Int64),
            places_before=first_here.cum_sum().over("account") - first_here.cast(pl.Int64),
            last_before=pl.col("time").shift(1).over("account"),
            home=pl.col("place").first().over("account"),
            new_country=_is_new_country(),
        )
        .filter("first_here")
        .drop("first_here")
    )


def _is_new_country() -> pl.Expr:
    """Say where an account is used from a country for the first time, others being known."""
    country = pl.col("country")
    first = pl.col("order") == pl.col("order").min().over("account", "country")
    known = (country.is_not_null().cum_sum() - country.is_not_null().cast(pl.Int64)).over("account")
    return country.is_not_null() & first & (known > 0)


def as_sign(
    found: pl.DataFrame, *, sign: str, severity: pl.Expr, explanation: pl.Expr
) -> pl.DataFrame:
    """Return rows as a sign; `found` has `username`, `source_ip`, `time` and `orders`."""
    return found.select(
        severity=severity,
        sign=pl.lit(sign),
        username="username",
        source_ip="source_ip",
        time="time",
        explanation=explanation,
        orders="orders",
    ).cast(SIGN)  # type: ignore[arg-type]
