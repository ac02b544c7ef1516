"""The logs that the server of the bench wrote: wait until they are whole, copy them, count in them.

The counts here are made by plain expressions over lines, apart from the package's reader, so that
each can hold the other to the truth.
"""

import re
import shutil
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hosts import Host

from bench.places import MAIL_PORTS
from bench.server import STYLES

LOG_NAMES: Final = ("mail.log", "ufw.log")
SETTLE_SECONDS: Final = 150
LOG: Final = "/var/log/rfc3339/mail.log"
# The head of a line of smtpd, for grep; strangers may write the same further on in a line.
HEAD: Final = r"^[^ ]* mail [a-z/]*smtpd\[[0-9]*\]:"
_ADDRESS: Final = r"(?P<ip>[0-9a-f.:]+)"
_PEER: Final = rf"[^\[\s]+\[{_ADDRESS}\]"
_SMTPD: Final = r"^\S+ \S+ \S*smtpd\[\d+\]: "
_LOGIN: Final = r"^\S+ \S+ dovecot: \S+-login: .*, rip=(?P<ip2>[0-9a-f.:]+), lip=[^ ,]+"
# What each measure is in the log; a line is one of it, or as many as its `number` says. What a
# stranger wrote stands before the peer in the lines of Dovecot, and after it in all others.
LINES: Final = {
    "sessions": rf"{_SMTPD}connect from {_PEER}|{_LOGIN.replace('.*', '.*user=<.*')}",
    "failures": rf"{_SMTPD}warning: {_PEER}: SASL \S+ authentication failed: "
    r"|^\S+ \S+ dovecot: auth: [a-z-]+\([^,]*,(?P<ip2>[0-9a-f.:]+),<[^ >]+>\): "
    r"(unknown user|Password mismatch|Username )",
    # `auth=1` in Postfix's counters is one that worked, `auth=0/2` none of two.
    "logins": rf"{_SMTPD}disconnect from {_PEER}.* auth=(?P<number>\d+)"
    rf"|{_LOGIN.replace('.*', 'Login: .*')}",
    "messages": rf"{_SMTPD}[0-9A-F]+: client={_PEER}",
    "relays": rf"{_SMTPD}NOQUEUE: reject: RCPT from {_PEER}: [45]54 [45]\.7\.1 .*access denied",
    "pregreets": rf"^\S+ \S+ \S+postscreen\[\d+\]: PREGREET \d+ after [0-9.]+ from \[{_ADDRESS}\]",
    "pipelining": rf"{_SMTPD}improper command pipelining after \S+ from {_PEER}",
    "tls failures": rf"{_SMTPD}SSL_accept error from {_PEER}"
    rf"|{_LOGIN}, TLS handshaking: SSL_accept\(\)",
    "unknown": rf"{_SMTPD}NOQUEUE: reject: (RCPT|VRFY) from {_PEER}: 550 5\.1\.1 ",
    "timeouts": rf"{_SMTPD}timeout after \S+ from {_PEER}",
    "bad commands": rf"{_SMTPD}warning: non-SMTP command from {_PEER}: ",
    "packets": rf"\[UFW BLOCK\] IN=\S+ OUT= \S+ SRC={_ADDRESS} ",
}


def mark(host: Host, text: str) -> None:
    """Write a line to the server's log daemon and wait until it and all before it are on disk."""
    host.run(["logger", "-p", "local7.info", "-t", "bench", text])
    host.wait_for(f"grep -q '{text}' /var/log/marks.log", seconds=SETTLE_SECONDS)


def settle(host: Host) -> None:
    """Wait until no client is connected, no message is on its way, and every line is on disk.

    Raises:
        AssertionError: that did not come within SETTLE_SECONDS.
    """
    ports = " or ".join(f"sport = :{port}" for port in MAIL_PORTS)
    clients = f"ss -Htn state established state close-wait '( {ports} )'"
    host.wait_for(f"! {clients} | grep -q .", seconds=SETTLE_SECONDS)
    host.wait_for("postqueue -p | grep -q 'queue is empty'", seconds=SETTLE_SECONDS)
    came, went = (f"$(grep -c '{HEAD} {what} from ' {LOG})" for what in ("connect", "disconnect"))
    host.wait_for(f"test {came} = {went}", seconds=SETTLE_SECONDS)
    mark(host, f"settled {time.time()}")


def fetch(host: Host, folder: Path) -> Path:
    """Copy the server's logs of both styles into a folder and return it."""
    for style in STYLES:
        (folder / style).mkdir(parents=True, exist_ok=True)
        for name in LOG_NAMES:
            source = host.root / "var/log" / style / name
            (folder / style / name).touch()
            if source.exists():
                shutil.copy(source, folder / style / name)
    return folder


def counted(measure: str, lines: Iterable[str]) -> Counter[str]:
    """Return for each peer how many of a measure's lines there are."""
    pattern = re.compile(LINES[measure])
    total: Counter[str] = Counter()
    for match in filter(None, map(pattern.search, lines)):
        groups = match.groupdict()
        total[groups["ip"] or groups["ip2"]] += int(groups.get("number") or 1)
    return total
