"""Where a banned attacker may have gone: networks next door, or with the same list of names."""

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd

from mailforensics.addresses import Network, network_of, parse_network

# How near is next door: the same block of four /24s, or of 256 /64s (a site's usual /56).
_NEAR: Final = {4: 22, 6: 56}
_SIZE: Final = {4: 24, 6: 64}
_LOOK_AHEAD: Final = pd.Timedelta(days=30)
_FEWEST_NAMES: Final = 3
_COMMON_TO: Final = 3
_MOST_LISTED: Final = 5
_ATTACKS: Final = ("auth_failed", "relay_refused", "rejected", "login_after_failures")


@dataclass(frozen=True, slots=True)
class Group:
    """A /24 or /64 that attacks came from: when first, and the user names it tried."""

    network: Network
    first: pd.Timestamp
    names: frozenset[str]


class Newcomers:
    """The attacking networks that no ban holds, found by neighbourhood and by user name."""

    def __init__(self, groups: Sequence[Group], common: frozenset[str]) -> None:
        self.common = common
        self._by_block: defaultdict[Network, list[Group]] = defaultdict(list)
        self._by_name: defaultdict[str, list[Group]] = defaultdict(list)
        for group in groups:
            self._by_block[_block(group.network, _NEAR)].append(group)
            for name in group.names - common:
                self._by_name[name].append(group)

    def near(self, banned: Network) -> set[Group]:
        """Return the networks in the same block as a ban, or directly beside it."""
        first, last = int(banned.network_address), int(banned.broadcast_address)
        most = (1 << banned.max_prefixlen) - 1
        beside = {
            _network(banned.version, place, _SIZE)
            for place in (first - 1, last + 1)
            if 0 <= place <= most
        }
        blocks = {_block(banned, _NEAR), *(_block(network, _NEAR) for network in beside)}
        groups = [group for block in blocks for group in self._by_block.get(block, ())]
        own = _block(banned, _NEAR)
        return {g for g in groups if g.network in beside or _block(g.network, _NEAR) == own}

    def alike(self, names: frozenset[str]) -> set[Group]:
        """Return the networks whose user names are, for the better part, among these.

        At least three must be shared, half of the network's own, and one that is no common name.
        """
        groups = {group for name in names for group in self._by_name.get(name, ())}
        return {
            group
            for group in groups
            if len(group.names & names) >= max(_FEWEST_NAMES, len(group.names) / 2)
        }


def moves(connections: pd.DataFrame, bans: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return `moved_to` and `moved` (in words) for each ban, indexed by network.

    Looked at are attacks that begin within 30 days after the ban, from networks (/24, /64) that no
    attack came from before it and that no ban holds.

    Args:
        connections: sessions.
        bans: network, since.
        pairs: the banned addresses, as `members` gives them.
    """
    attacks = connections.loc[connections["outcome"].isin(_ATTACKS)].dropna(subset="source_ip")
    inside = attacks.merge(pairs, on="source_ip").groupby("network")["usernames"].agg(_all_names)
    free = list(_groups(attacks.loc[~attacks["source_ip"].isin(pairs["source_ip"])]))
    newcomers = Newcomers(free, _common_names([*(g.names for g in free), *inside]))
    rows = [
        _listed(newcomers, parse_network(network), inside.get(network, frozenset()), since)
        for network, since in zip(bans["network"], bans["since"], strict=True)
    ]
    return pd.DataFrame(rows, columns=["moved_to", "moved"], index=bans["network"])


def members(addresses: "pd.Series[str]", networks: "pd.Series[str]") -> pd.DataFrame:
    """Return the pairs (source_ip, network) of an address and a network that holds it."""
    unique = addresses.dropna().drop_duplicates().reset_index(drop=True)
    ipv6 = unique.str.contains(":", regex=False)
    parsed = [parse_network(network) for network in networks]
    pairs = []
    for version, length in sorted({(n.version, n.prefixlen) for n in parsed}):
        family = unique[ipv6] if version == 6 else unique[~ipv6]
        sizes = {"v6": length} if version == 6 else {"v4": length}
        pairs.append(pd.DataFrame({"source_ip": family, "network": network_of(family, **sizes)}))
    found = pd.concat(pairs, ignore_index=True)
    return found.loc[found["network"].isin(networks)]


def _groups(attacks: pd.DataFrame) -> Iterator[Group]:
    """Yield the networks that attacks came from, the earliest first, ties by network."""
    networks = network_of(attacks["source_ip"], v4=_SIZE[4], v6=_SIZE[6])
    table = (
        attacks.assign(network=networks)
        .groupby("network", as_index=False)
        .agg(first=("start", "min"), names=("usernames", _all_names))
        .sort_values(["first", "network"])
    )
    for network, first, names in table.itertuples(index=False, name=None):
        yield Group(parse_network(network), first, names)


def _all_names(lists: "pd.Series[str]") -> frozenset[str]:
    return frozenset(name for names in lists.dropna().unique() for name in names.split(", "))


def _common_names(lists: Sequence[frozenset[str]]) -> frozenset[str]:
    """Return the names that many networks try (admin, info …): to share these means nothing."""
    counts = Counter(name for names in lists for name in names)
    return frozenset(name for name, count in counts.items() if count > _COMMON_TO)


def _listed(
    newcomers: Newcomers, banned: Network, names: frozenset[str], since: pd.Timestamp
) -> tuple[str, str]:
    near, alike = newcomers.near(banned), newcomers.alike(names)
    new = [g for g in near | alike if since <= g.first < since + _LOOK_AHEAD]
    new.sort(key=lambda group: (group.first, str(group.network)))
    whys = {
        group: ", ".join(
            ["next door"] * (group in near)
            + [f"{len(group.names & names)} of its {len(group.names)} user names are the same"]
            * (group in alike)
        )
        for group in new[:_MOST_LISTED]
    }
    more = f"; and {len(new) - _MOST_LISTED} more" if len(new) > _MOST_LISTED else ""
    networks = "; ".join(str(group.network) for group in whys)
    words = "; ".join(f"{group.network} ({why})" for group, why in whys.items())
    return networks + more, words + more


def _block(network: Network, lengths: dict[int, int]) -> Network:
    """Return the block of the wanted length around a network; a wider network is its own."""
    if network.prefixlen <= lengths[network.version]:
        return network
    return network.supernet(new_prefix=lengths[network.version])


def _network(version: int, address: int, lengths: dict[int, int]) -> Network:
    host = ipaddress.IPv4Address(address) if version == 4 else ipaddress.IPv6Address(address)
    return ipaddress.ip_network((host, lengths[version]), strict=False)
