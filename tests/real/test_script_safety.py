"""Interrupted anywhere, left alone, run twice at once: the server gets back to a good state."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from ban_hosts import ORDINARY, Host, assert_untouched, ban, install, knocks, mail_server, peers

import mailforensics as mf
from tests.ban_cases import ARTICLE, IPV6, approve

pytestmark = pytest.mark.real

RULES = f"{ORDINARY}; ufw deny from {ARTICLE} comment 'mine'; ufw allow 993/tcp"
# bash reads this before the script: it kills the script by SIGKILL before its Nth simple command
# after the journal was begun, or counts the commands when N is 0.
KILLER = r"""
unset BASH_ENV
set -T
steps=0
trap '[[ ! -e /var/lib/mailforensics/article/journal ]] || ((++steps != KILL_AT)) ||
    kill -9 $$' DEBUG
trap 'echo $steps >/run/steps' EXIT
"""
POINTS = 6


@pytest.fixture
def hosts() -> Iterator[SimpleNamespace]:
    """Give a mail server, an attacker with three addresses, and a legitimate peer."""
    with mail_server() as found:
        yield found


@pytest.fixture
def script(tmp_path: Path) -> mf.BanScript:
    """Give a script that bans the attacker's three networks."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, "198.18.0.9/32", IPV6)
    return mf.ban_script(table, decisions, case="article")


def killed(host: Host, at: int, *arguments: str) -> int:
    """Run the script, kill it before its step `at` (0: never); return how many steps it took."""
    (host.root / "root/killer.sh").write_text(KILLER)
    words = ["env", "BASH_ENV=/root/killer.sh", f"KILL_AT={at}", "bash", "/root/ban.sh"]
    done = host.run([*words, *arguments], check=False, timeout=120)
    assert done.returncode in ({0} if at == 0 else {-9, 137}), done.stdout + done.stderr
    return int((host.root / "run/steps").read_text()) if at == 0 else at


def points(steps: int) -> list[int]:
    """Return steps to kill at: the first, the last, and some between."""
    return sorted({1, steps, *range(1, steps, max(1, steps // (POINTS - 1)))})


@pytest.mark.parametrize("way", ["--no-bulk", "--bulk"], ids=["rules", "sets"])
def test_killed_anywhere_undo_restores_every_byte(
    hosts: SimpleNamespace, script: mf.BanScript, way: str
) -> None:
    """`kill -9` of --apply at any step, then --undo: /etc/ufw and the kernel are as before."""
    server = hosts.server
    install(server, script, RULES)
    steps = killed(server, 0, "--apply", way)
    ban(server, "--undo")
    assert_untouched(server)
    for step in points(steps):
        killed(server, step, "--apply", way)
        ban(server, "--undo")
        assert_untouched(server)


@pytest.mark.parametrize("way", ["--no-bulk", "--bulk"], ids=["rules", "sets"])
def test_killed_anywhere_apply_completes(
    hosts: SimpleNamespace, script: mf.BanScript, way: str
) -> None:
    """`kill -9` of --apply or --undo at any step, then --apply: the bans are all in place."""
    server = hosts.server
    install(server, script, RULES)
    steps = killed(server, 0, "--apply", way)
    for step in points(steps)[1::2]:
        ban(server, "--undo")
        killed(server, step, "--apply", way)
        ban(server, "--apply", way)
        assert ban(server, "--status").count(": in place") == 3
    assert knocks(hosts) == ["timeout"] * 3
    steps = killed(server, 0, "--undo")
    for step in points(steps)[1::2]:
        ban(server, "--apply", way)
        killed(server, step, "--undo")
        ban(server, "--apply", way)
        assert ban(server, "--status").count(": in place") == 3
    ban(server, "--undo")
    assert_untouched(server)


def test_two_runs_at_once_keep_apart(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """Of two runs at the same time one waits for the other, and finds nothing left to do."""
    server = hosts.server
    install(server, script)
    both = server.run("bash /root/ban.sh --apply & bash /root/ban.sh --apply; wait").stdout
    assert both.count("3 bans added") == both.count("0 bans added") == 1
    ban(server, "--undo")
    assert_untouched(server)


def test_unconfirmed_bans_are_taken_back(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """With --confirm N the bans go by themselves, even if the run was killed with its terminal."""
    server = hosts.server
    install(server, script)
    answer = ban(server, "--apply", "--confirm", "8")
    assert "Log in anew within 8 seconds and run: sudo bash /root/ban.sh --confirm" in answer
    assert knocks(hosts) == ["timeout"] * 3
    server.wait_for("test ! -e /var/lib/mailforensics/article", seconds=60)
    assert_untouched(server)
    killed(server, 400, "--apply", "--confirm", "2")
    server.wait_for("test ! -e /var/lib/mailforensics/article", seconds=60)
    assert_untouched(server)


def test_confirmed_bans_stay(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """A confirmation in time keeps the bans; one from the same login counts for nothing."""
    server = hosts.server
    install(server, script)
    assert "Nothing waits to be confirmed" in ban(server, "--confirm")
    ban(server, "--apply", "--confirm", "10")
    assert "Confirmed: the bans stay" in ban(server, "--confirm")
    server.run("sleep 12")
    assert knocks(hosts) == ["timeout"] * 3
    ban(server, "--undo")
    assert_untouched(server)


def test_bans_that_are_over_are_taken_back(hosts: SimpleNamespace, tmp_path: Path) -> None:
    """--expire ends the bans whose last day is past, as rules and as sets, and no others."""
    server = hosts.server
    table, decisions = approve(tmp_path / "d.jsonl", "198.18.0.9/32", until="2099-06-30")
    approve(tmp_path / "d.jsonl", ARTICLE)
    install(server, mf.ban_script(table, decisions, case="article"))
    tomorrow = (
        '#!/bin/bash\n[[ $* != "-u +%F" ]] || { echo 2099-07-01; exit; }\nexec /run/date "$@"\n'
    )
    (server.root / "run/tomorrow").write_text(tomorrow)
    server.run("cp /usr/bin/date /run/date; chmod 755 /run/tomorrow")
    for way in ("--no-bulk", "--bulk"):
        ban(server, "--apply", way)
        ban(server, "--expire")
        assert knocks(hosts)[:2] == ["timeout"] * 2
        server.run("mount --bind /run/tomorrow /usr/bin/date")
        ban(server, "--expire")
        assert knocks(hosts)[:2] == ["timeout", "open"]
        assert "198.18.0.9/32: over" in ban(server, "--status")
        server.run("umount /usr/bin/date")
        ban(server, "--undo")
        assert_untouched(server)


def test_an_open_session_is_ended_or_named(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """A session that was open before the ban gets nothing through any more, or is named."""
    server = hosts.server
    install(server, script, f"{ORDINARY}; ufw allow 2525/tcp")
    server.start("exec nc -lk -p 2525", log="/run/heard")
    server.wait_for("ss -Hltn 'sport = :2525' | grep -q .")
    talk = (
        "exec 3<>/dev/tcp/203.0.113.10/2525; for i in $(seq 200); do echo $i >&3; sleep 0.5; done"
    )
    for way in ("--no-bulk", "--bulk"):
        hosts.attacker.start(talk, log="/run/talk.log")
        server.wait_for("grep -q . /run/heard")
        answer = ban(server, "--apply", way)
        assert "open sessions of banned networks: 1" in answer
        heard = server.run("cat /run/heard").stdout
        server.run("sleep 3")
        if "goes on until it closes" not in answer:
            assert server.run("cat /run/heard").stdout == heard, answer
        ban(server, "--undo")
        hosts.attacker.run("pkill seq; pkill -f dev/tcp", check=False)
        server.run("> /run/heard")


def test_verify_says_what_happened_since(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """--verify counts packets, finds the last line in each log, and explains what still comes."""
    server = hosts.server
    install(server, script)
    server.run(
        "echo '2026-01-01T00:00:00+00:00 mx postfix/smtpd[7]: connect from "
        "unknown[198.18.0.9]' > /var/log/mail.log"
    )
    ban(server, "--apply")
    assert knocks(hosts) == ["timeout"] * 3
    server.run(
        "echo \"$(date -d '+1 minute' '+%b %e %H:%M:%S') mx postfix/smtpd[7]: connect from "
        'unknown[212.70.149.83]" >> /var/log/mail.log; '
        "echo '2026-11-24T08:00:00.1+00:00 mx kernel: [1.2] [UFW BLOCK] IN=eth0 OUT= MAC=00 "
        "SRC=240e:00d9:d800:0200:0000:0000:0000:00d4 DST=2001:db8::10 DPT=25' > /var/log/ufw.log"
    )
    answer = ban(server, "--verify")
    assert f"{ARTICLE}: in place; " in answer
    assert "; 0 packets" not in answer
    assert "last connection in the mail log: 2026-01-01T00:00:00+00:00, before the ban" in answer
    assert "STILL SEEN in the mail log" in answer
    assert "last in the firewall's log: 2026-11-24T08:00:00.1+00:00" in answer
    server.run("ufw delete allow 25/tcp; ufw prepend allow 25/tcp")
    answer = ban(server, "--verify")
    assert "the rule is not in force: no effect, below 'allow from any to any port 25" in answer
    assert ban(server, "--apply").count("banned ") == 3
    assert knocks(hosts) == ["timeout"] * 3
    ban(server, "--undo")


def test_three_hundred_rules_and_a_translated_ufw(
    hosts: SimpleNamespace, script: mf.BanScript
) -> None:
    """Among 300 rules of the admin, in a Japanese shell, bans and undo work all the same."""
    server = hosts.server
    install(server, script)
    rules = "".join(
        f"\n### tuple ### allow tcp {port} 0.0.0.0/0 any 198.51.100.{port % 250} in comment=6d\n"
        f"-A ufw-user-input -p tcp --dport {port} -s 198.51.100.{port % 250} -j ACCEPT\n"
        for port in range(2000, 2300)
    )
    path = server.root / "etc/ufw/user.rules"
    path.write_text(path.read_text().replace("### RULES ###\n", "### RULES ###\n" + rules))
    server.run("ufw reload; rm -r /root/before; cp -a /etc/ufw /root/before")
    server.run("ufw show added > /root/added")
    japanese = "LANG=ja_JP.UTF-8 LANGUAGE=ja_JP:ja"
    answer = server.run(f"{japanese} bash /root/ban.sh --apply", timeout=120).stdout
    assert "3 bans added" in answer
    assert knocks(hosts) == ["timeout"] * 3
    assert peers(hosts) == ["open"] * 2
    ban(server, "--undo")
    assert_untouched(server)
