"""The ban script refuses whatever would hurt its owner, says why, and changes nothing."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from ban_hosts import assert_untouched, ban, install, knocks, mail_server

import mailforensics as mf
from tests.ban_cases import ARTICLE, IPV6, approve

pytestmark = pytest.mark.real

NETWORK = "198.18.0.0/24"
# What makes the network one that must not be banned; the words that the refusal must hold; how to
# take the condition away.
REASONS = {
    "own address": (
        "ip address add 198.18.0.77/32 dev lo",
        "holds 198.18.0.77, an address of this server",
        "ip address del 198.18.0.77/32 dev lo",
    ),
    "gateway": (
        "ip route replace default via 198.18.0.1 dev eth0 onlink",
        "holds 198.18.0.1, the gateway of this server",
        "ip route replace default dev eth0",
    ),
    "resolver": (
        "cp /etc/resolv.conf /root/resolv; echo nameserver 198.18.0.53 > /etc/resolv.conf",
        "holds 198.18.0.53, a DNS resolver",
        "cat /root/resolv > /etc/resolv.conf",
    ),
    "bridge": (
        "ip link add br1 type bridge; ip address add 198.18.0.1/16 dev br1",
        "lies in 198.18.0.1/16, a bridge to containers",
        "ip link del br1",
    ),
    "mynetworks": (
        "postconf -e 'mynetworks = 127.0.0.0/8 [::1]/128, 198.18.0.128/25'",
        "holds 198.18.0.128/25, in mynetworks of Postfix",
        "postconf -e 'mynetworks = 127.0.0.0/8'",
    ),
    "allow.txt": (
        "mkdir /etc/mailforensics; printf '# office\\r\\n\\r\\n198.18.0.9 # home\\r\\n' "
        "> /etc/mailforensics/allow.txt",
        "holds 198.18.0.9, listed in /etc/mailforensics/allow.txt",
        "rm -r /etc/mailforensics",
    ),
    "SSH peer on another port": (
        "echo Port 2222 > /etc/ssh/sshd_config.d/port.conf; $(command -v sshd); ufw allow 2222",
        "holds 212.70.149.83, logged in over SSH",
        "rm /etc/ssh/sshd_config.d/port.conf; pkill -x sshd; ufw delete allow 2222",
    ),
    "allow from": (
        "ufw allow from 198.18.0.9 to any port 25",
        "lets in; take that rule away first if the ban is meant",
        "ufw delete allow from 198.18.0.9 to any port 25",
    ),
}


@pytest.fixture
def hosts() -> Iterator[SimpleNamespace]:
    """Give a mail server, an attacker with three addresses, and a legitimate peer."""
    with mail_server() as found:
        yield found


@pytest.fixture
def script(tmp_path: Path) -> mf.BanScript:
    """Give a script that bans the attacker's networks."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, NETWORK)
    return mf.ban_script(table, decisions, case="article")


def test_each_reason_to_refuse(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """Own addresses, gateway, resolver, bridges, mynetworks, SSH peers, allow-list, allow rules."""
    server = hosts.server
    install(server, script)
    for name, (condition, words, remedy) in REASONS.items():
        server.run(condition)
        if name.startswith("SSH"):
            hosts.attacker.start("exec 3<>/dev/tcp/203.0.113.10/2222; sleep 60", log="/run/ssh.log")
            server.wait_for("ss -Htn state established '( sport = :2222 )' | grep -q 212.70.149.83")
        answer = ban(server, "--apply", code=1)
        assert answer.count("REFUSED ") == 1, name
        assert words in answer, name
        assert "nothing was changed" in answer
        assert words in ban(server), name
        server.run(remedy)
        assert_untouched(server)


def test_allow_option_and_skip_refused(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """`--allow` protects an address; `--skip-refused` bans the others all the same."""
    server = hosts.server
    install(server, script)
    answer = ban(server, "--apply", "--allow", "198.18.0.9", code=1)
    assert "holds 198.18.0.9, named with --allow" in answer
    assert_untouched(server)
    assert "1 ban added" in ban(server, "--apply", "--skip-refused", "--allow", "198.18.0.9")
    assert knocks(hosts)[:2] == ["timeout", "open"]
    assert "--allow nowhere is no address" in ban(server, "--apply", "--allow", "nowhere", code=1)
    server.run("mkdir /etc/mailforensics; echo my-office > /etc/mailforensics/allow.txt")
    assert "'my-office' is no address or network" in ban(server, "--apply", code=1)
    server.run("rm -r /etc/mailforensics")
    assert "1 ban added" in ban(server, "--apply")
    assert "took back 'deny from 198.18.0.0/24'" in ban(
        server, "--apply", "--skip-refused", "--allow", "198.18.0.0/16"
    )
    ban(server, "--undo")
    assert_untouched(server)


def test_inactive_ufw_stays_inactive(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """With ufw inactive the script explains the way, and the SSH trap, and changes nothing."""
    server = hosts.server
    install(server, script)
    server.run("ufw disable; rm -r /root/before; cp -a /etc/ufw /root/before")
    answer = ban(server, "--apply", code=1)
    assert "1. sudo ufw allow 22/tcp" in answer
    assert "3. sudo ufw enable" in answer
    assert_untouched(server)
    assert "ufw is inactive: no rule has an effect" in ban(server, "--status")


def test_ipv6_networks_need_ipv6_in_ufw(hosts: SimpleNamespace, tmp_path: Path) -> None:
    """With IPV6=no an IPv6 ban is refused, not silently dropped."""
    server = hosts.server
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, IPV6)
    server.run("sed -i s/^IPV6=yes/IPV6=no/ /etc/default/ufw")
    install(server, mf.ban_script(table, decisions, case="article"))
    assert "while IPv6 is off in ufw (IPV6=no in /etc/default/ufw)" in ban(
        server, "--apply", code=1
    )
    for way in ("--no-bulk", "--bulk"):
        assert "1 ban added" in ban(server, "--apply", "--skip-refused", way)
        assert knocks(hosts)[0] == "timeout"
    server.run("ufw reload")
    assert knocks(hosts)[0] == "timeout"
    ban(server, "--undo")
    assert_untouched(server)


def test_without_ss_the_admin_must_name_an_address(
    hosts: SimpleNamespace, script: mf.BanScript
) -> None:
    """Without `ss` nobody can tell who is logged in: the script asks for the admin's address."""
    server = hosts.server
    install(server, script)
    server.run("for t in ss conntrack; do mount --bind /dev/null $(command -v $t); done")
    answer = ban(server, "--apply", code=1)
    assert "name the\naddress you work from with --allow ADDRESS" in answer
    assert_untouched(server)
    answer = ban(server, "--apply", "--allow", "203.0.113.99")
    assert "2 bans added" in answer
    assert "Without ss, sessions that are open may go on" in answer
    assert knocks(hosts)[0] == "timeout"
    ban(server, "--verify")
