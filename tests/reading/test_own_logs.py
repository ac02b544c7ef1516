"""Logs that programs write by themselves: nginx as a mail proxy, rspamd."""

import pandas as pd
import pytest

import mailforensics as mf

FAILED = (
    '*1 client login failed: "Invalid login or password" while in http auth state, client: '
    '198.18.4.77, server: 0.0.0.0:993, login: "bob"'
)
NGINX = f"2026/09/04 10:00:00 [info] 123#456: {FAILED}"
TASK = (
    "<a1b2c3>; task; rspamd_task_write_log: id: <1@example.com>, qid: <4XyZ12Bbcd>, "
    "ip: 192.0.2.25, from: <a@example.com>, (default: F (no action): [0.1/15.00] [])"
)


def _read(*lines: str) -> pd.DataFrame:
    text = "\n".join(lines) + "\n"
    return mf.read_mail_log(text).sort_values("line", ignore_index=True)


@pytest.mark.parametrize(
    "line",
    [NGINX, f"front-1  | {NGINX}", f"Sep  4 10:00:01 mx nginx: {NGINX}"],
    ids=["its own log", "a container's", "through syslog"],
)
def test_a_login_refused_by_nginx_has_its_client(line: str) -> None:
    """Nginx's own head is understood, and what stands in it of the client."""
    (event,) = _read(line).to_dict("records")
    told = {name: event[name] for name in ("program", "event", "source_ip", "username")}
    assert told == {
        "program": "nginx",
        "event": "auth_failed",
        "source_ip": "198.18.4.77",
        "username": "bob",
    }
    assert mf.sources(_read(line))["auth_failed"].tolist() == [1]


def test_the_head_of_nginx_has_a_process_and_no_host() -> None:
    """The level is no host, and `pid#thread` no tag."""
    (event,) = _read(NGINX).to_dict("records")
    assert (str(event["time"]), event["pid"]) == ("2026-09-04 10:00:00+00:00", 123)
    assert pd.isna(event["host"])


@pytest.mark.parametrize(
    "message",
    [
        '*5 open() "/srv/x" failed (2: No such file or directory), client: 203.0.113.9, server: _, '
        'request: "GET /x HTTP/1.1", host: "example.org"',
        "*5 client timed out (110: Connection timed out) while waiting for request, client: "
        "203.0.113.9, server: 0.0.0.0:443",
        "*5 client 203.0.113.9:4444 connected to 0.0.0.0:443",
        '*5 open() "/, client: 203.0.113.9, server: 0.0.0.0:25" failed, client: 203.0.113.9, '
        'server: _, request: "GET /, client: 203.0.113.9, server: 0.0.0.0:25"',
    ],
)
def test_a_web_server_is_no_mail_proxy(message: str) -> None:
    """What nginx says of web clients is `other`, and has no source."""
    (event,) = _read(f"2026/09/04 10:00:00 [error] 12#12: {message}").to_dict("records")
    assert event["event"] == "other"
    assert pd.isna(event["source_ip"])


def test_a_line_that_nginx_cut_has_no_source() -> None:
    """Nginx cuts at 2,048 characters: a long command cannot take the client's place."""
    trap = '" while in auth state, client: 203.0.113.9, server: 0.0.0.0:25'
    words = '2026/09/04 10:00:00 [info] 1#1: *1 client was rejected: "'
    line = words + "A" * (2048 - len(words) - len(trap)) + trap
    (event,) = _read(line).to_dict("records")
    assert event["event"] == "reject"
    assert pd.isna(event["source_ip"])


@pytest.mark.parametrize(
    ("head", "pid"),
    [
        ("2026-09-04 10:00:00 #77(rspamd_proxy) ", 77),
        ("2026-09-04 10:00:00.1234 [info] #77(normal) ", 77),
        ("Sep  4 10:00:00 mx rspamd[77]: ", 77),
        ("Sep  4 10:00:00 mx rspamd[77]: (normal) ", 77),
    ],
)
def test_rspamd_names_its_peer_in_a_log_of_its_own(head: str, pid: int) -> None:
    """Its process stands in brackets after the number, and the task is read as from syslog."""
    (event,) = _read(head + TASK).to_dict("records")
    told = [event[name] for name in ("program", "pid", "event", "source_ip", "queue_id")]
    assert told == ["rspamd", pid, "server", "192.0.2.25", "4XyZ12Bbcd"]
