"""A small DNS server: answers what a table says, byte for byte, so that names may be hostile.

Runs inside a host, with the standard library alone: `python names.py ADDRESS TABLE.json`. The table
maps a name and a type to answers: {"mx.example.net A": ["192.0.2.44"], "example.net MX":
["mx.example.net"], "9.0.18.198.in-addr.arpa PTR": [["host [192.0.2.66]", "example", "com"]]}. A
name in a list is a list of labels, which may hold any character. `*.example.net MX` stands for all
names below. What is not there does not exist.
"""

import ipaddress
import json
import socket
import struct
import sys
from pathlib import Path

Name = str | list[str]
Table = dict[str, list[Name]]
TYPES = {1: "A", 12: "PTR", 15: "MX", 28: "AAAA"}
NO_SUCH_NAME = 3


def question(packet: bytes) -> tuple[str, str, int]:
    """Return the name asked for, its type, and where the question ends."""
    labels, place = [], 12
    while packet[place]:
        labels.append(packet[place + 1 : place + 1 + packet[place]].decode("latin-1"))
        place += packet[place] + 1
    (kind,) = struct.unpack_from("!H", packet, place + 1)
    return ".".join(labels).lower(), TYPES.get(kind, str(kind)), place + 5


def encoded(kind: str, value: Name) -> bytes:
    """Return one answer's data."""
    if kind in {"A", "AAAA"}:
        return ipaddress.ip_address(value).packed
    labels = value.split(".") if isinstance(value, str) else value
    raw = [label.encode("latin-1") for label in labels]
    name = b"".join(bytes([len(label)]) + label for label in raw) + b"\0"
    return struct.pack("!H", 10) + name if kind == "MX" else name


def answers(table: Table, name: str, kind: str) -> list[Name] | None:
    """Return what the table says, or None if it does not know the name at all."""
    patterns = [name, "*." + name.partition(".")[2]]
    for pattern in patterns:
        if f"{pattern} {kind}" in table:
            return table[f"{pattern} {kind}"]
    known = any(key.split(" ")[0] in patterns for key in table)
    return [] if known else None


def reply(table: Table, packet: bytes) -> bytes:
    """Return the packet that answers a packet."""
    name, kind, end = question(packet)
    found = answers(table, name, kind)
    flags = 0x8580 | (NO_SUCH_NAME if found is None else 0)
    number = {name: number for number, name in TYPES.items()}.get(kind, 0)
    head = packet[:2] + struct.pack("!HHHHH", flags, 1, len(found or []), 0, 0)
    body = b""
    for value in found or []:
        data = encoded(kind, value)
        body += struct.pack("!HHHIH", 0xC00C, number, 1, 60, len(data)) + data
    return head + packet[12:end] + body


def main() -> None:
    """Answer until killed."""
    table = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind((sys.argv[1], 53))
        while True:
            packet, peer = door.recvfrom(4096)
            door.sendto(reply(table, packet), peer)


if __name__ == "__main__":
    main()
