"""Time the figures on a million events: `python benchmarks/figures.py [events]`.

Prints the seconds that each figure takes from the table to a drawn canvas, and beside it the
seconds that pandas takes to count the same table by hour and event.
"""

import sys
import time
from collections.abc import Callable

import matplotlib as mpl
import numpy as np
import pandas as pd

mpl.use("Agg")

import mailforensics as mf


def made_up(count: int) -> pd.DataFrame:
    """Return a week of mail events from ten thousand addresses."""
    rng = np.random.default_rng(1)
    start = pd.Timestamp("2026-09-01", tz="UTC").value // 1000
    moments = start + np.sort(rng.integers(0, 7 * 86_400_000_000, count))
    return pd.DataFrame(
        {
            "time": pd.to_datetime(moments, unit="us", utc=True),
            "event": rng.choice(["auth_failed", "connect", "auth_ok", "disconnect"], count),
            "source_ip": rng.choice(
                [f"198.18.{a}.{b}" for a in range(99) for b in range(99)], count
            ),
            "username": rng.choice(["anna", "info", "admin", "test"], count),
            "service": "smtpd",
            "pid": rng.integers(1000, 1200, count),
            "repeat": 1,
            "duplicate": False,
        }
    ).astype({"event": "str", "source_ip": "str", "username": "str", "service": "str"})


def seconds(work: Callable[[], object]) -> float:
    """Return the best of two runs."""
    took = []
    for _ in range(2):
        begin = time.perf_counter()
        work()
        took.append(time.perf_counter() - begin)
    return min(took)


def main(count: int = 1_000_000) -> None:
    """Print one line a figure."""
    events = made_up(count)
    peer = seconds(lambda: events.groupby([events["time"].dt.floor("h"), "event"]).size())
    print(f"pandas, {count:,} events counted by hour and event: {peer:.2f} s")
    for draw in (mf.plots.plot_pressure, mf.plots.plot_timeline, mf.plots.plot_accounts):
        took = seconds(lambda draw=draw: draw(events).figure.canvas.draw())
        print(f"{draw.__name__}: {took:.2f} s, {took / peer:.1f} x")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
