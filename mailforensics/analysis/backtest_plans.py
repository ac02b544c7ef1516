"""What each policy would have banned, knowing only the past; and whom those networks hold."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mailforensics.addresses import network_of, parse_network
from mailforensics.analysis.attacking import is_attacking

# The policies that are a list of networks, in the order of the table.
TOP_ADDRESSES: Final = "top /32"
TOP_NETWORKS: Final = "top /24"
BUSY_NETWORKS: Final = "every /24 with 5+"
OPTIMUM: Final = "optimum"
FAIL2BAN: Final = "fail2ban"
POLICIES: Final = (TOP_ADDRESSES, TOP_NETWORKS, BUSY_NETWORKS, OPTIMUM, FAIL2BAN)
BUSY_ATTACKERS: Final = 5


def heaviest(sources: pd.DataFrame, *, v4: int, v6: int, rules: int) -> list[str]:
    """Return the networks of one size with the most attack weight, at most that many."""
    weights = _by_network(sources, v4=v4, v6=v6)["attack_weight"]
    return [str(network) for network in weights[weights > 0].index[:rules]]


def busiest(sources: pd.DataFrame, *, attackers: int = BUSY_ATTACKERS) -> list[str]:
    """Return every /24 (IPv6: /64) from which at least that many addresses attacked."""
    table = _by_network(sources, v4=24, v6=64)
    return [str(network) for network in table.index[table["attackers"] >= attackers]]


def _by_network(sources: pd.DataFrame, *, v4: int, v6: int) -> pd.DataFrame:
    return (
        sources.assign(
            network=network_of(sources["source_ip"], v4=v4, v6=v6),
            attackers=is_attacking(sources).astype("int64"),
        )
        .groupby("network", as_index=False)
        .agg(attack_weight=("attack_weight", "sum"), attackers=("attackers", "sum"))
        .sort_values(["attack_weight", "network"], ascending=[False, True])
        .set_index("network")
    )


def covered(addresses: Sequence[str], networks: Iterable[str]) -> npt.NDArray[np.bool_]:
    """Say for each address whether one of the networks holds it."""
    texts = pd.Series(list(addresses), dtype="str")
    inside = np.zeros(len(texts), dtype=bool)
    by_size: dict[tuple[int, int], set[str]] = {}
    for network in map(parse_network, networks):
        by_size.setdefault((network.version, network.prefixlen), set()).add(str(network))
    for (version, bits), wanted in by_size.items():
        size = {"v4": bits} if version == 4 else {"v6": bits}
        inside |= network_of(texts, **size).isin(wanted).to_numpy(dtype=bool)
    return inside
