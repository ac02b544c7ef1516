"""From what a user typed to a case: its folder, its evidence, its protected networks."""

import shutil
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from mailforensics.cli.options import tell
from mailforensics.errors import ArgumentError
from mailforensics.review.case import CASE_FILE, STDIN, Case, open_case
from mailforensics.review.guard import Guard


def named_case(folder: Path, evidence: dict[str, Any]) -> Case:
    """The case that a command line describes, not yet written down."""
    logs = tuple(_kept(log, folder) for log in evidence["logs"])
    case = Case(folder=folder, **(evidence | {"logs": logs}))
    return replace(case, protect=(*case.protect, *_still_protected(case)))


def _still_protected(case: Case) -> list[str]:
    """What the folder's case protected so far: naming logs anew must not open it to bans."""
    if not (case.folder / CASE_FILE).exists():
        return []
    more = [network for network in open_case(case.folder).protect if network not in case.protect]
    if more:
        tell(f"still protected: {', '.join(more)} (as {case.folder / CASE_FILE} says)")
    return more


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


def case_again(context: click.Context, folder: Path) -> Case:
    """Open the case as it was made; options that would change its evidence need the logs too."""
    names = [field.name for field in fields(Case) if field.name != "folder"]
    given = [n for n in names if context.get_parameter_source(n) is ParameterSource.COMMANDLINE]
    if given:
        raise ArgumentError(
            f"{', '.join(given)} without logs: what describes the evidence is fixed when a case is "
            "made; name the logs as well."
        )
    return open_case(folder)
