"""The approved networks in the forms that other programs read."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pandas as pd

from mailforensics.addresses import Address, Network
from mailforensics.errors import ArgumentError
from mailforensics.export.approvals import BanOptions, HasApprovals, approved_bans
from mailforensics.export.banscript import script_of
from mailforensics.export.forms_firewall import ipset_form, nftables_form
from mailforensics.export.forms_other import crowdsec_form, csv_form, fail2ban_form, postfix_form
from mailforensics.export.forms_stix import stix_form
from mailforensics.export.order import Order
from mailforensics.export.saving import save_text

WRITERS: Final = MappingProxyType[str, Callable[[Order], str]](
    {
        "ufw": lambda order: script_of(order).text,
        "nftables": nftables_form,
        "ipset": ipset_form,
        "fail2ban": fail2ban_form,
        "postfix": postfix_form,
        "crowdsec": crowdsec_form,
        "csv": csv_form,
        "stix": stix_form,
    }
)
FILE_NAMES: Final = {
    "ufw": "ban.sh",
    "nftables": "ban.nft",
    "ipset": "ban.ipset",
    "fail2ban": "ban.fail2ban.sh",
    "postfix": "ban.cidr",
    "crowdsec": "ban.crowdsec.json",
    "csv": "ban.csv",
    "stix": "ban.stix.json",
}
_EXECUTABLE: Final = frozenset({"ufw", "nftables", "fail2ban"})


@dataclass(frozen=True, slots=True, repr=False)
class BanList:
    """The approved networks in one form: `text` is the file; `notes` what a reader should know."""

    form: str
    text: str
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<BanList for {self.form}>"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the file in one step (an older one is replaced) and return its path.

        Raises:
            ArgumentError: the folder does not exist.
        """
        return save_text(path, self.text, mode=0o755 if self.form in _EXECUTABLE else 0o644)


def export(  # noqa: PLR0913  the public contract: one keyword a decision of the caller
    candidates: pd.DataFrame,
    decisions: HasApprovals,
    *,
    form: str = "ufw",
    protect: Iterable[str | Address | Network] = (),
    case: str = "",
    allow_documentation: bool = False,
    options: BanOptions | None = None,
) -> BanList:
    """Return the approved networks as a file for another program.

    The forms: `ufw` (the script of `mf.ban_script`), `nftables` (a table with sets and timeouts),
    `ipset` (for `ipset restore`), `fail2ban` (`banip` commands), `postfix` (a cidr table for
    `check_client_access`), `crowdsec` (for `cscli decisions import`), `csv`, `stix` (a STIX 2.1
    bundle). All hold the same networks and refuse the same ones. Only `ufw` can look at the server
    before it acts, and take back what it did.

    Args:
        candidates: the table that was reviewed (schema.CANDIDATES).
        decisions: the journal; only approvals that run today get in.
        form: one of those.
        protect: networks never to ban, besides the special-purpose ones.
        case: the case's name, in names of sets and tables.
        allow_documentation: let documentation networks in, for lessons and tests.
        options: `BanOptions`; actions and ports matter to `ufw`, `nftables` and `ipset` only.

    Raises:
        ArgumentError: no such form.
        UnsafeBanError: an approved network must not be banned; names what it touches.
        MissingColumnError: a table lacks columns.
        MissingExtraError: `stix` without the library stix2.
    """
    if form not in WRITERS:
        raise ArgumentError(f"form={form!r} is none of {', '.join(WRITERS)}.")
    approved = approved_bans(
        candidates,
        decisions,
        options=options or BanOptions(),
        protect=protect,
        allow_documentation=allow_documentation,
    )
    order = Order(approved.bans, approved.notes, case, datetime.now(UTC).date())
    return BanList(form, WRITERS[form](order), approved.notes)
