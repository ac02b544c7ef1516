"""The sample week as several servers would have logged it."""

import gzip
from pathlib import Path

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
