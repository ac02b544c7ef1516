"""The figures: each takes a table, returns matplotlib Axes, and has its finding as title."""

from mailforensics.show.plots.campaign import plot_campaigns
from mailforensics.show.plots.choice import plot_frontier
from mailforensics.show.plots.counts import plot_accounts, plot_countries, plot_ports
from mailforensics.show.plots.hindsight import plot_backtest, plot_survival
from mailforensics.show.plots.one_network import (
    plot_block_map,
    plot_cadence,
    plot_network_sessions,
)
from mailforensics.show.plots.over_time import plot_open_sessions, plot_pressure, plot_timeline

__all__ = [
    "plot_accounts",
    "plot_backtest",
    "plot_block_map",
    "plot_cadence",
    "plot_campaigns",
    "plot_countries",
    "plot_frontier",
    "plot_network_sessions",
    "plot_open_sessions",
    "plot_ports",
    "plot_pressure",
    "plot_survival",
    "plot_timeline",
]
