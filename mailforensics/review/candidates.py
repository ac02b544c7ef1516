"""The table to review: one row a network, with reasons, collateral and a suggestion."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, Protocol

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.addresses import Address, Network, why_protected
from mailforensics.analysis.bridge import TIME, to_pandas, to_polars
from mailforensics.analysis.countries import home_countries
from mailforensics.analysis.names import listed_names
from mailforensics.analysis.networks import grouped, members
from mailforensics.analysis.sources import sources as source_table
from mailforensics.analysis.stores import through
from mailforensics.review.grounds import (
    GROUND_COUNTS,
    NONE_SEEN,
    collateral,
    grounds,
    neighbours,
    told,
    vain,
)
from mailforensics.review.grounds_places import evidence
from mailforensics.review.intruders import deeds, intruders, unlisted
from mailforensics.review.judgement import IS_UNSEEN, judged

_HOME: Final = "home_countries"
_STATES: Final = ("network", "protected", "covered", "in_vain")
_OF_SOURCES: Final = [
    *("source_ip", "network", "source_host", "first_seen", "last_seen", "auth_failed", "auth_ok"),
    *("relay_refused", "bad_protocol", "accepted", "firewall_blocked", "attack_weight"),
    *("legit_weight", "attack_events", "accounts", "standing", "note", "evidence"),
    *("legit_evidence", "last_contact"),
]


class Wall(Protocol):
    """What candidates ask of a firewall: which rules keep a network out, and which fail to."""

    def covers(self, network: str) -> str:
        """Return the rules that cover a whole network, or empty text."""

    def in_vain(self, network: str) -> str:
        """Return the rules that would and do not, and why, or empty text."""


@through(source_table)
def candidates(  # noqa: PLR0913  the public contract: one keyword a thing to weigh
    sources: pd.DataFrame,
    networks_or_plan: pd.DataFrame,
    *,
    firewall: Wall | None = None,
    breaches: pd.DataFrame | None = None,
    protect: Iterable[str | Address | Network] = (),
    allow_documentation: bool = False,
) -> pd.DataFrame:
    """Return the networks to review: most attack weight first, settled ones last.

    A suggestion is what a careful colleague would say; nothing is banned without a recorded
    decision. `reject`: must never be banned, is covered already, or only its own users failed
    (a phone with an old password). `look`: somebody legitimate lives there or logs in from the
    same block, a login there may be a break-in, one address alone attacked, or there is too little
    to go on. `approve`: the rest. Networks without any attack event are left out.

    With `breaches`, an address from which somebody got in and that no network here holds is a row
    of its own (IPv6: its /64), to be looked at: a thief's second machine fails at nothing. Those
    that never attacked come first. None that is protected becomes one.

    Args:
        sources: what `mf.sources` returned; or a store.
        networks_or_plan: what `mf.networks` returned, or the plan of `mf.cover`.
        firewall: what `mf.read_firewall` returned; fills `already`: the rules that keep a network
            out, or those that would and have no effect, because an earlier rule lets it in.
        breaches: what `mf.breaches` returned, so that whoever got in is among the rows.
        protect: addresses and networks that must never be banned, beside the built-in list.
        allow_documentation: let documentation networks be suggested (lessons, tests).

    Returns:
        The columns of `schema.CANDIDATES`; ties by network; empty for no networks. Its
        `attrs["home_countries"]` names where your own users are: bans there need a reason.

    Raises:
        ArgumentError: an entry of `protect` is no network.
        MissingColumnError: a table lacks what the review needs.
    """
    schema.require(sources, ["source_ip", "attack_weight", "legit_weight"])
    schema.require(networks_or_plan, ["network"])
    if "events" in networks_or_plan.columns:
        networks_or_plan = networks_or_plan[networks_or_plan["events"] > 0]
    weighed = to_polars(sources, schema.SOURCES, only=_OF_SOURCES)
    protect = [protect] if isinstance(protect, str) else list(protect)
    why_not = partial(why_protected, protect=protect, allow_documentation=allow_documentation)
    found = intruders(breaches)
    given = _given(networks_or_plan)
    alone = unlisted(
        found, sources=weighed, listed=given["network"].to_list(), is_protected=why_not
    )
    given = pl.concat([given, alone.select(given.columns)], how="vertical_relaxed")
    listed = given["network"].to_list()
    table = (
        _facts(given, members(weighed, networks=listed))
        .join(_states(listed, why_not, firewall), on="network", how="left")
        .join(neighbours(listed, weighed), on="network", how="left")
        .join(deeds(found, networks=listed), on="network", how="left")
    )
    table = table.with_columns(log_end=pl.lit(weighed["last_seen"].max(), TIME))
    table = judged(table).with_columns(
        reasons=pl.format("{}. {}.{}", told(), "why", vain()),
        already=pl.when(pl.col("covered") != "").then("covered").otherwise("in_vain"),
        evidence=pl.when(IS_UNSEEN).then("deed_evidence").otherwise("evidence"),
    )
    shown = to_pandas(_sorted(table), schema.CANDIDATES)
    shown.attrs[_HOME] = sorted(home_countries(sources))
    return shown


def homes(listed: pd.DataFrame) -> frozenset[str]:
    """Return the countries where the users are, as candidates carry them; none: not known."""
    return frozenset(listed.attrs.get(_HOME, []))


def _states(
    listed: list[str], why_not: Callable[[str], str], firewall: Wall | None
) -> pl.DataFrame:
    """Return for each network what protects it, what keeps it out, and what fails to."""
    rows = []
    for network in listed:
        covered = "" if firewall is None else firewall.covers(network)
        in_vain = "" if firewall is None or covered else firewall.in_vain(network)
        rows.append((network, why_not(network), covered, in_vain))
    return pl.DataFrame(rows, schema=dict.fromkeys(_STATES, pl.String), orient="row")


def _given(table: pd.DataFrame) -> pl.DataFrame:
    """Return the networks as given, with those columns of NETWORKS that the table has."""
    names = [name for name in schema.names(schema.NETWORKS) if name in table.columns]
    given = to_polars(table, schema.NETWORKS, only=names).filter(pl.col("network").is_not_null())
    return given.unique("network", keep="first", maintain_order=True)


def _facts(given: pl.DataFrame, inside: pl.DataFrame) -> pl.DataFrame:
    """Return the networks as given, what they lack counted anew, and what their sources did."""
    counted = grouped(inside)
    lacking = [name for name in counted.columns if name not in given.columns]
    table = given.join(counted.select("network", *lacking), on="network", how="left")
    for part in (grounds(inside), collateral(inside), evidence(inside), listed_names(inside)):
        table = table.join(part, on="network", how="left")
    kinds = {column.name: column.dtype for column in schema.NETWORKS}
    numbers = [name for name, kind in kinds.items() if kind in {"int64", "float64"}]
    return table.with_columns(
        pl.col(*numbers, *GROUND_COUNTS).fill_null(0),
        pl.col("collateral").fill_null(NONE_SEEN),
        pl.col("evidence").fill_null(""),
    )


def _sorted(table: pl.DataFrame) -> pl.DataFrame:
    settled = pl.col("suggestion") == "reject"
    keys = [settled, ~IS_UNSEEN, "attack_weight", "network"]
    return table.sort(keys, descending=[False, False, True, False])
