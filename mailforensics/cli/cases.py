"""From what a user typed to a case: its folder, its evidence, its protected networks."""

import shutil
import sys
from pathlib import Path
from typing import Any

from mailforensics.review.case import STDIN, Case
from mailforensics.review.guard import Guard


def named_case(folder: Path, evidence: dict[str, Any]) -> Case:
    """The case that a command line describes, not yet written down."""
    logs = tuple(_kept(log, folder) for log in evidence["logs"])
    return Case(folder=folder, **(evidence | {"logs": logs}))


def _kept(log: str, folder: Path) -> str:
    """Standard input can be read but once: keep it in the case, which names it from then on."""
    if log != STDIN:
        return log
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "stdin.log"
    with path.open("wb") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
    return str(path)


def log_source(logs: tuple[str, ...]) -> Any:  # noqa: ANN401 (whatever read_mail_log takes)
    """What the readers take: standard input as a stream, else the paths as they were typed."""
    return sys.stdin.buffer if logs == (STDIN,) else list(logs)


def case_guard(case: Case) -> Guard:
    """What this case protects from every approval."""
    return Guard(protect=case.protect, allow_documentation=case.allow_documentation)
