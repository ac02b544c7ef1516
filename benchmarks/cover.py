"""Time `mf.cover` on a million sources: `python benchmarks/cover.py [addresses] [rules]`.

Prints seconds, peak memory and the gap to the bound, for sources that cluster as real attackers
do (a few bad networks, many lone addresses), with and without first and last times, and for IPv6.
"""

import resource
import sys
import time

import numpy as np
import pandas as pd

from mailforensics.analysis.cover import cover

END = pd.Timestamp("2026-09-05", tz="UTC")


def sources(number: int, *, seed: int, ipv6_share: float) -> pd.DataFrame:
    """Return made-up sources: half in bad /24s (IPv6: /48s), half anywhere; 5 % legitimate."""
    chance = np.random.default_rng(seed)
    sixth = int(number * ipv6_share)
    bad = chance.integers(0x01000000, 0xDF000000, max(number // 40, 1)) & 0xFFFFFF00
    clustered = chance.choice(bad, (number - sixth) // 2) + chance.integers(
        0, 256, (number - sixth) // 2
    )
    lone = chance.integers(0x01000000, 0xDF000000, number - sixth - len(clustered))
    fourth = [
        f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"
        for n in np.concatenate([clustered, lone]).tolist()
    ]
    groups = chance.integers(0, 2**16, (sixth, 3)).tolist()
    ips = fourth + [f"240e:{a:x}:{b % 997:x}:{c:x}::1" for a, b, c in groups]
    legit = chance.random(number) < 0.05
    first = END - pd.to_timedelta(chance.random(number) * 60, unit="D")
    return pd.DataFrame(
        {
            "source_ip": pd.Series(ips, dtype="str"),
            "attack_weight": np.where(legit, 0, chance.pareto(1.2, number) * 3),
            "legit_weight": np.where(legit, chance.pareto(1.5, number) * 5, 0),
            "first_seen": first.as_unit("us"),
            "last_seen": END,
        }
    )


def main(number: int = 1_000_000, rules: int = 500) -> None:
    """Print one line for each kind of table."""
    for name, share in (("IPv4", 0.0), ("IPv6", 1.0), ("both", 0.3)):
        table = sources(number, seed=7, ipv6_share=share)
        begin = time.perf_counter()
        found = cover(table, rules=rules)
        seconds = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{name}: {number:,} sources, {rules} rules: {seconds:.2f} s, peak {peak:,.0f} MiB, "
            f"gap {found.gap:.4%}, {found.plan['share'].sum():.1%} of the attack"
        )


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:]))
