"""The main job without a browser: run the notebooks on the samples, leave report and ban script.

`make demo` calls this. Everything lands in one folder, nothing else is touched.
"""

import argparse
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from mailforensics.review.case import SCRIPT_FILE, Case, new_case
from mailforensics.review.findings import investigate, save_candidates
from mailforensics.show.report import write_report

ROOT = Path(__file__).resolve().parent.parent
WEEK = ROOT / "data" / "samples" / "week"
CELL_SECONDS = 300


def run_notebook(path: Path, out: Path) -> None:
    """Run one notebook top to bottom and keep the executed copy in the folder."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    nbformat.write(notebook, out / path.name)


def main() -> int:
    """Run every numbered notebook, then write the report; say where things lie."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("demo"), help="folder for the results")
    out = parser.parse_args().out.resolve()
    copies = out / "notebooks"
    copies.mkdir(parents=True, exist_ok=True)
    os.environ["MAILFORENSICS_CASE"] = str(out)
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")):
        sys.stderr.write(f"… {path.name}\n")
        run_notebook(path, copies)
    case = new_case(
        Case(
            folder=out,
            logs=(str(WEEK / "mail.log*"),),
            ufw_logs=(str(WEEK / "ufw.log*"),),
            firewall=str(WEEK / "ufw-status-before.txt"),
        )
    )
    found = investigate(case)
    save_candidates(found.candidates, case)
    sys.stdout.write(f"Report:     {write_report(found)}\n")
    sys.stdout.write(f"Ban script: {out / SCRIPT_FILE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
