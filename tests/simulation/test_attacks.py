"""Simulated attacks: labelled, repeatable, and true to what they claim."""

import re

import pandas as pd
import pytest

from mailforensics.errors import ArgumentError
from mailforensics.simulation.attacks import ATTACKS, simulate_attack


def addresses(table: pd.DataFrame) -> set[str]:
    """Return the attacking addresses that Postfix names."""
    return set(re.findall(r"unknown\[([0-9.]+)\]", "\n".join(table["line"])))


@pytest.mark.parametrize("kind", ATTACKS)
def test_every_kind_is_repeatable_ordered_and_labelled(kind: str) -> None:
    """The same seed gives the same lines, another seed others; times only go forward."""
    first, again = simulate_attack(kind, seed=3), simulate_attack(kind, seed=3)
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(simulate_attack(kind, seed=4))
    assert first["time"].is_monotonic_increasing
    assert set(first["label"]) == {kind}
    assert list(first.columns) == ["time", "label", "line"]


def test_brute_force_stays_in_one_network() -> None:
    """A brute force comes from as many addresses of one /24 as asked, with as many tries."""
    table = simulate_attack("brute_force", sources=7, tries=40)
    found = addresses(table)
    assert len(found) == 7
    assert len({address.rpartition(".")[0] for address in found}) == 1
    assert table["line"].str.contains("authentication failed").sum() == 40


def test_slow_distributed_shares_no_network() -> None:
    """A slow campaign's addresses share no /24, and each tries once when there are enough."""
    table = simulate_attack("slow_distributed", sources=96, tries=96)
    networks = {address.rpartition(".")[0] for address in addresses(table)}
    assert len(networks) == 96


def test_stolen_password_ends_in_spam() -> None:
    """Guesses come first, then a login that works, then bounces."""
    table = simulate_attack("stolen_password", sources=3, tries=10)
    text = "\n".join(table["line"])
    assert text.index("authentication failed") < text.index("sasl_method=PLAIN")
    assert text.index("sasl_method=PLAIN") < text.index("status=bounced")


def test_quiet_day_has_no_attack() -> None:
    """A quiet day refuses nobody."""
    text = "\n".join(simulate_attack("quiet")["line"])
    assert "failed" not in text
    assert "reject" not in text


def test_mixed_days_keep_processes_apart() -> None:
    """No process id occurs in two kinds, so that mixed lines still make whole sessions."""
    seen: dict[str, str] = {}
    for kind in ATTACKS:
        table = simulate_attack(kind, sources=200, tries=600)
        for pid in set(re.findall(r"smtpd\[(\d+)\]", "\n".join(table["line"]))):
            assert seen.setdefault(pid, kind) == kind


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "magic"}, "choose from quiet, brute_force"),
        ({"kind": "spray", "sources": 0}, "use 1 to 250"),
        ({"kind": "spray", "tries": 0}, "use 1 to"),
        ({"kind": "spray", "between": ("2026-09-05", "2026-09-04")}, "swap the two times"),
        ({"kind": "spray", "between": ("soon", "later")}, "no pair of times"),
    ],
    ids=["unknown kind", "no sources", "no tries", "backwards", "no times"],
)
def test_bad_arguments_are_named(arguments: dict[str, object], words: str) -> None:
    """A bad argument is named, with what is allowed."""
    with pytest.raises(ArgumentError, match=re.escape(words)):
        simulate_attack(**arguments)  # type: ignore[arg-type]
