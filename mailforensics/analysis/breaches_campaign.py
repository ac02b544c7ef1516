"""Signs that a campaign got in: one of its addresses logs in, or a new one on its account."""

from collections.abc import Callable
from typing import Final

import polars as pl

from mailforensics.analysis.breaches_case import SIGN, Case, as_sign
from mailforensics.analysis.bridge import number
from mailforensics.analysis.campaigns import Campaigns

_SHOWN: Final = 8
_MEMBERS: Final = ["campaign", "source_ip"]
_TABLE: Final = ["campaign", "addresses", "networks", "first_seen", "last_seen"]
Sign = Callable[[Case, "Hands"], pl.DataFrame]


class Hands:
    """The campaigns of a log in the form that the signs ask for."""

    def __init__(self, found: Campaigns, case: Case) -> None:
        table = pl.from_pandas(found.table[_TABLE])
        self.members = pl.from_pandas(found.members[_MEMBERS]).join(table, on="campaign")
        tries = case.failures.join(self.members, on="source_ip")
        self.tries = tries.filter(pl.col("account").is_not_null())


def campaign_signs(
    case: Case, found: Campaigns | None, search: Callable[[], Campaigns]
) -> pl.DataFrame:
    """Return the signs that a campaign got in; campaigns are searched only where one could have.

    A log in which every login comes from an account's home, or in which no account in use was
    guessed at, needs no search.
    """
    if found is None and (_doubtful(case).is_empty() and _exposed(case).is_empty()):
        return pl.DataFrame(schema=SIGN)
    hands = Hands(search() if found is None else found, case)
    return pl.concat([login_from_campaign(case, hands), campaign_then_success(case, hands)])


def _doubtful(case: Case) -> pl.DataFrame:
    """Return logins of addresses that failed before, where their account had no login before."""
    first = case.failures.group_by("source_ip").agg(failed=pl.col("time").min())
    homes = case.arrivals.select("account", "place", here="time")
    return (
        case.logins.join(first, on="source_ip")
        .join(homes, on=["account", "place"], how="left")
        .filter((pl.col("failed") <= pl.col("time")) & ~(pl.col("here") < pl.col("failed")))
    )


def _exposed(case: Case) -> pl.DataFrame:
    """Return first logins in a place that never failed, on accounts in use that others guessed."""
    newly = case.arrivals.filter(pl.col("logins_before") > 0)
    guessed = case.failures.join(case.arrivals.select("account", "place"), on="place", how="anti")
    return newly.join(guessed, on="account", how="semi").join(
        case.failures, on="source_ip", how="anti"
    )


def login_from_campaign(case: Case, hands: Hands) -> pl.DataFrame:
    """Return logins of an address of a campaign, unless the account was at home there before."""
    rows = (
        _doubtful(case)
        .join(hands.members, on="source_ip")
        .sort("order")
        .group_by("source_ip", "account", maintain_order=True)
        .agg(
            pl.col("username", "time", "campaign", "addresses", "networks").first(),
            orders=pl.col("order").head(_SHOWN),
        )
    )
    words = pl.format(
        "{} logged in from {}, one of {} that act together (campaign {}). So the campaign found a "
        "password. Innocent reading: a proper user's address that was counted among them.",
        pl.coalesce("username", pl.lit("An account that the log does not name")),
        "source_ip",
        number("addresses", one="address", many="addresses"),
        "campaign",
    )
    return as_sign(rows, sign="login_from_campaign", severity=pl.lit("critical"), explanation=words)


def campaign_then_success(case: Case, hands: Hands) -> pl.DataFrame:
    """Return first logins in a new place, during a campaign, on an account that it tried before.

    Where each address tries once, the one that gets in has no failure of its own.
    """
    lists = hands.tries.group_by("campaign", "account").agg(
        pl.col("addresses", "last_seen").first(),
        tried=pl.col("time").min(),
        tries=pl.col("failures").sum(),
        failed=pl.col("order").sort().head(_SHOWN),
    )
    pause = pl.duration(hours=case.thresholds.failure_hours)
    rows = (
        _exposed(case)
        .join(lists, on="account")
        .filter(pl.col("time").is_between(pl.col("tried"), pl.col("last_seen") + pause))
        .sort("order", "campaign")
        .unique("order", keep="first", maintain_order=True)
        .with_columns(orders=pl.concat_list(pl.concat_list("order"), "failed"))
    )
    words = pl.format(
        "{} logged in from {}, a place it never used before, while a campaign of {} (campaign {}) "
        "was at work that had tried the account {}. Innocent reading: its owner travels in those "
        "days. Ask the owner.",
        "username",
        "source_ip",
        number("addresses", one="address", many="addresses"),
        "campaign",
        number("tries", one="time"),
    )
    return as_sign(rows, sign="campaign_then_success", severity=pl.lit("high"), explanation=words)
