"""Report on a case: one page that answers first, with every step and as PDF where asked for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from mailforensics.cli.cases import case_again, named_case
from mailforensics.cli.memory import warn_of_memory
from mailforensics.cli.options import EVIDENCE, case_option, rules_option, tell, with_options
from mailforensics.review.findings import Findings, investigate
from mailforensics.show.pdf import find_browser, print_to_pdf
from mailforensics.show.report import write_report
from mailforensics.show.report_answers import headline, together

EXIT_STOPPED: Final = 130  # as a shell counts Ctrl-C


@click.command("report")
@click.argument("logs", nargs=-1, metavar="[LOG…]")
@with_options(EVIDENCE)
@case_option("--out")
@rules_option
@click.option("--notebooks", is_flag=True, help="Add every step: run the case's notebooks.")
@click.option("--pdf", is_flag=True, help="Print it too; needs Chromium, Chrome or Edge.")
@click.pass_context
def report_command(context: click.Context, /, folder: Path, **asked: Any) -> None:  # noqa: ANN401
    """Find who attacked and whether anyone got in; leave a report in the case folder.

    LOG is a file, a glob or a folder of mail logs, plain or compressed. `-` is standard
    input; it is kept in the case folder, since it can be read but once. Without LOG the case
    that lies in the folder is reported again, with what was decided since.
    """
    rules, notebooks, pdf = (asked.pop(name) for name in ("rules", "notebooks", "pdf"))
    if pdf:
        find_browser()
    with told_if_stopped(folder):
        known = named_case(context, folder, asked) if asked["logs"] else case_again(context, folder)
        warn_of_memory(known.logs)
        found = investigate(known, rules=rules, progress=tell)
        tell("drawing the report")
        path = write_report(found)
        found.save()
    if notebooks:
        path = _with_notebooks(found)
    _answer(found)
    click.echo(f"Report: {path}")
    if pdf:
        tell("printing")
        click.echo(f"PDF:    {print_to_pdf(path)}")
    if len(found.candidates):
        click.echo(f"Next:   mailforensics review {folder}")


@contextmanager
def told_if_stopped(folder: Path) -> Iterator[None]:
    """Say on Ctrl-C that nothing was changed: case, candidates and report are written last."""
    try:
        yield
    except KeyboardInterrupt:
        tell(f"stopped; the case in {folder} is as it was")
        sys.exit(EXIT_STOPPED)


def _answer(found: Findings) -> None:
    click.echo(f"{headline(found)}.")
    if len(found.campaigns.table):
        click.echo(together(found))
    limits = found.trust.limits + found.trust.assumptions
    if limits:
        click.echo("\n- ".join(["What limits these answers:", *limits]))


def _with_notebooks(found: Findings) -> Path:
    from mailforensics.show.report_notebooks import notebook_parts

    parts = notebook_parts(found.case, progress=tell)
    tell("drawing the report")
    return write_report(found, notebooks=parts)
