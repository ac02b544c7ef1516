"""The ban script on real ufw: bans hold, others get through, undo leaves no trace."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from ban_hosts import ORDINARY, assert_untouched, ban, install, knocks, mail_server, peers

import mailforensics as mf
from tests.ban_cases import ARTICLE, IPV6, approve

pytestmark = pytest.mark.real

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
WAYS = {"rules": ("--no-bulk",), "sets": ("--bulk",)}


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


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("rules", RULE_SETS.values(), ids=RULE_SETS)
def test_bans_hold_and_undo_leaves_no_trace(
    hosts: SimpleNamespace, script: mf.BanScript, rules: str, way: tuple[str, ...]
) -> None:
    """Whatever the rules, the banned are kept out, the peer is not, and undo restores all bytes."""
    server = hosts.server
    install(server, script, rules)
    banned, others = knocks(hosts), peers(hosts)
    assert "3 bans added" in ban(server, "--apply", *way)
    assert knocks(hosts) == ["timeout"] * 3
    assert peers(hosts) == others
    assert ban(server, "--status").count(": in place") == 3
    files = server.run("find /etc/ufw -type f -exec sha256sum {} +").stdout
    assert "0 bans added" in ban(server, "--apply", *way)
    assert server.run("find /etc/ufw -type f -exec sha256sum {} +").stdout == files
    ban(server, "--undo")
    assert_untouched(server)
    assert knocks(hosts) == banned
    assert "Nothing is written down" in ban(server, "--undo")
    assert_untouched(server)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_bans_survive_reload_and_restart(
    hosts: SimpleNamespace, script: mf.BanScript, way: tuple[str, ...]
) -> None:
    """The bans hold after `ufw reload`, after disable and enable, and after a boot."""
    server = hosts.server
    install(server, script)
    ban(server, "--apply", *way)
    for step in (
        "ufw reload",
        "ufw disable; ufw --force enable",
        "/lib/ufw/ufw-init force-stop; ipset destroy; /lib/ufw/ufw-init start",
    ):
        server.run(step)
        assert knocks(hosts) == ["timeout"] * 3, step
        assert peers(hosts) == ["open"] * 2, step
        assert "0 bans added" in ban(server, "--apply", *way)
    ban(server, "--undo")
    assert_untouched(server)


def test_a_lost_ipset_does_not_keep_ufw_from_starting(
    hosts: SimpleNamespace, script: mf.BanScript
) -> None:
    """Where ipset vanished after the ban, a boot still brings the firewall up, without the bans."""
    server = hosts.server
    install(server, script)
    ban(server, "--apply", "--bulk")
    server.run("mount --bind /dev/null /usr/sbin/ipset; /lib/ufw/ufw-init force-stop")
    server.run("iptables -F; iptables -X; ip6tables -F; ip6tables -X")
    server.run("umount /usr/sbin/ipset; ipset destroy; mount --bind /dev/null /usr/sbin/ipset")
    server.run("/lib/ufw/ufw-init start", check=False)
    assert peers(hosts) == ["open"] * 2
    assert hosts.peer.connects("203.0.113.10", 26) == "timeout"
    assert ban(server, "--status").count(": missing") == 3
    ban(server, "--apply", "--bulk")
    assert knocks(hosts) == ["timeout"] * 3
    ban(server, "--undo")
    server.run("umount /usr/sbin/ipset")
    assert_untouched(server)


def test_without_ipset_plain_rules_do_the_same(
    hosts: SimpleNamespace, script: mf.BanScript
) -> None:
    """Without ipset the script says how to get it, and bans all the same."""
    server = hosts.server
    install(server, script)
    server.run("mount --bind /dev/null /usr/sbin/ipset")
    assert "sudo apt install ipset" in ban(server, "--apply", "--bulk")
    assert knocks(hosts) == ["timeout"] * 3
    server.run("ufw reload")
    assert knocks(hosts) == ["timeout"] * 3
    assert ban(server, "--status").count(": in place") == 3
    server.run("umount /usr/sbin/ipset")
    assert "3 bans added" in ban(server, "--apply", "--bulk")
    assert server.run("ipset list -n").stdout.count("mf-article") == 2
    ban(server, "--undo")
    assert_untouched(server)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_an_approval_that_is_withdrawn_ends_its_ban(
    hosts: SimpleNamespace, tmp_path: Path, way: tuple[str, ...]
) -> None:
    """A new script without a network takes its ban back, and no other; undo still restores all."""
    server = hosts.server
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, "198.18.0.9/32")
    install(server, mf.ban_script(table, decisions, case="article"))
    before = knocks(hosts)
    assert "2 bans added" in ban(server, "--apply", *way)
    decisions.record("198.18.0.9", "reject", reason="a partner", reviewer="kenji")
    again = mf.ban_script(table, decisions, case="article")
    again.save(server.root / "root/ban.sh")
    assert "1 network approved" in ban(server, "--apply", *way)
    assert knocks(hosts) == ["timeout", *before[1:]]
    ban(server, "--undo")
    assert_untouched(server)
    assert knocks(hosts) == before


def test_changing_between_rules_and_sets(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """A case may go from single rules to sets and back; undo restores all bytes even then."""
    server = hosts.server
    install(server, script, RULE_SETS["useless denies"])
    for way in ("--no-bulk", "--bulk", "--no-bulk"):
        ban(server, "--apply", way)
        assert knocks(hosts) == ["timeout"] * 3
    assert not server.run("ipset list -n").stdout
    ban(server, "--apply", "--bulk")
    assert "mailforensics article" not in server.run("ufw show added").stdout
    ban(server, "--undo")
    assert_untouched(server)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize(
    ("action", "met"), [("deny log", "timeout"), ("reject", "refused")], ids=["log", "reject"]
)
def test_other_actions_and_ports(
    hosts: SimpleNamespace, tmp_path: Path, action: str, met: str, way: tuple[str, ...]
) -> None:
    """`deny log`, `reject` and port lists do what they say, as rules and as sets."""
    server = hosts.server
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, "198.18.0.9/32", IPV6)
    one = mf.BanOptions(action=action, ports=(587, 25))
    options = mf.BanOptions(action=action, each={ARTICLE: one})
    install(server, mf.ban_script(table, decisions, case="article", options=options))
    server.listen(143)
    ban(server, "--apply", *way)
    assert knocks(hosts)[:2] == [met] * 2
    assert knocks(hosts)[2] != "open"
    assert hosts.attacker.connects("203.0.113.10", 143, source="212.70.149.83") == "open"
    assert hosts.attacker.connects("203.0.113.10", 143, source="198.18.0.9") == met
    assert "0 bans added" in ban(server, "--apply", *way)
    assert peers(hosts) == ["open"] * 2
    ban(server, "--undo")
    assert_untouched(server)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_two_cases_on_one_server(
    hosts: SimpleNamespace, tmp_path: Path, way: tuple[str, ...]
) -> None:
    """Two scripts keep apart, in whatever order they are undone."""
    server = hosts.server
    for case, networks in (("one", (ARTICLE, IPV6)), ("two", ("198.18.0.9/32", IPV6))):
        table, decisions = approve(tmp_path / f"{case}.jsonl", *networks)
        script = mf.ban_script(table, decisions, case=case)
        script.save(server.root / f"root/{case}.sh")
    install(server, script)
    server.run(f"bash /root/one.sh --apply {way[0]}; bash /root/two.sh --apply {way[0]}")
    assert knocks(hosts) == ["timeout"] * 3
    server.run("bash /root/one.sh --undo")
    assert knocks(hosts)[:2] == ["open", "timeout"]
    server.run("bash /root/two.sh --undo")
    assert_untouched(server)


def test_plan_changes_nothing(hosts: SimpleNamespace, script: mf.BanScript) -> None:
    """The plan, with root or without, says what would happen and changes no file."""
    server = hosts.server
    install(server, script, RULE_SETS["useless denies"])
    assert f"takes away 'deny from {ARTICLE}'" in ban(server)
    server.run("chmod 755 /root")
    done = server.run("setpriv --reuid=65534 --regid=65534 --clear-groups bash /root/ban.sh")
    assert done.stdout.count("ufw prepend deny from") == 3
    assert done.stderr == ""
    assert_untouched(server)
    server.run("test ! -e /var/lib/mailforensics")
