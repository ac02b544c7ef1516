"""From what a user typed to a case: its folder, its evidence, its protected networks."""

import shutil
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import click
import pandas as pd
from click.core import ParameterSource

from mailforensics.cli.options import tell
from mailforensics.errors import ArgumentError, EvidenceError
from mailforensics.review.candidates import homes
from mailforensics.review.case import (
    CASE_FILE,
    STDIN,
    Case,
    absolute,
    open_case,
    prepared_case,
)
from mailforensics.review.guard import Guard

DESCRIBED: Final = {
    "ufw_logs": "firewall logs",
    "firewall": "firewall rules",
    "tz": "zone",
    "year": "year",
    "protect": "protected",
    "allow_documentation": "documentation networks may be banned:",
}


def named_case(context: click.Context, folder: Path, evidence: dict[str, Any]) -> Case:
    """The case that a command line describes, not yet written down.

    What the folder's case says and the command line does not is kept: naming logs anew must not
    lose its firewall or its zone, nor open to bans what it protects.
    """
    before = _case_before(folder)
    evidence = evidence | _still_so(context, before, evidence)
    logs = tuple(_kept(log, folder) for log in evidence["logs"])
    return prepared_case(Case(folder=folder, **(evidence | {"logs": logs})))


def _case_before(folder: Path) -> Case | None:
    if not (folder / CASE_FILE).exists():
        return None
    try:
        return open_case(folder)
    except EvidenceError as problem:
        tell(f"nothing is kept of the case that was there: {problem}")
        return None


def _still_so(
    context: click.Context, before: Case | None, evidence: dict[str, Any]
) -> dict[str, Any]:
    """The fields that the case keeps; each is told, and so is each that is changed."""
    if before is None:
        return {}
    kept: dict[str, Any] = {}
    for name, words in DESCRIBED.items():
        old, new = getattr(before, name), evidence[name]
        if name == "protect":
            kept[name] = (*new, *(network for network in old if network not in new))
            _tell_kept(words, [network for network in old if network not in new])
        elif context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            kept[name] = old
            _tell_kept(words, [] if old == new else old)
        elif _shown(old) and absolute(old) != absolute(new):
            tell(f"changed: {words} {_shown(new)} (was {_shown(old)})")
    return kept


def _tell_kept(words: str, value: Any) -> None:  # noqa: ANN401 (a field of any kind)
    if value:
        tell(f"kept: {words} {_shown(value)} (as the case says)")


def _shown(value: Any) -> str:  # noqa: ANN401 (a field of any kind)
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)


def _kept(log: str, folder: Path) -> str:
    """Standard input can be read but once: keep it in the case, beside what came before."""
    if log != STDIN:
        return log
    folder.mkdir(parents=True, exist_ok=True)
    names = ("stdin.log", *(f"stdin-{number}.log" for number in range(2, 1_000_000)))
    path = next(folder / name for name in names if not (folder / name).exists())
    with path.open("xb") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
    return str(path)


def log_source(logs: tuple[str, ...]) -> Any:  # noqa: ANN401 (whatever read_mail_log takes)
    """What the readers take: standard input as a stream, else the paths as they were typed."""
    return sys.stdin.buffer if logs == (STDIN,) else list(logs)


def case_guard(case: Case, listed: pd.DataFrame) -> Guard:
    """What this case protects from every approval, and where its own users are."""
    return Guard(
        protect=case.protect,
        allow_documentation=case.allow_documentation,
        home_countries=homes(listed),
    )


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
