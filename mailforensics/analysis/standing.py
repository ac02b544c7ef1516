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
        failures_away: failures before the first login of an account from this network, from
            which on the login is suspect if the account is in use elsewhere.
        stale_failures: failures on one's own account from which on it is a device with an old
            password, and no longer a mistyped one.
        steady_tries: tries needed to speak of a rhythm.
        steady_spread: spread of the gaps between tries (quartile distance / median) up to which
            they keep a rhythm, as a device that asks every few minutes does.
        owners: addresses refused on one account up to which a rhythm may be its owner's device.
        stolen_days: days after a guessed login in which a new network that uses the same account
            is suspect too: thieves often guess from one address and send from another.
    """

    strange_accounts: int = 3
    blind_failures: int = 5
    failures_away: int = 3
    stale_failures: int = 5
    steady_tries: int = 8
    steady_spread: float = 0.2
    owners: int = 2
    stolen_days: int = 7


DEFAULT_RULES: Final = StandingRules()
STEADY_NOTE: Final = "asks for"


def standings(tried: pl.DataFrame, *, rules: StandingRules = DEFAULT_RULES) -> pl.DataFrame:
    """Return for each address that tried to log in: `source_ip`, `standing`, `note`.

    `standing` is `suspect`, `stale_password`, `user`, or null where no login speaks for it.
    """
    guessed = _by_address(tried, rules).with_columns(guessed=_is_guessed(rules))
    heirs = _heirs(tried, guessed.filter("guessed"), rules)
    return (
        guessed.join(heirs, on="source_ip", how="left")
        .with_columns(standing=_standing())
        .select("source_ip", "standing", note=_note())
    )


def _by_address(homes: pl.DataFrame, rules: StandingRules) -> pl.DataFrame:
    """Return one row an address: what its pairs say together."""
    named, worked = pl.col("account").is_not_null(), pl.col("logins") > 0
    own = (pl.col("failures") >= rules.stale_failures) & pl.col("settled")
    away = pl.col("any_login").is_not_null() & pl.col("home_login").is_null()
    steady = (pl.col("spread") <= rules.steady_spread) & (pl.col("failures") >= rules.steady_tries)
    alone = pl.col("refusing") <= rules.owners
    mine = named & worked
    told = pl.struct("account", "early", "beside")
    doubtful = pl.col("early") + pl.col("foreign") >= rules.failures_away
    return (
        homes.sort("source_ip", "account")
        .group_by("source_ip", maintain_order=True)
        .agg(
            pl.col("failures", "logins").sum(),
            own_before=pl.col("before").sum(),
            before=pl.max_horizontal(pl.col("before").sum(), pl.col("ahead").filter(mine).max()),
            strange=pl.col("strange").sum(),
            blind=pl.col("before").filter(~named).sum(),
            newcomer=pl.col("first_login").min() <= pl.col("network_login").first(),
            unsettled=told.filter(mine & ~pl.col("settled")).first(),
            guest=told.filter(mine & pl.col("guest") & doubtful).first(),
            nameless=worked.any() & ~mine.any(),
            stale=pl.struct("account", "failures", "gap", "home_login").filter(own).first(),
            steady=pl.col("account").filter(away & steady & alone).first(),
        )
        .with_columns(new=pl.coalesce("unsettled", "guest"))
    )


def _is_guessed(rules: StandingRules) -> pl.Expr:
    """Say where a login worked that looks like the end of a row of guesses."""
    newcomer = pl.col("newcomer").fill_null(value=False)
    guessed = pl.any_horizontal(
        pl.col("strange") >= rules.strange_accounts,
        newcomer & (pl.col("blind") >= rules.blind_failures),
        pl.col("new").struct.field("account").is_not_null(),
        newcomer & pl.col("nameless") & (pl.col("before") >= rules.strange_accounts),
    )
    return (pl.col("logins") > 0) & guessed


def _heirs(homes: pl.DataFrame, guessed: pl.DataFrame, rules: StandingRules) -> pl.DataFrame:
    """Return the addresses that use an account soon after it was guessed: `source_ip`, `stolen`.

    They are in networks that the account never used before, although it was in use elsewhere.
    """
    worked = homes.filter((pl.col("logins") > 0) & pl.col("account").is_not_null())
    taken = (
        worked.join(guessed, on="source_ip", how="semi")
        .group_by("account")
        .agg(taken=pl.col("first_login").min())
    )
    after = pl.col("home_login") - pl.col("taken")
    soon = after.is_between(pl.duration(), pl.duration(days=rules.stolen_days))
    return (
        worked.join(taken, on="account")
        .filter(soon & (pl.col("any_login") < pl.col("taken")))
        .group_by("source_ip")
        .agg(stolen=pl.col("account").sort().first())
    )


def _standing() -> pl.Expr:
    stale = pl.col("stale").struct.field("account").is_not_null() & (pl.col("strange") == 0)
    return (
        pl.when(pl.col("guessed") | pl.col("stolen").is_not_null())
        .then(pl.lit("suspect"))
        .when(stale)
        .then(pl.lit("stale_password"))
        .when(pl.col("logins") > 0)
        .then(pl.lit("user"))
    )


def _note() -> pl.Expr:
    stale = pl.col("stale").struct
    texts = {
        "suspect": pl.when(pl.col("guessed"))
        .then(_guessed_note())
        .otherwise(
            pl.format("uses {} from a new network after that account was guessed", "stolen")
        ),
        "stale_password": pl.format(
            "sends an old password of {} again and again ({} times, about every {} s); the same "
            "account logged in from this network on {}",
            stale.field("account"),
            stale.field("failures"),
            stale.field("gap").round(0).cast(pl.Int64).fill_null(0),
            stale.field("home_login").dt.strftime("%Y-%m-%d"),
        ),
        "user": pl.format("{} worked, {} failed", number("logins", one="login"), "failures"),
    }
    steady = pl.format(
        f"{STEADY_NOTE} {{}} at a steady rhythm, and that account is in use elsewhere: maybe a "
        "device of its owner away from home",
        "steady",
    )
    known = (pl.when(pl.col("standing") == name).then(text) for name, text in texts.items())
    return pl.coalesce(*known, pl.when(pl.col("steady").is_not_null()).then(steady))


def _guessed_note() -> pl.Expr:
    strange = pl.format(
        ", on {} that never worked from this network", number("strange", one="account")
    )
    new = pl.col("new").struct
    account = pl.format(", and {} had not been used from this network", new.field("account"))
    # A thief whose stolen password is changed fails after the login, not before.
    locked_out = (pl.col("strange") == 0) & (new.field("early") > 2 * pl.col("before"))
    after = pl.format(
        "{} worked, {} failed{} within a day of it, and {} had not been used from this network",
        number("logins", one="login"),
        new.field("early"),
        _of_network(new.field("beside") > 0),
        new.field("account"),
    )
    before = pl.format(
        "{} worked after {}{}{}",
        number("logins", one="login"),
        number("before", one="failure"),
        _of_network(pl.col("before") > pl.col("own_before")),
        pl.when(pl.col("strange") > 0).then(strange).otherwise(account).fill_null(""),
    )
    return pl.when(locked_out).then(after).otherwise(before)


def _of_network(counted: pl.Expr) -> pl.Expr:
    """Return words for a number that holds what neighbours in the network did, too."""
    return pl.when(counted).then(pl.lit(" from its network")).otherwise(pl.lit(""))
