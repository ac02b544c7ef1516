"""Campaigns: addresses that act together although they share no network.

A link needs two families of evidence that know nothing of each other (names, timing,
fingerprint), each too unlikely for chance even after counting everything that was looked at.
Linked addresses are one campaign. What a single family shows is only mentioned in the notes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.addresses import network_of
from mailforensics.analysis.attempts import FAILED
from mailforensics.analysis.bridge import places, to_pandas
from mailforensics.analysis.campaigns_attempts import attempts_of, login_attempts
from mailforensics.analysis.campaigns_groups import Group, groups
from mailforensics.analysis.campaigns_pairs import pairs
from mailforensics.analysis.joined import Joined, joined
from mailforensics.analysis.shelf import Shelf, shelved
from mailforensics.reading.stores.store import Store

# A link is accepted when chance would make one like it in fewer than one log of a thousand.
ALPHA: Final = 0.001
MOST_TRIES_EACH: Final = 500
SIGNS_SHOWN: Final = 4
NOTES_SHOWN: Final = 5
NO_NAMES: Final = (
    "The log names no accounts (Postfix writes them since 3.7.8, November 2023), so no campaign "
    "can be shown by its list of names, and timing alone is no proof."
)


@dataclass(frozen=True, slots=True)
class Campaigns:
    """Which addresses act together, and why we think so.

    Attributes:
        table: one row a campaign (CAMPAIGNS), most addresses first.
        members: one row an address of a campaign (CAMPAIGN_MEMBERS).
        links: what joins the addresses, one row a pair and family (CAMPAIGN_LINKS).
        notes: what the log could not show, and what is suspected but not shown.
    """

    table: pd.DataFrame
    members: pd.DataFrame
    links: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        """Say in one line what was found."""
        return f"Campaigns({len(self.table)} of {len(self.members)} addresses)"


def campaigns(events: pd.DataFrame | Joined | Store, *, alpha: float = ALPHA) -> Campaigns:
    """Return the addresses whose refused logins show one hand, as campaigns.

    Args:
        events: mail events, in any order; or a store.
        alpha: the chance of a false link that you accept, over the whole log.

    Raises:
        MissingColumnError: the table has no `time`, `event` or `source_ip`.
    """
    if isinstance(events, Store):
        with shelved(events) as shelf:
            return campaigns_of_shelf(shelf, alpha=alpha)
    attempts = login_attempts(joined(events).rows)
    # What an address is like is plain from its first tries; the rest would only cost time.
    first = pl.int_range(pl.len()).over("source_ip") < MOST_TRIES_EACH
    looked_at = Attempts(attempts.filter(first), named=_is_named(attempts))
    return _campaigns(
        looked_at, lambda member: attempts.join(member, on="source_ip", how="semi"), alpha
    )


def campaigns_of_shelf(shelf: Shelf, *, alpha: float = ALPHA) -> Campaigns:
    """Return what `campaigns` does, of a store whose telling rows lie on a shelf.

    Of each address the first tries are held, and all of those that turn out to act together.
    """
    timed = FAILED & pl.col("time").is_not_null()
    attempts = attempts_of(shelf.first_rows(timed, each=MOST_TRIES_EACH))
    blank = pl.col("username").str.strip_chars().fill_null("") == ""
    named = _is_named(attempts) or len(shelf.first_rows(timed & ~blank, each=1)) > 0
    return _campaigns(
        Attempts(attempts, named=named),
        lambda member: attempts_of(
            shelf.rows(timed & pl.col("source_ip").is_in(member["source_ip"].implode()))
        ),
        alpha,
    )


@dataclass(frozen=True, slots=True)
class Attempts:
    """The first refused logins of each address, and whether any of all names an account."""

    table: pl.DataFrame
    named: bool


def _is_named(attempts: pl.DataFrame) -> bool:
    return bool(attempts["name"].is_not_null().any())


def _campaigns(
    attempts: Attempts, all_of: Callable[[pl.DataFrame], pl.DataFrame], alpha: float
) -> Campaigns:
    """Return the campaigns among attempts; `all_of` gives all those of some addresses."""
    found, suspected = _accepted(attempts.table, alpha)
    number_of = _components(found)
    member = pl.DataFrame(
        {"source_ip": list(number_of), "component": list(number_of.values())},
        schema={"source_ip": pl.String, "component": pl.String},
    )
    rows = all_of(member).join(member, on="source_ip")
    rows = rows.with_columns(network=_network(rows))
    return _tables(rows, found, _notes(attempts, suspected))


def _accepted(attempts: pl.DataFrame, alpha: float) -> tuple[list[Group], list[Group]]:
    """Return the groups that two families show, and those that only a common clock suggests."""
    crowds = groups(attempts, alpha=alpha)
    found: list[Group] = []
    taken: set[str] = set()
    for group in crowds:
        # A coarser group around an accepted one would only add strangers.
        if group.p_value <= alpha and taken.isdisjoint(group.sources):
            found.append(group)
            taken |= set(group.sources)
    couples, looked_at = pairs(attempts, joined=_components(found))
    couples = [pair.corrected(2 * looked_at) for pair in couples]
    found += [pair for pair in couples if pair.p_value <= alpha]
    taken = {source for group in found for source in group.sources}
    suspected = {
        group.sources: group
        for group in crowds
        if taken.isdisjoint(group.sources) and group.signs[0].p_value <= alpha
    }
    return found, list(suspected.values())


def _components(found: list[Group]) -> dict[str, str]:
    """Return for each linked address the first address of its connected component."""
    parent: dict[str, str] = {}

    def root(source: str) -> str:
        while parent.setdefault(source, source) != source:
            source = parent[source]
        return source

    for group in found:
        for first, second in pairwise(group.sources):
            low, high = sorted((root(first), root(second)))
            parent[high] = low
    return {source: root(source) for source in sorted(parent)}


def _tables(rows: pl.DataFrame, found: list[Group], notes: tuple[str, ...]) -> Campaigns:
    order = (
        rows.group_by("component")
        .agg(addresses=pl.col("source_ip").n_unique(), first_seen=pl.col("time").min())
        .sort(["addresses", "first_seen", "component"], descending=[True, False, False])
        .with_row_index("campaign", offset=1)
        .select("component", campaign=pl.col("campaign").cast(pl.Int64))
    )
    rows = rows.join(order, on="component", how="left", maintain_order="left")
    links = _links(rows, found)
    return Campaigns(
        table=to_pandas(_summary(rows, links), schema.CAMPAIGNS),
        members=to_pandas(_members(rows), schema.CAMPAIGN_MEMBERS),
        links=to_pandas(links, schema.CAMPAIGN_LINKS),
        notes=notes,
    )


def _summary(rows: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    shown = links.group_by("campaign").agg(
        families=pl.col("family").unique().sort().str.join(", "),
        p_value=pl.col("weaker").min(),
        signs=pl.col("sign").unique(maintain_order=True).head(SIGNS_SHOWN).str.join("; "),
    )
    return (
        rows.group_by("campaign")
        .agg(
            addresses=pl.col("source_ip").n_unique(),
            networks=pl.col("network").n_unique(),
            **_COUNTS,
        )
        .join(shown, on="campaign")
        .join(places(rows, by="campaign"), on="campaign")
        .sort("campaign")
    )


def _members(rows: pl.DataFrame) -> pl.DataFrame:
    return (
        rows.group_by("campaign", "source_ip", "network")
        .agg(**_COUNTS)
        .sort("campaign", "first_seen", "source_ip")
    )


_COUNTS: Final = {
    "attempts": pl.col("tries").sum(),
    "usernames": pl.col("name").drop_nulls().n_unique(),
    "first_seen": pl.col("time").min(),
    "last_seen": pl.col("time").max(),
}


def _links(rows: pl.DataFrame, found: list[Group]) -> pl.DataFrame:
    """Return the links: in a group, each address with the next; one row a family."""
    number = dict(rows.select("source_ip", "campaign").unique().iter_rows())
    links = [
        (number[first], first, second, sign.family, sign.p_value, sign.words, group.p_value)
        for group in found
        for first, second in pairwise(group.sources)
        for sign in group.signs
        if sign.p_value <= group.p_value
    ]
    columns = [*schema.names(schema.CAMPAIGN_LINKS), "weaker"]
    kinds = [pl.Int64, pl.String, pl.String, pl.String, pl.Float64, pl.String, pl.Float64]
    table = pl.DataFrame(links, schema=dict(zip(columns, kinds, strict=True)), orient="row")
    return table.sort(["campaign", "p_value", "source_ip", "other_ip", "family"])


def _network(attempts: pl.DataFrame) -> pl.Series:
    texts = pd.Series(attempts["source_ip"].to_list(), dtype="str")
    return pl.Series("network", network_of(texts).to_list(), dtype=pl.String)


def _notes(attempts: Attempts, suspected: list[Group]) -> tuple[str, ...]:
    notes = []
    if len(attempts.table) and not attempts.named:
        notes.append(NO_NAMES)
    for group in suspected[:NOTES_SHOWN]:
        sign = group.signs[0]
        notes.append(
            f"{len(group.sources)} addresses may act together ({group.sources[0]} and others): "
            f"{sign.words} (p = {sign.p_value:.1g}); a second, independent sign is missing."
        )
    return tuple(notes)
