"""Plain words for each network: what was tried, who legitimate lives there, where it stands."""

from typing import Final

import pandas as pd
import polars as pl

from mailforensics.addresses import network_of
from mailforensics.analysis.attacking import attacked_mail
from mailforensics.analysis.bridge import number
from mailforensics.analysis.campaigns_notes import TOGETHER
from mailforensics.analysis.networks import members, size
from mailforensics.analysis.standing import STEADY_NOTE
from mailforensics.review.judgement import BOUNDS, IS_ONE, IS_UNSEEN, IS_WIDE

NONE_SEEN: Final = "none seen"
_NO_NAMES: Final = " (the log names no accounts)"
_LISTED: Final = 3


GROUND_COUNTS: Final = (
    *("tries", "relays", "bad", "blocked", "attacks", "attacking", "names", "knocking"),
    *("strangers", "suspects", "stale", "users", "logins", "mails", "peers", "hostile"),
    *("legit_inside", "weight_inside"),
)


def grounds(inside: pl.DataFrame) -> pl.DataFrame:
    """Return for each network what its sources did: GROUND_COUNTS, `one`, `note`, `hint`, `hand`.

    `last_contact` is the last line in the mail log, `last_blocked` the last line of an address that
    the firewall turned away; `one` is the address that attacked most (the mail server, if any did),
    `note` the reason for a suspect login or an old password, `hint` a steady rhythm that may be a
    device away from home, `hand` that one of them belongs to a campaign.
    """
    standing = pl.col("standing")
    attacked = pl.col("attack_events") > 0
    knocked, named = attacked_mail(), pl.format("{} {}", "source_ip", "note")
    most = (pl.col("attack_weight").fill_null(0.0) + 1e9 * knocked).arg_max()
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
            knocking=knocked.sum(),
            names=(pl.col("accounts").fill_null("") != "").sum(),
            suspects=(standing == "suspect").sum(),
            stale=(standing == "stale_password").sum(),
            users=standing.is_in(["user", "stale_password"]).sum(),
            logins=pl.col("auth_ok").sum(),
            mails=pl.col("accepted").sum(),
            peers=(pl.col("accepted") > 0).sum(),
            hostile=pl.col("attack_events").filter(standing.is_in(["attacker", "peer"])).sum(),
            legit_inside=pl.col("legit_weight").sum(),
            weight_inside=pl.col("attack_weight").sum(),
            last_contact=pl.col("last_contact").max(),
            last_blocked=pl.col("last_seen").filter(pl.col("firewall_blocked") > 0).max(),
            one=pl.col("source_ip").get(most),
            note=pl.coalesce(
                pl.format("{}: {}", "source_ip", "note").filter(standing == "suspect").first(),
                named.filter(standing == "stale_password").first(),
            ),
            hand=pl.col("note").str.extract(rf"(one of [\d,]+ {TOGETHER})").drop_nulls().first(),
            hint=named.filter(pl.col("note").str.starts_with(STEADY_NOTE)).first(),
        )
    )


def _others() -> pl.Expr:
    """Return the attack events that have a column of their own in the table of sources."""
    return pl.sum_horizontal("auth_failed", "relay_refused", "bad_protocol", "firewall_blocked")


def neighbours(listed: list[str], sources: pl.DataFrame) -> pl.DataFrame:
    """Return who logs in from beside a part of a provider's block: `network`, `neighbour`.

    Blocks are a /24, and for IPv6 a /48: they are often one owner's, and the next address that a
    user gets may lie in the part that was quiet so far. One address alone (a /64) is no part.
    """
    parts = pl.DataFrame({"network": listed}, schema={"network": pl.String}).unique()
    parts = parts.filter(~IS_ONE & ~IS_WIDE)
    blocks = network_of(
        pd.Series(parts["network"].to_list(), dtype="str").str.replace(r"/.*", "", regex=True),
        v4=BOUNDS.v4,
        v6=BOUNDS.v6,
    )
    parts = parts.with_columns(block=pl.Series(list(blocks), dtype=pl.String))
    users = sources.filter(pl.col("standing").is_in(["user", "stale_password"]))
    around = members(users, networks=parts["block"].unique().to_list())
    return (
        around.sort("network", "source_ip")
        .group_by(block="network", maintain_order=True)
        .agg(neighbour=pl.col("source_ip").first())
        .join(parts, on="block")
        .select("network", "neighbour")
    )


def told() -> pl.Expr:
    """Return the facts of a network as one sentence, without what did not happen."""
    ipv6 = pl.col("network").str.contains(":", literal=True)
    among = pl.when(~ipv6).then(pl.format(" of {}", size().cast(pl.Int64))).otherwise(pl.lit(""))
    who = (
        pl.when(pl.col("knocking") > 1)
        .then(pl.format("{}{} addresses attacked: ", "knocking", among))
        .when((pl.col("knocking") == 0) & (pl.col("attacking") > 1))
        .then(pl.format("{}{} addresses met only the firewall: ", "attacking", among))
        .otherwise(pl.format("{}: ", "one"))
    )
    dropped = pl.col("attacking") - pl.col("knocking")
    beside = pl.when((pl.col("knocking") > 0) & (dropped > 0)).then(dropped)
    tries = number("tries", one="failed login")
    accounts = pl.format(" on {} ({})", number("usernames", one="account"), "tried")
    names = pl.when(pl.col("names") > 0).then(accounts).otherwise(pl.lit(_NO_NAMES))
    logins = pl.format("{} worked", number("logins", one="login"))
    mails = pl.format("{} accepted", number("mails", one="message"))
    parts = [
        pl.when(IS_UNSEEN).then(pl.lit("no attack of its own")),
        pl.when(IS_UNSEEN & (pl.col("logins") > 0)).then(logins),
        pl.when(IS_UNSEEN & (pl.col("mails") > 0)).then(mails),
        pl.when(pl.col("tries") > 0).then(pl.format("{}{}", tries, names)),
        _part("relays", "attempt to relay", "attempts to relay"),
        _part("bad", "breach of the protocol", "breaches of the protocol"),
        _part("strangers", "recipient that does not exist", "recipients that do not exist"),
        _part("blocked", "packet blocked", "packets blocked"),
        pl.when(beside == 1).then(pl.lit("1 more address met only the firewall")),
        pl.when(beside > 1).then(pl.format("{} more addresses met only the firewall", beside)),
    ]
    what = pl.concat_list(parts).list.drop_nulls().list.join(", ")
    span = pl.format(
        ", {} to {} UTC",
        pl.col("first_seen").dt.strftime("%Y-%m-%d %H:%M"),
        pl.col("last_seen").dt.strftime("%Y-%m-%d %H:%M"),
    )
    return pl.format("{}{}{}", who, what, span)


def vain() -> pl.Expr:
    """Return a sentence on bans that are there and do nothing; empty where there are none."""
    words = pl.format(" A ban that is there falls short: {}.", "in_vain")
    return (
        pl.when((pl.col("in_vain") != "") & (pl.col("protected") == ""))
        .then(words)
        .otherwise(pl.lit(""))
    )


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
