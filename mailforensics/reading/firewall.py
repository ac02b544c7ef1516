"""`read_firewall`: what ufw is set to do, from what ufw prints or from its own rule files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import pandas as pd

from mailforensics import schema
from mailforensics.addresses import Address, Network, parse_network
from mailforensics.errors import EvidenceError
from mailforensics.reading.firewall_cover import MAIL_PORTS, covering, specific_to
from mailforensics.reading.firewall_match import BEFORE, is_ipv6_only, orders_of, walk
from mailforensics.reading.firewall_reach import BySource, shortened
from mailforensics.reading.firewall_rules import Rule, format_ports
from mailforensics.reading.firewall_shadow import is_own_ban, shadowed_table, vain_bans
from mailforensics.reading.firewall_simulate import Simulation, name_of, packet_of, simulate
from mailforensics.reading.firewall_sources import Source, texts_of
from mailforensics.reading.firewall_text import Reading

_DEFAULT_KINDS: Final = ("incoming", "outgoing", "routed")
_NO_ORDER: Final = (
    "`ufw show added` does not tell which of `{}` and `{}` comes first for IPv6; give the output "
    "of `ufw status numbered`."
)


def read_firewall(source: Source | Sequence[Source]) -> "Firewall":
    """Return the firewall that a text or ufw's own files describe.

    Understood are the outputs of `ufw status`, `ufw status verbose`, `ufw status numbered` and
    `ufw show added`, in every language ufw speaks; user.rules, user6.rules, ufw.conf,
    /etc/default/ufw and applications.d; what no output of ufw shows: own lines of before.rules and
    before6.rules, and the sets of a ban script (`*.ipset`); a copy of the folder /etc/ufw or of
    /etc. If a source holds the same rules in several forms, the one that says most counts.

    Args:
        source: a path, a glob, a folder, the text itself, an open file, or a list of these.

    Raises:
        EvidenceError: nothing to read, or nothing in it is about ufw.
    """
    reading = Reading()
    names = []
    for name, lines in texts_of(source):
        names.append(name)
        reading.read(lines, file=name)
    if not reading.recognised:
        raise EvidenceError(
            f"nothing in {', '.join(names)[:200] or 'the list'} is about ufw. Give the output of "
            "`sudo ufw status verbose`, a copy of /etc/ufw, or user.rules and user6.rules."
        )
    return _firewall(reading)


def _firewall(reading: Reading) -> "Firewall":
    rules, form, several = reading.best_rules()
    notes = [several] if several else []
    if reading.unread:
        places = ", ".join(reading.unread[:5])
        notes.append(f"{len(reading.unread)} lines were not understood: {places}")
    notes += [f"{rule.file}:{rule.line}: {rule.unclear}" for rule in rules if rule.unclear]
    if reading.active is None:
        notes.append("the text does not say whether ufw is active; it is taken to be")
    if len(orders_of(rules, form=form)) > 1:
        notes.append("`ufw show added` does not tell how its IPv6 rules stand among the others")
    if not reading.defaults and reading.active is not False:
        notes.append("the text does not show the default policies")
    return Firewall(
        rules=tuple(rules),
        defaults={kind: reading.defaults.get(kind, "") for kind in _DEFAULT_KINDS},
        active=reading.active,
        logging=reading.logging,
        ipv6=reading.ipv6,
        form=form,
        notes=tuple(notes),
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Firewall:
    """What ufw is set to do.

    Attributes:
        rules: the rules, in the order of `table()`.
        defaults: the policy (allow, deny, reject; for routed also disabled) for `incoming`,
            `outgoing` and `routed`; empty text where the source does not show it.
        active: whether ufw is on; None where the source does not say.
        logging: off, low, medium, high, full; empty where the source does not say.
        ipv6: whether ufw handles IPv6 (`IPV6=` in /etc/default/ufw); None where not said.
        form: where the rules come from: tuples, verbose, numbered, status, added; empty: no rules.
        notes: what the reader noticed, in plain words.
    """

    rules: tuple[Rule, ...] = ()
    defaults: dict[str, str] = field(default_factory=lambda: dict.fromkeys(_DEFAULT_KINDS, ""))
    active: bool | None = None
    logging: str = ""
    ipv6: bool | None = None
    form: str = ""
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        state = {True: "active", False: "inactive", None: "state not shown"}[self.active]
        default = self.defaults["incoming"] or "not shown"
        return f"<Firewall {state}, {len(self.rules)} rules, incoming by default: {default}>"

    def table(self) -> pd.DataFrame:
        """Return one row per rule: the columns of FIREWALL_RULES.

        The order is the kernel's within each chain (incoming, outgoing, routed; IPv4, then IPv6):
        of the rules of one chain the first that matches decides. No rules give no rows.
        """
        return _table(self.rules)

    def simulate(
        self,
        source_ip: str,
        dest_port: int,
        protocol: str = "tcp",
        *,
        dest_ip: str = "",
        interface: str = "",
    ) -> Simulation:
        """Return what happens to a new connection from an address to a port of this server.

        The first rule that matches decides. The verdict is `unknown` where a rule asks for
        something that is not given here (the address or interface it comes in on, a profile with
        unknown ports) and the outcome hangs on it.

        Raises:
            ArgumentError: an address, port or protocol that cannot be.
        """
        packet = packet_of(source_ip, dest_port, protocol, dest_ip, interface)
        if self.active is False:
            return Simulation("allow", "", None, "ufw is inactive: it filters nothing.")
        if packet.source.is_loopback:
            return Simulation("allow", "", None, f"The server itself may always connect. {BEFORE}")
        if packet.source.version == 6 and self.ipv6 is False:
            return Simulation("deny", "", None, "IPV6=no in /etc/default/ufw: ufw drops all IPv6.")
        default = self.defaults["incoming"]
        if packet.source.version == 6 and default != "deny" and self._may_lack_ipv6():
            default = ""
        orders = orders_of(self.rules, form=self.form)
        ends = [simulate(walk(rules, packet), packet, default=default) for rules in orders]
        if len({end.verdict for end in ends}) > 1:
            return Simulation("unknown", "", None, _NO_ORDER.format(ends[0].rule, ends[1].rule))
        return ends[0]

    def _may_lack_ipv6(self) -> bool:
        """Say whether IPv6 may be off (ufw then drops all of it): nothing here shows the contrary.

        `ufw show added` never does, since it prints a rule of both families once.
        """
        shown = self.form != "added" and any(rule.family == 6 for rule in self.rules)
        return self.ipv6 is None and not shown

    def covers(self, network: str | Address | Network) -> str:
        """Return the deny or reject rules that keep a whole network from every mail port, or "".

        Only rules that come first count: a `deny` below an `allow` covers nothing. Ports that no
        rule opens may be closed by the default policy, if at least one rule bans the network.
        The mail ports are 25, 465, 587, 143, 993, 110 and 995.

        Raises:
            ArgumentError: the text is no network.
        """
        wanted = parse_network(network)
        if self.active is False:
            return ""
        default = self.defaults["incoming"]
        found = [
            covering(order, wanted, default=default, ports=MAIL_PORTS)
            for order in orders_of(self._touching(wanted), form=self.form)
        ]
        sure = found[0] if all(found) else []
        return "; ".join(f"rule {rule.position}: {rule.command}" for rule in sure)

    def in_vain(self, network: str | Address | Network) -> str:
        """Return the bans of a network, or of parts of it, that do nothing or too little, or "".

        In words, with the reason: an earlier rule lets in what they would keep out, or ufw is off.
        Ask `covers` first: beside one that works, such a rule does not matter.

        Raises:
            ArgumentError: the text is no network.
        """
        wanted = parse_network(network)
        if self.active is False:
            bans = [rule for rule in self._touching(wanted) if is_own_ban(rule)]
            return shortened([f"{name_of(ban)} has no effect: ufw is off" for ban in bans], "; ")
        bans = self._vain_by_source[wanted.version].touching(wanted)
        return shortened([self._vain[ban] for ban in bans], "; ")

    def shadowed(self) -> pd.DataFrame:
        """Return the rules that do not do what they say: the columns of FIREWALL_SHADOWED.

        First the bans without effect (`no effect`: an earlier rule lets all of it in; `partly`: it
        lets in some ports), then other rules that can never match, then the redundant. An earlier
        `allow` for a part of a banned network counts as a wanted exception. None give no rows.
        """
        return shadowed_table(self._rules_in_order())

    def _rules_in_order(self) -> list[Rule]:
        """Return the rules of which it is known in what order they stand."""
        if len(orders_of(self.rules, form=self.form)) > 1:
            return [rule for rule in self.rules if rule.family == 4 or is_ipv6_only(rule)]
        return list(self.rules)

    def conflicts(self, network: str | Address | Network) -> pd.DataFrame:
        """Return the rules that let in certain addresses of a network: rows of `table()`.

        Somebody wrote them on purpose, so a ban of the network should be thought over.

        Raises:
            ArgumentError: the text is no network.
        """
        return _table(specific_to(self._touching(parse_network(network))))

    def _touching(self, network: Network) -> list[Rule]:
        return self._incoming[network.version].touching(network)

    @cached_property
    def _vain(self) -> dict[Rule, str]:
        return vain_bans(self._rules_in_order())

    @cached_property
    def _vain_by_source(self) -> dict[int, BySource]:
        return {f: BySource(ban for ban in self._vain if ban.family == f) for f in (4, 6)}

    @cached_property
    def _incoming(self) -> dict[int, BySource]:
        incoming = [rule for rule in self.rules if rule.direction == "in"]
        return {f: BySource(rule for rule in incoming if rule.family == f) for f in (4, 6)}


def _table(rules: Sequence[Rule]) -> pd.DataFrame:
    rows = [
        {
            "position": rule.position,
            "number": rule.number,
            "family": f"ipv{rule.family}",
            "direction": rule.direction,
            "action": rule.action,
            "protocol": rule.protocol,
            "source": str(rule.source),
            "source_ports": format_ports(rule.source_ports),
            "dest": str(rule.dest),
            "dest_ports": format_ports(rule.dest_ports),
            "in_interface": rule.in_interface or None,
            "out_interface": rule.out_interface or None,
            "profile": rule.profile or None,
            "source_profile": rule.source_profile or None,
            "log": rule.log or None,
            "comment": rule.comment or None,
            "rule": rule.command,
            "unclear": rule.unclear or None,
            "file": rule.file,
            "line": rule.line,
        }
        for rule in rules
    ]
    if not rows:
        return schema.empty(schema.FIREWALL_RULES)
    return schema.conform(pd.DataFrame(rows), schema.FIREWALL_RULES)
