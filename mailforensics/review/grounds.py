"""Plain words for each network: what was tried, who legitimate lives there, where it stands."""

from typing import Final

import polars as pl

from mailforensics.analysis.bridge import EVIDENCE_ITEMS, number
from mailforensics.analysis.networks import size
from mailforensics.analysis.standing import STEADY_NOTE

NONE_SEEN: Final = "none seen"
_NO_NAMES: Final = " (the log names no accounts)"
_LISTED: Final = 3
_MORE: Final = r" and (\d+) more$"


GROUND_COUNTS: Final = (
    *("tries", "relays", "bad", "blocked", "attacks", "attacking", "names"),
    *(
        "strangers",
        "suspects",
        "stale",
        "users",
        "peers",
        "hostile",
        "legit_inside",
        "weight_inside",
    ),
)


def grounds(inside: pl.DataFrame) -> pl.DataFrame:
    """Return for each network what its sources did: GROUND_COUNTS, `one`, `note`, `hint`.

    `one` is the address that attacked most, `note` the reason for a suspect login or an old
    password, `hint` a steady rhythm that may be a device away from home.
    """
    standing = pl.col("standing")
    attacked = pl.col("attack_events") > 0
    most = pl.col("attack_weight").fill_null(0.0).arg_max()
    return (
        inside.sort("network", "source_ip")
        .group_by("network")
        .agg(
            tries=pl.col("auth_failed").sum(),
            strangers=(pl.col("attack_events") - _others()).sum(),
            relays=pl.col("relay_refused").sum(),
            bad=pl.col("bad_protocol").sum(),
            blocked=pl.col("firewall_blocked").sum(),
            attacks=pl.col("attack_events").sum(),
            attacking=attacked.sum(),
            names=(pl.col("accounts").fill_null("") != "").sum(),
            suspects=(standing == "suspect").sum(),
            stale=(standing == "stale_password").sum(),
            users=standing.is_in(["user", "stale_password"]).sum(),
            peers=(pl.col("accepted") > 0).sum(),
            hostile=pl.col("attack_events").filter(standing.is_in(["attacker", "peer"])).sum(),
            legit_inside=pl.col("legit_weight").sum(),
            weight_inside=pl.col("attack_weight").sum(),
            one=pl.col("source_ip").get(most),
            note=_first_note(standing == "suspect", standing == "stale_password"),
            hint=pl.col("note").filter(pl.col("note").str.starts_with(STEADY_NOTE)).first(),
        )
    )


def _others() -> pl.Expr:
    """Return the attack events that have a column of their own in the table of sources."""
    return pl.sum_horizontal("auth_failed", "relay_refused", "bad_protocol", "firewall_blocked")


def _first_note(*where: pl.Expr) -> pl.Expr:
    return pl.coalesce(*(pl.col("note").filter(test).first() for test in where))


def told() -> pl.Expr:
    """Return the facts of a network as one sentence, without what did not happen."""
    ipv4 = pl.format("{} of {} addresses attacked: ", "attacking", size().cast(pl.Int64))
    ipv6 = pl.format("{} addresses attacked: ", "attacking")
    many = pl.when(pl.col("network").str.contains(":", literal=True)).then(ipv6).otherwise(ipv4)
    who = pl.when(pl.col("attacking") > 1).then(many).otherwise(pl.format("{}: ", "one"))
    tries = number("tries", one="failed login")
    accounts = pl.format(" on {}", number("usernames", one="account"))
    names = pl.when(pl.col("names") > 0).then(accounts).otherwise(pl.lit(_NO_NAMES))
    parts = [
        pl.when(pl.col("tries") > 0).then(pl.format("{}{}", tries, names)),
        _part("relays", "attempt to relay", "attempts to relay"),
        _part("bad", "breach of the protocol", "breaches of the protocol"),
        _part("strangers", "recipient that does not exist", "recipients that do not exist"),
        _part("blocked", "packet blocked", "packets blocked"),
    ]
    what = pl.concat_list(parts).list.drop_nulls().list.join(", ")
    span = pl.format(
        ", {} to {} UTC",
        pl.col("first_seen").dt.strftime("%Y-%m-%d %H:%M"),
        pl.col("last_seen").dt.strftime("%Y-%m-%d %H:%M"),
    )
    return pl.format("{}{}{}", who, what, span)


def _part(count: str, one: str, many: str) -> pl.Expr:
    return pl.when(pl.col(count) > 0).then(number(count, one=one, many=many))


def collateral(inside: pl.DataFrame) -> pl.DataFrame:
    """Return for each network who legitimate lives there, in words: `collateral`."""
    used = (pl.col("legit_weight") > 0) | (pl.col("accepted") > 0) | (pl.col("auth_ok") > 0)
    who = pl.coalesce(pl.format("{} [{}]", "source_host", "source_ip"), "source_ip")
    logins = pl.format("{} worked", number("auth_ok", one="login"))
    mails = pl.format("{} accepted", number("accepted", one="message"))
    does = (
        pl.concat_list(
            pl.when(pl.col("auth_ok") > 0).then(logins), pl.when(pl.col("accepted") > 0).then(mails)
        )
        .list.drop_nulls()
        .list.join(", ")
    )
    where = pl.col("legit_evidence").str.extract(r"^([^;]+?)(?:;| and \d+ more|$)")
    suspect = pl.when(pl.col("standing") == "suspect").then(pl.lit("; look: not its owner's?"))
    item = pl.format("{}: {}{} ({})", who, does, suspect.otherwise(pl.lit("")), where)
    left = pl.col("all") - _LISTED
    more = pl.when(left > 0).then(pl.format("; and {} more addresses", left)).otherwise(pl.lit(""))
    return (
        inside.filter(used)
        .sort(["legit_weight", "source_ip"], descending=[True, False])
        .group_by("network", maintain_order=True)
        .agg(item=item.head(_LISTED).str.join("; "), all=pl.len().cast(pl.Int64))
        .select("network", collateral=pl.col("item") + more)
    )


def evidence(inside: pl.DataFrame) -> pl.DataFrame:
    """Return for each network where its attack events stand, a line of each attacker first."""
    known = inside.filter(pl.col("evidence").fill_null("") != "")
    more = pl.col("evidence").str.extract(_MORE).cast(pl.Int64).fill_null(0)
    places = pl.col("evidence").str.replace(_MORE, "").str.split("; ")
    listed = known.select("network", "source_ip", "attack_weight", more=more, place=places)
    hidden = listed.group_by("network").agg(more=pl.col("more").sum())
    single = (
        listed.drop("more")
        .explode("place")
        .with_columns(turn=pl.col("place").cum_count().over("source_ip", "network"))
        .sort(["turn", "attack_weight", "source_ip"], descending=[False, True, False])
    )
    shown = single.group_by("network", maintain_order=True).agg(
        place=pl.col("place").head(EVIDENCE_ITEMS).str.join("; "), items=pl.len().cast(pl.Int64)
    )
    left = (pl.col("items") - EVIDENCE_ITEMS).clip(0) + pl.col("more")
    rest = pl.when(left > 0).then(pl.format(" and {} more", left)).otherwise(pl.lit(""))
    return shown.join(hidden, on="network").select("network", evidence=pl.col("place") + rest)
