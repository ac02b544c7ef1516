"""Look at the evidence: new-case, audit, breaches, explain."""

from pathlib import Path
from typing import Any, Final

import click
import pandas as pd

from mailforensics.analysis.verdict import verdict
from mailforensics.cli.cases import case_again, log_source, named_case
from mailforensics.cli.options import (
    EVIDENCE,
    STAMPS,
    case_argument,
    logs_argument,
    with_options,
)
from mailforensics.reading.audit import audit
from mailforensics.reading.explain import explain
from mailforensics.reading.mail import read_mail_log
from mailforensics.reading.unknown import unknown
from mailforensics.review.case import open_case
from mailforensics.show.notebooks import FOLDER, write_notebooks
from mailforensics.show.tables import as_text

MOST_BLOCKS: Final = 12


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
    told = audit(case.mail_events())
    case.save()
    click.echo(_files(told))
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
    events = read_mail_log(log_source(logs), tz=tz, year=year)
    click.echo(as_text(audit(events), by_row=True))
    shapes = unknown(events)
    if len(shapes):
        click.echo(
            f"\nLines of no known kind, the commonest first:\n\n{as_text(shapes, by_row=True)}"
        )


@click.command("breaches")
@case_argument
def breaches_command(folder: Path) -> None:
    """Say whether anyone got in, by which signs, and what the logs could not have shown."""
    answer = verdict(open_case(folder).mail_events())
    click.echo(str(answer))
    if len(answer.signs):
        click.echo(f"\n{as_text(answer.signs, by_row=True)}")


@click.command("explain")
@click.argument("line")
def explain_command(line: str) -> None:
    """Say in plain words what one log line means; prompts in base64 are decoded."""
    click.echo(explain(line))
