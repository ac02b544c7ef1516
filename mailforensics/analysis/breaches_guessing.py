"""Signs that a password was guessed: a login after failures, after a spray, from an attacker."""

from typing import Final

import polars as pl

from mailforensics.analysis.breaches_case import Case, as_sign
from mailforensics.analysis.bridge import number
from mailforensics.analysis.standing_homes import DEFAULT_HOME_RULES

# Lines shown of the logins and of the failures behind a sign; the words give the full count.
_LOGINS_SHOWN: Final = 8
_FAILURES_SHOWN: Final = 12


def success_after_failures(case: Case) -> pl.DataFrame:
    """Return logins that followed failures from the same address, one row an address and account.

    Failures count on the same account, on none (old logs), or on accounts that never worked from
    that place; a colleague's mistyped name behind the same router does not. Before an account's
    first login in a place, failures on it from the whole place count, over a month: patient
    guessers try once a day, and those with IPv6 from another address each time.
    """
    limits = case.thresholds
    failures = case.failures.join(
        case.logins.select("source_ip").unique(), on="source_ip", how="semi"
    )
    homes = case.logins.select("place", "account").unique()
    strange = failures.join(homes, on=["place", "account"], how="anti")
    lower = pl.max_horizontal(
        pl.col("time") - pl.duration(seconds=int(limits.failure_hours * 3600)),
        pl.col("time").shift(1).over("source_ip", "account"),
    )
    logins = case.logins.sort("order").with_columns(lower=lower)
    logins = _count_between(logins, failures, by=["source_ip", "account"], name="own")
    logins = _count_between(logins, strange, by=["source_ip"], name="strange")
    logins = logins.join(_slow(case), on="order", how="left", maintain_order="left")
    slow = pl.col("slow").fill_null(0) > pl.col("own")
    own = pl.max_horizontal("own", pl.col("slow").fill_null(0))
    logins = logins.with_columns(before=own + pl.col("strange"), slow=slow)
    found = logins.filter(pl.col("before") >= limits.failures)
    return _explained_failures(case, _with_history(case, found), strange)


def _slow(case: Case) -> pl.DataFrame:
    """Return for first logins of an account in a place how often it failed there in a month."""
    lower = pl.col("time") - pl.duration(days=int(case.thresholds.slow_days))
    keys = ["place", "account"]
    newly = case.arrivals.select("order", "time", *keys, lower=lower)
    return _count_between(newly, case.failures, by=keys, name="slow").select("order", "slow")


def _count_between(
    logins: pl.DataFrame, failures: pl.DataFrame, *, by: list[str], name: str
) -> pl.DataFrame:
    """Return logins with the failures between `lower` and the login, by address (and account)."""
    sums = (
        failures.filter(pl.all_horizontal(pl.col(key).is_not_null() for key in by))
        .sort("time", "order")
        .select(*by, "time", total=pl.col("failures").cum_sum().over(by))
    )
    now = _total_at(logins.sort("time", "order"), sums, by, "time").rename({"total": "_now"})
    then = _total_at(now.sort("lower", "order"), sums, by, "lower").rename({"total": "_then"})
    count = pl.col("_now").fill_null(0) - pl.col("_then").fill_null(0)
    return then.with_columns(count.alias(name)).drop("_now", "_then").sort("order")


def _total_at(logins: pl.DataFrame, sums: pl.DataFrame, by: list[str], when: str) -> pl.DataFrame:
    right = sums.rename({"time": "_time"})
    return logins.join_asof(
        right, left_on=when, right_on="_time", by=by, check_sortedness=False
    ).drop("_time", strict=False)


def _with_history(case: Case, found: pl.DataFrame) -> pl.DataFrame:
    """Return logins with whether the account was at home here before, or elsewhere."""
    first = case.arrivals.select("account", "place", here="time", before_here="logins_before")
    found = found.join(first, on=["account", "place"], how="left", maintain_order="left")
    away = (pl.col("before_here") > 0).fill_null(value=False)
    two = found.join(_two_devices(case), on=["account", "place"], how="left", maintain_order="left")
    return found.with_columns(
        home=(pl.col("here") < pl.col("time")).fill_null(value=False),
        away=away,
        mingled=(two["mingled"].fill_null(value=False) & ~found.select(away).to_series())
        | two["mixed"].fill_null(value=False),
    )


def _two_devices(case: Case) -> pl.DataFrame:
    """Return where failures go on between the logins of an account, as `mingled`.

    One device then has the old and another the right password; guessers stop when they are in.
    `mixed`: on so many days that it is true of a place where the account is a guest.
    """
    keys = ["account", "place"]
    day = pl.col("time").dt.date()
    refused = case.failures.select(*keys, day=day).unique()
    mixed = case.logins.select(*keys, day=day).unique().join(refused, on=[*keys, "day"])
    mixed = mixed.group_by(keys).agg(mixed=pl.len() >= DEFAULT_HOME_RULES.mingled_days)
    last = case.failures.group_by(keys).agg(last=pl.col("time").max())
    before = case.logins.join(last, on=keys).filter(pl.col("time") < pl.col("last"))
    enough = pl.len() >= DEFAULT_HOME_RULES.mingled_logins
    mingled = before.group_by(keys).agg(mingled=enough)
    return mingled.join(mixed, on=keys, how="full", coalesce=True)


def _explained_failures(case: Case, found: pl.DataFrame, strange: pl.DataFrame) -> pl.DataFrame:
    limits = case.thresholds
    others = strange.group_by("source_ip").agg(accounts=pl.col("account").drop_nulls().n_unique())
    rows = (
        found.sort("order")
        .group_by("source_ip", "account", maintain_order=True)
        .agg(
            pl.col("username", "time", "home", "away", "mingled", "place").first(),
            pl.col("before", "slow").max(),
            pl.col("order").head(_LOGINS_SHOWN).alias("orders"),
            times=pl.len(),
        )
        .join(others, on="source_ip", how="left", maintain_order="left")
        .with_columns(pl.col("accounts").fill_null(0))
    )
    rows = _with_failure_lines(rows, case.failures)
    guesser = pl.col("accounts") >= limits.strange_accounts
    many = pl.col("before") >= limits.many_failures
    new = ~(pl.col("home") | pl.col("mingled"))
    severity = (
        pl.when(new & (guesser | (pl.col("away") & many)))
        .then(pl.lit("critical"))
        .when(guesser | (new & (pl.col("away") | many)))
        .then(pl.lit("high"))
        .otherwise(pl.lit("look"))
    )
    return as_sign(
        rows, sign="success_after_failures", severity=severity, explanation=_failure_words()
    )


def _failure_words() -> pl.Expr:
    who = pl.coalesce("username", pl.lit("an account that the log does not name"))
    strange = pl.when(pl.col("accounts") > 0).then(
        pl.format(", on {} that never worked there", number("accounts", one="account"))
    )
    where = (
        pl.when("home")
        .then(pl.lit(" It had logged in from there before"))
        .when("mingled")
        .then(pl.lit(" Logins and failures alternate there, as of two devices of one owner"))
        .when("away")
        .then(pl.lit(" Until then it was in use only elsewhere"))
        .otherwise(pl.lit(" The log shows no earlier login of it"))
    )
    slow = pl.format("from {} within a month", "place")
    return pl.format(
        "{} logged in from {} after {} {}{}.{}. Innocent reading: its owner "
        "mistyped or mended an old password. Ask the owner; if in doubt, change the password.",
        who,
        "source_ip",
        number("before", one="failure"),
        pl.when("slow").then(slow).otherwise(pl.lit("there within a day")),
        strange.fill_null(""),
        where,
    )


def _with_failure_lines(rows: pl.DataFrame, failures: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the last failures before the login among `orders`.

    They are those of the address, and for patient guessers those of its place on the account.
    """
    mine = rows.with_row_index("of").select("of", "source_ip", "place", "account", login="time")
    nearby = mine.filter(rows["slow"]).drop("source_ip")
    tried = failures.select("order", "time", "source_ip", "place", "account")
    behind = (
        pl.concat(
            [
                tried.join(mine.select("of", "source_ip", "login"), on="source_ip"),
                tried.join(nearby, on=["place", "account"]),
            ],
            how="diagonal",
        )
        .filter(pl.col("time") <= pl.col("login"))
        .unique(["of", "order"])
        .sort("order")
        .group_by("of", maintain_order=True)
        .agg(failed=pl.col("order").tail(_FAILURES_SHOWN))
    )
    rows = rows.with_row_index("of").join(behind, on="of", how="left", maintain_order="left")
    return rows.with_columns(orders=pl.concat_list("orders", pl.col("failed").fill_null([])))


def spray_then_success(case: Case) -> pl.DataFrame:
    """Return logins in a new place, on an account that many addresses had guessed at before."""
    limits = case.thresholds
    named = case.failures.filter(pl.col("account").is_not_null())
    newly = case.arrivals.filter(pl.col("logins_before") > 0)
    near = newly.join(
        named.select("account", "failures", tried="time", by="source_ip", of="place", row="order"),
        on="account",
    ).filter(
        (pl.col("tried") <= pl.col("time"))
        & (pl.col("tried") >= pl.col("time") - pl.duration(days=int(limits.spray_days)))
    )
    rows = (
        near.group_by("order")
        .agg(
            pl.col("username", "source_ip", "time").first(),
            total=pl.col("failures").sum(),
            addresses=pl.col("by").n_unique(),
            same=(pl.col("of") == pl.col("place")).any(),
            failed=pl.col("row").sort().tail(_FAILURES_SHOWN),
        )
        .filter(
            (pl.col("total") >= limits.spray_failures)
            & (pl.col("addresses") >= limits.spray_addresses)
        )
        .with_columns(orders=pl.concat_list(pl.concat_list("order"), "failed"))
    )
    severity = pl.when("same").then(pl.lit("critical")).otherwise(pl.lit("high"))
    words = pl.format(
        "{} logged in from {}, a place it never used before, after {} on it from {} in a "
        "week. Innocent reading: its owner travels while the account is under attack, as known "
        "accounts always are. Ask the owner.",
        "username",
        "source_ip",
        number("total", one="failure"),
        number("addresses", one="address", many="addresses"),
    )
    return as_sign(rows, sign="spray_then_success", severity=severity, explanation=words)


def login_from_attacker(case: Case) -> pl.DataFrame:
    """Return first logins from a network out of which others attack."""
    limits = case.thresholds
    homes = case.logins.select("place", "account").unique()
    guests = case.logins.select("source_ip").unique()
    hostile = (
        case.failures.join(homes, on=["place", "account"], how="anti")
        .join(guests, on="source_ip", how="anti")
        .group_by("place")
        .agg(
            total=pl.col("failures").sum(),
            addresses=pl.col("source_ip").n_unique(),
            failed=pl.col("order").sort().tail(_FAILURES_SHOWN),
        )
        .filter(
            (pl.col("total") >= limits.hostile_failures)
            & (pl.col("addresses") >= limits.hostile_addresses)
        )
    )
    rows = case.arrivals.join(hostile, on="place").with_columns(
        orders=pl.concat_list(pl.concat_list("order"), "failed")
    )
    severity = pl.when(pl.col("logins_before") > 0).then(pl.lit("high")).otherwise(pl.lit("look"))
    words = pl.format(
        "{} logged in from {}, in {}, out of which {} tried {}. Innocent reading: a carrier or a "
        "provider where attackers and customers share one network.",
        "username",
        "source_ip",
        "place",
        number("addresses", one="address", many="addresses"),
        number("total", one="login"),
    )
    return as_sign(rows, sign="login_from_attacker", severity=severity, explanation=words)


def login_without_message(case: Case) -> pl.DataFrame:
    """Return logins that only `auth=1` of a disconnect line shows, from places no user is at."""
    limits = case.thresholds
    homes = case.logins.filter(pl.col("account").is_not_null()).select("place").unique()
    silent = case.logins.filter(pl.col("unexplained") > 0).join(homes, on="place", how="anti")
    failed = case.failures.group_by("source_ip").agg(before=pl.col("failures").sum())
    rows = (
        silent.sort("order")
        .group_by("source_ip", maintain_order=True)
        .agg(
            pl.col("username", "time").first(),
            times=pl.len(),
            orders=pl.col("order").head(_LOGINS_SHOWN),
        )
        .join(failed, on="source_ip", how="left", maintain_order="left")
        .with_columns(pl.col("before").fill_null(0))
    )
    severity = (
        pl.when(pl.col("before") >= limits.many_failures)
        .then(pl.lit("critical"))
        .when(pl.col("before") >= limits.failures)
        .then(pl.lit("high"))
        .otherwise(pl.lit("look"))
    )
    words = pl.format(
        "A password worked from {} ({}, `auth=1`), yet no line names the account and no message "
        "was sent; {} came from there. Thieves test stolen passwords so. Innocent reading: a "
        "mail program that checks its settings, or a log without the lines of messages.",
        "source_ip",
        number("times", one="session"),
        number("before", one="failure"),
    )
    return as_sign(rows, sign="login_without_message", severity=severity, explanation=words)
