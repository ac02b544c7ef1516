"""Look at the evidence: new-case, audit, breaches, explain."""

import itertools
import os
import sys
from pathlib import Path
from typing import IO, Any, Final

import click
import pandas as pd

from mailforensics.analysis.trust import trust
from mailforensics.analysis.verdict import verdict
from mailforensics.cli.cases import case_again, log_source, named_case
from mailforensics.cli.memory import warn_of_memory
from mailforensics.cli.options import (
    EVIDENCE,
    STAMPS,
    case_argument,
    logs_argument,
    tell,
    with_options,
)
from mailforensics.reading.evidence import find_evidence
from mailforensics.reading.evidence_names import MAIL_LOGS
from mailforensics.reading.explain import explain
from mailforensics.reading.mail import open_mail
from mailforensics.reading.unknown import unknown
from mailforensics.review.case import STDIN, open_case
from mailforensics.show.notebooks import FOLDER, write_notebooks
from mailforensics.show.tables import as_text

MOST_BLOCKS: Final = 12
MOST_LINES: Final = 50


@click.command("new-case")
@click.argument("folder", type=click.Path(path_type=Path), metavar="CASE")
@click.argument("logs", nargs=-1, metavar="[LOG…]")
@with_options(EVIDENCE)
@click.pass_context
def new_case_command(context: click.Context, /, folder: Path, **evidence: Any) -> None:  # noqa: ANN401
    """Make a case folder: names and fingerprints of the evidence, and notebooks about it.

    Logs are not copied. Notebooks that are there already, perhaps with your notes, are kept.
    Without LOG the notebooks are about the case that lies in the folder, as it was made.
    """
    given = bool(evidence["logs"])
    case = named_case(context, folder, evidence) if given else case_again(context, folder)
    warn_of_memory(case.logs)
    told = trust(case.mail_source(), tz=case.tz)
    case.save()
    click.echo(f"{_files(told.files)}\n\nCan it be trusted? {told}")
    written = write_notebooks(case)
    click.echo(f"\nCase:      {case.folder}")
    click.echo(f"Notebooks: {len(written)} written to {case.folder / FOLDER}")
    click.echo(f"Open them: jupyter lab {case.folder / FOLDER}")


def _files(told: pd.DataFrame) -> str:
    """All that is known of each file, or one line each where they are many."""
    if len(told) <= MOST_BLOCKS:
        return as_text(told, by_row=True)
    return as_text(told[["file", "lines", "other", "unparsed", "first_time", "last_time"]])


@click.command("audit")
@logs_argument
@with_options(STAMPS)
def audit_command(logs: tuple[str, ...], tz: str, year: int | None) -> None:
    """Say whether logs can be trusted: lines, gaps, how the year was found, fingerprints.

    Lines of no known kind follow, by their commonest shapes.
    """
    warn_of_memory(logs)
    events = open_mail(log_source(logs), tz=tz, year=year)
    told = trust(events, tz=tz)
    click.echo(f"Can it be trusted? {told}\n\n{as_text(told.files, by_row=True)}")
    shapes = unknown(events)
    if len(shapes):
        click.echo(
            f"\nLines of no known kind, the commonest first:\n\n{as_text(shapes, by_row=True)}"
        )


@click.command("breaches")
@case_argument
def breaches_command(folder: Path) -> None:
    """Say whether anyone got in, by which signs, and what the logs could not have shown."""
    answer = verdict(open_case(folder).mail_source())
    click.echo(str(answer))
    if len(answer.signs):
        click.echo(f"\n{as_text(answer.signs, by_row=True)}")


@click.command("explain")
@click.argument("line", metavar="LINE|FILE|-")
def explain_command(line: str) -> None:
    """Say in plain words what a log line means; prompts in base64 are decoded.

    LINE stands in quotes. Of a FILE, or of standard input (`-`), the first 50 lines are explained.
    """
    lines = _lines(line)
    click.echo(explain("\n".join(lines[:MOST_LINES])))
    if len(lines) > MOST_LINES:
        tell(f"only the first {MOST_LINES} lines; cut out the ones you wonder about with grep")


def _lines(line: str) -> list[str]:
    """Return what a user wants explained: the words themselves, or what a file begins with."""
    if line == STDIN:
        return _first(sys.stdin.buffer)
    if not os.path.isfile(line):  # noqa: PTH113 (Path refuses what is too long for a name)
        return line.splitlines()
    evidence, *_ = find_evidence(line, MAIL_LOGS)
    with evidence.open() as stream:
        return _first(stream)


def _first(stream: IO[bytes]) -> list[str]:
    filled = (text for text in stream if text.strip())
    return [
        text.decode("utf-8", "replace").rstrip("\r\n")
        for text in itertools.islice(filled, MOST_LINES + 1)
    ]
