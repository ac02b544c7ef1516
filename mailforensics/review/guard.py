"""What stands between a reviewer and a ban to regret; every way to decide asks here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mailforensics.addresses import Address, Network, parse_network, protected_networks
from mailforensics.analysis.countries import country_of_network
from mailforensics.errors import DecisionError, UnsafeBanError
from mailforensics.review.decisions import Decision, Decisions, digest
from mailforensics.review.decisions_lines import Until

Row = Mapping[str, object]
NOBODY_SEEN: Final = frozenset({"", "none seen", "nan", "None", "<NA>"})
# A /56 is one customer of an IPv6 provider, as a rule; a /24 may already be 256 of them.
WIDEST: Final = {4: 24, 6: 56}
# Wider is never exported: no network selection of this toolkit goes there.
TOO_WIDE: Final = {4: 16, 6: 32}
REASON_CHARACTERS: Final = 3  # "ok" is no reason


@dataclass(frozen=True)
class Guard:
    """What may not be approved at all, and what only with a reason.

    Args:
        protect: your own networks and others never to ban, as addresses or CIDR text.
        allow_documentation: let documentation networks be approved, for lessons and tests.
        home_countries: ISO codes where your own users are; bans there need a reason.

    Raises:
        ArgumentError: an entry of `protect` is no network.
    """

    protect: Sequence[str | Address | Network] = ()
    allow_documentation: bool = False
    home_countries: frozenset[str] = frozenset()
    _ranges: list[tuple[int, int, int, str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep the protected networks as whole numbers: a review asks thousands of times."""
        protected = protected_networks(self.protect, allow_documentation=self.allow_documentation)
        ranges = [(*_span(network), f"{network}: {why}") for network, why in protected]
        object.__setattr__(self, "_ranges", ranges)

    def why_forbidden(self, network: str | Address | Network) -> str:
        """Say which protected network it touches, or that it is too wide, or empty text."""
        parsed = parse_network(network)
        version, first, last = _span(parsed)
        for other, low, high, why in self._ranges:
            if other == version and low <= last and first <= high:
                return f"it touches {why}"
        if parsed.prefixlen < TOO_WIDE[version]:
            return f"nothing wider than a /{TOO_WIDE[version]} is ever exported"
        return ""

    def dangers(self, row: Row) -> list[str]:
        """Say in plain words what makes an approval dangerous; empty when nothing does.

        Args:
            row: a candidate row (schema.CANDIDATES), or no more than its `network`; without a
                `country` the registries' data is asked, where it is installed.
        """
        parsed = parse_network(str(row["network"]))
        found = [_who_is_inside(row), _how_large(parsed)]
        country = str(row["country"] or "") if "country" in row else country_of_network(parsed)
        if country in self.home_countries:
            found.append(f"it is in {country}, where your own users are")
        return [danger for danger in found if danger]

    def check(self, decision: Decision, row: Row) -> None:
        """Let a decision pass, or say why not; only approvals are ever stopped.

        Raises:
            UnsafeBanError: the network is protected or too wide; no reason changes that.
            DecisionError: it is dangerous and no reason was given.
        """
        if decision.verdict != "approve":
            return
        if why := self.why_forbidden(decision.network):
            raise UnsafeBanError(
                f"{decision.network} cannot be approved: {why}. Nothing was recorded. Reject it; "
                "a protected network that is not yours can be taken out of protect=."
            )
        dangers = self.dangers(row)
        if dangers and len(decision.reason.strip()) < REASON_CHARACTERS:
            raise DecisionError(
                f"approving {decision.network} needs a reason: {'; '.join(dangers)}. "
                "Nothing was recorded. Say why it is right to ban it all the same."
            )


def decide(
    decisions: Decisions,
    row: Row | str,
    *,
    guard: Guard,
    words: tuple[str, str, str],
    until: Until = None,
) -> Decision:
    """Record a decision after the guard has let it pass: for the command line and scripts.

    Args:
        decisions: the journal.
        row: the candidate row that was looked at, or only a network.
        guard: what may not be approved.
        words: verdict, reason, reviewer.
        until: last day of a ban; None for good.

    Raises:
        UnsafeBanError: the network is protected.
        DecisionError: it is dangerous and no reason was given, or it cannot be recorded.
    """
    verdict, reason, reviewer = words
    fields: Row = {"network": row} if isinstance(row, str) else row
    shown = "" if isinstance(row, str) else digest(row)
    draft = decisions.draft(str(fields["network"]), verdict, (reason, reviewer, shown), until=until)
    guard.check(draft, fields)
    return decisions.add([draft])[0]


def _span(network: Network) -> tuple[int, int, int]:
    return network.version, int(network.network_address), int(network.broadcast_address)


def _who_is_inside(row: Row) -> str:
    seen = str(row.get("collateral") or "").strip()
    if seen not in NOBODY_SEEN:
        return f"legitimate use inside: {seen}"
    sources, messages = (int(str(row.get(name) or 0)) for name in ("legit_sources", "accepted"))
    if sources or messages:
        return f"legitimate use inside: {sources} addresses, {messages} accepted messages"
    return ""


def _how_large(network: Network) -> str:
    widest = WIDEST[network.version]
    if network.prefixlen >= widest:
        return ""
    if network.version == 4:
        return f"larger than /{widest}: {network.num_addresses:,} addresses"
    return f"larger than /{widest}: a /{network.prefixlen} holds many customers"
