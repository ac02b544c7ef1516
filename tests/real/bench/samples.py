"""Write data/samples/bench anew: logs of real daemons under attack, and the truth about them.

make bench-samples        (root; two minutes)
"""

import gzip
import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from bench import logs, measures, truth
from bench.places import DECOYS
from bench.server import STYLES
from bench.stage import Stage, stage
from bench.story import Played, differences, first_acts, play

FOLDER: Final = Path(__file__).resolve().parents[3] / "data" / "samples" / "bench"
VERSIONS: Final = {
    "Postfix": "postconf -h mail_version",
    "Dovecot": "dovecot --version | cut -d' ' -f1",
    "rsyslog": "rsyslogd -v | sed -n '1s/^rsyslogd *\\([0-9.]*\\).*/\\1/p'",
    "ufw": "ufw version | sed -n '1s/ufw //p'",
}
README: Final = """# Logs of real daemons under attack

`make bench-samples` (root) writes this folder, this page included. It starts
{versions} in network namespaces,
lets clients attack and use them for half a minute, and keeps what was logged:
`traditional/` with year-less stamps (read it with `year={year}`), `rfc3339/` the same lines with
full stamps. [`truth.json`](truth.json) holds what the clients did, counted from what the server
told them; `tests/test_bench_samples.py` holds the reader to it. All times are UTC.

The server is `mail`, 203.0.113.10 and 2001:db8:25::25, and serves example.org. Users and peers
have documentation addresses, but for Carla, whose carrier's network (198.19.44.0/24) attackers
share; attackers live in 198.18.0.0/15, 212.70.149.0/24, 240e:d9:d800:200::/64 and
2001:db8:bad::/64. The hostile deeds write of other addresses
({decoys})
where a log line would have a peer: no line is theirs on that account. Mail lines that hold
`[UFW ` stand in `ufw.log` too, as Debian's filter wants it.

| deed | addresses | counted by | times |
|---|---|---|---|
{table}

`times` is how often all deeds of these addresses together did it. ufw logs a sample of the packets
that it drops. What takes days on a real server takes seconds here: a user's history, the rhythm of
a phone, the decay of old attacks cannot be seen.
"""


def sample_files(played: Played, versions: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files of the folder by name."""
    facts = true_facts(played, versions)
    files = {
        "truth.json": (json.dumps(facts, indent=1) + "\n").encode(),
        "README.md": readme(facts).encode(),
    }
    for style in STYLES:
        for name in logs.LOG_NAMES:
            body = (played.folder / style / name).read_bytes()
            files[f"{style}/{name}.gz"] = gzip.compress(body, 9, mtime=0)
    return files


def true_facts(played: Played, versions: Mapping[str, str]) -> dict[str, Any]:
    """Return what the clients did: by address, and by deed."""
    every = [result for results in played.results.values() for result in results]
    names = measures.COLUMNS
    return {
        "year": played.year,
        "versions": dict(versions),
        "lines": {
            name: (played.folder / STYLES[0] / name).read_bytes().count(b"\n")
            for name in logs.LOG_NAMES
        },
        "decoys": list(DECOYS),
        "addresses": {
            address: {names[name]: counts[name] for name in truth.COUNTS if counts[name]}
            for address, counts in sorted(truth.totals(every).items())
        },
        "deeds": [
            {
                "deed": deed.name,
                "hostile": deed.hostile,
                "counted": deed.measure,
                "times": measures.done(deed.measure, played.of(deed.sources)),
                "addresses": sorted(deed.sources),
            }
            for deed in played.deeds
        ],
    }


def readme(facts: Mapping[str, Any]) -> str:
    """Return the page that says what is in the folder."""
    return README.format(
        year=facts["year"],
        versions=", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
        decoys=", ".join(facts["decoys"]),
        table="\n".join(_rows(facts["deeds"])),
    )


def _rows(deeds: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for deed in deeds:
        cells = (deed["deed"], len(deed["addresses"]), deed["counted"], deed["times"])
        yield f"| {' | '.join(map(str, cells))} |"


def versions_of(scene: Stage) -> dict[str, str]:
    """Return the versions of the server's daemons."""
    return {name: scene.server.run(words).stdout.strip() for name, words in VERSIONS.items()}


def main() -> int:
    """Play the deeds and write the folder; return 1 if the reader found anything else."""
    with tempfile.TemporaryDirectory() as folder, stage() as scene:
        played = play(scene, first_acts(), Path(folder))
        wrong = [line for style in STYLES for line in differences(played, style)]
        files = sample_files(played, versions_of(scene))
    for name, body in files.items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
