"""What each address tried on each account, and whether the account is at home there."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from mailforensics.analysis.accounts import with_accounts
from mailforensics.analysis.bridge import seconds, with_network


@dataclass(frozen=True, slots=True)
class HomeRules:
    """From where on a network is an account's home; change one with `dataclasses.replace`.

    A login proves little if it ends a row of failures: that is what a break-in looks like. So a
    home needs a login before the failures.

    Attributes:
        mistyped: failures in a network before its first login of an account, up to which they
            are the account's own people mistyping. Source: as `Thresholds.failures`.
        mistyped_away: the same, for an account that was in use elsewhere before.
        settled_hours: hours of use after which a second network counts as a home as well.
        mingled_logins: logins between the failures that show two devices of one owner, the one
            with the old and the other with the right password. Guessers stop when they are in.
        mingled_days: days with both that show the same of an account that was in use elsewhere
            before. A thief has the day he gets in and the day he is locked out.
    """

    mistyped: int = 4
    mistyped_away: int = 2
    settled_hours: float = 24.0
    mingled_logins: int = 3
    mingled_days: int = 4


DEFAULT_HOME_RULES: Final = HomeRules()


def pairs(
    rows: pl.DataFrame, *, apart: bool, rules: HomeRules = DEFAULT_HOME_RULES
) -> pl.DataFrame:
    """Return for each address and account what was tried and what worked, and when.

    Columns: `source_ip, network, account` (null: the log names none), `failures, logins,
    first_login, before` (failures before the first login from this address, of any account),
    `gap` (median seconds between failures), `spread` (of those gaps; null for fewer than four
    failures), and those of `_with_homes`.

    Args:
        rows: counted rows that tell of logins.
        apart: whether several servers tell of logins (see `accounts`).
        rules: from where on a network is an account's home.
    """
    failed, worked = pl.col("failures") > 0, pl.col("logins") > 0
    tries = _telling(
        rows.filter((failed | worked) & pl.col("source_ip").is_not_null()), apart=apart
    )
    gaps = seconds(pl.col("time").filter(failed).diff())
    distance = gaps.quantile(0.75, "linear") - gaps.quantile(0.25, "linear")
    unspoken = failed & ((pl.col("time") <= pl.col("begun")) | pl.col("begun").is_null())
    keys = ["source_ip", "network", "account"]
    tried = tries.group_by(keys).agg(
        pl.col("failures", "logins").sum(),
        first_login=pl.col("time").filter(worked).min(),
        before=pl.col("failures").filter(unspoken).sum(),
        gap=gaps.median(),
        spread=pl.when(gaps.count() >= 3).then(distance / gaps.median()),
    )
    return _with_homes(tried, tries, rules)


def _telling(tries: pl.DataFrame, *, apart: bool) -> pl.DataFrame:
    """Return the tries that can tell a user: by an address or on an account that ever worked.

    Adds `network`, `account` and `begun`, the first login of the address. The rest, on an
    attacked server nearly all, speaks for nobody.
    """
    logins = tries.filter(pl.col("logins") > 0)
    begun = logins.group_by("source_ip").agg(begun=pl.col("time").min())
    names = tries.select("host", "username").drop_nulls("username").unique()
    names = with_accounts(names, logins=logins, apart=apart)
    keys = ["host", "username"]
    known = names.join(logins.select(keys), on=keys, how="semi", nulls_equal=True)["account"]
    telling = (
        tries.select("source_ip", "time", "failures", "logins", *keys)
        .join(names, on=keys, how="left", nulls_equal=True, maintain_order="left")
        .join(begun, on="source_ip", how="left", maintain_order="left")
        .filter(pl.col("begun").is_not_null() | pl.col("account").is_in(known.unique().implode()))
        .drop(keys)
    )
    return with_network(telling)


def _with_homes(tried: pl.DataFrame, tries: pl.DataFrame, rules: HomeRules) -> pl.DataFrame:
    """Return pairs with where their account is at home.

    Adds `home_login` (its first login from this network), `any_login` (from anywhere),
    `network_login` (of anybody from this network), `guest` (in use elsewhere before), `early`
    (failures on it in this network before it was settled there; none of an owner's two devices),
    `ahead` (before its first login there), `settled` (at home here, by more
    than a login that ended its failures), `strange` (refused, and never a login of it here),
    `foreign` (failures of the address before its first login on strange accounts or on none),
    `refusing` (addresses that failed on it, anywhere) and `beside` (failures of its neighbours in
    the network).
    """
    first, named = pl.col("first_login"), pl.col("account").is_not_null()
    homes = tried.with_columns(
        home_login=pl.when(named).then(first.min().over("network", "account")),
        any_login=pl.when(named).then(first.min().over("account")),
        network_login=first.min().over("network"),
    ).with_columns(
        guest=(pl.col("any_login") < pl.col("home_login")).fill_null(value=False),
        strange=named & (pl.col("failures") > 0) & pl.col("home_login").is_null(),
        refusing=(pl.col("failures") > 0).sum().over("account"),
        beside=pl.col("failures").sum().over("network", "account") - pl.col("failures"),
    )
    mixed = pl.col("mixed") >= rules.mingled_days
    foreign = pl.col("before").filter(~named | pl.col("strange")).sum()
    return (
        homes.with_columns(foreign=foreign.over("source_ip"))
        .join(_beginnings(homes, tries, rules), on=["network", "account"], how="left")
        .with_columns(pl.col("early", "ahead", "mingled", "mixed").fill_null(0))
        .with_columns(early=pl.when(mixed).then(0).otherwise("early"))
        .with_columns(settled=_is_settled(rules))
    )


def _beginnings(homes: pl.DataFrame, tries: pl.DataFrame, rules: HomeRules) -> pl.DataFrame:
    """Return for each account and network what failed before it was at home there.

    `mingled` are the logins before the last of the failures, `mixed` the days with both.
    """
    keys = ["network", "account"]
    known = homes.filter(pl.col("home_login").is_not_null())
    while_new = pl.when("guest").then(pl.duration(hours=rules.settled_hours))
    settled_at = pl.col("home_login") + while_new.otherwise(pl.duration())
    failed = pl.col("failures") > 0
    return (
        tries.join(known.select(*keys, "guest", "home_login").unique(), on=keys)
        .with_columns(last=pl.col("time").filter(failed).max().over(keys), both=_is_mixed(keys))
        .group_by(keys)
        .agg(
            early=pl.col("failures").filter(pl.col("time") < settled_at).sum(),
            ahead=pl.col("failures").filter(pl.col("time") < pl.col("home_login")).sum(),
            mingled=pl.col("logins").filter(pl.col("time") < pl.col("last")).sum(),
            mixed=pl.col("time").dt.date().filter("both").n_unique(),
        )
    )


def _is_mixed(keys: list[str]) -> pl.Expr:
    """Say which logins happened on a day on which the account was refused in the network too."""
    refused = (pl.col("failures") > 0).any().over(*keys, pl.col("time").dt.date())
    return (pl.col("logins") > 0) & refused


def _is_settled(rules: HomeRules) -> pl.Expr:
    allowed = pl.when("guest").then(rules.mistyped_away).otherwise(rules.mistyped)
    mingled = ~pl.col("guest") & (pl.col("mingled") >= rules.mingled_logins)
    return pl.col("home_login").is_not_null() & ((pl.col("early") <= allowed) | mingled)
