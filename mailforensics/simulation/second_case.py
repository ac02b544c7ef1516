"""The second case: three days of another story, for learners to solve; its answers are sealed."""

from typing import Final

import pandas as pd

from mailforensics.simulation.attacks import simulate_attack

DAYS: Final = ("2026-10-12 00:00", "2026-10-15 00:00")
PARTS: Final = (
    {"kind": "quiet", "between": DAYS, "seed": 71},
    {"kind": "brute_force", "between": DAYS, "sources": 7, "tries": 420, "seed": 72},
    {
        "kind": "stolen_password",
        "between": ("2026-10-13 01:00", "2026-10-13 23:00"),
        "sources": 3,
        "tries": 27,
        "seed": 76,
    },
    {
        "kind": "broken_phone",
        "between": ("2026-10-12 08:00", "2026-10-12 19:00"),
        "tries": 33,
        "seed": 74,
    },
    {
        "kind": "harvest",
        "between": ("2026-10-14 02:00", "2026-10-14 03:10"),
        "sources": 1,
        "tries": 61,
        "seed": 75,
    },
    {"kind": "relay_probe", "between": DAYS, "sources": 3, "tries": 12, "seed": 77},
)


def second_case() -> pd.DataFrame:
    """Return the lines of the second case, oldest first: `time`, `label`, `line`."""
    parts = [simulate_attack(**part) for part in PARTS]  # type: ignore[arg-type]
    mixed = pd.concat(parts, ignore_index=True)
    return mixed.sort_values("time", kind="stable", ignore_index=True)
