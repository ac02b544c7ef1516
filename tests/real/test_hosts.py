"""The small computers of the real tests keep their promises."""

import time
from pathlib import Path

import pytest
from hosts import network

pytestmark = pytest.mark.real


def test_hosts_reach_each_other_from_any_address() -> None:
    """Hosts with addresses of different networks and families connect through the switch."""
    with network(
        server=["203.0.113.10/24", "2001:db8::10/64"],
        attacker=["212.70.149.83", "198.18.0.9", "240e:d9:d800:200::d4"],
    ) as hosts:
        hosts.server.listen(25)
        for source in ("212.70.149.83", "198.18.0.9"):
            assert hosts.attacker.connects("203.0.113.10", 25, source=source) == "open"
        assert hosts.attacker.connects("2001:db8::10", 25, source="240e:d9:d800:200::d4") == "open"
        assert hosts.attacker.connects("203.0.113.10", 26) == "refused"


def test_a_host_keeps_its_files_to_itself() -> None:
    """What a host writes to /etc, /var, /run and /dev is gone with it, and unseen outside."""
    paths = [Path(folder) / "mailforensics-test" for folder in ("/etc/ufw", "/var/lib", "/run")]
    with network(server=["203.0.113.10"]) as hosts:
        hosts.server.run(["touch", *map(str, paths), "/dev/log"])
        assert (hosts.server.root / "etc/ufw/mailforensics-test").exists()
        assert hosts.server.run("hostname").stdout == "server\n"
    assert not any(path.exists() for path in paths)


def test_a_daemon_cannot_make_the_test_wait() -> None:
    """A background command neither holds a run back nor lives on after the network."""
    with network(server=["203.0.113.10"]) as hosts:
        before = time.monotonic()
        hosts.server.run("sleep 60 & echo started")
        hosts.server.start("exec sleep 61")
        assert time.monotonic() - before < 10
        hosts.server.wait_for("pgrep -fx 'sleep 61'")
        hosts.server.run("sleep 30", timeout=0.2, check=False)
    assert time.monotonic() - before < 25
    assert not any(b"sleep\x0061" in p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline"))


def test_a_failed_command_shows_what_it_said() -> None:
    """A command that fails stops the test with its output, and ufw works in the host."""
    with network(server=["203.0.113.10"]) as hosts:
        with pytest.raises(AssertionError, match=r"server: .* ended with 3"):
            hosts.server.run("echo oops; exit 3")
        hosts.server.run("ufw --force enable")
        assert "Status: active" in hosts.server.run("ufw status").stdout
