"""Tell an attacker from a user with an old password, and a stolen login from its owner's.

Every rule looks only at what a log can show: which accounts an address tried, which of them ever
worked from its network, what came first, and where an account is at home.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from mailforensics.analysis.bridge import number


@dataclass(frozen=True, slots=True)
class StandingRules:
    """Thresholds that tell users from guessers; change one with `dataclasses.replace`.

    Attributes:
        strange_accounts: accounts tried that never worked from an address, from which on a login
            there is suspect. People mistype their own name, not three others'.
        blind_failures: failures before the first login from which on it is suspect, where the
            log has no user names (Postfix before 3.7.8).
        failures_away: failures on one account before its first login from this network, from
            which on the login is suspect if the account is at home elsewhere.
        stale_failures: failures on one's own account from which on it is a device with an old
            password, and no longer a mistyped one.
        steady_tries: tries needed to speak of a rhythm.
        steady_spread: spread of the gaps between tries (quartile distance / median) up to which
            they keep a rhythm, as a device that asks every few minutes does.
    """

    strange_accounts: int = 3
    blind_failures: int = 20
    failures_away: int = 10
    stale_failures: int = 5
    steady_tries: int = 8
    steady_spread: float = 0.2


DEFAULT_RULES: Final = StandingRules()


def account_key(name: str = "username") -> pl.Expr:
    """Return what makes two names one account: lower case, without the domain.

    `Anna` and `anna@example.org` are the same mailbox on most small servers. Where they are not,
    the mistake is made in favour of the user.
    """
    return pl.col(name).str.to_lowercase().str.extract(r"^([^@]*)")


def pairs(rows: pl.DataFrame) -> pl.DataFrame:
    """Return for each address and account what was tried and what worked, and when.

    Columns: `source_ip, network, account` (null: the log names none), `failures, logins,
    first_failure, last_failure, first_login, last_login, before` (failures before the first login
    from this address, of any account), `gap` (median seconds between failures) and `spread` (of
    those gaps; null for fewer than four failures).
    """
    failed, worked = pl.col("failures") > 0, pl.col("logins") > 0
    tries = (
        rows.filter((failed | worked) & pl.col("source_ip").is_not_null())
        .select("source_ip", "network", "time", "failures", "logins", account=account_key())
        .with_columns(begun=pl.col("time").filter(worked).min().over("source_ip"))
    )
    gaps = pl.col("time").filter(failed).diff().dt.total_microseconds() / 1e6
    distance = gaps.quantile(0.75, "linear") - gaps.quantile(0.25, "linear")
    early = failed & ((pl.col("time") <= pl.col("begun")) | pl.col("begun").is_null())
    return tries.group_by("source_ip", "network", "account").agg(
        pl.col("failures", "logins").sum(),
        first_failure=pl.col("time").filter(failed).min(),
        last_failure=pl.col("time").filter(failed).max(),
        first_login=pl.col("time").filter(worked).min(),
        last_login=pl.col("time").filter(worked).max(),
        before=pl.col("failures").filter(early).sum(),
        gap=gaps.median(),
        spread=pl.when(gaps.count() >= 3).then(distance / gaps.median()),
    )


def at_home(tried: pl.DataFrame) -> pl.DataFrame:
    """Return pairs with where their account is at home.

    Adds `home_login` (its first login from this network), `any_login` (from anywhere),
    `network_login` (of anybody from this network) and `strange` (refused, and never at home here).
    """
    first, named = pl.col("first_login"), pl.col("account").is_not_null()
    homes = tried.with_columns(
        home_login=pl.when(named).then(first.min().over("network", "account")),
        any_login=pl.when(named).then(first.min().over("account")),
        network_login=first.min().over("network"),
    )
    strange = named & (pl.col("failures") > 0) & pl.col("home_login").is_null()
    return homes.with_columns(strange=strange)


def standings(tried: pl.DataFrame, *, rules: StandingRules = DEFAULT_RULES) -> pl.DataFrame:
    """Return for each address that tried to log in: `source_ip`, `standing`, `note`.

    `standing` is `suspect`, `stale_password`, `user`, or null where no login speaks for it.
    """
    homes = at_home(tried)
    worked = pl.col("logins") > 0
    named = pl.col("account").is_not_null()
    unnamed_login = pl.col("logins").filter(~named).sum()
    own = (pl.col("failures") >= rules.stale_failures) & pl.col("home_login").is_not_null()
    away = pl.col("any_login").is_not_null() & pl.col("home_login").is_null()
    steady = (pl.col("spread") <= rules.steady_spread) & (pl.col("failures") >= rules.steady_tries)
    table = homes.group_by("source_ip").agg(
        pl.col("failures", "logins", "before").sum(),
        strange=pl.col("strange").sum(),
        blind=pl.col("before").filter(~named).sum(),
        newcomer=(pl.col("first_login").min() <= pl.col("network_login").first()),
        homeless=(
            named
            & worked
            & (pl.col("any_login") < pl.col("home_login"))
            & (pl.col("before") >= rules.failures_away)
        ).any(),
        only_counted=(unnamed_login > 0) & (pl.col("logins").filter(named).sum() == 0),
        stale=pl.struct("account", "failures", "gap", "home_login").filter(own).first(),
        steady=pl.col("account").filter(away & steady).first(),
    )
    return table.with_columns(standing=_standing(rules)).select(
        "source_ip", "standing", note=_note()
    )


def _standing(rules: StandingRules) -> pl.Expr:
    newcomer = pl.col("newcomer").fill_null(value=False)
    guessed = pl.any_horizontal(
        pl.col("strange") >= rules.strange_accounts,
        newcomer & (pl.col("blind") >= rules.blind_failures),
        pl.col("homeless").fill_null(value=False),
        newcomer & pl.col("only_counted") & (pl.col("before") >= rules.strange_accounts),
    )
    stale = pl.col("stale").struct.field("account").is_not_null() & (pl.col("strange") == 0)
    return (
        pl.when((pl.col("logins") > 0) & guessed)
        .then(pl.lit("suspect"))
        .when(stale)
        .then(pl.lit("stale_password"))
        .when(pl.col("logins") > 0)
        .then(pl.lit("user"))
    )


def _note() -> pl.Expr:
    suspect = pl.format(
        "{} of {} tries worked, after {} that failed; {} accounts tried never worked from this "
        "network: read the breaches first",
        "logins",
        pl.col("logins") + pl.col("failures"),
        "before",
        "strange",
    )
    stale = pl.format(
        "sends an old password of {} again and again ({} times, about every {} s); the same "
        "account logged in from this network on {}",
        pl.col("stale").struct.field("account"),
        pl.col("stale").struct.field("failures"),
        pl.col("stale").struct.field("gap").round(0).cast(pl.Int64).fill_null(0),
        pl.col("stale").struct.field("home_login").dt.strftime("%Y-%m-%d"),
    )
    user = pl.format("{} worked, {} failed", number("logins", one="login"), "failures")
    steady = pl.format(
        "asks for {} at a steady rhythm, and that account is in use elsewhere: maybe a device of "
        "its owner away from home",
        "steady",
    )
    standing = pl.col("standing")
    return (
        pl.when(standing == "suspect")
        .then(suspect)
        .when(standing == "stale_password")
        .then(stale)
        .when(standing == "user")
        .then(user)
        .when(pl.col("steady").is_not_null())
        .then(steady)
    )
