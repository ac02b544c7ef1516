"""The main job without a browser: run the notebooks on the samples, leave report and ban script.

`make demo` calls this. Everything lands in one folder, nothing else is touched. The decisions in it
are those that the lesson's notebooks record.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

import nbformat

from mailforensics.review.case import REPORT_FILE, SCRIPT_FILE, Case, new_case
from mailforensics.review.findings import investigate, save_candidates
from mailforensics.show.notebooks import lesson_paths
from mailforensics.show.notebooks_run import run_notebook
from mailforensics.show.report import write_report

ROOT = Path(__file__).resolve().parent.parent
WEEK = ROOT / "data" / "samples" / "week"


def run_notebooks(out: Path) -> Path:
    """Run every numbered notebook in the folder, keep the executed copies, return their case."""
    place = out / "notebooks"
    shutil.rmtree(out / "case", ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    if not (out / "data").exists():
        (out / "data").symlink_to(ROOT / "data")
    for path in lesson_paths():
        sys.stderr.write(f"… {path.name}\n")
        nbformat.write(run_notebook(path, place=place), place / path.name)
    return out / "case" / "sample"


def main() -> int:
    """Run the notebooks, then write the report of their case; say where things lie."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the results")
    out = parser.parse_args().out.resolve()
    for name in [name for name in os.environ if name.startswith("MAILFORENSICS_")]:
        del os.environ[name]  # the demo is about the sample, whatever case is set
    case = Case(
        folder=run_notebooks(out),
        logs=(str(WEEK / "mail.log*"),),
        ufw_logs=(str(WEEK / "ufw.log"),),
        firewall=str(WEEK / "ufw-status-before.txt"),
        year=2026,
    )
    found = investigate(new_case(case))
    save_candidates(found.candidates, case)
    write_report(found)
    for name in (REPORT_FILE, SCRIPT_FILE):
        sys.stdout.write(f"{shutil.copy(case.folder / name, out)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
