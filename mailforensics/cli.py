"""The same flow without a notebook: report, candidates, review, decide, script, check-ban."""

import getpass
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from mailforensics.addresses import parse_network
from mailforensics.analysis.verdict import verdict
from mailforensics.errors import MailForensicsError
from mailforensics.export.banscript import ban_script
from mailforensics.export.check_ban import check_ban
from mailforensics.export.forms import FILE_NAMES, export
from mailforensics.reading.audit import audit
from mailforensics.reading.explain import explain
from mailforensics.reading.mail import read_mail_log
from mailforensics.review.case import STDIN, Case, new_case, open_case
from mailforensics.review.findings import investigate, load_candidates, save_candidates
from mailforensics.review.guard import Guard, decide
from mailforensics.show.report import write_report
from mailforensics.show.report_answers import headline
from mailforensics.show.tables import as_text
from mailforensics.show.terminal_review import review_in_terminal

EXIT_PROBLEM: Final = 1
CASE_SETTINGS: Final = {"help_option_names": ["-h", "--help"]}
Command = Callable[..., Any]

case_argument = click.argument(
    "folder", type=click.Path(path_type=Path), metavar="CASE", default=Path("case")
)
logs_argument = click.argument("logs", nargs=-1, required=True, metavar="LOG…")
rules_option = click.option(
    "--rules", default=50, show_default=True, help="Most firewall rules to propose."
)
reviewer_option = click.option(
    "--reviewer", default=getpass.getuser, help="Your name in the record.  [default: login name]"
)
_STAMPS: Final = (
    click.option("--tz", default="UTC", show_default=True, help="Zone of year-less stamps."),
    click.option("--year", type=int, help="Year of stamps that have none; else it is found."),
)
_EVIDENCE: Final = (
    click.option("--ufw-log", "ufw_logs", multiple=True, metavar="LOG", help="ufw.log; repeat."),
    click.option(
        "--firewall", metavar="FILE", help="`ufw status verbose` in a file, or a copy of /etc/ufw."
    ),
    *_STAMPS,
    click.option("--protect", multiple=True, metavar="NETWORK", help="Never ban this; repeat."),
    click.option(
        "--allow-documentation", is_flag=True, help="Let documentation networks be banned."
    ),
)


def with_options(options: tuple[Callable[[Command], Command], ...]) -> Callable[[Command], Command]:
    """Give a command several options, in the order in which --help shall list them."""

    def give(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return give


class Shell(click.Group):
    """A command group that ends with one plain paragraph instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 (click's own signature)
        """Run the command; an error of the toolkit becomes a message and exit code 1."""
        try:
            return super().invoke(ctx)
        except MailForensicsError as problem:
            click.echo(f"mailforensics: {problem}", err=True)
            sys.exit(EXIT_PROBLEM)


def tell(step: str) -> None:
    """Show on standard error what is being done."""
    click.echo(f"… {step}", err=True)


def _case(folder: Path, evidence: dict[str, Any]) -> Case:
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


def _source(logs: tuple[str, ...]) -> Any:  # noqa: ANN401 (whatever read_mail_log takes)
    return sys.stdin.buffer if logs == (STDIN,) else list(logs)


@click.group(cls=Shell, context_settings=CASE_SETTINGS)
@click.version_option(package_name="mailforensics")
def main() -> None:
    r"""From an attacked mail server's logs to a ban script that a person has reviewed.

    \b
    The usual way:
      mailforensics report /var/log/mail.log* --ufw-log /var/log/ufw.log --out case
      mailforensics review case
      mailforensics script case
      less case/ban.sh; bash case/ban.sh --plan

    Exit codes: 0 done, 1 a problem that the message explains, 2 wrong usage.
    """


@main.command("report")
@logs_argument
@with_options(_EVIDENCE)
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("case"),
    show_default=True,
    help="Case folder.",
)
@rules_option
def report_command(folder: Path, rules: int, **evidence: Any) -> None:  # noqa: ANN401
    """Find who attacked and whether anyone got in; leave a report in the case folder.

    LOG is a file, a glob or a folder of mail logs, plain or compressed. `-` is standard
    input; it is kept in the case folder, since it can be read but once.
    """
    found = investigate(new_case(_case(folder, evidence)), rules=rules, progress=tell)
    save_candidates(found.candidates, found.case)
    tell("drawing the report")
    path = write_report(found)
    click.echo(f"{headline(found)}.")
    click.echo(f"Report: {path}")
    click.echo(f"Next:   mailforensics review {folder}")


@main.command("new-case")
@click.argument("folder", type=click.Path(path_type=Path), metavar="CASE")
@logs_argument
@with_options(_EVIDENCE)
def new_case_command(folder: Path, **evidence: Any) -> None:  # noqa: ANN401
    """Make a case folder that names its evidence. Logs are fingerprinted, not copied."""
    case = new_case(_case(folder, evidence))
    click.echo(as_text(audit(case.mail_events()), by_row=True))
    click.echo(f"\nCase: {case.folder}")


@main.command("audit")
@logs_argument
@with_options(_STAMPS)
def audit_command(logs: tuple[str, ...], tz: str, year: int | None) -> None:
    """Say whether logs can be trusted: lines, gaps, how the year was found, fingerprints."""
    click.echo(as_text(audit(read_mail_log(_source(logs), tz=tz, year=year)), by_row=True))


@main.command("breaches")
@case_argument
def breaches_command(folder: Path) -> None:
    """Say whether anyone got in, by which signs, and what the logs could not have shown."""
    answer = verdict(open_case(folder).mail_events())
    click.echo(str(answer))
    if len(answer.signs):
        click.echo(f"\n{as_text(answer.signs, by_row=True)}")


@main.command("candidates")
@case_argument
@rules_option
def candidates_command(folder: Path, rules: int) -> None:
    """List the networks to decide on, with reasons and who legitimate lives there."""
    found = investigate(open_case(folder), rules=rules, progress=tell)
    save_candidates(found.candidates, found.case)
    shown = ["network", "suggestion", "reasons", "collateral", "already", "evidence"]
    click.echo(as_text(found.candidates[shown], by_row=True))


@main.command("review")
@case_argument
@reviewer_option
def review_command(folder: Path, reviewer: str) -> None:
    """Decide on each candidate at a prompt; every answer is saved at once."""
    case = open_case(folder)
    left = review_in_terminal(
        load_candidates(case), case.decisions, reviewer=reviewer, guard=_guard(case)
    )
    click.echo(f"{left:,} undecided. Next: mailforensics script {folder}")


@main.command("decide")
@click.argument("network")
@click.argument("verdict", type=click.Choice(["approve", "reject", "undo"]))
@click.option(
    "--case",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("case"),
    show_default=True,
    help="Case folder.",
)
@click.option("--reason", default="", help="Why, in your words; it stands in the script.")
@reviewer_option
@click.option("--until", help="Last day of the ban, YYYY-MM-DD, or days from today: 30.")
def decide_command(
    network: str, verdict: str, folder: Path, until: str | None, **words: str
) -> None:
    """Record a decision about one network, as the review would."""
    case = open_case(folder)
    decision = decide(
        case.decisions,
        _candidate(case, network),
        guard=_guard(case),
        words=(verdict, words["reason"], words["reviewer"]),
        until=until,
    )
    click.echo(f"{decision.verdict}: {decision.network}, saved in {case.decisions.path}")


@main.command("script")
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
    click.echo(f"{len(script.rules)} approved, written to {script.save(path)}")
    click.echo(f"Read it, copy it to the server, see what it would do: bash {path.name} --plan")


@main.command("check-ban")
@case_argument
def check_ban_command(folder: Path) -> None:
    """Say for each banned network whether it was still seen after the ban."""
    case = open_case(folder)
    told = check_ban(
        case.decisions,
        case.mail_events(),
        case.firewall_events(),
        firewall=case.firewall_rules(),
    )
    click.echo(as_text(told, by_row=True))


@main.command("explain")
@click.argument("line")
def explain_command(line: str) -> None:
    """Say in plain words what one log line means; prompts in base64 are decoded."""
    click.echo(explain(line))


def _guard(case: Case) -> Guard:
    return Guard(protect=case.protect, allow_documentation=case.allow_documentation)


def _candidate(case: Case, network: str) -> dict[str, Any] | str:
    listed = load_candidates(case)
    wanted = str(parse_network(network))
    rows = listed.loc[listed["network"] == wanted].to_dict("records")
    return {str(k): v for k, v in rows[0].items()} if rows else wanted
