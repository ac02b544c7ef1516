"""Time the reader against pflogsumm, fail2ban-regex, rg and wc, on one generated file, in one run.

    python benchmarks/reading.py                 2 million lines, all programs that are installed
    python benchmarks/reading.py --lines 200000  a quick look
    python benchmarks/reading.py --scale         also a tenth of the lines, to see how time grows

Prints seconds, MB/s, lines/s, the ratio to the reader, and the reader's peak memory as a multiple
of the file's bytes. The best of `--rounds` counts.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

CAPTURE: Final = (
    r"^(\w+ +\d+ [\d:]+) (\S+) (\S+)\[(\d+)\]: warning: (\S+)\[([\d.]+)\]: SASL (\w+) "
    r"authentication failed: (.*)$"
)
READ: Final = """
import resource, sys, time
import mailforensics as mf
start = time.perf_counter()
events = mf.read_mail_log(sys.argv[1], year=2026)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
other = int(events["event"].isin(["other", "unparsed"]).sum())
print(seconds, peak, len(events), other)
"""


def sessions(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (tag, message) of made-up sessions without end: attacks, probes and real mail."""
    while True:
        ip = f"198.{rng.randint(18, 19)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"
        smtpd = f"postfix/smtpd[{rng.randint(1000, 60000)}]"
        peer = f"unknown[{ip}]"
        kind = rng.random()
        yield smtpd, f"connect from {peer}"
        if kind < 0.6:
            user = rng.choice(("info", "admin", "test", f"user{rng.randint(1, 9999)}@example.org"))
            yield (
                smtpd,
                (
                    f"warning: {peer}: SASL LOGIN authentication failed: (reason unavailable), "
                    f"sasl_username={user}"
                ),
            )
            yield smtpd, f"lost connection after AUTH from {peer}"
            yield smtpd, f"disconnect from {peer} ehlo=1 auth=0/1 commands=1/2"
        elif kind < 0.7:
            yield (
                smtpd,
                (
                    f"NOQUEUE: reject: RCPT from {peer}: 454 4.7.1 "
                    f"<a{rng.randint(1, 999)}@example.net>: Relay access denied; "
                    "from=<b@example.com> to=<a@example.net> proto=ESMTP helo=<x>"
                ),
            )
            yield smtpd, f"disconnect from {peer} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4"
        elif kind < 0.8:
            yield (
                "dovecot",
                (
                    "imap-login: Disconnected: Connection closed "
                    "(auth failed, 1 attempts in 2 secs): "
                    f"user=<info>, method=PLAIN, rip={ip}, lip=203.0.113.10, TLS, "
                    f"session=<{rng.random()}>"
                ),
            )
        else:
            yield from delivery(rng, smtpd, ip)


def delivery(rng: random.Random, smtpd: str, ip: str) -> Iterator[tuple[str, str]]:
    """Yield the lines of one message from its client to its mailbox."""
    name = f"mail{rng.randint(1, 99)}.example.com"
    queue = f"4X{rng.randint(0, 99999):05}Zq{rng.randint(0, 999):03}".translate(
        str.maketrans("aeiou", "bcdfg")
    )
    sender = f"user{rng.randint(1, 9999)}@example.com"
    yield smtpd, f"{queue}: client={name}[{ip}]"
    yield "postfix/cleanup[812]", f"{queue}: message-id=<{rng.randint(1, 10**9)}@example.com>"
    yield (
        "postfix/qmgr[99]",
        f"{queue}: from=<{sender}>, size={rng.randint(900, 90000)}, nrcpt=1 (queue active)",
    )
    yield (
        "postfix/lmtp[813]",
        (
            f"{queue}: to=<anna@example.org>, relay=mail[private/dovecot-lmtp], delay=0.42, "
            "delays=0.2/0.01/0.01/0.2, dsn=2.0.0, status=sent (250 2.0.0 <anna@example.org> saved)"
        ),
    )
    yield "postfix/qmgr[99]", f"{queue}: removed"
    yield smtpd, f"disconnect from {name}[{ip}] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"


def generate(path: Path, lines: int, *, rfc3339: bool = False) -> None:
    """Write a log of so many lines, about a line every 1.2 seconds, the same on every run."""
    rng = random.Random(1)
    at = datetime(2026, 8, 1, tzinfo=UTC)
    messages = sessions(rng)
    with path.open("w") as file:
        for _ in range(lines):
            at += timedelta(seconds=rng.random() * 2.4)
            tag, message = next(messages)
            stamp = at.isoformat(timespec="microseconds") if rfc3339 else f"{at:%b %e %H:%M:%S}"
            file.write(f"{stamp} mail {tag}: {message}\n")


def best(command: list[str], rounds: int) -> float:
    """Return the least seconds that a command takes."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def read(path: Path, rounds: int) -> tuple[float, float]:
    """Return the reader's least seconds and its peak memory in bytes, each round in a process."""
    runs = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True
        )
        seconds, peak, rows, other = map(float, done.stdout.split())
        runs.append((seconds, peak))
    print(f"reader: {rows:.0f} rows, {other:.0f} of them not understood")
    return min(run[0] for run in runs), min(run[1] for run in runs)


def rivals(path: Path) -> dict[str, list[str]]:
    """Return the commands to compare with, of those that are installed."""
    commands = {
        "pflogsumm": ["pflogsumm", str(path)],
        "fail2ban-regex": ["fail2ban-regex", str(path), "postfix[mode=aggressive]"],
        "rg -c, one capture regex": ["rg", "-c", CAPTURE, str(path)],
        "wc -l": ["wc", "-l", str(path)],
    }
    return {name: command for name, command in commands.items() if shutil.which(command[0])}


def show(name: str, seconds: float, path: Path, lines: int, own: float) -> None:
    """Print one line of the table."""
    megabytes = path.stat().st_size / 1e6
    print(
        f"{name:28} {seconds:8.2f} s {megabytes / seconds:8.0f} MB/s "
        f"{lines / seconds / 1e6:8.2f} M lines/s {seconds / own:8.2f} x"
    )


def compare(path: Path, lines: int, rounds: int) -> tuple[float, float]:
    """Print the table for one file and return the reader's seconds and peak bytes."""
    size = path.stat().st_size
    print(f"\n{path.name}: {lines} lines, {size / 1e6:.0f} MB")
    own, peak = read(path, rounds)
    show("mailforensics", own, path, lines, own)
    for name, command in rivals(path).items():
        slow = name in {"pflogsumm", "fail2ban-regex"}
        show(name, best(command, 1 if slow else rounds + 1), path, lines, own)
    print(f"peak memory {peak / 1e6:.0f} MB, {peak / size:.1f} x the file")
    return own, peak


def main() -> None:
    """Generate the files, run the comparison, print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--rfc3339", action="store_true")
    parser.add_argument("--scale", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mail.log"
        generate(path, chosen.lines, rfc3339=chosen.rfc3339)
        own, _ = compare(path, chosen.lines, chosen.rounds)
        if chosen.scale:
            small = Path(folder) / "mail.log.small"
            generate(small, chosen.lines // 10, rfc3339=chosen.rfc3339)
            part, _ = read(small, chosen.rounds)
            print(f"ten times the lines: {own / part:.1f} x the time")


if __name__ == "__main__":
    main()
