"""Group sources into networks: of one fixed size, or those of a plan."""

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.addresses import network_of
from mailforensics.analysis.attacking import attacked_mail
from mailforensics.analysis.bridge import NAMES_JOINED_BY, to_pandas, to_polars
from mailforensics.analysis.sources import sources as source_table
from mailforensics.analysis.stores import through
from mailforensics.analysis.weights import exact_sum

_NEEDED = [
    *("source_ip", "network", "first_seen", "last_seen", "auth_failed", "accepted"),
    *("firewall_blocked", "attack_weight", "legit_weight", "attack_events", "accounts"),
    *("standing", "auth_ok"),
]
# One legitimate event is worth this many attack events. Source: the selection model of `cover`.
LEGIT_FACTOR = 100.0


@through(source_table)
def networks(sources: pd.DataFrame, *, v4: int = 24, v6: int = 64) -> pd.DataFrame:
    """Return one row a network of fixed size, those with most attack weight first (ties by text).

    `attackers` are the addresses that attacked the mail server itself; those of which the firewall
    only blocked packets count in `events`, `attack_weight` and `firewall_blocked` alone.
    `value` is attack weight minus 100 times legit weight: what banning the network is worth in
    attack events, without the forecasts that `cover` adds.

    Args:
        sources: what `sources` returned; may come from more than one server. Or a store.
        v4: prefix length for IPv4, 0 to 32 bits.
        v6: prefix length for IPv6, 0 to 128 bits.

    Returns:
        The columns of `schema.NETWORKS`; an empty input gives an empty table.

    Raises:
        ArgumentError: a prefix length is out of range.
        MissingColumnError: the table is not one of sources.
    """
    schema.require(sources, ["source_ip", "attack_weight", "legit_weight"])
    texts = network_of(sources["source_ip"], v4=v4, v6=v6)
    table = to_polars(sources, schema.SOURCES, only=_NEEDED)
    table = table.with_columns(network=pl.from_pandas(texts).cast(pl.String))
    return to_pandas(grouped(table), schema.NETWORKS)


def grouped(table: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each value of `network`, with the columns of NETWORKS."""
    table = table.filter(pl.col("network").is_not_null())
    used = pl.col("legit_weight") > 0
    sums = table.group_by("network").agg(
        attackers=attacked_mail().sum(),
        legit_sources=used.sum(),
        events=pl.col("attack_events").sum(),
        first_seen=pl.col("first_seen").min(),
        last_seen=pl.col("last_seen").max(),
        **{name: exact_sum(pl.col(name)) for name in _WEIGHTS},
        **{name: pl.col(name).sum() for name in _SUMMED},
    )
    total = max(float(sums.select(exact_sum(pl.col("attack_weight"))).item()), 1e-300)
    return (
        sums.join(_distinct_accounts(table), on="network", how="left")
        .with_columns(
            usernames=pl.col("usernames").fill_null(0),
            share=pl.col("attack_weight") / total,
            density=(pl.col("attackers") / size()).clip(0, 1),
            value=pl.col("attack_weight") - LEGIT_FACTOR * pl.col("legit_weight"),
        )
        .sort(["attack_weight", "network"], descending=[True, False])
    )


_WEIGHTS = ("attack_weight", "legit_weight")
_SUMMED = ("auth_failed", "accepted", "firewall_blocked")


def _distinct_accounts(table: pl.DataFrame) -> pl.DataFrame:
    """Return how many different accounts each network tried; one name tried by two counts once."""
    names = pl.col("accounts").str.split(NAMES_JOINED_BY)
    return (
        table.filter(pl.col("accounts").fill_null("") != "")
        .select("network", name=names)
        .explode("name")
        .group_by("network")
        .agg(usernames=pl.col("name").n_unique())
    )


def size() -> pl.Expr:
    """Return the size of a network: addresses of IPv4, and /64 subscribers of IPv6."""
    bits = pl.col("network").str.extract(r"/(\d+)$").cast(pl.Int64)
    ipv6 = pl.col("network").str.contains(":", literal=True)
    free = pl.when(ipv6).then((64 - bits).clip(0)).otherwise(32 - bits)
    return pl.lit(2.0).pow(free)


def members(sources: pl.DataFrame, *, networks: list[str]) -> pl.DataFrame:
    """Return the sources that lie in given networks, with `network` set to that network.

    Networks may be of any size and may overlap: a source stands once in each that holds it.
    Networks without a source give no row. No row is dropped for a size: one pass for each
    prefix length that occurs.
    """
    texts = pd.Series(sources["source_ip"].to_list(), dtype="str")
    bits = {(":" in text, int(text.rpartition("/")[2])) for text in networks}
    wanted = pl.DataFrame({"network": networks}, schema={"network": pl.String}).unique()
    parts = [sources.clear()]
    for ipv6, length in sorted(bits):
        mine = sources["source_ip"].str.contains(":", literal=True) == ipv6
        sizes = {"v6": length} if ipv6 else {"v4": length}
        of = network_of(texts[mine.to_numpy()], **sizes)
        found = sources.filter(mine).with_columns(network=pl.Series(of.to_list(), dtype=pl.String))
        parts.append(found.join(wanted, on="network", how="semi"))
    return pl.concat(parts)
