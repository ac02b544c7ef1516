"""The bans for firewalls without ufw: nftables and ipset."""

from typing import Final

from mailforensics.export.approvals import Ban
from mailforensics.export.order import Group, Order, groups
from mailforensics.export.text import clean

# Source: ipset(8): "the largest possible timeout value is 2147483 (in seconds)".
IPSET_LONGEST_SECONDS: Final = 2_147_483
# Before the chains of ufw and firewalld, which have priority 0: a drop anywhere is final.
PRIORITY: Final = -10
_VERDICTS: Final = {
    "deny": "counter drop",
    "deny log": 'counter limit rate 3/minute burst 10 packets log prefix "[MAILFORENSICS BLOCK] "',
    "reject": "counter reject",
}


def nftables_form(order: Order) -> str:
    """Return a table for `nft -f`: sets with timeouts, dropped before other rules are asked.

    Loading it again replaces it. A timeout counts from the moment of loading.
    """
    table = f"inet mailforensics_{order.word.replace('-', '_')}"
    header = order.header(
        "Load: nft -f THIS-FILE. Take back: nft delete table " + table,
        f"Timeouts count from the moment of loading; they are right on {order.day} (UTC).",
    )
    parts = groups(order.bans)
    sets = "".join(_nft_set(group, order) for group in parts)
    rules = "".join(_nft_rules(group) for group in parts)
    return (
        f"#!/usr/sbin/nft -f\n{header}\n"
        f"table {table} {{ }}\ndelete table {table}\n\ntable {table} {{\n{sets}"
        f"    chain input {{\n        type filter hook input priority {PRIORITY}; policy accept;\n"
        f"{rules}    }}\n}}\n"
    )


def _nft_set(group: Group, order: Order) -> str:
    elements = ",\n".join(
        f"            {network}{_nft_timeout(order.seconds(ban))} "
        f'comment "{clean(ban.decision["reason"], length=60)}"'
        for network, ban in group.parts
    )
    return (
        f"    set bans{group.number} {{\n"
        f"        type ipv{group.version}_addr\n        flags interval, timeout\n"
        f"        elements = {{\n{elements}\n        }}\n    }}\n"
    )


def _nft_timeout(seconds: int | None) -> str:
    # Whole days: nft takes no number above 32 bits.
    return "" if seconds is None else f" timeout {seconds // 86_400}d"


def _nft_rules(group: Group) -> str:
    family = "ip" if group.version == 4 else "ip6"
    match = f"        {family} saddr @bans{group.number}"
    if group.ports:
        match += f" tcp dport {{ {', '.join(map(str, group.ports))} }}"
    lines = [f"{match} {_VERDICTS[group.action]}\n"]
    if group.action == "deny log":
        lines.append(f"{match} drop\n")
    return "".join(lines)


def ipset_form(order: Order) -> str:
    """Return lines for `ipset restore`: a set for each family, action and port list.

    ipset itself drops nothing: the header shows the iptables rule for each set. A set holds a
    timeout of at most 24 days; a longer ban gets none, and its comment says when it is over.
    """
    parts = groups(order.bans)
    header = order.header(
        "Load: ipset -exist restore < THIS-FILE, then drop what is in the sets:",
        *[_iptables_rule(group, order) for group in parts],
        f"Timeouts count from the moment of loading; they are right on {order.day} (UTC).",
        "ipset knows none above 24 days: bans that run longer have none here; their comment says",
        "when to take them out.",
    )
    lines = []
    for group in parts:
        name = _set_name(group, order)
        family = "inet" if group.version == 4 else "inet6"
        lines.append(
            f"create {name} hash:net family {family} maxelem 1048576 timeout 0 counters comment"
        )
        lines += [
            f"add {name} {network} timeout {_ipset_timeout(order.seconds(ban))} "
            f'comment "{_ipset_comment(ban)}"'
            for network, ban in group.parts
        ]
    return header + "".join(f"{line}\n" for line in lines)


def _set_name(group: Group, order: Order) -> str:
    # Not the names of the ban script's sets: both may be on one server.
    return f"bans-{order.word}-{group.version}-{group.number}"


def _iptables_rule(group: Group, order: Order) -> str:
    program = "iptables" if group.version == 4 else "ip6tables"
    ports = f" -p tcp -m multiport --dports {','.join(map(str, group.ports))}" * bool(group.ports)
    target = "REJECT" if group.action == "reject" else "DROP"
    return (
        f"  {program} -I INPUT -m set --match-set {_set_name(group, order)} src{ports} -j {target}"
    )


def _ipset_timeout(seconds: int | None) -> int:
    return seconds if seconds is not None and seconds <= IPSET_LONGEST_SECONDS else 0


def _ipset_comment(ban: Ban) -> str:
    until = f"until {ban.until}: " if ban.until else ""
    return until + clean(ban.decision["reason"], length=60)
