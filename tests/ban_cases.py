"""Small reviewed cases for the tests of the export room."""

from pathlib import Path

import pandas as pd

import mailforensics as mf
from mailforensics.review.decisions import Decision, digest
from mailforensics.schema import CANDIDATES, conform, empty

TIME = pd.Timestamp("2026-09-04 16:59:45", tz="UTC")
ARTICLE = "212.70.149.0/24"
IPV6 = "240e:d9:d800:200::/64"


def candidates(*networks: str, suggestion: str = "approve") -> pd.DataFrame:
    """Return a candidates table with one row a network, all with the same made-up evidence."""
    plain = {"str": "", "int64": 3, "float64": 0.5, "time": TIME}
    rows = [
        {c.name: plain[c.dtype] for c in CANDIDATES}
        | {"network": network, "suggestion": suggestion, "evidence": "mail.log:1-9"}
        for network in networks
    ]
    return conform(pd.DataFrame(rows), CANDIDATES) if rows else empty(CANDIDATES)


def approve(
    path: Path,
    *networks: str,
    reason: str = "password guessing",
    reviewer: str = "kenji",
    until: str | None = None,
) -> tuple[pd.DataFrame, mf.Decisions]:
    """Return candidates and a journal at `path` in which each of them is approved, at TIME."""
    table = candidates(*networks)
    decisions = mf.Decisions(path)
    decisions.add(
        [
            Decision(row["network"], "approve", reason, reviewer, TIME, until, digest(row))
            for row in table.to_dict("records")
        ]
    )
    return table, decisions
