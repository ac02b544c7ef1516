"""A case folder: which evidence it is about, where the decisions lie. Nothing is copied."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, overload

import pandas as pd

from mailforensics.addresses import parse_network
from mailforensics.errors import ArgumentError, EvidenceError
from mailforensics.reading.firewall import Firewall, read_firewall
from mailforensics.reading.mail import open_mail, read_mail_log
from mailforensics.reading.stores.place import is_remote
from mailforensics.reading.stores.store import Store
from mailforensics.reading.ufw import read_ufw_log
from mailforensics.review.decisions import Decisions
from mailforensics.schema import FIREWALL_EVENTS, empty

CASE_FILE: Final = "case.json"
DECISIONS_FILE: Final = "decisions.jsonl"
SCRIPT_FILE: Final = "ban.sh"
REPORT_FILE: Final = "report.html"
STDIN: Final = "-"
ENVIRONMENT: Final = {
    "logs": "MAILFORENSICS_LOGS",
    "ufw_logs": "MAILFORENSICS_UFW",
    "firewall": "MAILFORENSICS_FIREWALL",
    "tz": "MAILFORENSICS_TZ",
    "protect": "MAILFORENSICS_PROTECT",
}


@dataclass(frozen=True, slots=True)
class Case:
    """What one investigation is about.

    Attributes:
        folder: where decisions, report and script lie.
        logs: mail logs: paths, globs or folders.
        ufw_logs: firewall logs, the same; empty: none at hand.
        firewall: the text of `ufw status verbose` in a file, or a copy of /etc/ufw; or none.
        tz: IANA zone in which year-less stamps were written.
        year: the year of year-less stamps; none: found from the evidence.
        protect: addresses and networks that must never be banned.
        allow_documentation: let documentation networks be banned, for lessons and tests.
    """

    folder: Path
    logs: tuple[str, ...]
    ufw_logs: tuple[str, ...] = ()
    firewall: str | None = None
    tz: str = "UTC"
    year: int | None = None
    protect: tuple[str, ...] = ()
    allow_documentation: bool = False

    @property
    def name(self) -> str:
        """The case's name: that of its folder."""
        return self.folder.resolve().name

    @property
    def decisions(self) -> Decisions:
        """The journal of decisions beside the case."""
        return Decisions(self.folder / DECISIONS_FILE)

    def mail_events(self) -> pd.DataFrame:
        """Read the mail logs: one row a line, times in UTC.

        Raises:
            EvidenceError: a log cannot be read.
        """
        return read_mail_log(list(self.logs), tz=self.tz, year=self.year)

    def mail_source(self) -> pd.DataFrame | Store:
        """Return what analyses of mail take: the store that the case names, or its logs, read.

        Raises:
            EvidenceError: a log cannot be read.
        """
        return open_mail(list(self.logs), tz=self.tz, year=self.year)

    def firewall_events(self) -> pd.DataFrame | None:
        """Read the firewall logs: one row a line, times in UTC; None where the case has none.

        Raises:
            EvidenceError: a log cannot be read.
        """
        if not self.ufw_logs:
            return None
        return read_ufw_log(list(self.ufw_logs), tz=self.tz, year=self.year)

    def firewall_table(self) -> pd.DataFrame:
        """Read the firewall logs like `firewall_events`; no rows where the case has none.

        Raises:
            EvidenceError: a log cannot be read.
        """
        events = self.firewall_events()
        return empty(FIREWALL_EVENTS) if events is None else events

    def firewall_rules(self) -> Firewall | None:
        """Read the firewall's rules; None where the case has none.

        Raises:
            EvidenceError: the file holds no ufw rules.
        """
        return read_firewall(Path(self.firewall)) if self.firewall else None

    def save(self) -> Path:
        """Write case.json, so that later commands know the evidence; return its path."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fields = asdict(self) | {"folder": None}
        text = json.dumps({k: v for k, v in fields.items() if v is not None}, indent=2)
        partial = self.folder / f".{CASE_FILE}.{os.getpid()}"
        partial.write_text(text + "\n", encoding="utf-8")
        return partial.replace(self.folder / CASE_FILE)


def open_case(folder: str | Path) -> Case:
    """Return the case that lies in a folder.

    Raises:
        EvidenceError: the folder has no case.json, or it is damaged.
    """
    path = Path(folder) / CASE_FILE
    try:
        fields = dict(json.loads(path.read_text("utf-8")))
        lists = {name: tuple(fields.get(name, ())) for name in ("logs", "ufw_logs", "protect")}
        case = Case(**(fields | lists | {"folder": Path(folder)}))
    except FileNotFoundError:
        raise EvidenceError(
            f"{folder} holds no case; make one with `mailforensics new-case {folder} LOG…` "
            f"or `mailforensics report LOG… --out {folder}`."
        ) from None
    except (OSError, ValueError, TypeError) as problem:
        raise _damaged(path, problem) from None
    if not case.logs:
        raise _damaged(path, "it names no log")
    return case


def _damaged(path: Path, problem: object) -> EvidenceError:
    return EvidenceError(
        f"{path} cannot be read ({problem}); make the case anew with `mailforensics "
        f"new-case {path.parent} LOG…`. Decisions are kept in {DECISIONS_FILE} and are not touched."
    )


def new_case(case: Case) -> Case:
    """Write a case to its folder with absolute evidence paths, and return it.

    The logs are not copied. Decisions already in the folder stay.

    Raises:
        ArgumentError: the case names no log, or protects what is no network.
    """
    prepared = prepared_case(case)
    prepared.save()
    return prepared


def prepared_case(case: Case) -> Case:
    """Return a case that is ready to be written: checked, paths absolute, its folder there.

    case.json is left as it is, so that a case changes only when the work on it is done.

    Raises:
        ArgumentError: the case names no log, or protects what is no network.
    """
    if not case.logs:
        raise ArgumentError("a case needs at least one mail log; name a file, a glob or a folder.")
    for network in case.protect:
        parse_network(network)
    case.folder.mkdir(parents=True, exist_ok=True)
    return replace(
        case,
        logs=absolute(case.logs),
        ufw_logs=absolute(case.ufw_logs),
        firewall=absolute(case.firewall),
    )


@overload
def absolute(value: tuple[str, ...]) -> tuple[str, ...]: ...
@overload
def absolute(value: str | None) -> str | None: ...
def absolute(value: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
    """Return paths as they are found from every folder; places that are no paths stay."""
    if isinstance(value, tuple):
        return tuple(map(_absolute, value))
    return _absolute(value) if value else None


def _absolute(path: str) -> str:
    return path if path == STDIN or is_remote(path) else str(Path(path).expanduser().absolute())


def case_from_environment(default: Case, *, environment: Mapping[str, str] | None = None) -> Case:
    """Return the case that MAILFORENSICS_* variables name, `default` for what they do not.

    `MAILFORENSICS_CASE` names the case folder; if it holds a case.json, that is the start.
    `MAILFORENSICS_LOGS` and `_UFW` take several values with `:` between them (`;` on Windows),
    `_PROTECT` several with blanks, `_FIREWALL` and `_TZ` one. With own logs, the firewall logs
    and rules of `default` are left out: they belong to another server.
    """
    given = os.environ if environment is None else environment
    start = _start(default, given)
    changes: dict[str, Any] = {}
    for field in ("logs", "ufw_logs"):
        if given.get(ENVIRONMENT[field]):
            changes[field] = tuple(given[ENVIRONMENT[field]].split(os.pathsep))
    if given.get(ENVIRONMENT["protect"]):
        # Addresses hold colons themselves, so networks are parted by commas or blanks.
        changes["protect"] = tuple(given[ENVIRONMENT["protect"]].replace(",", " ").split())
    for field in ("firewall", "tz"):
        if given.get(ENVIRONMENT[field]):
            changes[field] = given[ENVIRONMENT[field]]
    return replace(start, **changes)


def _start(default: Case, given: Mapping[str, str]) -> Case:
    folder = Path(given["MAILFORENSICS_CASE"]) if given.get("MAILFORENSICS_CASE") else None
    if folder is not None and (folder / CASE_FILE).exists():
        return open_case(folder)
    start = default if folder is None else replace(default, folder=folder)
    return Case(folder=start.folder, logs=()) if given.get(ENVIRONMENT["logs"]) else start
