"""The ban script on real ufw: bans hold, others get through, undo leaves no trace."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from hosts import Host, network

import mailforensics as mf
from tests.ban_cases import ARTICLE, IPV6, approve

pytestmark = pytest.mark.real

SERVER, SERVER6 = "203.0.113.10", "2001:db8::10"
KNOCKS = [(SERVER, "212.70.149.83"), (SERVER, "198.18.0.9"), (SERVER6, "240e:d9:d800:200::d4")]
ORDINARY = "ufw allow 22/tcp; ufw allow 25/tcp; ufw allow 143/tcp comment 'mail users'"
RULE_SETS = {
    "empty": "true",
    "ordinary": ORDINARY,
    "useless denies": f"{ORDINARY}; ufw deny from {ARTICLE} comment 'mine | too'; "
    f"ufw reject from {IPV6}; ufw allow 993/tcp; ufw deny log from 198.18.0.9",
    "reject by default": f"{ORDINARY}; ufw default reject incoming",
    "limits and profiles": "ufw limit 22/tcp; ufw allow 'Postfix'; ufw allow OpenSSH; "
    "ufw route allow in on eth0; ufw allow out to any port 53; ufw logging medium; "
    "ufw allow from any to any port 25",
}


@pytest.fixture
def hosts() -> Iterator[SimpleNamespace]:
    """Give a mail server, an attacker with three addresses, and a legitimate peer."""
    with network(
        server=[f"{SERVER}/24", f"{SERVER6}/64"],
        attacker=[source for _, source in KNOCKS],
        peer=["198.51.100.7", "2001:db8:7::1"],
    ) as found:
        found.server.listen(25)
        yield found


@pytest.fixture
def script(tmp_path: Path) -> mf.BanScript:
    """Give a script that bans the attacker's three networks."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, "198.18.0.9/32", IPV6)
    return mf.ban_script(table, decisions, case="article")


def install(host: Host, script: mf.BanScript, rules: str) -> None:
    """Set the firewall up, keep a copy of it, and put the script on the host."""
    host.run(f"{rules}; ufw --force enable", timeout=120)
    host.run("cp -a /etc/ufw /root/before; ufw show added > /root/added")
    script.save(host.root / "root/ban.sh")


def ban(host: Host, *arguments: str, code: int = 0) -> str:
    """Run the script and return what it said; any other exit code is a failure."""
    done = host.run(["bash", "/root/ban.sh", *arguments], check=False, timeout=300)
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def assert_untouched(host: Host) -> None:
    """Check that the firewall's files, and what ufw says, are what they were before the ban."""
    host.run("ufw show added | diff /root/added -; diff -r /root/before /etc/ufw")
    host.run(
        "cd /root/before; stat -c '%a %U %n' * >/root/a; cd /etc/ufw; stat -c '%a %U %n' * "
        "| diff /root/a -"
    )


@pytest.mark.parametrize("rules", RULE_SETS.values(), ids=RULE_SETS)
def test_bans_hold_and_undo_leaves_no_trace(
    hosts: SimpleNamespace, script: mf.BanScript, rules: str
) -> None:
    """Whatever the rules, the banned are kept out, the peer is not, and undo restores all bytes."""
    install(hosts.server, script, rules)
    before = [hosts.peer.connects(to, 25) for to in (SERVER, SERVER6)]
    ban(hosts.server, "--apply")
    knocks = [hosts.attacker.connects(to, 25, source=source) for to, source in KNOCKS]
    assert knocks == ["timeout"] * 3
    assert [hosts.peer.connects(to, 25) for to in (SERVER, SERVER6)] == before
    assert ban(hosts.server, "--status").count(": in place") == 3
    rules_now = hosts.server.run("sha256sum /etc/ufw/*.rules").stdout
    assert "0 rules added" in ban(hosts.server, "--apply")
    assert hosts.server.run("sha256sum /etc/ufw/*.rules").stdout == rules_now
    ban(hosts.server, "--undo")
    assert_untouched(hosts.server)
    assert [hosts.attacker.connects(to, 25, source=source) for to, source in KNOCKS] == [
        before[0],
        before[0],
        before[1],
    ]
    ban(hosts.server, "--undo")
    assert_untouched(hosts.server)


def test_plan_changes_nothing(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """The plan, with root or without, says what would happen and changes no file."""
    install(hosts.server, script, RULE_SETS["useless denies"])
    plan = ban(hosts.server)
    assert f"takes away 'deny from {ARTICLE}'" in plan
    hosts.server.run("chmod 755 /root")
    done = hosts.server.run("setpriv --reuid=65534 --regid=65534 --clear-groups bash /root/ban.sh")
    assert done.stdout.count("ufw prepend deny from") == 3
    assert_untouched(hosts.server)
    hosts.server.run("test ! -e /var/lib/mailforensics")
