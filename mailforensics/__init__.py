"""From an attacked mail server's logs to a ban script that a person has reviewed.

events = mf.read_mail_log("/var/log/mail.log*", tz="Europe/Berlin")     # read
sources = mf.sources(events)                                            # analyse
candidates = mf.candidates(sources, mf.networks(sources))
decisions = mf.Decisions("case/decisions.jsonl")                        # review
mf.ban_script(candidates, decisions).save("case/ban.sh")                # export
"""

from importlib import import_module
from typing import TYPE_CHECKING

from mailforensics.addresses import network_of
from mailforensics.analysis.asn import with_asn
from mailforensics.analysis.backtest import BacktestOptions, backtest
from mailforensics.analysis.breaches import breaches
from mailforensics.analysis.campaigns import campaigns
from mailforensics.analysis.campaigns_notes import with_campaigns
from mailforensics.analysis.cover import Cover, cover
from mailforensics.analysis.cover_options import CoverOptions
from mailforensics.analysis.detectors import detectors
from mailforensics.analysis.evidence import evidence
from mailforensics.analysis.fleet import fleet
from mailforensics.analysis.loudest import loudest
from mailforensics.analysis.messages import messages
from mailforensics.analysis.networks import networks
from mailforensics.analysis.sessions import sessions
from mailforensics.analysis.sources import sources
from mailforensics.analysis.survival import survival
from mailforensics.analysis.timeline import timeline
from mailforensics.analysis.trust import trust
from mailforensics.analysis.verdict import verdict
from mailforensics.export.approvals import BanOptions
from mailforensics.export.banscript import BanScript, ban_script
from mailforensics.export.check_ban import check_ban
from mailforensics.export.dry_run import dry_run
from mailforensics.export.fleet_scripts import fleet_scripts
from mailforensics.export.forms import BanList, export
from mailforensics.reading.audit import audit
from mailforensics.reading.explain import explain
from mailforensics.reading.firewall import Firewall, read_firewall
from mailforensics.reading.mail import read_mail_log
from mailforensics.reading.stores.ingest import ingest
from mailforensics.reading.stores.store import Store, open_store
from mailforensics.reading.ufw import read_ufw_log
from mailforensics.reading.unknown import unknown
from mailforensics.review.ban_under_test import ban_under_test
from mailforensics.review.candidates import candidates
from mailforensics.review.case import Case, case_from_environment, new_case, open_case
from mailforensics.review.decisions import Decisions
from mailforensics.review.findings import investigate
from mailforensics.show.lessons import check
from mailforensics.show.tables import columns_of, log_lines, prose, readable
from mailforensics.simulation.attacks import simulate_attack

if TYPE_CHECKING:
    from mailforensics.show.widgets import review as review
    from mailforensics.show.widgets_simulator import simulator as simulator

__all__ = [
    "BacktestOptions",
    "BanList",
    "BanOptions",
    "BanScript",
    "Case",
    "Cover",
    "CoverOptions",
    "Decisions",
    "Firewall",
    "Store",
    "audit",
    "backtest",
    "ban_script",
    "ban_under_test",
    "breaches",
    "campaigns",
    "candidates",
    "case_from_environment",
    "check",
    "check_ban",
    "columns_of",
    "cover",
    "detectors",
    "dry_run",
    "evidence",
    "explain",
    "export",
    "fleet",
    "fleet_scripts",
    "ingest",
    "investigate",
    "log_lines",
    "loudest",
    "messages",
    "network_of",
    "networks",
    "new_case",
    "open_case",
    "open_store",
    "prose",
    "read_firewall",
    "read_mail_log",
    "read_ufw_log",
    "readable",
    "sessions",
    "simulate_attack",
    "sources",
    "survival",
    "timeline",
    "trust",
    "unknown",
    "verdict",
    "with_asn",
    "with_campaigns",
]


# `mf.review` is the review table, not the room of that name, which its importers name in full.
globals().pop("review", None)


def __getattr__(name: str) -> object:
    """Load `mf.plots` and `mf.review` at first use: a server without them can read logs."""
    if name == "plots":
        return import_module("mailforensics.show.plots")
    if name == "review":
        return import_module("mailforensics.show.widgets").review
    if name == "simulator":
        return import_module("mailforensics.show.widgets_simulator").simulator
    raise AttributeError(f"module 'mailforensics' has no attribute {name!r}")
