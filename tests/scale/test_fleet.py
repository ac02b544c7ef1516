"""Many servers: who attacks them, and what each of them bans."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import mailforensics as mf
from mailforensics.cli import main
from mailforensics.errors import ArgumentError
from tests.fleet import HOSTS, write_fleet


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> mf.Store:
    """The logs of three servers in a store."""
    logs = write_fleet(tmp_path_factory.mktemp("logs"))
    return mf.ingest(logs, store=tmp_path_factory.mktemp("store"))


def test_who_attacks_many_servers_stands_first(store: mf.Store) -> None:
    """Networks are ranked by the servers they attack, and their attempts are those of sources."""
    table = mf.fleet(store)
    assert table["hosts"].is_monotonic_decreasing
    assert table["host_names"][0] == ", ".join(HOSTS)
    sources = mf.sources(store)
    refused = sources.groupby("network")["auth_failed"].sum()
    assert table.set_index("network")["auth_failed"].equals(refused[table["network"]])
    alone = mf.fleet(store, by="source_ip", least_hosts=3)
    assert alone["attackers"].eq(1).all()
    assert alone["hosts"].eq(3).all()
    with pytest.raises(ArgumentError, match="no kind of attacker"):
        mf.fleet(store, by="country")


def test_one_review_gives_each_server_its_own_script(store: mf.Store, tmp_path: Path) -> None:
    """What one server protects is left out of its script alone, and its notes say so."""
    listed = mf.candidates(store, mf.networks(store))
    decisions = mf.Decisions(tmp_path / "decisions.jsonl")
    chosen = listed.loc[listed["suggestion"] == "approve", "network"].head(2).tolist()
    for network in chosen:
        decisions.record(network, "approve", reason="attacks all", reviewer="anna")
    own = {"mx1": [], "mx2": [chosen[0]], "mx3": ()}
    scripts = mf.fleet_scripts(listed, decisions, protect=own)
    assert {host: len(script.rules) for host, script in scripts.items()} == {
        "mx1": 2,
        "mx2": 1,
        "mx3": 2,
    }
    assert f"{chosen[0]} is approved, but mx2 protects it" in scripts["mx2"].notes[-1]


def test_the_command_line_takes_stores(store: mf.Store, tmp_path: Path) -> None:
    """Ingest, audit, fleet and a whole report, with the store's folder as LOG."""
    logs, folder = write_fleet(tmp_path / "logs"), str(tmp_path / "store")
    runner = CliRunner()
    done = runner.invoke(main, ["ingest", str(logs), "--store", folder])
    assert done.exit_code == 0, done.output
    assert f"{len(store):,} events of 3 hosts" in done.output
    assert "mx1, mx2, mx3" in runner.invoke(main, ["fleet", folder, "--rows", "3"]).output
    assert "mx1/mail.log" in runner.invoke(main, ["audit", folder]).output
    case = str(tmp_path / "case")
    done = runner.invoke(main, ["report", folder, "--out", case])
    assert done.exit_code == 0, done.output
    assert runner.invoke(main, ["breaches", case]).exit_code == 0
    assert "suggestion" in runner.invoke(main, ["candidates", case]).output
