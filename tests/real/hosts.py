"""Small computers made of Linux namespaces, joined by one switch, for tests on real programs.

Each host has its own network, processes, host name and file system view: whatever it writes to
/etc, /var, /run, /dev, /root or /usr/lib/ufw stays private and vanishes with it. Everything that
was started in a host dies when the block ends, and also when the test run itself is killed.

    with network(server=["203.0.113.10/24"], attacker=["212.70.149.83"]) as hosts:
        hosts.server.run("ufw --force enable")
        assert hosts.attacker.connects("203.0.113.10", 25) == "timeout"
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Final

TOOLS = Path(__file__).resolve().parents[2] / "tools"
sys.path.insert(0, str(TOOLS))
import requirements_real  # noqa: E402 - the folder of tools is no package
from peer_programs import LISTENER, PROBE  # noqa: E402

PRIVATE: Final = ("/etc", "/var", "/root", "/usr/lib/ufw")
SWITCH: Final = "switch"
PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT: Final = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/root", "TERM": "dumb"}

# A fresh /dev, so that a syslog daemon's /dev/log belongs to the host alone. `read` ends when the
# test's end of the pipe closes; then this shell, process 1 of its namespace, takes all with it.
SETUP: Final = r"""
set -e
hostname "$1"; shift
mount --make-rprivate /
mount -t sysfs sysfs /sys 2>/dev/null || true
scratch=$(mktemp -d /tmp/host.XXXXXX)
mount -t tmpfs -o mode=755 tmpfs "$scratch"
for folder in "$@"; do
    [ -d "$folder" ] || continue
    mkdir -p "$scratch$folder/upper" "$scratch$folder/work"
    mount -t overlay overlay \
        -o "lowerdir=$folder,upperdir=$scratch$folder/upper,workdir=$scratch$folder/work" "$folder"
done
mkdir "$scratch/dev"
mount -t tmpfs -o mode=755 tmpfs "$scratch/dev"
for node in null zero full random urandom tty; do
    touch "$scratch/dev/$node"
    mount --bind "/dev/$node" "$scratch/dev/$node"
done
mkdir "$scratch/dev/pts" "$scratch/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$scratch/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$scratch/dev/shm"
ln -s pts/ptmx "$scratch/dev/ptmx"
ln -s /proc/self/fd "$scratch/dev/fd"
ln -s /proc/self/fd/0 "$scratch/dev/stdin"
ln -s /proc/self/fd/1 "$scratch/dev/stdout"
ln -s /proc/self/fd/2 "$scratch/dev/stderr"
mount --move "$scratch/dev" /dev
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/sshd /run/netns
umount -l "$scratch"
rmdir "$scratch"
echo ready
read -r _ || true
"""


@dataclass(frozen=True)
class Host:
    """One computer of the network; `pid` is its process 1 as the machine outside counts."""

    name: str
    pid: int

    @property
    def root(self) -> Path:
        """The host's own file system, to read or write its files from the test."""
        return Path(f"/proc/{self.pid}/root")

    def run(
        self,
        command: str | Sequence[str],
        *,
        check: bool = True,
        timeout: float = 60,
        given: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run a command (a text goes to bash) and return its status, output and errors.

        Output goes to files, not pipes: a daemon that the command leaves behind cannot make the
        test wait. After `timeout` seconds the command is killed (status 124 or 137).

        Raises:
            AssertionError: it failed, and `check` was left on; the message shows its output.
        """
        words = ["bash", "-c", command] if isinstance(command, str) else list(command)
        limit = ["timeout", "--kill-after=3", str(timeout)]
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            done = subprocess.run(
                [*self._enter(), *limit, *words],
                input=given,
                stdout=out,
                stderr=err,
                text=True,
                env=ENVIRONMENT,
                cwd="/",
                timeout=timeout + 30,
                check=False,
            )
            out.seek(0)
            err.seek(0)
            result = subprocess.CompletedProcess(
                words, done.returncode, _lenient(out.buffer.read()), _lenient(err.buffer.read())
            )
        if check and result.returncode != 0:
            raise AssertionError(
                f"{self.name}: {command} ended with {result.returncode}\n"
                f"{result.stdout}\n{result.stderr}"
            )
        return result

    def start(self, command: str | Sequence[str], *, log: str = "/dev/null") -> None:
        """Start a command that goes on in the background until the network ends.

        Args:
            command: a text for bash, or words.
            log: the file of the host that gets its output.
        """
        words = ["bash", "-c", command] if isinstance(command, str) else list(command)
        # bash itself opens the log, so that a path means the host's own file.
        leave = 'log=$1; shift; setsid "$@" </dev/null >>"$log" 2>&1 &'
        self.run(["bash", "-c", leave, "-", log, *words])

    def talk(self, words: Sequence[str]) -> subprocess.Popen[str]:
        """Start a program that is spoken to through its stdin and answers on stdout."""
        return subprocess.Popen(
            [*self._enter(), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
            cwd="/",
            start_new_session=True,
        )

    def listen(self, *ports: int) -> None:
        """Accept TCP connections and answer UDP packets on these ports, IPv4 and IPv6."""
        listing = self.run("ip -o address show scope global | tr -s ' ' | cut -d' ' -f4").stdout
        addresses = [line.split("/")[0] for line in listing.split()]
        numbers = ",".join(map(str, ports))
        self.start([sys.executable, "-c", LISTENER, numbers, *addresses], log="/run/listen.log")
        for port in ports:
            self.wait_for(f"ss -Hltn 'sport = :{port}' | grep -q .")

    def wait_for(self, command: str, *, seconds: float = 15) -> None:
        """Wait until a command succeeds.

        Raises:
            AssertionError: it still failed after `seconds`.
        """
        end = time.monotonic() + seconds
        while self.run(command, check=False).returncode != 0:
            assert time.monotonic() < end, f"{self.name}: after {seconds} s still not: {command}"
            time.sleep(0.05)

    def connects(self, address: str, port: int, *, source: str = "", wait: float = 1.0) -> str:
        """Try a TCP connection and return `open`, `refused`, `timeout`, or the errno's name."""
        return self.probe([("tcp", address, port, source)], wait=wait)[0]

    def probe(self, targets: Sequence[tuple[str, str, int, str]], *, wait: float) -> list[str]:
        """Try many connections at once and return how each ended, as `connects` does.

        Args:
            targets: protocol (tcp, udp), address, port, and the own address to come from or "".
            wait: seconds after which a silent one counts as `timeout`.
        """
        given = json.dumps([wait, list(targets)])
        answer = self.run([sys.executable, "-c", PROBE], given=given).stdout
        results: list[str] = json.loads(answer)
        return results

    def _enter(self) -> list[str]:
        spaces = ["--net", "--mount", "--pid", "--uts"]
        return ["nsenter", "--target", str(self.pid), *spaces, "--"]


def require(*programs: str) -> None:
    """Stop a test that lacks root or a program.

    Raises:
        AssertionError: the message names each missing thing and the command that installs it.
    """
    lacks = requirements_real.missing(*programs)
    assert not lacks, "this test needs " + "; ".join(lacks)


@contextmanager
def network(**addresses: Sequence[str]) -> Iterator[SimpleNamespace]:
    """Give one host for each keyword, with these addresses on its `eth0`; all see each other.

    Any address may live on any host, whatever its network: the default route of each is the switch
    itself (`ip route replace default via …` on a host changes that). An address without a prefix
    length is a single one (/32, /128).

    Raises:
        AssertionError: not root, or a program is missing.
    """
    require("ip", "unshare", "nsenter")
    with ExitStack() as stack:
        switch = stack.enter_context(_namespace(SWITCH, private=()))
        switch.run(
            "ip link add br0 type bridge forward_delay 0 mcast_snooping 0; ip link set br0 up"
        )
        hosts = {name: stack.enter_context(_namespace(name)) for name in addresses}
        for number, (name, wanted) in enumerate(addresses.items()):
            _plug(switch, hosts[name], number=number, addresses=wanted)
        yield SimpleNamespace(**hosts)


@contextmanager
def _namespace(name: str, private: Sequence[str] = PRIVATE) -> Iterator[Host]:
    spaces = ["--net", "--mount", "--pid", "--uts", "--fork", "--mount-proc"]
    holder = subprocess.Popen(
        ["unshare", *spaces, "bash", "-c", SETUP, "host", name, *private],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        if holder.stdout.readline() != "ready\n":
            raise AssertionError(f"host {name} could not be made: {holder.stderr.read()}")
        host = Host(name, _child_of(holder.pid))
        host.run("ip link set lo up; sysctl -qw net.ipv4.conf.all.rp_filter=0")
        yield host
    finally:
        holder.communicate()


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _plug(switch: Host, host: Host, *, number: int, addresses: Sequence[str]) -> None:
    veth = f"ip link add port{number} netns {switch.pid} type veth peer eth0 netns {host.pid}"
    subprocess.run(veth.split(), check=True, env=ENVIRONMENT)
    switch.run(f"ip link set port{number} master br0 up")
    # Duplicate address detection would keep a new IPv6 address unusable for a second.
    host.run("sysctl -qw net.ipv6.conf.eth0.accept_dad=0; ip link set eth0 up")
    wanted = "".join(f"address add {address} dev eth0\n" for address in addresses)
    host.run(["ip", "-batch", "-"], given=wanted)
    host.run("ip route replace default dev eth0; ip -6 route replace default dev eth0")


def _lenient(data: bytes) -> str:
    return data.decode("utf-8", "replace")
