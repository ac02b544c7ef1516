"""Address and network arithmetic, and the list of what must never be banned."""

import ipaddress
import socket
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from mailforensics.errors import ArgumentError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# `ipaddress.is_private` is the wrong test: it calls 203.0.113.5 and 198.18.3.4 private and
# 100.64.0.1 not. Source: the IANA special-purpose address registries, RFC 6890 and its updates.
_NEVER: Final = {
    "0.0.0.0/8": "this network (RFC 791)",
    "10.0.0.0/8": "private (RFC 1918)",
    "100.64.0.0/10": "shared by carrier NAT (RFC 6598)",
    "127.0.0.0/8": "loopback (RFC 1122)",
    "169.254.0.0/16": "link-local (RFC 3927)",
    "172.16.0.0/12": "private (RFC 1918)",
    "192.168.0.0/16": "private (RFC 1918)",
    "224.0.0.0/4": "multicast (RFC 5771)",
    "240.0.0.0/4": "reserved, broadcast (RFC 1112)",
    "::/128": "unspecified (RFC 4291)",
    "::1/128": "loopback (RFC 4291)",
    "::ffff:0:0/96": "IPv4-mapped (RFC 4291)",
    "64:ff9b::/96": "translated IPv4: bans everybody behind it (RFC 6052)",
    "fc00::/7": "private (RFC 4193)",
    "fe80::/10": "link-local (RFC 4291)",
    "ff00::/8": "multicast (RFC 4291)",
}
_DOCUMENTATION: Final = {
    "192.0.2.0/24": "documentation (RFC 5737)",
    "198.51.100.0/24": "documentation (RFC 5737)",
    "203.0.113.0/24": "documentation (RFC 5737)",
    "2001:db8::/32": "documentation (RFC 3849)",
    "3fff::/20": "documentation (RFC 9637)",
}


def parse_network(text: str | Address | Network) -> Network:
    """Return the network that a text names; host bits are cleared, IPv4-mapped IPv6 is IPv4.

    Raises:
        ArgumentError: the text is no address and no network.
    """
    return _network_named(str(text))


# A review asks for the same thousands of networks again and again; network objects never change.
@lru_cache(maxsize=2**16)
def _network_named(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise ArgumentError(
            f"{text[:80]!r} is no network; write an address or a network in CIDR form, "
            "such as 212.70.149.0/24 or 240e:d9:d800:200::/64."
        ) from None
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.IPv4Network((mapped, network.prefixlen - 96))
    return network


def parse_address(text: str) -> Address | None:
    """Return the address that a text names, IPv4-mapped IPv6 as IPv4, or None if it names none."""
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped if mapped is not None else address


@cache
def _special(*, documentation: bool) -> tuple[tuple[Network, str], ...]:
    table = {**_NEVER, **(_DOCUMENTATION if documentation else {})}
    return tuple((ipaddress.ip_network(text), why) for text, why in table.items())


def is_overlapping(first: Network, second: Network) -> bool:
    """Say whether two networks share an address; networks of two families never do."""
    return first.version == second.version and first.overlaps(second)


def is_inside(inner: Network, outer: Network) -> bool:
    """Say whether the whole of one network lies inside the other."""
    return (
        inner.version == outer.version
        and outer.network_address <= inner.network_address  # type: ignore[operator]
        and inner.broadcast_address <= outer.broadcast_address  # type: ignore[operator]
    )


def protected_networks(
    protect: Iterable[str | Address | Network] = (), *, allow_documentation: bool = False
) -> list[tuple[Network, str]]:
    """Return what must never be banned, with the reason: special-purpose space and `protect`.

    Documentation networks (192.0.2.0/24 …) belong to it unless `allow_documentation` is set,
    which lessons and tests on made-up addresses need.

    Raises:
        ArgumentError: an entry of `protect` is no network.
    """
    # A bare text is one network, not a sequence of letters.
    entries = [protect] if isinstance(protect, str) else list(protect)
    own = [(parse_network(entry), "your own protected list") for entry in entries]
    return own + list(_special(documentation=not allow_documentation))


def why_protected(
    network: str | Address | Network,
    protect: Iterable[str | Address | Network] = (),
    *,
    allow_documentation: bool = False,
) -> str:
    """Say why a network must never be banned (which protected network it touches), or empty text.

    Raises:
        ArgumentError: `network` or an entry of `protect` is no network.
    """
    parsed = parse_network(network)
    for protected, why in protected_networks(protect, allow_documentation=allow_documentation):
        if is_overlapping(parsed, protected):
            return f"{protected}: {why}"
    return ""


def is_ipv6(texts: "pd.Series[str]") -> npt.NDArray[np.bool_]:
    """Say for each address text whether it is IPv6 (it holds a colon)."""
    return texts.str.contains(":", regex=False, na=False).to_numpy(dtype=bool)


def ipv4_integers(texts: Sequence[str]) -> npt.NDArray[np.uint32]:
    """Return canonical IPv4 texts as integers, one each, in order."""
    packed = b"".join([socket.inet_pton(socket.AF_INET, text) for text in texts])
    return np.frombuffer(packed, dtype=">u4").astype(np.uint32)


def ipv6_integers(texts: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return IPv6 texts as a two-column array: the top and the bottom 64 bits."""
    packed = b"".join([socket.inet_pton(socket.AF_INET6, text) for text in texts])
    return np.frombuffer(packed, dtype=">u8").astype(np.uint64).reshape(-1, 2)


def network_of(addresses: "pd.Series[str]", *, v4: int = 24, v6: int = 64) -> "pd.Series[str]":
    """Return the network of each address in CIDR text, of a fixed size for each family.

    Args:
        addresses: address texts as the reader gives them; null stays null.
        v4: prefix length for IPv4, 0 to 32 bits.
        v6: prefix length for IPv6, 0 to 128 bits.

    Raises:
        ArgumentError: a prefix length is out of range.
    """
    for name, bits, most in (("v4", v4, 32), ("v6", v6, 128)):
        if not 0 <= bits <= most:
            raise ArgumentError(f"{name}={bits} is no prefix length; use 0 to {most}.")
    codes, unique = pd.factorize(addresses)
    texts = np.array([*_network_texts(unique.to_list(), v4, v6), None], dtype=object)
    return pd.Series(texts[codes], index=addresses.index, name="network", dtype="str")


def lies_in(addresses: "pd.Series[str]", network: Network) -> "pd.Series[bool]":
    """Say for each address whether it lies in a network; missing ones do not."""
    size = {f"v{network.version}": network.prefixlen}
    return network_of(addresses, **size).eq(str(network)).fillna(value=False).astype(bool)


def _network_texts(addresses: list[str], v4: int, v6: int) -> npt.NDArray[np.object_]:
    sixth = np.array([":" in text for text in addresses], dtype=bool)
    texts = np.array(addresses, dtype=object)
    mask6 = (1 << 128) - (1 << (128 - v6))
    texts[sixth] = [_ipv6_text(text, mask6, v6) for text in texts[sixth]]
    texts[~sixth] = _ipv4_texts(texts[~sixth], v4)
    return texts


def _ipv4_texts(addresses: Iterable[str], bits: int) -> npt.NDArray[np.object_]:
    """Return networks of IPv4, each written only once, for they are far fewer than addresses."""
    whole = b"".join(map(socket.inet_aton, addresses))
    mask = (0xFFFFFFFF << (32 - bits)) & 0xFFFFFFFF
    masked, places = np.unique(np.frombuffer(whole, ">u4") & mask, return_inverse=True)
    starts = masked.astype(">u4").tobytes()
    packed = [starts[place : place + 4] for place in range(0, len(starts), 4)]
    texts = [f"{socket.inet_ntoa(number)}/{bits}" for number in packed]
    return np.array(texts, dtype=object)[places]


def _ipv6_text(text: str, mask: int, bits: int) -> str:
    whole = int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
    return f"{ipaddress.IPv6Address(whole & mask)}/{bits}"
