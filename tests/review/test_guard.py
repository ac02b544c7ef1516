"""No way of deciding gets a protected network approved, or a dangerous one without a reason."""

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailforensics.addresses import why_protected
from mailforensics.errors import ArgumentError, DecisionError, UnsafeBanError
from mailforensics.review.decisions import Decisions, digest
from mailforensics.review.guard import Guard, decide
from tests.review.candidate_rows import candidate, table

GUARD = Guard(protect=["203.0.113.0/24", "212.70.149.9"], home_countries=frozenset({"DE"}))


@pytest.fixture
def decisions(tmp_path: Path) -> Decisions:
    """Return an empty journal."""
    return Decisions(tmp_path / "decisions.jsonl")


@pytest.mark.parametrize(
    "network",
    ["127.0.0.1", "10.1.0.0/16", "0.0.0.0/0", "::/0", "fe80::/64", "203.0.113.7", "212.70.149.0/24",
     "::ffff:10.1.2.3", "192.0.2.0/24", "100.64.3.0/24"],
)  # fmt: skip
def test_a_protected_network_cannot_be_approved(decisions: Decisions, network: str) -> None:
    """Whatever the reason, a network that touches protected space is refused."""
    words = ("approve", "I am quite sure about it", "ann")
    with pytest.raises(UnsafeBanError, match=r"cannot be approved: it touches .* Nothing was"):
        decide(decisions, candidate(network=network), guard=GUARD, words=words)
    with pytest.raises(UnsafeBanError, match="cannot be approved"):
        decide(decisions, network, guard=GUARD, words=words)
    assert not decisions.path.exists()


def test_a_protected_network_can_be_rejected(decisions: Decisions) -> None:
    """Only approvals are stopped."""
    assert decide(decisions, "10.0.0.0/8", guard=GUARD, words=("reject", "", "ann"))
    assert decisions.verdict_on("10.0.0.0/8") == "reject"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"collateral": "2 users logged in"}, "legitimate use inside: 2 users logged in"),
        ({"legit_sources": 3}, "legitimate use inside: 3 addresses"),
        ({"accepted": 7}, "7 accepted messages"),
        ({"network": "212.70.128.0/20"}, "larger than /24: 4,096 addresses"),
        ({"network": "240e:d9:d800::/48"}, "larger than /56: a /48 holds many customers"),
        ({"country": "DE"}, "it is in DE, where your own users are"),
    ],
    ids=str,
)
def test_a_dangerous_approval_needs_a_reason(
    decisions: Decisions, changes: dict[str, object], words: str
) -> None:
    """Without a reason it is refused and says what is dangerous; with one it counts."""
    guard, row = Guard(home_countries=frozenset({"DE"})), candidate(**changes)
    with pytest.raises(DecisionError, match=f"needs a reason: .*{words}"):
        decide(decisions, row, guard=guard, words=("approve", " ok ", "ann"))
    assert not decisions.path.exists()
    decide(decisions, row, guard=guard, words=("approve", "their host answered: ban it", "ann"))
    assert decisions.table()["digest"][0] == digest(row)


@pytest.mark.parametrize("network", ["212.70.149.0/24", "198.18.3.4", "240e:d9:d800:200::/64"])
def test_an_ordinary_approval_needs_no_reason(decisions: Decisions, network: str) -> None:
    """Nobody legitimate inside and no larger than /24 or /56: one key is enough."""
    row = table(candidate(network=network)).iloc[0]
    decide(decisions, row, guard=Guard(), words=("approve", "", "ann"), until=30)
    assert len(decisions.approved()) == 1


def test_missing_values_are_nobody(decisions: Decisions) -> None:
    """A table with gaps does not make every row dangerous."""
    row = table(candidate(collateral=None)).iloc[0]
    assert Guard().dangers(row) == []


def test_documentation_networks_are_for_lessons_only() -> None:
    """They are protected unless a lesson asks for them."""
    assert "documentation" in Guard().why_forbidden("198.51.100.0/24")
    assert Guard(allow_documentation=True).why_forbidden("198.51.100.0/24") == ""


@pytest.mark.parametrize("network", ["212.0.0.0/15", "240e::/31"])
def test_what_is_never_exported_cannot_be_approved(decisions: Decisions, network: str) -> None:
    """Nobody approves here what the script would refuse later."""
    with pytest.raises(UnsafeBanError, match="nothing wider than a /"):
        decide(decisions, network, guard=Guard(), words=("approve", "they all attack", "ann"))


def test_a_senseless_protected_network_is_named() -> None:
    """A typing mistake in protect= is an error, not a hole."""
    with pytest.raises(ArgumentError, match="'my-office' is no network"):
        Guard(protect=["my-office"])


@settings(deadline=None)
@given(
    st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 2**128 - 1)),
    st.integers(0, 128),
)
def test_the_guard_agrees_with_address_arithmetic(number: int, bits: int) -> None:
    """For any network the fast answer is the one of `addresses.why_protected`."""
    address = ipaddress.ip_address(number)
    network = f"{address}/{min(bits, address.max_prefixlen)}"
    protect = ["212.70.149.0/24", "2001:db8:7::/48"]
    found, protected = (
        Guard(protect=protect).why_forbidden(network),
        why_protected(network, protect),
    )
    if protected:
        assert found == f"it touches {protected}"
    else:
        assert bool(found) == (int(network.split("/")[1]) < {4: 16, 6: 32}[address.version])
