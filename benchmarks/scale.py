"""Time the ingest of a log that is larger than memory, and what a store costs and gives.

    python benchmarks/scale.py              1 GB, beside a tenth of it to see how time grows
    python benchmarks/scale.py --gb 10      10 GB: 14 GB of disk, about 50 minutes of CPU time
    python benchmarks/scale.py --workers    also one Dask worker against two, on one file

For figures that count, on a quiet machine; `--folder` and TMPDIR name a disk with the space. Each
step runs in a process of its own, whose peak memory (ru_maxrss) is measured. Prints seconds,
CPU seconds (which other work on the machine does not change much), megabytes of log for each of
them, peak memory, and the store's bytes a line.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from reading import sessions

# Of a log of so many GB: the log, its store, and what analyses put aside for a while.
DISK: Final = 1.4
STEPS: Final = ("ingest", "open", "one day", "timeline", "fleet", "sources")
DAY_BYTES: Final = 64_000_000
FIRST_DAY: Final = date(2026, 8, 1)
CHILD: Final = """
import json, resource, sys, time
import mailforensics as mf
logs, store, step = sys.argv[1:]
start = time.perf_counter()
if step == "ingest":
    rows = len(mf.ingest(logs, store=store))
elif step == "open":
    rows = len(mf.open_store(store))
elif step == "one day":
    rows = len(mf.open_store(store).events(start="2026-08-01 10:00", end="2026-08-01 11:00"))
else:
    rows = len(getattr(mf, step)(mf.open_store(store)))
seconds = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, rows]))
"""
CLUSTER: Final = """
import json, os, resource, sys, time
from distributed import Client, LocalCluster
import mailforensics as mf

def pin(core):
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), {core})

def used():
    told = resource.getrusage(resource.RUSAGE_SELF)
    return told.ru_utime + told.ru_stime, told.ru_maxrss * 1024

log, store, workers = sys.argv[1:]
if __name__ == "__main__":
    with LocalCluster(n_workers=int(workers), threads_per_worker=1, dashboard_address=None,
                      env={"POLARS_MAX_THREADS": "1"}) as cluster, Client(cluster) as client:
        client.run(lambda: __import__("mailforensics.reading.stores.ingest"))
        for core, worker in enumerate(client.scheduler_info()["workers"]):
            client.run(pin, core, workers=[worker])
        before = [cpu for cpu, _ in client.run(used).values()]
        start = time.perf_counter()
        rows = len(mf.ingest(log, store=store, client=client))
        seconds = time.perf_counter() - start
        after = list(client.run(used).values())
        cpu = sum(cpu for cpu, _ in after) - sum(before)
        print(json.dumps([seconds, cpu, max(peak for _, peak in after), rows]))
"""


def one_day() -> bytes:
    """Return a day of a busy, attacked server: RFC 3339 stamps, all of FIRST_DAY."""
    messages = sessions(random.Random(1))
    lines: list[str] = []
    size = 0
    while size < DAY_BYTES:
        tag, message = next(messages)
        lines.append(f" mail {tag}: {message}\n")
        size += len(lines[-1]) + 32
    step = 86_399 / len(lines)
    return "".join(
        f"{FIRST_DAY}T{_clock(number * step)}+00:00{line}" for number, line in enumerate(lines)
    ).encode()


def _clock(seconds: float) -> str:
    whole = int(seconds)
    micros = int((seconds - whole) * 1e6)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{micros:06}"


def days(day: bytes, size: int) -> Iterator[bytes]:
    """Yield the same day on one date after another, so many bytes in all."""
    for number in range(max(1, round(size / len(day)))):
        at = FIRST_DAY + timedelta(days=number)
        yield day.replace(f"{FIRST_DAY}T".encode(), f"{at}T".encode())


def run(code: str, *words: str) -> tuple[float, float, float, int]:
    """Return seconds, CPU seconds, peak bytes and rows of a step, in a process of its own."""
    script = Path(tempfile.gettempdir()) / "mailforensics_scale_step.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, str(script), *words], capture_output=True, text=True, check=True
    )
    seconds, cpu, peak, rows = json.loads(done.stdout.splitlines()[-1])
    return seconds, cpu, peak, rows


def measure(folder: Path, day: bytes, gb: float, steps: Sequence[str]) -> None:
    """Ingest one log file of so many GB, and look at the store."""
    log, store = _written(folder, day, gb), folder / f"store-{gb:g}"
    size = log.stat().st_size
    for step in steps:
        seconds, cpu, peak, rows = run(CHILD, str(log), str(store), step)
        print(
            f"{gb:5g} GB  {step:8} {seconds:7.1f} s  {cpu:7.1f} s of CPU "
            f"({size / cpu / 1e6:6.1f} MB each)  peak {peak / 1e9:5.2f} GB  {rows:,} rows",
            flush=True,
        )
        if step == "ingest":
            held = sum(path.stat().st_size for path in store.rglob("*.parquet"))
            print(f"{gb:5g} GB  store    {held / rows:.1f} bytes a line, {size / held:.1f} : 1")
    log.unlink()


def workers(folder: Path, day: bytes, gb: float) -> None:
    """Ingest one file by one worker and by two, each of which has a core for itself (Linux)."""
    log = _written(folder, day, gb)
    times = {}
    for count in (1, 2):
        store = str(folder / f"by-{count}")
        times[count], cpu, peak, _ = run(CLUSTER, str(log), store, str(count))
        print(
            f"{gb:5g} GB  {count} worker(s), a core each: {times[count]:.1f} s, "
            f"{cpu:.1f} s of CPU, peak of a worker {peak / 1e9:.2f} GB",
            flush=True,
        )
    print(f"two workers: {times[1] / times[2]:.2f} times as fast as one")
    log.unlink()


def _written(folder: Path, day: bytes, gb: float) -> Path:
    log = folder / "mail.log"
    with log.open("wb") as file:
        for block in days(day, int(gb * 1e9)):
            file.write(block)
    return log


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--gb", type=float, default=1.0)
    parser.add_argument("--workers", action="store_true")
    parser.add_argument("--steps", nargs="*", choices=STEPS, default=STEPS, help="default: all")
    parser.add_argument("--folder", help="where to write; default: a temporary folder")
    chosen = parser.parse_args()
    free = shutil.disk_usage(chosen.folder or tempfile.gettempdir()).free
    if free < DISK * chosen.gb * 1e9:
        parser.error(f"{DISK * chosen.gb:.0f} GB of disk are needed, {free / 1e9:.0f} GB are free")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as name:
        begun = time.perf_counter()
        day = one_day()
        print(f"a day of {len(day) / 1e6:.0f} MB made in {time.perf_counter() - begun:.0f} s")
        for gb in (chosen.gb / 10, chosen.gb) if chosen.steps else ():
            measure(Path(name), day, gb, [step for step in STEPS if step in chosen.steps])
        if chosen.workers:
            workers(Path(name), day, min(chosen.gb, 1.0))


if __name__ == "__main__":
    main()
