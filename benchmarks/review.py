"""Time the review table in a real JupyterLab: `python benchmarks/review.py [candidates] [clicks]`.

Needs /usr/bin/chromium. Prints the time from running the cell to the first painted row, and the
work of kernel and page in it, which other programs on the machine hardly lengthen; the time from a
click on Approve to "saved" (on disk, fsynced, and told to the page), measured inside the page,
a quarter of a second between clicks, beside a write and fsync of one line alone on the same disk;
and the memory of kernel and page before and after all clicks.
"""

import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests" / "real")]

from lab import jupyterlab, run_cell, wait_idle  # noqa: E402  (the harness of the browser tests)

LOAD = """
import mailforensics as mf
from pathlib import Path
import os
from tests.review.candidate_rows import many
rows, decisions = many({candidates}), mf.Decisions("{folder}/decisions.jsonl")
Path("{folder}/kernel").write_text(str(os.getpid()))
"""
SHOW = "mf.review(rows, decisions, reviewer='ann')"
CLICK = """async (number) => {
  const rows = [...document.querySelectorAll('.mf-review .mf-row')];
  const row = rows[number % rows.length], network = row.dataset.network;
  const wanted = row.classList.contains('mf-is-approve') ? 'Undo' : 'Approve';
  const button = [...row.querySelectorAll('button')].find((b) =>
    (b.getAttribute('aria-label') || b.textContent).startsWith(wanted));
  const status = document.querySelector('.mf-review [role=status]');
  status.textContent = '';
  await new Promise((done) => setTimeout(done, 250));
  const begin = performance.now();
  button.click();
  while (!status.textContent.startsWith(`Saved: ${network} `)) {
    await new Promise((done) => setTimeout(done, 1));
    if (performance.now() - begin > 5000) throw new Error('not saved: ' + status.textContent);
  }
  return performance.now() - begin;
}"""


def write_and_sync(folder: Path, times: int = 100) -> float:
    """Return the milliseconds that one line, written and fsynced, takes on this disk."""
    took = []
    with (folder / "probe").open("ab") as file:
        for _ in range(times):
            begin = time.perf_counter()
            file.write(b"x" * 300 + b"\n")
            file.flush()
            os.fsync(file.fileno())
            took.append(1000 * (time.perf_counter() - begin))
    return statistics.median(took)


def kernel_memory(folder: Path) -> float:
    """Return the memory of the notebook's kernel in MiB."""
    process = Path("/proc") / (folder / "kernel").read_text() / "status"
    found = re.search(r"VmRSS:\s+(\d+)", process.read_text())
    return int(found[1]) / 1024 if found else 0.0


def kernel_work(folder: Path) -> float:
    """Return the seconds of processor time that the notebook's kernel has used."""
    fields = (Path("/proc") / (folder / "kernel").read_text() / "stat").read_text().split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def page_work(session: Any) -> float:  # noqa: ANN401  a session of the browser's own protocol
    """Return the seconds that the page's main thread has been at work since it was asked first."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))


def page_memory(page: Any) -> float:  # noqa: ANN401  a Playwright page
    """Return the page's JavaScript heap in MiB, garbage collected."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    heap = session.send("Runtime.getHeapUsage")
    return float(heap["usedSize"]) / 2**20


def main(candidates: int = 5_000, clicks: int = 1_000) -> None:
    """Print first paint, click to saved, and memory."""
    with tempfile.TemporaryDirectory() as name, jupyterlab(Path(name)) as lab:
        folder = Path(name)
        lab.write("case.ipynb", [LOAD.format(candidates=candidates, folder=folder), SHOW])
        page = lab.open("case.ipynb", width=1600)
        run_cell(page, 0)
        page.wait_for_timeout(3000)
        wait_idle(page)
        watched = page.context.new_cdp_session(page)
        watched.send("Performance.enable", {"timeDomain": "threadTicks"})
        kernel, drawn, begin = kernel_work(folder), page_work(watched), time.perf_counter()
        run_cell(page, 1)
        page.wait_for_selector(".mf-review .mf-row")
        took_seconds = time.perf_counter() - begin
        print(
            f"{candidates:,} candidates, first paint: {took_seconds:.2f} s (work of the kernel "
            f"{kernel_work(folder) - kernel:.2f} s, of the page {page_work(watched) - drawn:.2f} s)"
        )
        page.evaluate(CLICK, 0), page.evaluate(CLICK, 0)
        before = kernel_memory(folder), page_memory(page)
        took = sorted(page.evaluate(CLICK, number) for number in range(clicks))
        after = kernel_memory(folder), page_memory(page)
        print(
            f"click to saved, {clicks:,} clicks: median {statistics.median(took):.0f} ms, "
            f"95 % within {took[int(0.95 * clicks)]:.0f} ms "
            f"(one line written and fsynced alone: {write_and_sync(folder):.1f} ms)"
        )
        for what, old, new in zip(("kernel", "page"), before, after, strict=True):
            print(f"memory of the {what}: {old:.0f} MiB before, {new:.0f} MiB after")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
