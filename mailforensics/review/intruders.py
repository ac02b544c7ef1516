"""Who got in: the addresses behind a break-in, also those that never attacked.

A thief often guesses from one machine and uses the account from another. The second one fails at
nothing, so by its attack events alone it would never be a candidate.
"""

from collections.abc import Callable
from typing import Final

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.addresses import network_of
from mailforensics.analysis.bridge import to_polars
from mailforensics.analysis.names import shown_name
from mailforensics.analysis.networks import grouped, members
from mailforensics.analysis.verdict import in_words
from mailforensics.analysis.weights import exact_sum
from mailforensics.reading.passwords import masked

# Beside what is critical: a new place that uses an account just after somebody broke into it.
_SIGN_OF_A_THIEF: Final = "stolen_account"
_NEEDED: Final = ["severity", "sign", "username", "source_ip", "evidence"]
_FIRST_PLACE: Final = r"^([^;]+?)(?:;| and \d+ more|$)"
_NAMELESS: Final = "an account that the log does not name"


def intruders(breaches: pd.DataFrame | None) -> pl.DataFrame:
    """Return the addresses from which somebody got in, with the worst sign of each.

    Args:
        breaches: what `mf.breaches` returned, or None.

    Returns:
        `source_ip`, `network` (null), `deed` (its sign, account and first line in words) and
        `deed_evidence` (all its lines).

    Raises:
        MissingColumnError: the table is not one of breaches.
    """
    table = schema.empty(schema.BREACHES) if breaches is None else breaches
    schema.require(table, _NEEDED)
    signs = to_polars(table, schema.BREACHES, only=_NEEDED)
    rank = pl.col("severity").replace_strict(
        list(schema.SEVERITIES), range(len(schema.SEVERITIES)), default=None, return_dtype=pl.Int64
    )
    taken = (pl.col("severity") == "critical") | (pl.col("sign") == _SIGN_OF_A_THIEF)
    words = pl.Series("words", [in_words(sign or "") for sign in signs["sign"]], pl.String)
    place = pl.col("evidence").fill_null("").str.extract(_FIRST_PLACE)
    return (
        signs.with_columns(words, masked(signs["username"]))
        .with_row_index("order")
        .filter(taken & pl.col("source_ip").is_not_null())
        .sort(rank, "order")
        .group_by("source_ip", maintain_order=True)
        .first()
        .select(
            "source_ip",
            network=pl.lit(None, pl.String),
            deed=pl.format(
                "{}, by all signs: {} ({}{})",
                "source_ip",
                "words",
                shown_name(pl.col("username")).fill_null(_NAMELESS),
                pl.when(place != "").then(pl.format(", {}", place)).otherwise(pl.lit("")),
            ),
            deed_evidence=pl.col("evidence").fill_null(""),
        )
    )


def unlisted(
    found: pl.DataFrame,
    *,
    sources: pl.DataFrame,
    listed: list[str],
    is_protected: Callable[[str], object],
) -> pl.DataFrame:
    """Return a row for each intruder that no listed network holds: the columns of NETWORKS.

    Args:
        found: what `intruders` returned.
        sources: what `mf.sources` returned; who is not among them gets no row.
        listed: the networks that are candidates already.
        is_protected: says of a network whether it must never be banned; those get no row.

    Returns:
        One row an address (IPv6: its /64), with its share of the attack weight of all sources.
    """
    held = members(found, networks=listed)
    alone = found.join(held, on="source_ip", how="anti")["source_ip"]
    single = network_of(pd.Series(alone.to_list(), dtype="str"), v4=32, v6=64)
    networks = [network for network in sorted(set(single)) if not is_protected(network)]
    total = max(float(sources.select(exact_sum(pl.col("attack_weight"))).item()), 1e-300)
    rows = grouped(members(sources, networks=networks))
    return rows.with_columns(share=pl.col("attack_weight") / total)


def deeds(found: pl.DataFrame, *, networks: list[str]) -> pl.DataFrame:
    """Return for each network what its worst intruder did: `network, deed, deed_evidence`."""
    inside = members(found.with_row_index("order"), networks=networks).sort("order")
    return inside.group_by("network", maintain_order=True).agg(
        pl.col("deed", "deed_evidence").first()
    )
