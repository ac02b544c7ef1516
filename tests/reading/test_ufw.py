"""Firewall events: what each shape of line becomes, and whose words are believed."""

from pathlib import Path

import pandas as pd
import pytest

import mailforensics as mf
from mailforensics import schema

PLACE = {"message", "file", "line", "duplicate"}
COLUMNS = [name for name in schema.names(schema.FIREWALL_EVENTS) if name not in PLACE]
PACKET = (
    "IN=eth0 OUT= MAC= SRC=203.0.113.9 DST=192.0.2.10 LEN=60 TOS=0x00 PREC=0x00 TTL=52 ID=1 DF "
    "PROTO=TCP SPT=40222 DPT=25 WINDOW=29200 RES=0x00 SYN URGP=0"
)
TEXT = f"[UFW BLOCK] {PACKET}"
STAMP = "Sep  4 16:59:45"


def read_samples() -> list[tuple[str, dict[str, str]]]:
    """Return each sample of the file: a whole line, and its columns as text."""
    samples: list[tuple[str, dict[str, str]]] = []
    path = Path(__file__).with_name("lines_ufw.txt")
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("    "):
            name, _, value = line.strip().partition(" = ")
            samples[-1][1][name] = value
        elif line and not line.startswith("#"):
            samples.append((line, {}))
    return samples


def as_text(value: object) -> str:
    """Return a value as the file of samples spells it."""
    return value.isoformat() if isinstance(value, pd.Timestamp) else str(value)


@pytest.mark.parametrize(("line", "expected"), read_samples())
def test_a_line_becomes_exactly_these_columns(line: str, expected: dict[str, str]) -> None:
    """Every column that the sample names is caught, and no other."""
    (row,) = mf.read_ufw_log(f"{line}\n", year=2026)[COLUMNS].to_dict("records")
    caught = {str(name): as_text(value) for name, value in row.items() if pd.notna(value)}
    assert caught == {"repeat": "1", **expected}


def test_there_are_samples_enough() -> None:
    """The file is found, and holds what it is meant to hold."""
    assert len(read_samples()) >= 50


@pytest.mark.parametrize(
    "line",
    [
        f"{STAMP} mail evil {TEXT}",
        f"{STAMP} mail logger: x {TEXT}",
        f"{STAMP} mail evil: {TEXT}",
        f"{STAMP} mail evil[1]: {TEXT}",
        f"{STAMP} mail kernel[1]: {TEXT}",
        f"{STAMP} evil {PACKET}",
        f"{STAMP} mail evil {PACKET}",
        f"{STAMP} mail {TEXT}",
        f"{STAMP} mail x [12345.678901] {TEXT}",
        f"{STAMP} mail postfix/smtpd[1]: warning: a[198.18.0.1]: SASL LOGIN authentication failed: "
        f"(reason unavailable), sasl_username=kernel: {TEXT}",
        f"{STAMP} mail postfix/smtpd[1]: message repeated 3 times: [ [1.5] {TEXT} ]",
        f"{STAMP} mail sshd[1]: Invalid user {TEXT} from 198.18.0.1 port 22",
        f"{STAMP} mail kernel-notes: {TEXT}",
        f"<13>{STAMP} mail kernel: {TEXT}",
        f"<22>{STAMP} mail kernel: {TEXT}",
        f"<13>1 2026-09-04T16:59:45Z mail kernel - - - {TEXT}",
        f"<4>1 2026-09-04T16:59:45Z mail evil - - - {TEXT}",
        f"2026-09-04T16:59:45.123456+02:00 mail evil {TEXT}",
        f"2026-09-04T16:59:45.123456+02:00 mail evil: {TEXT}",
        f"2026-09-04T16:59:45+0200 mail sshd[77]: kernel: {TEXT}",
        f"2026-09-04 16:59:45 evil[3]: kernel: {TEXT}",
        f"Sep 04 16:59:45 imap-login: Info: Login: user=<{TEXT}>",
        f"@40000000663a1b2c00000000 evil: {TEXT}",
        f"[12345.678901] mail evil[12]: {TEXT}",
        f"[Fri Sep  4 16:59:45 2026] [error] [client 198.18.0.1] kernel: {TEXT}",
        f"user  :notice: [12345.678901] {TEXT}",
        f"evil {TEXT}",
        f"x kernel: {TEXT}",
        '{"__REALTIME_TIMESTAMP":"1788541185123456","_TRANSPORT":"syslog","_PID":"7",'
        f'"SYSLOG_IDENTIFIER":"kernel","_COMM":"logger","MESSAGE":"{TEXT}"}}',
        '{"__REALTIME_TIMESTAMP":"1788541185123456","_TRANSPORT":"stdout",'
        f'"SYSLOG_IDENTIFIER":"kernel","MESSAGE":"{TEXT}"}}',
        f'{{"__REALTIME_TIMESTAMP":"1788541185123456","MESSAGE":"{TEXT}"}}',
        f'{{"__REALTIME_TIMESTAMP":"1788541185123456","_COMM":"evil","MESSAGE":"{TEXT}"}}',
        f'{{"MESSAGE":"{TEXT}"}}',
    ],
)
def test_only_the_kernel_can_tell_of_a_packet(line: str) -> None:
    """The same words from anybody else are a line without an address or a verdict."""
    (row,) = mf.read_ufw_log(f"{line}\n", year=2026).to_dict("records")
    assert row["event"] in {"other", "unparsed"}
    assert pd.isna(row["source_ip"])


@pytest.mark.parametrize("cut", range(len(TEXT)))
def test_a_cut_line_never_tells_of_another_address(cut: int) -> None:
    """However early a line ends, its addresses are whole or missing."""
    (row,) = mf.read_ufw_log(f"{STAMP} mail kernel: {TEXT[:cut]}\n", year=2026).to_dict("records")
    assert pd.isna(row["source_ip"]) or row["source_ip"] == "203.0.113.9"
    assert pd.isna(row["dest_ip"]) or row["dest_ip"] == "192.0.2.10"
