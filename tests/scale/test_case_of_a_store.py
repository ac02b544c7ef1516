"""A case whose log is a store: report, review and figures are those of the log in memory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.axes import Axes

import mailforensics as mf
from mailforensics.addresses import parse_network
from mailforensics.review.case import Case
from mailforensics.review.findings import Findings, investigate
from mailforensics.review.guard import Guard
from mailforensics.show.plots.embed import as_png
from mailforensics.show.report import render_report
from mailforensics.show.review_evidence import Evidence
from mailforensics.show.review_rows import page_columns
from tests.fleet import WEEK, write_fleet
from tests.logs import hard_log

Pair = tuple[pd.DataFrame, mf.Store]
DOVECOT = (
    "Sep  4 17:01:{second:02} mail dovecot: imap-login: Disconnected: Connection closed (auth "
    "failed, 2 attempts in 4 secs): user=<info>, method=PLAIN, rip=198.18.7.{host}, "
    "lip=192.0.2.25, session=<Xk3+{host}>\n"
    "Sep  4 17:01:{second:02} mail dovecot: auth: passwd-file(info,198.18.7.{host},<Xk3+{host}>): "
    "Password mismatch\n"
    "Sep  4 17:01:{second:02} mail dovecot: auth: passwd-file(anna,198.18.8.{host}): unknown user\n"
)


def told_twice() -> str:
    """Return lines of refused logins that two daemons tell of."""
    return "".join(DOVECOT.format(second=host, host=host) for host in range(2, 40))


@pytest.fixture(scope="module", params=["fleet", "mixed"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Three servers; and lines without a host, of two files that hold the same, of two daemons."""
    logs = tmp_path_factory.mktemp("logs")
    source: list[str]
    if request.param == "fleet":
        source = [str(write_fleet(logs))]
    else:
        (logs / "mail.log").write_bytes(hard_log(2))
        (logs / "mail.info").write_bytes(hard_log(1))
        (logs / "dovecot.log").write_text(told_twice(), "utf-8")
        source = [str(WEEK), str(logs)]
    store = mf.ingest(source, store=tmp_path_factory.mktemp("store"), chunk_bytes=400_000)
    store.rows_at_a_time = 20_000
    return mf.read_mail_log(source), store


NETWORKS = ("212.70.149.0/24", "198.18.0.0/15", "198.18.7.0/27", "240e:d9:d800:200::/64")
FIGURES: dict[str, Callable[[Any], Axes]] = {
    "pressure": mf.plots.plot_pressure,
    "accounts": mf.plots.plot_accounts,
    "cadence": lambda events: mf.plots.plot_cadence(events, source_ip="212.70.149.83"),
    "no cadence": lambda events: mf.plots.plot_cadence(events, source_ip="192.0.2.77"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_a_store_are_those_of_its_events(name: str, pair: Pair) -> None:
    """What is drawn of a store part by part is the same picture, to the byte."""
    events, store = pair
    assert as_png(FIGURES[name](store)) == as_png(FIGURES[name](events))


def test_the_loudest_of_a_store_is_that_of_its_events(pair: Pair) -> None:
    """Sums over parts find the same network, address and words."""
    events, store = pair
    for version in (None, 4, 6):
        assert mf.loudest(store, version=version) == mf.loudest(events, version=version)


def test_lines_behind_a_row_are_found_in_a_store(pair: Pair) -> None:
    """Evidence of a session, message, source, network and sign is the same as from events."""
    events, store = pair
    sources = mf.sources(events)
    tables = [sources, mf.networks(sources), mf.sessions(events), mf.messages(events)]
    for table in (*tables, mf.breaches(events)):
        for place in {0, len(table) // 2, len(table) - 1} if len(table) else set():
            row = table.iloc[place]
            pd.testing.assert_frame_equal(mf.evidence(store, of=row), mf.evidence(events, of=row))


@pytest.mark.parametrize("network", NETWORKS)
def test_sessions_of_a_network(pair: Pair, network: str) -> None:
    """Asked for one network, events and store give those of all sessions that are its."""
    events, store = pair
    every = mf.sessions(events)
    inside = every["source_ip"].isin(
        mf.evidence(events, of=pd.Series({"network": network}))["source_ip"]
    )
    wanted = every.loc[inside].reset_index(drop=True)
    pd.testing.assert_frame_equal(mf.sessions(events, network=network), wanted)
    pd.testing.assert_frame_equal(mf.sessions(store, network=network), wanted)


def test_the_review_shows_of_a_store_what_it_shows_of_events(pair: Pair) -> None:
    """Bars and sample lines of each network are the same."""
    events, store = pair
    sources = mf.sources(events)
    listed = mf.candidates(sources, mf.networks(sources))
    guard = Guard()
    assert page_columns(listed, guard=guard, events=store) == page_columns(
        listed, guard=guard, events=events
    )
    whole, parts = (Evidence(sources=sources, events=log) for log in (events, store))
    for network in (*listed["network"].head(5), *NETWORKS, "192.0.2.99/32"):
        assert str(parse_network(network)) == network
        assert parts.detail(network) == whole.detail(network)


def cases(tmp_path: Path, log: bytes) -> list[Findings]:
    """Return what is found of a log and of its store."""
    path, store, folder = tmp_path / "mail.log", tmp_path / "store", tmp_path / "case"
    path.write_bytes(log)
    mf.ingest(path, store=store, year=2026)
    given = {"ufw_logs": (str(WEEK / "ufw.log"),), "year": 2026}
    return [investigate(Case(folder, (str(source),), **given)) for source in (path, store)]


@pytest.mark.parametrize("kind", ["attacks", "empty", "foreign"])
def test_the_report_on_a_store_is_that_on_its_log(kind: str, tmp_path: Path) -> None:
    """Page for page the same, but for the name of the log."""
    logs = {
        "attacks": told_twice().encode() + (WEEK / "mail.log").read_bytes(),
        "foreign": b"Sep  4 17:01:02 mail cron[1]: (root) CMD (true)\n" * 3,
        "empty": b"\n",
    }
    of_log, of_store = cases(tmp_path, logs[kind])
    wanted = render_report(of_log).replace(str(tmp_path / "mail.log"), "LOG")
    assert render_report(of_store).replace(str(tmp_path / "store"), "LOG") == wanted
    assert of_store.servers == of_log.servers
    pd.testing.assert_frame_equal(of_store.sessions, of_log.sessions)


@pytest.mark.parametrize("since", [None, "2026-09-03 12:00", "2031-01-01"])
def test_whether_bans_hold_is_told_of_a_store_as_of_its_events(
    pair: Pair, tmp_path: Path, since: str | None
) -> None:
    """Before any approval, and with one of a loud network, of a quiet one, and of a wide one."""
    events, store = pair
    decisions = mf.Decisions(tmp_path / "decisions.jsonl")
    assert mf.ban_under_test(decisions, store) == mf.ban_under_test(decisions, events)
    pd.testing.assert_frame_equal(
        mf.check_ban(decisions, store), mf.check_ban(decisions, events), check_exact=True
    )
    for network in ("212.70.149.0/24", "198.18.7.0/24", "198.19.77.0/24", NETWORKS[-1]):
        decisions.record(network, "approve", reason="a test", reviewer="anna")
    wanted = mf.check_ban(decisions, events, since=since)
    assert mf.check_ban(decisions, store, since=since).to_csv() == wanted.to_csv()
    tested = mf.ban_under_test(decisions, store, since=since)
    assert tested == mf.ban_under_test(decisions, events, since=since)
