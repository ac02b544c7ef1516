"""What the silent addresses of a network will probably do: attack (N) or send proper mail (P).

A block is a /24 of addresses (IPv4) or a /48 of /64s (IPv6, where one subscriber holds a /64).
Both estimates are a density per silent address, so they add up over prefixes and the choice of
networks stays exact. Attackers are those of the mail server itself: that the firewall blocked
packets of an address says little of what its neighbours will do, and ufw logs only a sample.

Sources:
    Collins et al., "Using Uncleanliness to Predict Future Botnet Addresses" (IMC 2007) and
    Moura et al., "Bad Neighborhoods on the Internet" (2014), for the neighbours.
    Good, "The Population Frequencies of Species" (Biometrika 1953): the share of what is still
    unseen is about (things seen once) / (things seen), for the unseen legitimate use.
    RFC 6177 (a subscriber gets a /64 or more) and RFC 8981 (its addresses change daily).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from mailforensics.analysis.cover_hosts import Floats, Hosts, Integers
from mailforensics.analysis.cover_options import CoverOptions

BLOCK_BITS: Final = {4: 24, 6: 48}
BLOCK_ADDRESSES: Final = {4: 256, 6: 65_536}
UNIT_BITS: Final = {4: 32, 6: 64}
# The /8 stands for a region (IPv6: the first 16 bits). A country would be better, but a table of
# sources does not know how many addresses a country has.
GROUP_BITS: Final = {4: 8, 6: 16}
GROUPS: Final = {4: 256, 6: 65_536}

SEEN_FROM: Final = (1, 2, 3, 5, 9)
# New attackers to expect in 14 days in a block where 1, 2, 3-4, 5-8, 9+ were seen. A cautious
# start, our own guess; PRIOR_BLOCKS blocks' worth of it is mixed with what the log itself shows.
PRIOR_NEW: Final = (0.02, 0.1, 0.3, 1.0, 3.0)
PRIOR_BLOCKS: Final = 5.0
PRIOR_DAYS: Final = 14.0
SPLITS: Final = 10
# Proper use to expect from 256 silent addresses in 14 days, when the log holds too little to tell.
LEGIT_PER_256: Final = 1.2e-6
LEGIT_EVENTS_ENOUGH: Final = 30
GROUP_PRIOR_BLOCKS: Final = 5.0
# The next address of an IPv6 subscriber who attacked is as likely an attacker as the last one.
NEW_IN_SUBNET: Final = 1.0

DAY: Final = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Expected:
    """What to expect of silent addresses, one entry a row of the hosts.

    Attributes:
        attack_density: attack weight expected of one silent address of the row's block.
        legit_density: legitimate weight expected of one silent address of the row's group.
        block_attack: attack weight expected of all silent addresses of a block, on its first row.
        subnet_attack: attack weight expected inside an IPv6 /64, on its first row; 0 for IPv4.
        rates: R[k], the new attackers expected per block by attackers seen (see SEEN_FROM).
    """

    attack_density: Floats
    legit_density: Floats
    block_attack: Floats
    subnet_attack: Floats
    rates: Floats


def expected(hosts: Hosts, sources: pd.DataFrame, options: CoverOptions) -> Expected:
    """Return what to expect of the silent addresses around a family's hosts.

    Uses the columns first_seen and last_seen (neighbours), auth_ok and accepted (unseen proper
    use) where the table has them, and the documented defaults of this module otherwise.
    """
    units = hosts.is_first(UNIT_BITS[hosts.version])
    attacks = hosts.attacking
    rates = neighbour_rates(hosts, sources, options.horizon_days)
    mean_weight = float(hosts.attack[attacks].mean()) if attacks.any() else 0.0
    block = hosts.is_first(BLOCK_BITS[hosts.version])
    block_of = np.cumsum(block) - 1
    attackers = _attackers_of_block(hosts, block_of)
    new = np.where(attackers >= options.neighbours_from, _rate_of(rates, attackers), 0.0)
    silent = BLOCK_ADDRESSES[hosts.version] - np.bincount(block_of[units], minlength=len(new))
    attack = new * mean_weight * (silent > 0)
    density = attack / np.maximum(silent, 1)
    return Expected(
        attack_density=density[block_of],
        legit_density=_legit_density(hosts, sources, options.horizon_days),
        block_attack=np.where(block, attack[block_of], 0.0),
        subnet_attack=_subnet_attack(hosts) * mean_weight,
        rates=rates,
    )


def neighbour_rates(hosts: Hosts, sources: pd.DataFrame, horizon_days: float) -> Floats:
    """Return R[k]: new attackers to expect in the horizon per block with k = 1, 2, 3-4, 5-8, 9+.

    Measured at up to ten moments of the log, each with a full horizon after it, mixed with a
    cautious prior, and made monotone: a block that showed more attackers is never expected
    to send fewer.
    """
    new = np.array(PRIOR_NEW) * PRIOR_BLOCKS * horizon_days / PRIOR_DAYS
    blocks = np.full(len(SEEN_FROM), PRIOR_BLOCKS)
    if "first_seen" in sources.columns:
        first_seen = sources["first_seen"].iloc[hosts.row].to_numpy("datetime64[us]")
        known = hosts.attacking & ~np.isnat(first_seen)
        for seen, later in _splits(hosts.take(known), first_seen[known], horizon_days):
            bucket = np.searchsorted(SEEN_FROM, seen, side="right") - 1
            blocks += np.bincount(bucket, minlength=len(SEEN_FROM))
            new += np.bincount(bucket, weights=later, minlength=len(SEEN_FROM))
    return np.asarray(np.maximum.accumulate(new / blocks), dtype=np.float64)


def _splits(
    hosts: Hosts, first_seen: "np.ndarray[tuple[int], np.dtype[np.datetime64]]", horizon_days: float
) -> list[tuple[Integers, Integers]]:
    """Return, per moment, the attackers seen before and new after, of blocks already seen."""
    if len(first_seen) == 0:
        return []
    horizon = np.timedelta64(round(horizon_days * 86_400e6), "us")
    begin, end = first_seen.min(), first_seen.max() - horizon
    if end <= begin:
        return []
    starts = np.flatnonzero(hosts.is_first(BLOCK_BITS[hosts.version]))
    moments = begin + (end - begin) * np.arange(1, SPLITS + 1) // SPLITS
    pairs = []
    for moment in moments:
        before = np.add.reduceat((first_seen <= moment).astype(np.int64), starts)
        after = (first_seen > moment) & (first_seen <= moment + horizon)
        later = np.add.reduceat(after.astype(np.int64), starts)
        pairs.append((before[before > 0], later[before > 0]))
    return pairs


def _attackers_of_block(hosts: Hosts, block_of: Integers) -> Integers:
    """Return the attacking addresses (IPv6: /64s) per block."""
    attacks = hosts.attacking
    first = hosts.take(attacks).is_first(UNIT_BITS[hosts.version])
    blocks = int(block_of[-1]) + 1 if len(block_of) else 0
    return np.bincount(block_of[attacks][first], minlength=blocks).astype(np.int64)


def _rate_of(rates: Floats, attackers: Integers) -> Floats:
    bucket = np.searchsorted(SEEN_FROM, attackers, side="right")
    return np.concatenate([[0.0], rates])[bucket]


def _subnet_attack(hosts: Hosts) -> Floats:
    """Return the new addresses expected in each IPv6 /64 that attacked, on its first row."""
    if hosts.version == 4 or len(hosts.row) == 0:
        return np.zeros(len(hosts.row))
    first = hosts.is_first(64)
    attacks = np.bincount(np.cumsum(first) - 1, weights=hosts.attacking) > 0
    values = np.zeros(len(hosts.row))
    values[first] = attacks * NEW_IN_SUBNET
    return values


def _legit_density(hosts: Hosts, sources: pd.DataFrame, horizon_days: float) -> Floats:
    """Return P per silent address: Good-Turing over blocks, spread over groups of addresses."""
    events = _legit_events(hosts, sources)
    days = _days(sources)
    least = LEGIT_PER_256 / 256 * horizon_days / PRIOR_DAYS
    if events is None or events.sum() < LEGIT_EVENTS_ENOUGH or days <= 0:
        return np.full(len(hosts.row), least)
    block = hosts.is_first(BLOCK_BITS[hosts.version])
    per_block = np.bincount(np.cumsum(block) - 1, weights=events)
    unseen_share = np.count_nonzero(per_block == 1) / events.sum()
    coming = hosts.legit.sum() / days * horizon_days * unseen_share
    group_of = np.cumsum(hosts.is_first(GROUP_BITS[hosts.version])) - 1
    blocks_of_group = np.bincount(group_of[block], weights=per_block > 0)
    prior = GROUP_PRIOR_BLOCKS / GROUPS[hosts.version]
    share = (blocks_of_group + prior) / (blocks_of_group.sum() + GROUP_PRIOR_BLOCKS)
    addresses = 2.0 ** (UNIT_BITS[hosts.version] - GROUP_BITS[hosts.version])
    # A log that saw everybody twice still has not seen everybody.
    density = np.maximum(coming * share / addresses, least)[group_of]
    return np.asarray(density, dtype=np.float64)


def _legit_events(hosts: Hosts, sources: pd.DataFrame) -> Floats | None:
    present = [name for name in ("auth_ok", "accepted") if name in sources.columns]
    if not present or len(hosts.row) == 0:
        return None
    counts = sources[present].iloc[hosts.row].fillna(0).sum(axis=1).to_numpy(dtype=np.float64)
    return np.where(hosts.legit > 0, counts, 0.0)


def _days(sources: pd.DataFrame) -> float:
    if not {"first_seen", "last_seen"} <= set(sources.columns):
        return 0.0
    span = sources["last_seen"].max() - sources["first_seen"].min()
    return 0.0 if pd.isna(span) else max(span / DAY, 1.0)
