"""The sample week as several servers would have logged it."""

import gzip
import re
from collections import defaultdict
from pathlib import Path
from typing import Final

import mailforensics as mf

FARM_HOSTS: Final = 100
PID: Final = re.compile(r"\[(\d+)\]")
WEEK = Path("data/samples/week")
HOSTS = ("mx1", "mx2", "mx3")


def write_fleet(folder: Path) -> Path:
    """Write the week's mail log of three servers, each with its share of the lines."""
    for number, host in enumerate(HOSTS):
        logs = folder / host
        logs.mkdir(parents=True)
        for path in WEEK.glob("mail.log*"):
            data = path.read_bytes()
            text = gzip.decompress(data) if path.suffix == ".gz" else data
            lines = text.splitlines(keepends=True)
            mine = [line for n, line in enumerate(lines) if not number or n % (number + 1)]
            named = [line.replace(b" mail ", f" {host} ".encode(), 1) for line in mine]
            (logs / path.name.removesuffix(".gz")).write_bytes(b"".join(named))
    return folder


def write_farm(folder: Path) -> Path:
    """Write a day of a hundred small servers, a log each.

    A network tries all of them, a hundred strangers try one each, one account of one server is
    broken into, and every server has its users.
    """
    logs: dict[int, list[str]] = defaultdict(list)
    for kind, tries in (("quiet", 1), ("brute_force", 400), ("slow_distributed", 100)):
        for number in range(5 if kind == "quiet" else 1):
            made = mf.simulate_attack(kind, tries=tries, sources=min(tries, 100), seed=number + 1)
            for line in made["line"]:
                pid = PID.search(line)
                logs[int(pid[1]) % FARM_HOSTS if pid else number].append(line)
    logs[7] += mf.simulate_attack("stolen_password", tries=20, sources=1)["line"].tolist()
    for number, lines in logs.items():
        place = folder / f"mx{number:03}"
        place.mkdir(parents=True)
        named = [line.replace(" mail ", f" mx{number:03} ", 1) for line in sorted(lines)]
        (place / "mail.log").write_text("\n".join(named) + "\n", "utf-8")
    return folder
