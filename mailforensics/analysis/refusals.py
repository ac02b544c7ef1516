"""Count refused logins in plain rows, without telling of one try twice."""

from typing import Final

import pandas as pd

from mailforensics.analysis.attempts import count_once
from mailforensics.analysis.joined import Joined, joined
from mailforensics.analysis.stitching import stitch
from mailforensics.analysis.stitching_names import BACK
from mailforensics.schema import require

REFUSED: Final = "auth_failed"


def refused_logins(events: pd.DataFrame) -> "pd.Series[int]":
    """Return for each event how many refused logins it stands for; 0 for all other events.

    A line that stands for several (`auth failed, 3 attempts`, a folded line) has its number. Where
    Dovecot's auth service tells of a try that the daemon in front of it told of too, one of the
    two lines has 0. A firewall's events, and lines already read from another file, have 0.

    Args:
        events: mail events, in any order.

    Raises:
        MissingColumnError: the table has no event.
    """
    require(events, ["event"])
    refused = events["event"].eq(REFUSED)
    if "duplicate" in events.columns:
        refused &= ~events["duplicate"]
    twice = "service" in events.columns and bool((refused & events["service"].isin(BACK)).any())
    counts = _stitched(events) if twice else _alone(events)
    return counts.where(refused, 0).astype("int64")


def counted_lines(events: pd.DataFrame) -> "pd.Series[int]":
    """Return for each event how often it counts: refused logins once a try, others as folded.

    Args:
        events: mail events, in any order.

    Raises:
        MissingColumnError: the table has no event.
    """
    lines = events["repeat"] if "repeat" in events.columns else 1
    return refused_logins(events).where(events["event"] == REFUSED, lines)


def count_refused(events: pd.DataFrame | Joined) -> int:
    """Return how many logins were refused, each counted once, whatever lines tell of it.

    A try that only the counters of a disconnect line show (`auth=0/1`) counts too.

    Args:
        events: mail events, in any order.
    """
    return int(joined(events).rows["failures"].sum())


def _alone(events: pd.DataFrame) -> "pd.Series[int]":
    """Return what each line by itself says: as often as it stands for, times its tries."""
    once = pd.Series(1, index=events.index, dtype="int64")
    folded = events["repeat"] if "repeat" in events.columns else once
    if "auth_tried" not in events.columns:
        return folded
    worked = events["auth_ok"].fillna(0) if "auth_ok" in events.columns else 0
    return folded * (events["auth_tried"].fillna(1) - worked).clip(lower=1)


def _stitched(events: pd.DataFrame) -> "pd.Series[int]":
    rows = count_once(stitch(events)).select("row", "failures").to_pandas()
    counts = pd.Series(0, index=range(len(events)), dtype="int64")
    counts.loc[rows["row"]] = rows["failures"].to_numpy()
    return counts.set_axis(events.index)
