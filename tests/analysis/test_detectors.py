"""Which detectors see which attack: the lesson of the simulator, held to its promise."""

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics import schema


def alarms(kind: str, *, sources: int, tries: int) -> set[str]:
    """Return the detectors that see one simulated attack, hidden in a quiet day."""
    mixed = pd.concat(
        [mf.simulate_attack("quiet"), mf.simulate_attack(kind, sources=sources, tries=tries)]
    ).sort_values("time", kind="stable")
    seen = mf.detectors(mf.read_mail_log("\n".join(mixed["line"]) + "\n"))
    return set(seen.loc[seen["sees"], "detector"])


@pytest.mark.parametrize(
    ("kind", "sources", "tries", "seen"),
    [
        ("brute_force", 1, 1000, {"one address", "one network", "one account"}),
        ("brute_force", 50, 200, {"one network"}),
        ("slow_distributed", 96, 96, {"campaigns"}),
        ("slow_distributed", 5, 5, set()),
        ("spray", 60, 60, {"one account"}),
        ("harvest", 1, 400, {"refusals"}),
        ("stolen_password", 1, 12, {"breaches"}),
    ],
    ids=[
        "one address, fast",
        "one network, slow",
        "96 addresses, one try each",
        "too few to see",
        "one account, many addresses",
        "a harvester",
        "a stolen password",
    ],
)
def test_each_attack_is_seen_by_its_detectors(
    kind: str, sources: int, tries: int, seen: set[str]
) -> None:
    """An attack sets off the detectors made for it, and stays below the others."""
    assert seen <= alarms(kind, sources=sources, tries=tries)
    if kind in {"slow_distributed", "harvest"}:
        assert seen == alarms(kind, sources=sources, tries=tries)


def test_a_quiet_day_sets_nothing_off() -> None:
    """Proper use alone raises no alarm."""
    quiet = mf.read_mail_log("\n".join(mf.simulate_attack("quiet")["line"]) + "\n")
    assert not mf.detectors(quiet)["sees"].any()


def test_an_empty_log_has_all_detectors_and_no_alarm() -> None:
    """The table always lists every detector."""
    table = mf.detectors(schema.empty(schema.MAIL_EVENTS))
    assert list(table.columns) == schema.names(schema.DETECTORS)
    assert len(table) == 6
    assert not table["sees"].any()
