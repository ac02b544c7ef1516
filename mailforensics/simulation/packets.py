"""What the kernel writes for ufw: blocked packets, thinned by the firewall's rate limit."""

import ipaddress
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailforensics.simulation.imap import SERVER_IP4, SERVER_IP6
from mailforensics.simulation.lines import LogLine

BURST: Final = 10
PER_SECOND: Final = 3 / 60  # `-m limit --limit 3/min --limit-burst 10`, one bucket a rule
BOOTED: Final = datetime.fromisoformat("2026-08-20T04:00:00+00:00")
_MAC: Final = "52:54:00:12:34:56:52:54:00:ab:cd:ef"


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet that the firewall met; `rule` names the log rule that it would be written by."""

    time: datetime
    source_ip: str
    dest_port: int
    story: str
    rule: str = "default"
    ttl: int = 52
    window: int = 29200
    protocol: str = "TCP"


def log_packets(packets: Iterable[Packet], rng: random.Random) -> list[LogLine]:
    """Return the lines that reach ufw.log: a burst of ten, then at most three a minute a rule."""
    tokens: dict[str, tuple[datetime, float]] = {}
    lines = []
    for packet in sorted(packets, key=lambda p: p.time):
        last, left = tokens.get(packet.rule, (packet.time, float(BURST)))
        left = min(BURST, left + (packet.time - last).total_seconds() * PER_SECOND)
        if left >= 1:
            lines.append(LogLine(packet.time, "kernel", _text(packet, rng), packet.story))
        tokens[packet.rule] = (packet.time, left - 1 if left >= 1 else left)
    return lines


def _text(packet: Packet, rng: random.Random) -> str:
    uptime = (packet.time - BOOTED).total_seconds()
    prefix = "UFW LIMIT BLOCK" if packet.rule == "limit" else "UFW BLOCK"
    ip = ipaddress.ip_address(packet.source_ip)
    if ip.version == 6:
        addresses = f"SRC={ip.exploded} DST={ipaddress.ip_address(SERVER_IP6).exploded}"
        network = f"LEN=80 TC=0 HOPLIMIT={packet.ttl} FLOWLBL={rng.randint(0, 1048575)}"
    else:
        addresses = f"SRC={ip} DST={SERVER_IP4}"
        network = f"LEN=60 TOS=0x00 PREC=0x00 TTL={packet.ttl} ID={rng.randint(1, 65535)} DF"
    ports = f"PROTO={packet.protocol} SPT={rng.randint(32768, 60999)} DPT={packet.dest_port}"
    tail = f"WINDOW={packet.window} RES=0x00 SYN URGP=0 " if packet.protocol == "TCP" else "LEN=40 "
    kind = "86:dd" if ip.version == 6 else "08:00"
    return (
        f"[{uptime:.6f}] [{prefix}] IN=eth0 OUT= MAC={_MAC}:{kind} {addresses} {network} "
        f"{ports} {tail}"
    )
