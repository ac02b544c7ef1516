"""Candidate tables made by hand, with the columns and dtypes of schema.CANDIDATES."""

import pandas as pd

from mailforensics.schema import CANDIDATES, conform

ORDINARY: dict[str, object] = {
    "network": "212.70.149.0/24",
    "attackers": 5,
    "legit_sources": 0,
    "events": 1200,
    "attack_weight": 812.5,
    "legit_weight": 0.0,
    "share": 0.61,
    "first_seen": pd.Timestamp("2026-08-28 03:10", tz="UTC"),
    "last_seen": pd.Timestamp("2026-09-04 16:59:45", tz="UTC"),
    "auth_failed": 1180,
    "usernames": 43,
    "accepted": 0,
    "firewall_blocked": 20,
    "density": 5 / 256,
    "value": 790.0,
    "reasons": "5 addresses, 1180 failed logins, none worked",
    "collateral": "none seen",
    "already": "",
    "suggestion": "approve",
    "evidence": "mail.log:12-18; mail.log:40",
}


def candidate(**changes: object) -> dict[str, object]:
    """Return one ordinary candidate row with some fields changed."""
    return ORDINARY | changes


def table(*rows: dict[str, object]) -> pd.DataFrame:
    """Return a candidate table of these rows."""
    return conform(pd.DataFrame(list(rows), columns=list(ORDINARY)), CANDIDATES)


def many(count: int) -> pd.DataFrame:
    """Return that many ordinary candidates, of falling weight, in 198.18.0.0/15 and beyond."""
    return table(
        *(
            candidate(
                network=f"{198 - i // 65536}.{i // 256 % 256}.{i % 256}.0/24",
                events=10_000 - i,
                attack_weight=10_000.0 - i,
            )
            for i in range(count)
        )
    )
