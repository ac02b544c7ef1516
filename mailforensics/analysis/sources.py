"""One row a source address, with the evidence for and against it."""

from collections.abc import Iterator

import pandas as pd
import polars as pl

from mailforensics import schema
from mailforensics.analysis.accounts import are_apart
from mailforensics.analysis.bridge import to_pandas
from mailforensics.analysis.joined import Joined, joined
from mailforensics.analysis.sources_parts import (
    NEEDED,
    Scale,
    by_address,
    coded,
    incoming,
    log_end,
    login_tries,
)
from mailforensics.analysis.spill import Spill, spilled
from mailforensics.analysis.standing import DEFAULT_RULES, StandingRules, standings
from mailforensics.analysis.standing_homes import pairs
from mailforensics.analysis.stores import firewall_table
from mailforensics.analysis.weights import DEFAULT_WEIGHTS, Weights
from mailforensics.reading.stores.store import Store


def sources(
    events: pd.DataFrame | Joined | Store,
    firewall_events: pd.DataFrame | Store | None = None,
    *,
    weights: Weights = DEFAULT_WEIGHTS,
    rules: StandingRules = DEFAULT_RULES,
) -> pd.DataFrame:
    """Return one row a source address, those with most attack weight first (ties by address).

    Only the peer that a daemon itself saw is a source. Attempts count once (see `sessions`),
    folded lines count as often as they stand for, lines read twice count once. Weights are those
    of `Weights`, with the newest event of both tables as the end of the log. Logins that do not
    look like their owner's (`standing` is `suspect`) count nothing for their address, and no
    message counts whose text was not sent (the counters at the end of its session say so).

    Args:
        events: mail events, in any order; or a store.
        firewall_events: ufw events; packets that came in and were blocked count.
        weights: what each kind of event counts.
        rules: what tells a user from a guesser.

    Returns:
        The columns of `schema.SOURCES`; an empty input gives an empty table.

    Raises:
        MissingColumnError: a table has no `time`, `event` or `source_ip`.
    """
    packets = incoming(firewall_table(firewall_events))
    if isinstance(events, Store):
        with spilled(events, columns=NEEDED) as spill:
            table = _of_spill(spill, packets, weights, rules)
    else:
        rows = coded(joined(events).rows.with_columns(source_ip=pl.col("address")))
        tries = login_tries(rows)
        tried = standings(pairs(tries, apart=are_apart(tries)), rules=rules)
        scale = Scale(log_end(rows.select(pl.col("time").max()).collect().item(), packets), weights)
        table = by_address(rows, packets, tried, scale)
    order = ["attack_weight", "source_ip"]
    return to_pandas(table.sort(order, descending=[True, False]), schema.SOURCES)


def _of_spill(
    spill: Spill, packets: pl.DataFrame, weights: Weights, rules: StandingRules
) -> pl.DataFrame:
    """Return the sources of a store in no order, worked out a share of the networks at a time.

    Only what was tried on accounts that are in use is looked at for all addresses together.
    """
    tries = [spill.telling(login_tries(rows)) for rows, _ in _shares(spill, packets)]
    tried = standings(pairs(pl.concat(tries), apart=len(spill.hosts) > 1), rules=rules)
    scale = Scale(log_end(spill.newest, packets), weights)
    shares = _shares(spill, packets)
    return pl.concat([by_address(rows, wall, tried, scale) for rows, wall in shares])


def _shares(spill: Spill, packets: pl.DataFrame) -> Iterator[tuple[pl.LazyFrame, pl.DataFrame]]:
    for rows, wall in spill.shares(beside=packets):
        yield coded(rows), wall.drop("network")
