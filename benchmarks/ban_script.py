"""Time the ban script on real ufw: 10,000 networks as sets, against one ufw call a rule.

Run as root: python benchmarks/ban_script.py. It works in a network namespace of its own; the
machine's firewall is not touched. The loop of ufw calls is timed on a few rules and scaled up;
since each call writes and loads all rules again, the figure is a lower bound.
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "real")]

from ban_hosts import install, mail_server  # noqa: E402
from hosts import Host  # noqa: E402

import mailforensics as mf  # noqa: E402
from tests.ban_cases import ARTICLE, approve  # noqa: E402

NETWORKS = 10_000
LOOP_RULES = 100


def networks(count: int) -> list[str]:
    """Return the article's network and others of made-up attackers."""
    others = (f"{45 + i // 40_000}.{i // 200 % 200}.{i % 200}.0/24" for i in range(count - 1))
    return [ARTICLE, *others]


def seconds(host: Host, command: str) -> float:
    """Return how long a command takes on the host."""
    begin = time.perf_counter()
    host.run(command, timeout=600)
    return time.perf_counter() - begin


def main() -> None:
    """Print the times and the ratio."""
    with tempfile.TemporaryDirectory() as folder, mail_server() as hosts:
        table, decisions = approve(Path(folder) / "d.jsonl", *networks(NETWORKS))
        begin = time.perf_counter()
        script = mf.ban_script(table, decisions, case="bench")
        print(f"write the script of {NETWORKS:,} networks: {time.perf_counter() - begin:.1f} s")
        server = hosts.server
        install(server, script)
        applied = seconds(server, "bash /root/ban.sh --apply")
        print(f"--apply: {applied:.1f} s")
        for option in ("--apply", "--status", "--verify", "--undo"):
            print(f"then {option}: {seconds(server, f'bash /root/ban.sh {option}'):.1f} s")
        loop = "; ".join(f"ufw prepend deny from {n}" for n in networks(LOOP_RULES))
        each = seconds(server, loop) / LOOP_RULES
        print(f"one ufw call a rule: {each:.2f} s each with {LOOP_RULES} rules")
        minutes, ratio = each * NETWORKS / 60, each * NETWORKS / applied
        print(f"so {NETWORKS:,}: at least {minutes:.0f} min, {ratio:.0f} x as long")


if __name__ == "__main__":
    main()
