"""Address arithmetic, and what must never be banned."""

import pandas as pd
import pytest

from mailforensics import addresses
from mailforensics.errors import ArgumentError


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("212.70.149.83", "212.70.149.83/32"),
        ("212.70.149.83/24", "212.70.149.0/24"),
        (" 240E:D9:D800:200::D4/64 ", "240e:d9:d800:200::/64"),
        ("::ffff:212.70.149.83", "212.70.149.83/32"),
        ("::ffff:212.70.149.0/120", "212.70.149.0/24"),
    ],
)
def test_parse_network_normalises(text: str, network: str) -> None:
    """Host bits, case, spaces and IPv4-mapped forms all come out as one canonical network."""
    assert str(addresses.parse_network(text)) == network


@pytest.mark.parametrize("text", ["", "mail.example.org", "1.2.3", "1.2.3.4/33", "$(id)"])
def test_parse_network_refuses_other_text(text: str) -> None:
    """A text that is no network is an error that shows it and an example."""
    with pytest.raises(ArgumentError, match="is no network; write"):
        addresses.parse_network(text)


@pytest.mark.parametrize(
    ("network", "why"),
    [
        ("10.1.2.3", "RFC 1918"),
        ("100.64.0.1", "RFC 6598"),
        ("203.0.113.5", "RFC 5737"),
        ("0.0.0.0/0", "RFC 791"),
        ("fe80::1", "RFC 4291"),
        ("2001:db8::/48", "RFC 3849"),
    ],
)
def test_special_purpose_space_is_protected(network: str, why: str) -> None:
    """Private, shared, loopback and documentation space is never banned, nor what contains it."""
    assert why in addresses.why_protected(network)


@pytest.mark.parametrize("network", ["212.70.149.0/24", "198.18.3.4", "240e:d9:d800:200::/64"])
def test_public_space_may_be_banned(network: str) -> None:
    """Ordinary addresses are not protected; `is_private` would have got 198.18.3.4 wrong."""
    assert addresses.why_protected(network) == ""


def test_own_networks_are_protected_both_ways() -> None:
    """A ban inside an own network, or around it, touches it."""
    assert addresses.why_protected("212.70.149.0/24", ["212.70.149.9"])
    assert addresses.why_protected("212.70.149.9", ["212.70.149.0/24"])
    assert addresses.why_protected("212.70.149.9", "212.70.149.0/24")
    assert not addresses.why_protected("212.70.149.9", ["240e::/16"])


def test_documentation_can_be_allowed_for_lessons() -> None:
    """A lesson on made-up addresses may ask for documentation networks."""
    assert not addresses.why_protected("203.0.113.0/24", allow_documentation=True)


def test_network_of_keeps_nulls_and_index() -> None:
    """Each address gets its network, of the family's size; a missing address stays missing."""
    given = pd.Series(["212.70.149.83", None, "240e:d9:d800:200::d4"], index=[5, 6, 7], dtype="str")
    got = addresses.network_of(given)
    assert got.tolist()[0] == "212.70.149.0/24"
    assert pd.isna(got.loc[6])
    assert got.loc[7] == "240e:d9:d800:200::/64"
    assert addresses.network_of(given, v4=25, v6=32).loc[7] == "240e:d9::/32"


def test_network_of_refuses_a_wrong_size() -> None:
    """A prefix length out of range is named."""
    with pytest.raises(ArgumentError, match="v4=33 is no prefix length"):
        addresses.network_of(pd.Series(["1.2.3.4"], dtype="str"), v4=33)


def test_integers_round_trip() -> None:
    """Addresses become integers in order."""
    assert addresses.ipv4_integers(["0.0.0.1", "1.0.0.0"]).tolist() == [1, 1 << 24]
    assert addresses.ipv6_integers(["::1", "1::"]).tolist() == [[0, 1], [1 << 48, 0]]
