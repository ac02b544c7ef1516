"""Act on what was decided: script, check-ban."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from mailforensics.analysis.wording import counted
from mailforensics.cli.options import case_argument
from mailforensics.export.banscript import ban_script
from mailforensics.export.check_ban import check_ban
from mailforensics.export.forms import FILE_NAMES, export
from mailforensics.review.case import open_case
from mailforensics.review.findings import load_candidates
from mailforensics.show.tables import as_text


@click.command("script")
@case_argument
@click.option(
    "--form",
    type=click.Choice(list(FILE_NAMES)),
    default="ufw",
    show_default=True,
    help="What shall carry the bans.",
)
@click.option("--out", type=click.Path(path_type=Path), help="File to write.  [default: in CASE]")
def script_command(folder: Path, form: str, out: Path | None) -> None:
    """Write the approved networks as a ban script, or in the form of another program."""
    case = open_case(folder)
    listed = load_candidates(case)
    path = out or folder / FILE_NAMES[form]
    safety: dict[str, Any] = {
        "protect": case.protect,
        "allow_documentation": case.allow_documentation,
    }
    if form != "ufw":
        bans = export(listed, case.decisions, form=form, case=case.name, **safety)
        click.echo(f"Written: {bans.save(path)}")
        return
    wall = case.firewall_rules()
    script = ban_script(listed, case.decisions, firewall=wall, case=case.name, **safety)
    click.echo(f"{counted(len(script.rules), 'network')} approved, written to {script.save(path)}")
    click.echo(f"Read it, copy it to the server, see what it would do: bash {path.name} --plan")


@click.command("check-ban")
@case_argument
@click.argument("logs", nargs=-1, metavar="[LOG…]")
@click.option("--ufw-log", "ufw_logs", multiple=True, metavar="LOG", help="ufw.log; repeat.")
def check_ban_command(folder: Path, logs: tuple[str, ...], ufw_logs: tuple[str, ...]) -> None:
    """Say for each banned network whether it was still seen after the ban.

    LOG and --ufw-log name later logs, with the time before the ban too; without them the case's
    own are read. The case is not changed.
    """
    case = open_case(folder)
    case = replace(case, logs=logs or case.logs, ufw_logs=ufw_logs or case.ufw_logs)
    told = check_ban(
        case.decisions,
        case.mail_source(),
        case.firewall_events(),
        firewall=case.firewall_rules(),
    )
    if told.empty:
        click.echo(f"No ban is approved in this case. Next: mailforensics review {folder}")
        return
    click.echo(as_text(told, by_row=True))
