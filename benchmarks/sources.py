"""Time `sources` and `networks` against a plain pandas group-by of the same counts, in one run.

    python benchmarks/sources.py                 2 million events
    python benchmarks/sources.py --lines 200000  a quick look
    python benchmarks/sources.py --all           also what else looks at all events

Prints seconds (wall and processor) and the ratio of each to pandas, the best of `--rounds`. The
group-by counts lines, on one core; it knows nothing of sessions, so it counts some attempts twice
and weighs nothing.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pandas as pd
from reading import generate

import mailforensics as mf

_COUNTED: Final = ("connect", "auth_failed", "auth_ok", "reject", "accepted")


def plain_counts(events: pd.DataFrame) -> pd.DataFrame:
    """Return per address what a group-by can tell, then per /24 the sums of it."""
    mine = events[~events["duplicate"] & events["source_ip"].notna()]
    flags = {name: (mine["event"] == name) * mine["repeat"] for name in _COUNTED}
    table = (
        mine.assign(**flags, day=mine["time"].dt.floor("D"))
        .groupby("source_ip")
        .agg(
            **{name: (name, "sum") for name in _COUNTED},
            first_seen=("time", "min"),
            last_seen=("time", "max"),
            active_days=("day", "nunique"),
            usernames=("username", "nunique"),
            source_host=("source_host", "last"),
        )
        .reset_index()
    )
    network = table["source_ip"].str.replace(r"\.\d+$", ".0/24", regex=True)
    table.groupby(network)[list(_COUNTED)].sum()
    return table


def best(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the least wall seconds, and the least processor seconds."""
    runs = []
    for _ in range(rounds):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        runs.append((time.perf_counter() - wall, time.process_time() - processor))
    return min(run[0] for run in runs), min(run[1] for run in runs)


def main() -> None:
    """Read one generated log, time each piece of work on its events, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--all", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mail.log"
        generate(path, chosen.lines)
        events = mf.read_mail_log(path, year=2026)
    sources = mf.sources(events)
    work: dict[str, Callable[[], object]] = {
        "pandas group-by": lambda: plain_counts(events),
        "sources + networks": lambda: mf.networks(mf.sources(events)),
    }
    if chosen.all:
        work |= {
            "sessions": lambda: mf.sessions(events),
            "timeline": lambda: mf.timeline(events),
            "breaches": lambda: mf.breaches(events),
            "campaigns": lambda: mf.campaigns(events),
            "candidates": lambda: mf.candidates(sources, mf.networks(sources)),
        }
    print(f"{len(events)} events, {len(sources)} sources")
    plain = best(work["pandas group-by"], chosen.rounds)
    for name, piece in work.items():
        wall, processor = best(piece, chosen.rounds)
        print(
            f"{name:20} {wall:7.2f} s {processor:7.2f} s of processor "
            f"{wall / plain[0]:6.2f} x pandas {processor / plain[1]:6.2f} x its processor time"
        )


if __name__ == "__main__":
    main()
