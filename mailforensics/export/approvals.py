"""The approved networks, checked again at the moment of export: all forms are made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import pandas as pd

from mailforensics.addresses import (
    Address,
    Network,
    is_inside,
    parse_network,
    why_protected,
)
from mailforensics.errors import ArgumentError, UnsafeBanError
from mailforensics.review.decisions import digests
from mailforensics.schema import CANDIDATES, DECISIONS, names, require

ACTIONS: Final = ("deny", "deny log", "reject")
# No network selection of this toolkit goes wider; an approval that does is a slip of the finger.
SHORTEST_PREFIX: Final = {4: 16, 6: 32}
MOST_PORTS: Final = 15  # of one rule in iptables (multiport)


class HasApprovals(Protocol):
    """Anything that knows the approvals in force: `mf.Decisions`."""

    def approved(self) -> pd.DataFrame:
        """Return the approvals that run today (columns: schema.DECISIONS)."""


@dataclass(frozen=True, slots=True)
class BanOptions:
    """How to ban: what the firewall does, and for which ports.

    Args:
        action: `deny` (silently), `deny log` (and ufw.log says so) or `reject` (with an answer).
        ports: TCP ports of this server; none means every port and protocol.
        each: other options for single networks, by their CIDR text.

    Raises:
        ArgumentError: an unknown action, a port out of range, more than 15 ports, no network.
    """

    action: str = "deny"
    ports: tuple[int, ...] = ()
    each: Mapping[str, "BanOptions"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise ArgumentError(f"action={self.action!r} is none of {', '.join(ACTIONS)}.")
        for port in self.ports:
            if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
                raise ArgumentError(f"{port!r} is no port; use whole numbers from 1 to 65535.")
        if len(set(self.ports)) > MOST_PORTS:
            raise ArgumentError(
                f"{len(set(self.ports))} ports are more than one rule can hold ({MOST_PORTS}); "
                "name fewer, or none to ban from every port."
            )
        object.__setattr__(self, "ports", tuple(sorted(set(self.ports))))
        each = {str(parse_network(network)): options for network, options in self.each.items()}
        object.__setattr__(self, "each", each)

    def of(self, network: Network) -> "BanOptions":
        """Return the options for one network."""
        return self.each.get(str(network), self)


@dataclass(frozen=True, slots=True)
class Ban:
    """One network to ban, with the decision behind it; `until` is its last day or None."""

    network: Network
    action: str
    ports: tuple[int, ...]
    until: str | None
    decision: Mapping[str, object]

    def covers(self, other: "Ban") -> bool:
        """Say whether this ban alone does all that the other would, for as long."""
        return (
            is_inside(other.network, self.network)
            and self.action == other.action
            and (not self.ports or (bool(other.ports) and set(other.ports) <= set(self.ports)))
            and (self.until is None or (other.until is not None and other.until <= self.until))
        )


@dataclass(frozen=True, slots=True)
class Approved:
    """The bans to export, by address (IPv4 first), and what a reader should know about them."""

    bans: tuple[Ban, ...]
    notes: tuple[str, ...]


def approved_bans(
    candidates: pd.DataFrame,
    decisions: HasApprovals,
    *,
    options: BanOptions,
    protect: Iterable[str | Address | Network] = (),
    allow_documentation: bool = False,
) -> Approved:
    """Return the networks with a recorded, running approval, after checking each once more.

    A network inside another approved one is left out when the wider ban does all that its own
    would. An approval made on other evidence than the candidates now show is kept, and noted;
    unless the candidates now suggest `reject`: then somebody has to look again.

    Raises:
        UnsafeBanError: an approved network is protected, wider than a /16 (IPv6: /32), or its
            evidence has changed to one that speaks against a ban; names what to do.
        MissingColumnError: a table lacks columns.
    """
    table = decisions.approved()
    require(table, names(DECISIONS))
    require(candidates, names(CANDIDATES))
    protected = list(protect) if not isinstance(protect, str) else [protect]
    shown = _shown(candidates)
    bans, notes = [], []
    rows: list[dict[str, object]] = table.to_dict("records")  # type: ignore[assignment]
    for row in rows:
        network = parse_network(str(row["network"]))
        _check_safe(
            network, why_protected(network, protected, allow_documentation=allow_documentation)
        )
        notes += _evidence_notes(network, row, shown.get(str(network)))
        chosen = options.of(network)
        until = row["until"] if isinstance(row["until"], str) else None
        bans.append(Ban(network, chosen.action, chosen.ports, until, row))
    kept, collapsed = _collapse(bans)
    return Approved(tuple(kept), (*notes, *collapsed))


def _shown(candidates: pd.DataFrame) -> dict[str, tuple[str, str]]:
    networks = [str(parse_network(text)) for text in candidates["network"]]
    pairs = zip(digests(candidates), candidates["suggestion"], strict=True)
    return dict(zip(networks, pairs, strict=True))


def _check_safe(network: Network, protected: str) -> None:
    if protected:
        raise UnsafeBanError(
            f"{network} is approved, but it touches {protected}. Reject it "
            f"(mailforensics decide {network} reject), or take that network out of protect=."
        )
    shortest = SHORTEST_PREFIX[network.version]
    if network.prefixlen < shortest:
        raise UnsafeBanError(
            f"{network} holds {network.num_addresses:,} addresses: wider than a /{shortest} is "
            "never exported. Reject it, and approve the parts that attack."
        )


def _evidence_notes(
    network: Network, row: Mapping[str, object], shown: tuple[str, str] | None
) -> list[str]:
    """Compare the evidence of a decision with what the candidates show now."""
    if shown is None:
        return [f"{network} is approved, but is not among the candidates given here."]
    digest, suggestion = shown
    if not isinstance(row["digest"], str) or not row["digest"]:
        return [f"{network} was approved without a record of the evidence that was shown."]
    if row["digest"] == digest:
        return []
    if suggestion == "reject":
        raise UnsafeBanError(
            f"{network} was approved on other evidence, and what is known now speaks against a "
            f"ban. Look at it again, then decide: mailforensics decide {network} approve or reject."
        )
    return [f"{network}: the evidence has changed since it was approved; look at it again."]


def _collapse(bans: list[Ban]) -> tuple[list[Ban], list[str]]:
    """Leave out bans that a wider one makes needless; wider networks come first in the sort."""
    kept: list[Ban] = []
    notes: list[str] = []
    holders: dict[Network, Ban] = {}
    for ban in sorted(bans, key=lambda b: (b.network.version, b.network.prefixlen)):
        wider = [
            holders[parent]
            for bits in range(SHORTEST_PREFIX[ban.network.version], ban.network.prefixlen)
            if (parent := ban.network.supernet(new_prefix=bits)) in holders
        ]
        holder = next((other for other in wider if other.covers(ban)), None)
        if holder is None:
            holders[ban.network] = ban
            kept.append(ban)
        else:
            notes.append(f"{ban.network} lies inside {holder.network}, which bans it already.")
    kept.sort(key=lambda b: (b.network.version, b.network))
    return kept, notes
