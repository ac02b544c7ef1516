"""One ufw rule as data: what it matches, what it does, and the command that writes it."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from mailforensics.addresses import Network

ANY4: Final = ipaddress.ip_network("0.0.0.0/0")
ANY6: Final = ipaddress.ip_network("::/0")
ACTIONS: Final = ("allow", "deny", "reject", "limit")
DIRECTIONS: Final = ("in", "out", "forward")
# Source: ufw/util.py. These have no ports; a rule may name them all the same.
PORTLESS: Final = ("ipv6", "esp", "ah", "igmp", "gre", "vrrp")
PROTOCOLS: Final = ("any", "tcp", "udp", *PORTLESS)
LAST_PORT: Final = 65535
MASK_BITS: Final = 32

# Ranges of ports, both ends included; none at all means every port.
Ports = tuple[tuple[int, int], ...]

_PORT_ITEM: Final = re.compile(r"([0-9]{1,5})(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of one address family, as the kernel gets it from ufw.

    Attributes:
        family: 4 or 6. A command without addresses makes one rule of each.
        direction: in, out or forward (a `route` rule).
        action: allow, deny, reject or limit.
        position: its place among all rules of the set, from 1, in the order of the table.
        number: the number that `ufw status numbered` gives it, where the text tells.
        unclear: why what it matches is not known here; empty: it is known.
        is_before: it stands in before.rules, ahead of every rule that `ufw status` shows.
    """

    family: int
    direction: str = "in"
    action: str
    protocol: str = "any"
    source: Network
    source_ports: Ports = ()
    dest: Network
    dest_ports: Ports = ()
    in_interface: str = ""
    out_interface: str = ""
    profile: str = ""
    source_profile: str = ""
    log: str = ""
    comment: str = ""
    position: int = 0
    number: int | None = None
    unclear: str = ""
    is_before: bool = False
    file: str = ""
    line: int = 0

    @property
    def is_ban(self) -> bool:
        """Whether the rule turns packets away."""
        return self.action in {"deny", "reject"}

    @property
    def command(self) -> str:
        """The rule as `ufw show added` prints it, without `ufw` and without the comment.

        Source: UFWCommandRule.get_command in ufw/parser.py.
        """
        words = [self.action] if self.direction != "forward" else ["route", self.action]
        short = self.dest_ports or self.profile
        if short and self.is_everywhere and not (self.source_ports or self.source_profile):
            return " ".join([*words, *self._short_form()])
        return " ".join([*words, *self._full_form()])

    @property
    def is_everywhere(self) -> bool:
        """Whether the rule holds for every address and every interface."""
        everywhere = self.source.prefixlen == 0 == self.dest.prefixlen
        return everywhere and not (self.in_interface or self.out_interface)

    def _short_form(self) -> list[str]:
        where = ["out"] if self.direction == "out" else []
        if self.profile:
            return [*where, *self._log_words(), quoted(self.profile)]
        suffix = "" if self.protocol == "any" else f"/{self.protocol}"
        return [*where, *self._log_words(), format_ports(self.dest_ports) + suffix]

    def _full_form(self) -> list[str]:
        words = []
        if self.in_interface:
            words += ["in", "on", self.in_interface]
        if self.out_interface:
            words += ["out", "on", self.out_interface]
        elif self.direction == "out":
            words.append("out")
        words += self._log_words()
        source = _side("from", self.source, self.source_ports, self.source_profile)
        dest = _side("to", self.dest, self.dest_ports, self.profile)
        if not (source or dest or self.in_interface or self.out_interface):
            dest = ["to", "any"]
        words += source + dest
        if self.protocol != "any" and not (self.profile or self.source_profile):
            words += ["proto", self.protocol]
        return words

    def _log_words(self) -> list[str]:
        return [self.log] if self.log else []


def _side(word: str, network: Network, ports: Ports, profile: str) -> list[str]:
    anywhere = network.prefixlen == 0
    if anywhere and not ports and not profile:
        return []
    words = [word, "any" if anywhere else format_network(network)]
    if profile:
        return [*words, "app", quoted(profile)]
    return [*words, "port", format_ports(ports)] if ports else words


def quoted(name: str) -> str:
    """Return a profile name as a shell word, the way ufw prints it."""
    return f"'{name}'" if " " in name else name


def format_network(network: Network) -> str:
    """Return a network as ufw prints it: a single address without its prefix length."""
    single = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if single else str(network)


def any_of(family: int) -> Network:
    """Return the network that holds every address of a family (4 or 6)."""
    return ANY4 if family == 4 else ANY6


def parse_ports(text: str) -> Ports | None:
    """Return the sorted port ranges of `25,465` or `6881:6891`; None if it is no port list."""
    if text == "any":
        return ()
    found = [_PORT_ITEM.fullmatch(item) for item in text.split(",")]
    ranges = [(int(m[1]), int(m[2] or m[1])) for m in found if m]
    valid = all(found) and all(0 < low <= high <= LAST_PORT for low, high in ranges)
    return tuple(sorted(ranges)) if valid else None


def format_ports(ports: Ports) -> str:
    """Return port ranges as ufw writes them, `any` for every port."""
    texts = (str(low) if low == high else f"{low}:{high}" for low, high in ports)
    return ",".join(texts) or "any"


def parse_side(text: str) -> Network | None:
    """Return the network that an address in a rule means; None if ufw's text is no network.

    ufw keeps IPv4 masks that are no prefix (`10.0.0.1/255.0.255.0`): those are None as well,
    since Python would read some of them upside down, as host masks.
    """
    address, _, mask = text.partition("/")
    if "." in mask:
        bits = "".join(f"{int(part):08b}" for part in mask.split(".") if part.isdecimal())
        if not re.fullmatch("1*0*", bits) or len(bits) != MASK_BITS:
            return None
        text = f"{address}/{bits.count('1')}"
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
