"""What several commands share: arguments, options, progress, and how an error is told."""

import getpass
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from mailforensics.errors import MailForensicsError

EXIT_PROBLEM: Final = 1
Command = Callable[..., Any]

case_argument = click.argument(
    "folder", type=click.Path(path_type=Path), metavar="CASE", default=Path("case")
)


def case_option(flag: str) -> Callable[[Command], Command]:
    """The case folder as an option, where an argument means something else."""
    return click.option(
        flag,
        "folder",
        type=click.Path(path_type=Path),
        default=Path("case"),
        show_default=True,
        help="Case folder.",
    )


logs_argument = click.argument("logs", nargs=-1, required=True, metavar="LOG…")
rules_option = click.option(
    "--rules",
    type=click.IntRange(min=0),
    default=50,
    show_default=True,
    help="Most firewall rules to propose.",
)
reviewer_option = click.option(
    "--reviewer", default=getpass.getuser, help="Your name in the record.  [default: login name]"
)
STAMPS: Final = (
    click.option("--tz", default="UTC", show_default=True, help="Zone of year-less stamps."),
    click.option("--year", type=int, help="Year of stamps that have none; else it is found."),
)
EVIDENCE: Final = (
    click.option("--ufw-log", "ufw_logs", multiple=True, metavar="LOG", help="ufw.log; repeat."),
    click.option(
        "--firewall", metavar="FILE", help="`ufw status verbose` in a file, or a copy of /etc/ufw."
    ),
    *STAMPS,
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

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order of work, as they were added."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 (click's own signature)
        """Run the command; an error of toolkit or disk becomes a message and exit code 1.

        Warnings become a plain line each.
        """
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _plain_warning
                return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except (MailForensicsError, OSError) as problem:
            click.echo(f"mailforensics: {_in_words(problem)}", err=True)
            sys.exit(EXIT_PROBLEM)


def _plain_warning(message: Warning | str, *_where: object, **_more: object) -> None:
    click.echo(f"mailforensics: note: {message}", err=True)


def _in_words(problem: Exception) -> str:
    if not isinstance(problem, OSError) or isinstance(problem, MailForensicsError):
        return str(problem)
    where = f"{problem.filename}: " if problem.filename else ""
    return (
        f"{where}{problem.strerror or problem}; name another place, or make room or rights there."
    )


def tell(step: str) -> None:
    """Show on standard error what is being done."""
    click.echo(f"… {step}", err=True)
