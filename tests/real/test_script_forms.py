"""The programs that the other forms are for take them, and do what was meant."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from ban_hosts import knocks, mail_server, peers
from hosts import require

import mailforensics as mf
from tests.ban_cases import ARTICLE, IPV6, approve

pytestmark = pytest.mark.real

JAIL = """
[DEFAULT]
[mailforensics]
enabled = true
filter =
backend = polling
logpath = /run/empty.log
bantime = -1
banaction = iptables-allports
"""


@pytest.fixture
def hosts() -> Iterator[SimpleNamespace]:
    """Give a mail server, an attacker with three addresses, and a legitimate peer."""
    require("nft", "ipset", "postmap", "fail2ban-client")
    with mail_server() as found:
        yield found


def put(hosts: SimpleNamespace, folder: Path, form: str) -> None:
    """Save the bans of the attacker's networks on the server as /root/bans, in a form."""
    table, decisions = approve(
        folder / "d.jsonl", ARTICLE, IPV6, "198.18.0.9/32", until="2099-01-01"
    )
    approve(folder / "d.jsonl", "198.18.0.0/28", until="2099-02-01")
    mf.export(table, decisions, form=form, case="My case").save(hosts.server.root / "root/bans")


def test_nft_loads_the_table(hosts: SimpleNamespace, tmp_path: Path) -> None:
    """`nft -c` and `nft -f` take the table, twice; the banned are kept out, others are not."""
    put(hosts, tmp_path, "nftables")
    hosts.server.run("nft -c -f /root/bans && nft -f /root/bans && nft -f /root/bans")
    assert knocks(hosts) == ["timeout"] * 3
    assert peers(hosts) == ["open"] * 2


def test_ipset_loads_the_sets(hosts: SimpleNamespace, tmp_path: Path) -> None:
    """`ipset restore` takes the lines, twice, and the rules in the header do what they say."""
    put(hosts, tmp_path, "ipset")
    hosts.server.run("ipset -exist restore < /root/bans && ipset -exist restore < /root/bans")
    hosts.server.run("sed -n 's/^# *\\(ip6*tables .*\\)/\\1/p' /root/bans | sh -e")
    assert knocks(hosts) == ["timeout"] * 3
    assert peers(hosts) == ["open"] * 2


def test_postmap_finds_the_networks(hosts: SimpleNamespace, tmp_path: Path) -> None:
    """`postmap -q` refuses the banned clients and knows nothing of others."""
    put(hosts, tmp_path, "postfix")
    for address in ("212.70.149.83", "198.18.0.9", "240e:d9:d800:200::d4"):
        found = hosts.server.run(f"postmap -q {address} cidr:/root/bans")
        assert found.stdout == "REJECT 5.7.1 Your network is banned from this server\n"
        assert found.stderr == ""
    assert hosts.server.run("postmap -q 198.51.100.7 cidr:/root/bans", check=False).stdout == ""


def test_fail2ban_bans_the_networks(hosts: SimpleNamespace, tmp_path: Path) -> None:
    """A real fail2ban takes each `banip`, networks included, and nftables then drops them."""
    put(hosts, tmp_path, "fail2ban")
    server = hosts.server
    server.run("rm -f /etc/fail2ban/jail.d/*; mkdir -p /run/fail2ban; touch /run/empty.log")
    (server.root / "etc/fail2ban/jail.local").write_text(JAIL)
    server.run("sed -i '/^\\[sshd\\]/,$d' /etc/fail2ban/jail.conf")
    server.start("exec fail2ban-server -f start", log="/run/fail2ban.log")
    server.wait_for("fail2ban-client status mailforensics", seconds=60)
    server.run("sh /root/bans")
    listed = server.run("fail2ban-client get mailforensics banip").stdout.split()
    assert {ARTICLE, IPV6} <= set(listed)
    server.wait_for("iptables -S | grep -q 212.70.149.0/24", seconds=30)
    assert hosts.attacker.connects("203.0.113.10", 25, source="212.70.149.83") != "open"
    assert peers(hosts) == ["open"] * 2
