"""The figures: a finding as title, a zone on the axis, calm on empty tables, quick on big ones."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.axes import Axes

import mailforensics as mf
from mailforensics import plots, schema
from mailforensics.errors import ArgumentError, MissingColumnError

mpl.use("Agg")
SAMPLES = Path(__file__).parents[2] / "data" / "samples" / "week"


@pytest.fixture(scope="module")
def mail() -> pd.DataFrame:
    """Return the sample week's mail events."""
    return mf.read_mail_log(SAMPLES / "mail.log*", year=2026)


@pytest.fixture(scope="module")
def firewall() -> pd.DataFrame:
    """Return the sample week's firewall events."""
    return mf.read_ufw_log(SAMPLES / "ufw.log", year=2026)


@pytest.fixture(autouse=True)
def _no_figure_stays_open() -> Iterator[None]:
    yield
    plt.close("all")


def title(ax: Axes) -> str:
    """Return the title of axes, drawn once so that every label is laid out."""
    ax.figure.canvas.draw()
    return " ".join(ax.get_title(loc="left").split())


def sources(*rows: tuple[str, float, float]) -> pd.DataFrame:
    """Return a sources table with these addresses, attack and legitimate weights."""
    frame = pd.DataFrame(rows, columns=["source_ip", "attack_weight", "legit_weight"])
    return frame.astype({"source_ip": "str"}).assign(country="ZZ")


def sessions(count: int) -> pd.DataFrame:
    """Return sessions of one /24, a minute apart, that all fail."""
    start = pd.date_range("2026-09-04", periods=count, freq="1min", tz="UTC", unit="us")
    ips = [f"212.70.149.{number % 5 + 1}" for number in range(count)]
    return pd.DataFrame({"source_ip": ips, "start": start, "outcome": "auth_failed"}).assign(
        end=start + pd.Timedelta(seconds=70)
    )


def test_pressure_names_the_loudest_network(mail: pd.DataFrame) -> None:
    """The title says which network was refused most, and the axis names the zone."""
    ax = plots.plot_pressure(mail, zone="Europe/Berlin")
    assert title(ax) == "212.70.149.0/24 made 63 % of all 1,075 refused tries (1,004 logins)"
    assert ax.get_xlabel() == "time (Europe/Berlin)"
    assert ax.get_yticklabels()[-1].get_text() == "147 other networks"


def test_timeline_counts_each_event_once(mail: pd.DataFrame) -> None:
    """The legend's counts are those of the table."""
    ax = plots.plot_timeline(mail, every="6h")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert f"auth_failed ({int((mail['event'] == 'auth_failed').sum())})" in labels
    assert len(labels) == 7


def test_accounts_puts_used_accounts_first(mail: pd.DataFrame) -> None:
    """Accounts with good logins stand above those that were only tried."""
    ax = plots.plot_accounts(mail)
    names = [text.get_text() for text in ax.get_yticklabels()][::-1]
    assert set(names[:4]) == {f"{who}@example.org" for who in ("anna", "carla", "tom", "vera")}


def test_ports_say_how_much_was_for_mail(firewall: pd.DataFrame) -> None:
    """The title gives the share of packets for mail ports."""
    assert (
        title(plots.plot_ports(firewall)) == "54 % of the 1,082 logged packets were for mail ports"
    )


def test_cadence_finds_the_phones_beat(mail: pd.DataFrame) -> None:
    """The phone with a stale password tries every quarter of an hour."""
    found = title(plots.plot_cadence(mail, source_ip="198.51.100.23"))
    assert found == "198.51.100.23 tries every 15 minutes or so: a steady beat"


def test_open_sessions_count_the_most_at_once() -> None:
    """Sessions of 70 seconds, one a minute, stand open two at once."""
    assert "At most 2 connections open at once" in title(plots.plot_open_sessions(sessions(30)))


def test_network_sessions_say_whether_anybody_got_in() -> None:
    """The title counts sessions, addresses, and good logins."""
    found = title(plots.plot_network_sessions(sessions(10), network="212.70.149.0/24"))
    assert found == ("212.70.149.0/24: 10 sessions from 5 addresses, none ended in a good login")


def test_block_map_counts_both_kinds_and_the_ban() -> None:
    """Attackers, legitimate sources and the banned part of a /24 are counted in words."""
    table = sources(("212.70.149.83", 9.0, 0.0), ("212.70.149.4", 2.0, 0.0), ("9.9.9.9", 1.0, 3.0))
    ax = plots.plot_block_map(table, network="212.70.149.0/24", banned=["212.70.149.0/25"])
    assert title(ax) == "212.70.149.0/24: 2 attackers, no legitimate sources seen"
    assert any("covers 128 of 256" in text.get_text() for text in ax.texts)


def test_block_map_wants_an_ipv4_24() -> None:
    """A map of anything but an IPv4 /24 is refused."""
    with pytest.raises(ArgumentError, match=r"no IPv4 /24"):
        plots.plot_block_map(sources(), network="240e:d9:d800:200::/64")


def test_frontier_says_what_few_rules_do() -> None:
    """The finding compares the best networks with the busiest /24s at a usual budget."""
    table = pd.DataFrame(
        [("optimum", 50, 30, 0.9, 0.0, 0), ("top /24", 50, 50, 0.95, 0.2, 3)],
        columns=schema.names(schema.FRONTIER),
    )
    found = title(plots.plot_frontier(table))
    assert found == (
        "With 50 rules the best networks block 90 % and hit nobody seen; "
        "the busiest /24s block 95 % and hit 20 % of proper use"
    )


def test_a_large_campaign_is_thinned_and_says_so(mail: pd.DataFrame) -> None:
    """Of thousands of addresses one in so many is drawn; title, legend and axis tell of all."""
    found = mf.campaigns(mail)
    one = found.members.iloc[:1]
    many = pd.concat([one] * 2_000, ignore_index=True)
    ax = plots.plot_campaigns(replace(found, members=many.assign(campaign=1)))
    assert len(ax.lines[0].get_ydata()) == 286
    assert ax.get_legend_handles_labels()[1] == ["campaign 1 (2,000 addresses)"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1", "2,000"]
    assert any("one address in 7 drawn" in text.get_text() for text in ax.texts)


def test_pressure_without_a_loudest_network_says_so() -> None:
    """Where every network made a little, the title names none as the finding."""
    lines = "".join(
        f"2026-09-04T10:{number:02}:00Z mail postfix/smtpd[7]: warning: "
        f"unknown[198.18.{number}.9]: SASL LOGIN authentication failed: UGFzc3dvcmQ6\n"
        for number in range(50)
    )
    found = title(plots.plot_pressure(mf.read_mail_log(lines)))
    assert found.startswith("No network stands out: the busiest, 198.18.")
    assert "made 2 % of all 50" in found


def test_campaigns_count_the_addresses_that_act_as_one(mail: pd.DataFrame) -> None:
    """The sample's slow campaign is drawn with all its addresses."""
    found = title(plots.plot_campaigns(mf.campaigns(mail)))
    assert found == "96 addresses in 96 networks act as one: 96 refused logins between them"


def test_backtest_says_what_the_best_plan_stops(mail: pd.DataFrame) -> None:
    """The finding is about the best plan; every policy has its bars."""
    ax = plots.plot_backtest(mf.backtest(mail))
    assert title(ax).startswith("The best plan would have stopped ")
    assert title(ax).endswith("lost none proper")
    assert len(ax.get_yticklabels()) == 5


def test_survival_names_the_half_life(mail: pd.DataFrame) -> None:
    """The finding is the age by which half of the attackers are gone."""
    assert title(plots.plot_survival(mf.survival(mail))).startswith(
        "Half of the attackers are gone after "
    )


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.plot_pressure(schema.empty(schema.MAIL_EVENTS)),
        lambda: plots.plot_timeline(schema.empty(schema.MAIL_EVENTS)),
        lambda: plots.plot_open_sessions(schema.empty(schema.SESSIONS)),
        lambda: plots.plot_network_sessions(
            schema.empty(schema.SESSIONS), network="212.70.149.0/24"
        ),
        lambda: plots.plot_block_map(schema.empty(schema.SOURCES), network="212.70.149.0/24"),
        lambda: plots.plot_accounts(schema.empty(schema.MAIL_EVENTS)),
        lambda: plots.plot_ports(schema.empty(schema.FIREWALL_EVENTS)),
        lambda: plots.plot_countries(schema.empty(schema.SOURCES)),
        lambda: plots.plot_cadence(schema.empty(schema.MAIL_EVENTS), source_ip="198.18.0.1"),
        lambda: plots.plot_frontier(schema.empty(schema.FRONTIER)),
        lambda: plots.plot_campaigns(mf.campaigns(schema.empty(schema.MAIL_EVENTS))),
        lambda: plots.plot_backtest(mf.backtest(schema.empty(schema.MAIL_EVENTS))),
        lambda: plots.plot_survival(mf.survival(schema.empty(schema.MAIL_EVENTS))),
    ],
    ids=[
        *("pressure", "timeline", "open sessions", "network sessions", "block map", "accounts"),
        *("ports", "countries", "cadence", "frontier", "campaigns"),
        *("backtest", "survival"),
    ],
)
def test_empty_tables_give_words_instead(draw: Callable[[], Axes]) -> None:
    """An empty table gives axes with a sentence, never an error."""
    assert title(draw())


@pytest.mark.parametrize(
    "draw",
    [plots.plot_pressure, plots.plot_timeline, plots.plot_accounts, plots.plot_ports],
    ids=lambda draw: draw.__name__,
)
def test_missing_columns_are_named(draw: Callable[[Any], Axes]) -> None:
    """A table without the needed columns is refused by name."""
    with pytest.raises(MissingColumnError, match="the table lacks"):
        draw(pd.DataFrame({"nothing": [1]}))


def test_unknown_zone_is_named(mail: pd.DataFrame) -> None:
    """A zone that does not exist is named, with an example of one that does."""
    with pytest.raises(ArgumentError, match="'Mars/Base' is no time zone"):
        plots.plot_pressure(mail, zone="Mars/Base")


def test_hostile_names_are_drawn_as_text() -> None:
    """Dollar signs and control characters of a user name reach no formula parser."""
    events = pd.DataFrame(
        {
            "event": ["auth_failed", "auth_ok"],
            "username": [r"$\frac{1}{$" + "\x1b[31m" + "a" * 200, "b$"],
            "repeat": [1, 1],
            "duplicate": [False, False],
        }
    ).astype({"username": "str"})
    ax = plots.plot_accounts(events)
    assert title(ax)
    assert all(len(text.get_text()) < 40 for text in ax.get_yticklabels())


def test_many_sessions_are_spread_over_the_whole_time() -> None:
    """Of more sessions than can be drawn, the logins stay, and the rest spans first to last."""
    table = sessions(12_000)
    table.loc[7_001, "outcome"] = "login"
    ax = plots.plot_network_sessions(table, network="212.70.149.0/24")
    marks = {line.get_color(): line.get_xdata() for line in ax.lines}
    assert {len(x) for x in marks.values()} == {1, 4_000}
    failed = marks["#E69F00"]
    assert max(failed) - min(failed) > 0.99 * (table["end"].max() - table["end"].min()).days
    assert any("spread over the whole time" in text.get_text() for text in ax.texts)


def test_a_single_moment_has_an_hour_around_it() -> None:
    """One session is drawn in an hour of its own, not in years."""
    ax = plots.plot_network_sessions(sessions(1), network="212.70.149.0/24")
    first, last = ax.get_xlim()
    assert last - first < 1 / 23
