"""The same flow without a notebook, as commands; one module for each stage of it."""

from typing import Final

import click

from mailforensics.cli.acting import check_ban_command, script_command
from mailforensics.cli.deciding import candidates_command, decide_command, review_command
from mailforensics.cli.looking import (
    audit_command,
    breaches_command,
    explain_command,
    new_case_command,
)
from mailforensics.cli.options import Shell
from mailforensics.cli.reporting import report_command
from mailforensics.cli.storing import fleet_command, ingest_command

SETTINGS: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
COMMANDS: Final = (
    report_command,
    new_case_command,
    audit_command,
    breaches_command,
    candidates_command,
    review_command,
    decide_command,
    script_command,
    check_ban_command,
    explain_command,
    ingest_command,
    fleet_command,
)


@click.group(cls=Shell, context_settings=SETTINGS)
@click.version_option(package_name="mailforensics")
def main() -> None:
    """From an attacked mail server's logs to a ban script that a person has reviewed.

    \b
    The usual way:
      mailforensics report /var/log/mail.log* --ufw-log /var/log/ufw.log --out case
      mailforensics review case
      mailforensics script case
      less case/ban.sh; bash case/ban.sh --plan

    Exit codes: 0 done, 1 a problem that the message explains, 2 wrong usage.
    """  # noqa: D301 (click reads the backspace as: keep these lines as they are)


for _command in COMMANDS:
    main.add_command(_command)
