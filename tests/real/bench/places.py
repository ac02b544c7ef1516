"""Who lives where in the bench. All addresses exist only inside its namespaces."""

import ipaddress
from typing import Final

SERVER: Final = "203.0.113.10"
SERVER6: Final = "2001:db8:25::25"
MAIL_PORTS: Final = (25, 110, 143, 465, 587, 993, 995)

# The legitimate mail server, another that refuses what it gets, and the DNS server.
PEER: Final = "192.0.2.44"
PEER6: Final = "2001:db8:44::44"
REFUSING: Final = "192.0.2.45"
NAME_SERVER: Final = "192.0.2.53"

HOME: Final = "198.51.100.23"
HOME6: Final = "2001:db8:51::23"
OFFICE: Final = "198.51.100.140"
STALE_PHONE: Final = "192.0.2.177"
CARRIER: Final = "198.19.44.180"  # Carla's phone, in a network that attackers use too
ADMIN: Final = "203.0.113.200"

ARTICLE: Final = tuple(f"212.70.149.{last}" for last in (4, 20, 36, 52, 83))
SPRAY: Final = ("198.18.20.5", "198.18.20.6")
SINGLES: Final = tuple(f"198.18.{third}.{last}" for third in range(40, 48) for last in range(1, 26))
# One network of people who try everything but passwords, and one that collects addresses.
RELAY: Final = ("198.18.60.7", "198.18.60.8")
PREGREET: Final = ("198.18.60.13", "198.18.60.14")
PIPELINE: Final = ("198.18.60.23", "198.18.60.24")
BAD_TLS: Final = ("198.18.60.33", "198.18.60.34")
SLOW: Final = ("198.18.60.43", "198.18.60.44")
SCANNERS: Final = ("198.18.60.53", "198.18.60.54")
HARVEST: Final = ("198.18.64.3", "198.18.64.4")
THIEF, SPAMMER = "198.18.66.9", "198.19.66.12"
CARRIER_ATTACKERS: Final = ("198.19.44.9", "198.19.44.10")
IPV6_ATTACKERS: Final = (
    *("240e:d9:d800:200::d4", "240e:d9:d800:200::d5"),
    *("2001:db8:bad::1", "2001:db8:bad::2"),
)
HOSTILE: Final = tuple(f"198.18.{third}.{last}" for third in (70, 71) for last in range(1, 21))
HOSTILE_NAMES: Final = tuple(f"198.18.72.{last}" for last in range(1, 13))
HOSTILE_TLS: Final = tuple(f"198.18.74.{last}" for last in range(1, 11))
HOSTILE_MAIL: Final = tuple(f"198.18.73.{last}" for last in range(1, 7))
LOAD: Final = tuple(f"198.18.{third}.{last}" for third in (100, 101) for last in range(1, 101))

ATTACKERS: Final = (
    *(*ARTICLE, *SPRAY, *SINGLES, *RELAY, *PREGREET, *PIPELINE, *BAD_TLS, *HARVEST, *SLOW),
    *(THIEF, SPAMMER, *CARRIER_ATTACKERS, *IPV6_ATTACKERS, *SCANNERS, *HOSTILE, *LOAD),
    *(*HOSTILE_NAMES, *HOSTILE_TLS, *HOSTILE_MAIL),
)
USERS: Final = (HOME, HOME6, OFFICE, STALE_PHONE, CARRIER)
PEERS: Final = (PEER, PEER6, REFUSING, NAME_SERVER)

# Whom hostile texts name. The first three really are there and must be blamed for nothing.
DECOYS: Final = (HOME, PEER, ADMIN, "198.19.255.1", "198.51.100.250", "2001:db8:51::23")

PASSWORDS: Final = {
    f"{name}@example.org": f"{name}-secret" for name in ("alice", "bob", "carla", "tom", "vera")
}


def names() -> dict[str, list[str | list[str]]]:
    """Return the table of the DNS server (`names.py` says how it reads)."""
    table: dict[str, list[str | list[str]]] = {
        "mail.example.org A": [SERVER],
        "mail.example.org AAAA": [SERVER6],
        "example.org MX": ["mail.example.org"],
        "example.org A": [SERVER],
        "example.net MX": ["mx.example.net"],
        "example.net A": [PEER],
        "mx.example.net A": [PEER],
        "mx.example.net AAAA": [PEER6],
        "*.example.net MX": ["mx.example.net"],
        "example.com MX": ["mx.example.com"],
        "mx.example.com A": [REFUSING],
        "*.example.com MX": ["mx.example.com"],
    }
    pairs = {PEER: "mx.example.net", PEER6: "mx.example.net", HOME: "dsl23.example.net"}
    pairs |= {CARRIER: "mobile180.example.net"}
    for address, name in pairs.items():
        point(table, address, name)
    return table


def point(
    table: dict[str, list[str | list[str]]],
    address: str,
    name: str | list[str],
    *,
    back: str | None = None,
) -> None:
    """Give an address a reverse name, and the name an address: the same one, or `back`."""
    parsed = ipaddress.ip_address(address)
    table[f"{parsed.reverse_pointer} PTR"] = [name]
    plain = (name if isinstance(name, str) else ".".join(name)).lower()
    kind = "AAAA" if parsed.version == 6 else "A"
    table.setdefault(f"{plain} {kind}", []).append(back or address)
