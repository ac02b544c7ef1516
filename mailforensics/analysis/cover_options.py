"""What a caller may change about the choice of networks, and the numbers behind the defaults.

Sources:
    Collins et al., "Using Uncleanliness to Predict Future Botnet Addresses" (IMC 2007): attackers
    cluster in networks, so seen ones foretell unseen ones.
    Wilcox, Papadopoulos, Heidemann, "Correlating Spam Activity with IP Address Characteristics"
    (2010): whole-/24 bans hit real mail servers, so legitimate use has a high price.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Final

import pandas as pd

from mailforensics.addresses import parse_network
from mailforensics.errors import ArgumentError

RULES: Final = 50
# Shorter prefixes hold whole providers: no log of one server can vouch for them.
SHORTEST_V4: Final = range(16, 33)
SHORTEST_V6: Final = range(32, 129)
# An earlier plan's rule pays 0.7 of the price of a rule: plans do not flap between near-equals.
LOYALTY: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverOptions:
    """What `mf.cover` may be told besides the number of rules and the protected list.

    Attributes:
        min_prefix_v4: shortest IPv4 prefix that may be chosen, 16 to 32 bits. Shorter bans more.
        min_prefix_v6: shortest IPv6 prefix that may be chosen, 32 to 128 bits.
        legit_cost: λ, the attack events that one legitimate event is worth.
        horizon_days: H, how long the bans are meant to stand, in days.
        neighbours_from: attackers that a /24 (IPv6: /64s of a /48) must have shown before its
            silent addresses count as likely attackers. One says too little about a block to
            ban the rest of it for its sake; 1 gives the plain formula.
        login_protects_days: an address with a good login in this many days is never banned.
        hostile: addresses whose good login was a break-in: their login protects nobody.
        previous: networks of the plan in force (texts, or a table with a column `network`).

    Raises:
        ArgumentError: a number is out of its range.
    """

    min_prefix_v4: int = 24
    min_prefix_v6: int = 48
    legit_cost: float = 100.0
    horizon_days: float = 14.0
    neighbours_from: int = 2
    login_protects_days: float = 90.0
    hostile: tuple[str, ...] = ()
    previous: pd.DataFrame | Iterable[str] = ()

    def __post_init__(self) -> None:
        """Check the ranges once, so that nothing later has to."""
        _check_range("min_prefix_v4", self.min_prefix_v4, SHORTEST_V4)
        _check_range("min_prefix_v6", self.min_prefix_v6, SHORTEST_V6)
        for name in ("legit_cost", "horizon_days", "login_protects_days"):
            number = getattr(self, name)
            if not 0 <= number < float("inf"):
                raise ArgumentError(f"{name}={number} makes no sense; use a number from 0 up.")
        if self.neighbours_from < 1:
            raise ArgumentError(
                f"neighbours_from={self.neighbours_from} is below 1; use 1 or more."
            )

    def previous_networks(self) -> frozenset[str]:
        """Return the networks of the earlier plan as canonical CIDR texts."""
        entries = self.previous
        if isinstance(entries, pd.DataFrame):
            entries = list(entries["network"])
        return frozenset(str(parse_network(entry)) for entry in entries)


def _check_range(name: str, bits: int, allowed: range) -> None:
    if bits not in allowed:
        raise ArgumentError(
            f"{name}={bits} is no prefix length to ban by; use {allowed[0]} to {allowed[-1]}."
        )


def check_rules(rules: int) -> int:
    """Return the number of rules if it is a whole number from 0 up.

    Raises:
        ArgumentError: it is not.
    """
    if isinstance(rules, bool) or not isinstance(rules, Integral) or rules < 0:
        raise ArgumentError(f"rules={rules} is no number of rules; use 0, 1, 2, …")
    return int(rules)
