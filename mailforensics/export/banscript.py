"""The ban script: one bash file that bans with ufw what a person approved, and can undo it."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Final

import pandas as pd

from mailforensics.addresses import Address, Network
from mailforensics.analysis.wording import counted
from mailforensics.errors import ArgumentError
from mailforensics.export.approvals import Ban, BanOptions, HasApprovals, approved_bans
from mailforensics.export.order import Order
from mailforensics.export.saving import save_text
from mailforensics.export.text import clean
from mailforensics.reading.firewall import Firewall
from mailforensics.schema import BAN_RULES, TIME_DTYPE, conform, empty

FIRST_LINES: Final = "#!/bin/bash\n# Ban script "
COMMENT_LENGTH: Final = 90


@dataclass(frozen=True, slots=True, repr=False)
class BanScript:
    """A ban script: `text` is the file, `rules` (columns: schema.BAN_RULES) what it bans."""

    text: str
    rules: pd.DataFrame
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<BanScript of {len(self.rules)} networks>"

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the script, executable, in one step, and return its path.

        An earlier ban script at that place is replaced; any other file only with `overwrite`.

        Raises:
            ArgumentError: another file is in the way, or the folder does not exist.
        """
        target = Path(path)
        if not overwrite and not _may_replace(target):
            raise ArgumentError(
                f"{target} exists and is no ban script; take another name, or overwrite=True."
            )
        return save_text(target, self.text, mode=0o755)


def ban_script(  # noqa: PLR0913  the public contract: one keyword a decision of the caller
    candidates: pd.DataFrame,
    decisions: HasApprovals,
    *,
    firewall: Firewall | None = None,
    protect: Iterable[str | Address | Network] = (),
    case: str = "",
    allow_documentation: bool = False,
    options: BanOptions | None = None,
) -> BanScript:
    """Return the bash script that bans the approved networks with ufw, and can take it all back.

    The script is dry by default (`./ban.sh` shows the plan); `--help` lists the rest. It needs
    bash 5 and ufw 0.36 on the server, no Python. Without a single approval it bans nothing.

    Args:
        candidates: the table that was reviewed (schema.CANDIDATES).
        decisions: the journal; only approvals that run today get in.
        firewall: what `mf.read_firewall` gave: the header then says which networks the firewall
            keeps out already, and which rules of yours a ban would contradict.
        protect: networks never to ban, besides the special-purpose ones.
        case: the case's name; scripts of two cases on one server keep apart by it.
        allow_documentation: let documentation networks in, for lessons and tests.
        options: `BanOptions`: `deny`, `deny log` or `reject`, and ports.

    Raises:
        UnsafeBanError: an approved network must not be banned; names the network, what it
            touches and what to do.
        MissingColumnError: a table lacks columns.
    """
    approved = approved_bans(
        candidates,
        decisions,
        options=options or BanOptions(),
        protect=protect,
        allow_documentation=allow_documentation,
    )
    notes = (*approved.notes, *_firewall_notes(approved.bans, firewall))
    return script_of(Order(approved.bans, notes, case, datetime.now(UTC).date()))


def script_of(order: Order) -> BanScript:
    """Return the script for bans that were checked already."""
    template = resources.files("mailforensics.export").joinpath("ban.sh").read_text("utf-8")
    comments = [_comment(ban, order.word) for ban in order.bans]
    lines = [_line(ban, comment) for ban, comment in zip(order.bans, comments, strict=True)]
    text = (
        template.replace("#{{header}}\n", _header(order))
        .replace("#{{rules}}\n", "".join(f"{line}\n" for line in lines))
        .replace("{{case_id}}", order.word)
        .replace("{{case}}", clean(order.case, length=60))
    )
    return BanScript(text, _rules(order.bans, comments), order.notes)


def _may_replace(path: Path) -> bool:
    if not path.exists():
        return not path.is_symlink()
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(FIRST_LINES)) in {FIRST_LINES.encode(), b""}


def _firewall_notes(bans: tuple[Ban, ...], firewall: Firewall | None) -> list[str]:
    if firewall is None:
        return []
    notes = []
    for ban in bans:
        if rule := firewall.covers(ban.network):
            notes.append(f"{ban.network} was kept out already by {rule}.")
        notes += [
            f"{ban.network}: your own rule says the opposite: {command}; --apply will stop there."
            for command in firewall.conflicts(ban.network)["rule"]
        ]
    return notes


def _header(order: Order) -> str:
    reviewers = sorted({clean(ban.decision["reviewer"], length=40) for ban in order.bans})
    last = max((_day(ban) for ban in order.bans), default="-")
    lines = [
        f"# Ban script of case {clean(order.case, length=60)}, written by mailforensics.",
        "#",
        f"# {counted(len(order.bans), 'network')}, approved by {', '.join(reviewers) or 'nobody'}; "
        f"latest approval: {last}.",
        "# It bans nothing that is not in the list below. To begin: bash ban.sh --help",
    ]
    if not order.bans:
        lines.append("# No network is approved, so there is nothing to ban.")
    if order.notes:
        lines += ["#", "# To know:", *(f"# - {clean(note, length=160)}" for note in order.notes)]
    return "\n".join(lines) + "\n"


def _day(ban: Ban) -> str:
    return f"{ban.decision['time']:%Y-%m-%d}"


def _comment(ban: Ban, case_id: str) -> str:
    until = f" until {ban.until}" if ban.until else ""
    return clean(
        f"mailforensics {case_id}{until}: {clean(ban.decision['reason'])}", length=COMMENT_LENGTH
    )


def _line(ban: Ban, comment: str) -> str:
    """Return one line of the script's list; the network is printed from a network object."""
    fields = [
        str(ban.network),
        ban.action,
        ",".join(map(str, ban.ports)) or "-",
        ban.until or "-",
        clean(ban.decision["reviewer"], length=40),
        _day(ban),
        clean(ban.decision["digest"], length=64),
        comment,
        clean(ban.decision["reason"], length=200),
    ]
    return "|".join(fields)


def _command(ban: Ban, comment: str) -> str:
    ports = f" to any port {','.join(map(str, ban.ports))} proto tcp" if ban.ports else ""
    return f"ufw prepend {ban.action} from {ban.network}{ports} comment '{comment}'"


def _rules(bans: tuple[Ban, ...], comments: list[str]) -> pd.DataFrame:
    if not bans:
        return empty(BAN_RULES)
    rows = [
        {
            "network": str(ban.network),
            "action": ban.action,
            "ports": ",".join(map(str, ban.ports)),
            "until": ban.until,
            "reviewer": ban.decision["reviewer"],
            "time": ban.decision["time"],
            "digest": ban.decision["digest"],
            "reason": ban.decision["reason"],
            "command": _command(ban, comment),
        }
        for ban, comment in zip(bans, comments, strict=True)
    ]
    frame = pd.DataFrame(rows)
    return conform(frame.assign(time=frame["time"].astype(TIME_DTYPE)), BAN_RULES)
