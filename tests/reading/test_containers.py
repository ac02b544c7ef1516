"""Lines of daemons inside the lines of Docker, Kubernetes, relays and grep."""

import json
from collections.abc import Callable

import pandas as pd
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import mailforensics as mf
from mailforensics.reading.syslog import read_heads

FAILED = (
    "warning: unknown[198.18.4.77]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
    "imap-login: Disconnected: Connection closed (auth failed, 2 attempts in 4 secs): "
    "user=<bob>, method=PLAIN, rip=198.18.4.77, lip=192.0.2.1, session=<x1Yz+/==>",
)
INNER = (
    f"Nov 24 10:00:00 mx postfix/smtpd[123]: {FAILED[0]}",
    f"2026-11-24T10:00:00.000000+00:00 mx postfix/smtpd[123]: {FAILED[0]}",
    f"Nov 24 10:00:00 mx dovecot: {FAILED[1]}",
    f"2026-11-24 10:00:00 {FAILED[1].replace(': ', ': Info: ', 1)}",
)
OUTER = "2026-11-24T10:00:00.000000000Z"
WRAPPERS = {
    "compose": "mail-1  | {}",
    "compose in colour": "\x1b[36mmail-1 |\x1b[0m {}",
    "compose with stamps": f"mail-1  | {OUTER} {{}}",
    "compose on a terminal": "\x1b[2Kmail-1  | {}",
    "podman-compose": "[mail]     | {}",
    "grep over files": "mail.log.1:{}",
    "grep with line numbers": "var/log/mail.log:27:{}",
    "grep around a hit": "mail.log-26-{}",
    "grep in colour": "\x1b[35m\x1b[Kmail.log\x1b[m\x1b[K\x1b[36m\x1b[K:\x1b[m\x1b[K{}",
    "swarm": "mail.1.x1y2z3@node1    | {}",
    "docker logs -t": f"{OUTER} {{}}",
    "container runtime": f"{OUTER} stdout F {{}}",
    "kubectl": "[pod/mail-0/postfix] {}",
    "kubectl with stamps": f"[pod/mail-0/postfix] {OUTER} {{}}",
    "Docker's syslog driver": "Nov 24 10:00:00 vps 3f2a1b0c9d8e[4]: {}",
    "the same in RFC 5424": f"<30>1 {OUTER} vps mail-postfix-1 4 mail-postfix-1 - {{}}",
    "a relay": "Nov 24 10:00:00 192.0.2.9 {}",
}
COLUMNS = ["time", "program", "pid", "event", "source_ip", "username", "reason", "message"]


def _docker_json(line: str) -> str:
    return json.dumps(
        {"log": f"{line}\n", "stream": "stdout", "time": OUTER}, separators=(",", ":")
    )


def _loki(line: str) -> str:
    return json.dumps({"labels": {"app": "mail"}, "line": line, "timestamp": OUTER})


def _filebeat(line: str) -> str:
    return json.dumps({"@timestamp": OUTER, "log": {"offset": 7}, "message": line})


def _journal(line: str) -> str:
    return json.dumps(
        {
            "__REALTIME_TIMESTAMP": "1795514400000000",
            "_HOSTNAME": "vps",
            "SYSLOG_IDENTIFIER": "3f2a1b0c9d8e",
            "_PID": "4",
            "CONTAINER_NAME": "mail",
            "MESSAGE": line,
        }
    )


def _events(lines: list[str]) -> pd.DataFrame:
    return mf.read_mail_log("\n".join(lines) + "\n", year=2026)


@pytest.mark.parametrize("wrapper", WRAPPERS.values(), ids=WRAPPERS)
@pytest.mark.parametrize("inner", INNER, ids=["BSD", "RFC 3339", "Dovecot by syslog", "Dovecot"])
def test_a_line_inside_a_line_is_read_as_it_would_be_alone(inner: str, wrapper: str) -> None:
    """The same event, program and peer come out, whoever wrote something before the line."""
    alone, wrapped = _events([inner]), _events([wrapper.format(inner)])
    pd.testing.assert_frame_equal(wrapped[COLUMNS], alone[COLUMNS])
    assert wrapped.at[0, "event"] == "auth_failed"


@pytest.mark.parametrize("wrap", [_docker_json, _journal, _loki, _filebeat])
def test_a_line_inside_json_is_read_as_it_would_be_alone(wrap: Callable[[str], str]) -> None:
    """Docker's files, the journal's export of a container, Loki and Filebeat hold whole lines."""
    alone, wrapped = _events([*INNER]), _events([wrap(inner) for inner in INNER])
    pd.testing.assert_frame_equal(wrapped[COLUMNS], alone[COLUMNS])


def test_the_host_is_the_inner_line_s_or_the_container() -> None:
    """A daemon's own host counts; where it names none, the container's name tells logs apart."""
    lines = [f"mail-1  | {INNER[0]}", f"mail-1  | {INNER[3]}", f"[pod/mail-0/d] {INNER[3]}"]
    assert sorted(_events(lines)["host"]) == ["mail-0", "mail-1", "mx"]


def test_a_line_without_a_tag_gives_its_time() -> None:
    """What other programs of a container print is dated, and a level they write is no host."""
    lines = [
        "mail-1  | 2026-11-24 10:00:00,123 INFO success: smtpd entered RUNNING state",
        "mail-1  | 2026-11-24 10:00:00 #45(normal) <a1b2c3>; task; accepted",
        "mail-1  | Nov 24 10:00:00 [UFW BLOCK] IN=eth0 OUT= SRC=198.18.4.77 DST=192.0.2.1 LEN=60",
    ]
    events = _events(lines)
    assert events["event"].tolist() == ["server", "other", "unparsed"]
    assert events["host"].isna().all()
    assert events["time"].notna().tolist() == [True, True, False]


def test_the_outer_time_dates_a_year_less_line() -> None:
    """A stamp with year and zone around the line is better than one without inside it."""
    (event,) = mf.read_mail_log(f"2025-12-31T23:00:00.5Z {INNER[0]}\n", tz="Asia/Tokyo").to_dict(
        "records"
    )
    assert event["time"] == pd.Timestamp("2025-12-31T23:00:00.5Z")


def test_a_runtime_s_line_needs_no_stamp_inside() -> None:
    """A daemon that leaves the stamp to the container's runtime is read with that one."""
    lines = [f"{OUTER} stderr F postfix/smtpd[7]: {FAILED[0]}", f"{OUTER} stdout F {FAILED[1]}"]
    assert set(_events(lines)["source_ip"]) == {"198.18.4.77"}


@pytest.mark.parametrize(
    "line",
    [
        # What a program logs may be a stranger's text: only names that Docker gives are opened.
        f"Nov 24 10:00:00 vps web[4]: {INNER[0]}",
        f"Nov 24 10:00:00 vps postfix/smtpd[4]: {INNER[0]}",
        f"Nov 24 10:00:00 vps 3f2a1b0c9d8e[4]: GET /{INNER[0]}",
        # No whole head begins the inner line.
        f"mail-1  | {FAILED[0]}",
        f"mail-1  | x {INNER[0]}",
        f"mail.log: {INNER[0]}",
        f"mail.log:x:{INNER[0]}",
        f"{OUTER} stdout F {FAILED[0]}",
        f"{OUTER} two words {INNER[0]}",
        _docker_json(FAILED[0]),
        _docker_json(INNER[0])[:-9],
        _docker_json(f"x {INNER[0]}"),
        _loki(FAILED[0]),
        _filebeat(f"x {INNER[0]}"),
        _filebeat(INNER[0].removeprefix("Nov 24 10:00:00 ")),
    ],
)
def test_no_source_where_a_line_is_not_surely_a_daemon_s(line: str) -> None:
    """Text further inside a line never becomes an event of its own."""
    (event,) = _events([line]).to_dict("records")
    assert pd.isna(event["source_ip"])
    assert event["event"] in {"other", "unparsed"}


def test_a_container_cannot_speak_for_the_kernel() -> None:
    """A firewall line that a container prints is none: only the kernel sees packets."""
    packet = "kernel: [UFW BLOCK] IN=eth0 OUT= SRC=198.18.4.77 DST=192.0.2.1 LEN=60 PROTO=TCP"
    packets = (f"Nov 24 10:00:00 mx {packet}", f"Nov 24 10:00:00 {packet[8:]}")
    lines = [wrapper.format(p) for wrapper in WRAPPERS.values() for p in packets]
    events = mf.read_ufw_log("\n".join(lines) + "\n", year=2026)
    assert events["source_ip"].isna().all()


ODD = (
    *(
        "mail: hello",
        "x: y",
        "Aug 99 10:00:00 mx postfix/smtpd[1]: connect from unknown[192.0.2.1]",
    ),
    *(
        "2026-09-04T10:00:00Z mail: hello",
        "2026-09-04T10:00:00+02:00 dovecot: x",
        "Foo  1 10:00:00 a",
    ),
    *("2026-09-04T10:00:00.1Z mx kernel: IN=eth0", "Aug  1 10:00:00 mx kernel: IN=eth0", ""),
    "Sep  4 10:00:00 mx mailserver: Sep  4 10:00:00 mx dovecot: imap-login: Info: x",
    f"Sep  4 10:00:00 vps 3f2a1b0c9d8e[4]: {INNER[0]}",
    f"{OUTER} {INNER[1]}",
    "<12>1 2026-09-04T10:00:00Z mx app 1 - - Sep  4 10:00:00 mx postfix/smtpd[1]: x",
)


def _heads(first: list[str], lines: list[str]) -> pl.DataFrame:
    """Return the heads of lines that stand after others."""
    text = [*first, *lines]
    heads = read_heads(pl.DataFrame({"line": range(len(text)), "text": text}))
    return heads.slice(len(first))


def test_a_line_is_read_alike_in_any_company() -> None:
    """Whether the first lines of a block are stamped twice changes nothing."""
    lines = [wrap.format(line) for wrap in ("{}", *WRAPPERS.values()) for line in (*INNER, *ODD)]
    lines += [f"{OUTER} std{name} F {line}" for name in ("out", "err") for line in (*INNER, *ODD)]
    plain = ["Sep  4 10:00:00 mx postfix/smtpd[1]: connect from unknown[192.0.2.1]"] * 100
    slow = _heads(plain, lines)
    assert_frame_equal(slow, _heads([f"{OUTER} {line}" for line in plain], lines))
    assert_frame_equal(
        slow, pl.concat([_heads(plain, [line]) for line in lines]).with_columns(slow["line"])
    )
