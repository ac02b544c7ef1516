"""Which files of a folder are logs, which log a rotation belongs to, and how files are named."""

import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

_PACKED: Final = r"(?:\.(?:gz|bz2|xz|zst))?"
_ROTATED: Final = r"(?:[.-]\d{8}(?:[-T]?\d{2,6})?|-\d{4}-\d\d-\d\d|\.\d{1,4})?"
_BOTH: Final = r"syslog|messages|user\.log|journal[\w.-]*|[\w.-]*\.json"
_MAIL: Final = (
    r"maillog|mail|mail[\w-]*\.(?:log|warn|err|info|warning)|[\w-]*\.?maillog"
    r"|(?:postfix|dovecot)[\w-]*(?:\.(?:log|info|err|warn))?"
)
_FIREWALL: Final = r"(?:ufw|kern|firewall|firewalld|iptables|nftables|ulogd)[\w-]*(?:\.log)?"

MAIL_LOGS: Final = re.compile(rf"(?:{_BOTH}|{_MAIL}){_ROTATED}{_PACKED}")
FIREWALL_LOGS: Final = re.compile(rf"(?:{_BOTH}|{_FIREWALL}){_ROTATED}{_PACKED}")
ARCHIVES: Final = re.compile(r".*\.(?:tar(?:\.(?:gz|bz2|xz|zst))?|tgz|tbz2?|txz|tzst)")

_ROTATION: Final = re.compile(
    r"(?P<log>.*?)(?:[.-](?P<date>\d{8}(?:[-T]?\d{2,6})?|\d{4}-\d\d-\d\d)|\.(?P<number>\d{1,4}))?"
    rf"{_PACKED}"
)


def rotation_key(path: PurePath) -> tuple[str, int, str, int, str]:
    """Sort `mail.log.2.gz`, `mail.log.1`, `mail.log-20260904`, `mail.log`: oldest first.

    The first item names the log: rotations of one log share it.
    """
    found = _ROTATION.fullmatch(path.name)
    log, date, number = found.groups() if found else (path.name, None, None)
    newest = date is None and number is None
    return (f"{path.parent}/{log}", int(newest), date or "", -int(number or 0), str(path))


def short_names(paths: Sequence[PurePath]) -> list[str]:
    """Return the shortest names that tell the paths apart.

    The name alone, unless two share it: then the path below their common folder.
    """
    names = [path.name for path in paths]
    if len(set(names)) == len(names):
        return names
    shortest = min(len(path.parts) for path in paths) - 1
    common = 0
    while common < shortest and len({path.parts[common] for path in paths}) == 1:
        common += 1
    return ["/".join(path.parts[common:]) for path in paths]
