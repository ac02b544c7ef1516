"""The figures of a report: pressure over time, accounts, and the worst network from close by."""

import base64
from collections.abc import Iterator
from typing import Final

from matplotlib.axes import Axes

from mailforensics.addresses import parse_network
from mailforensics.analysis.in_parts import has_kind
from mailforensics.review.findings import Findings
from mailforensics.show.plots.campaign import plot_campaigns
from mailforensics.show.plots.counts import plot_accounts, plot_ports
from mailforensics.show.plots.embed import as_png
from mailforensics.show.plots.one_network import plot_block_map, plot_network_sessions
from mailforensics.show.plots.over_time import plot_pressure

WORST: Final = 1  # networks drawn from close by


def report_figures(found: Findings) -> list[dict[str, str]]:
    """Return the figures of a report, each as `title`, `caption` and `png` (base64 text).

    Only figures that have something to show are drawn: a log without failed logins has none of
    accounts, a case without ufw.log none of ports.
    """
    return [
        {
            "title": " ".join(ax.get_title(loc="left").replace(r"\$", "$").split()),
            "caption": caption,
            "png": base64.b64encode(as_png(ax)).decode("ascii"),
        }
        for ax, caption in _drawn(found)
    ]


def _drawn(found: Findings) -> Iterator[tuple[Axes, str]]:
    if (found.sources["attack_weight"] > 0).any():
        yield (
            plot_pressure(found.events),
            "Refused tries in mail.log; white is none. Times are UTC.",
        )
    if has_kind(found.events, "auth_failed"):
        yield plot_accounts(found.events), "Accounts with a good login stand first."
    if len(found.campaigns.members):
        yield (
            plot_campaigns(found.campaigns),
            "One row an address; a slope is one clock behind many.",
        )
    for network in _worst_networks(found):
        yield (
            plot_network_sessions(found.sessions_of(network), network=network),
            f"Sessions of {network}, each from connect to disconnect.",
        )
        yield (
            plot_block_map(found.sources, network=network),
            f"The 256 addresses of {network}: who attacked, who is a proper user.",
        )
    firewall = found.firewall_events
    if firewall is not None and firewall["dest_port"].notna().any():
        yield plot_ports(firewall), "ufw.log is a sample: counts are lower bounds."


def _worst_networks(found: Findings) -> list[str]:
    attacking = found.networks.loc[found.networks["events"] > 0]
    worst = attacking.sort_values(["attack_weight", "network"], ascending=[False, True])["network"]
    return [text for text in worst.head(WORST * 10) if parse_network(text).version == 4][:WORST]
