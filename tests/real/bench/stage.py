"""The stage: five hosts on one switch, their daemons, and a client in each that does as told."""

import fcntl
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hosts import Host, network

from bench import places
from bench.actor import PATIENCE_SECONDS, Actor
from bench.deeds import Deed
from bench.hostile import hostile_names, make_certificate
from bench.server import FOLDER, start_server

Result = dict[str, Any]
ACTORS: Final = ("attackers", "users", "peers")
LOGGING: Final = Path("/proc/sys/net/netfilter/nf_log_all_netns")
LOCK: Final = Path("/run/lock/mailforensics-bench")
SINKS: Final = f"""
mkdir -m 777 /run/sink /run/refused
cd /run/sink
setsid smtp-sink -u nobody -d m. inet:{places.PEER}:25 100 </dev/null >/run/sink.out 2>&1 &
setsid smtp-sink -u nobody -d m6. 'inet:[{places.PEER6}]:25' 100 </dev/null >>/run/sink.out 2>&1 &
setsid smtp-sink -u nobody -f RCPT inet:{places.REFUSING}:25 100 </dev/null >>/run/sink.out 2>&1 &
"""
# A server keeps one neighbour for all attackers, instead of hundreds.
GATEWAY: Final = "198.18.0.1"
ROUTES: Final = f"""
for there in 198.18.0.0/15 212.70.149.0/24; do
    ip route add $there via {GATEWAY} dev eth0 onlink
done
ip route add {places.CARRIER}/32 dev eth0
"""


@dataclass(frozen=True)
class Stage:
    """The hosts and the clients that run in them."""

    server: Host
    admin: Host
    peers: Host
    actors: Mapping[str, Actor]

    def perform(self, deeds: Iterable[Deed], *, seconds: float = 0) -> dict[str, list[Result]]:
        """Do all deeds at once and return for each what its clients met and were told.

        Args:
            deeds: what to do; their names differ.
            seconds: repeat each chain until so much time is over.
        """
        orders: Counter[str] = Counter()
        for deed in deeds:
            for chain in deed.chains:
                self.actors[deed.host].order(deed.name, chain, seconds=seconds)
                orders[deed.host] += 1
        results: dict[str, list[Result]] = defaultdict(list)
        end = time.monotonic() + PATIENCE_SECONDS + seconds
        for host, number in orders.items():
            for _ in range(number):
                name, talks = self.actors[host].answer(before=end)
                results[name] += talks
        return results


@contextmanager
def stage() -> Iterator[Stage]:
    """Give the stage with all daemons running; everything on it ends with the block."""
    with (
        _kernel_logs_all_namespaces(),
        network(
            server=[f"{places.SERVER}/24", f"{places.SERVER6}/64"],
            attackers=[GATEWAY, *places.ATTACKERS],
            users=places.USERS,
            peers=places.PEERS,
            admin=[places.ADMIN],
        ) as hosts,
    ):
        hosts.server.run(ROUTES)
        _start_names(hosts.peers, hostile_names(places.names()))
        hosts.peers.run(SINKS)
        start_server(hosts.server)
        make_certificate(hosts.attackers)
        actors = {name: Actor(getattr(hosts, name)) for name in ACTORS}
        yield Stage(hosts.server, hosts.admin, hosts.peers, actors)


def _start_names(host: Host, table: Mapping[str, Any]) -> None:
    (host.root / "run/names.json").write_text(json.dumps(table))
    program = str(FOLDER / "names.py")
    host.start(
        [sys.executable, program, places.NAME_SERVER, "/run/names.json"], log="/run/names.out"
    )
    host.wait_for("ss -Hlun 'sport = :53' | grep -q .")


@contextmanager
def _kernel_logs_all_namespaces() -> Iterator[None]:
    """Let the kernel log packets of namespaces; the last bench to end sets the old value back."""
    with LOCK.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        if not lock.read():
            lock.write(LOGGING.read_text())
            lock.flush()
        LOGGING.write_text("1")
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            yield
        finally:
            _set_back(lock)


def _set_back(lock: Any) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    lock.seek(0)
    LOGGING.write_text(lock.read())
    lock.truncate(0)
