"""A mail server, an attacker and a legitimate peer, for the tests of the ban script."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Final

from hosts import Host, network

import mailforensics as mf

SERVER, SERVER6 = "203.0.113.10", "2001:db8::10"
KNOCKS: Final = (
    (SERVER, "212.70.149.83"),
    (SERVER, "198.18.0.9"),
    (SERVER6, "240e:d9:d800:200::d4"),
)
ORDINARY: Final = "ufw allow 22/tcp; ufw allow 25/tcp; ufw allow 143/tcp comment 'mail users'"


@contextmanager
def mail_server() -> Iterator[SimpleNamespace]:
    """Give the hosts `server` (listening on port 25), `attacker` (KNOCKS) and `peer`."""
    with network(
        server=[f"{SERVER}/24", f"{SERVER6}/64"],
        attacker=[source for _, source in KNOCKS],
        peer=["198.51.100.7", "2001:db8:7::1"],
    ) as hosts:
        hosts.server.listen(25)
        yield hosts


def install(host: Host, script: mf.BanScript, rules: str = ORDINARY) -> None:
    """Set the firewall up, keep a copy of it in /root/before, and put the script on the host."""
    host.run(f"{rules}; ufw --force enable", timeout=120)
    host.run("cp -a /etc/ufw /root/before; ufw show added > /root/added")
    script.save(host.root / "root/ban.sh")


def ban(host: Host, *arguments: str, code: int = 0) -> str:
    """Run the script and return what it said; any other exit code is a failure."""
    done = host.run(["bash", "/root/ban.sh", *arguments], check=False, timeout=300)
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    assert "ban.sh: line " not in done.stderr, f"bash complains: {done.stderr}"
    return done.stdout + done.stderr


def knocks(hosts: SimpleNamespace) -> list[str]:
    """Return what each of the attacker's three addresses meets at port 25."""
    return [hosts.attacker.connects(to, 25, source=source) for to, source in KNOCKS]


def peers(hosts: SimpleNamespace) -> list[str]:
    """Return what the legitimate peer meets at port 25, IPv4 and IPv6."""
    return [hosts.peer.connects(to, 25) for to in (SERVER, SERVER6)]


def assert_untouched(host: Host) -> None:
    """Check that files, modes, and what ufw and the kernel say are what they were before."""
    host.run("ufw show added | diff /root/added -; diff -r /root/before /etc/ufw")
    host.run(
        "list() { cd $1 && find . -printf '%m %u %g %p\\n' | sort; };"
        "diff <(list /root/before) <(list /etc/ufw)"
    )
    assert not host.run("iptables-save; ip6tables-save").stdout.count("mf-")
    assert not host.run("ipset list -n").stdout
    assert not host.run(
        "ls -A /var/lib/mailforensics | grep -vE '^(lock|undo.log)$'", check=False
    ).stdout
