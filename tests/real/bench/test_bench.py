"""A real mail server is attacked, and every deed is found in its logs and put down to its doer."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

import pandas as pd
import pytest
from ban_hosts import assert_untouched

import mailforensics as mf
from bench.admin import Admin, logged_in
from bench.load import SECONDS, crowd, same_counts
from bench.logs import fetch, settle
from bench.loop import (
    PROTECT,
    STYLE,
    Case,
    apply,
    banned_of,
    knocks_again,
    put_script,
    repeat,
    review,
    server_firewall,
    verdicts,
)
from bench.places import LOAD
from bench.report import AS_POSTFIX, short, tell
from bench.server import STYLES
from bench.stage import Stage, stage
from bench.story import Played, differences, first_acts, play, rows

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    """Give the stage, its server running."""
    with stage() as made:
        yield made


@pytest.fixture(scope="module")
def played(scene: Stage, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Give all that was done before the ban, with the logs."""
    return play(scene, first_acts(), tmp_path_factory.mktemp("before"))


@pytest.mark.parametrize("style", STYLES)
def test_every_line_of_real_daemons_is_understood(played: Played, style: str) -> None:
    """Each line that Postfix, Dovecot and ufw wrote is a row of a known kind.

    Mail lines that hold the words of the firewall get into its log: they are none of its events.
    """
    for events, name in ((played.mail(style), "mail.log"), (played.firewall(style), "ufw.log")):
        lines = (played.folder / style / name).read_bytes().split(b"\n")[:-1]
        assert len(events) == len(lines) > 0
        strange = events[events["event"].isin(["other", "unparsed"])]
        foreign = [b" kernel: " not in line for line in lines] if name == "ufw.log" else []
        assert strange["source_ip"].isna().all()
        assert len(strange) == sum(foreign), strange["message"].tolist()


def test_nobody_but_who_was_there_is_a_source(played: Played) -> None:
    """No address that a stranger only wrote of is the peer of any line, in any log."""
    there = {result["source"] for results in played.results.values() for result in results}
    for style in STYLES:
        for events in (played.mail(style), played.firewall(style)):
            assert set(events["source_ip"].dropna()) <= there


@pytest.mark.parametrize("style", STYLES)
def test_counts_of_every_address_equal_the_truth(played: Played, style: str) -> None:
    """Sessions, logins, messages and refusals of each address are those that its client met."""
    assert differences(played, style) == []


def test_both_styles_of_stamps_tell_the_same(played: Played) -> None:
    """The two logs of one server differ in the stamps alone."""
    first, second = (unstamped(played.mail(style)) for style in STYLES)
    pd.testing.assert_frame_equal(first, second)


@pytest.fixture(scope="module")
def case(scene: Stage, played: Played, tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Give the reviewed case."""
    return review(played, scene, tmp_path_factory.mktemp("case") / "decisions.jsonl")


def test_candidates_are_the_attackers(played: Played, case: Case) -> None:
    """Every hostile address can be banned, and nobody who uses the server was suggested."""
    suggested = case.candidates.loc[case.candidates["suggestion"] == "approve", "network"]
    for user in PROTECT:
        assert not case.bans(user)
        assert not any(ip_address(user) in ip_network(network) for network in suggested)
    hostile = {source for deed in played.deeds if deed.hostile for source in deed.sources}
    assert [source for source in sorted(hostile) if not case.bans(source)] == []


@pytest.fixture(scope="module")
def admin(scene: Stage) -> Iterator[Admin]:
    """Give the administrator, logged in."""
    with logged_in(scene) as person:
        yield person


@pytest.fixture(scope="module")
def applied(scene: Stage, case: Case, admin: Admin) -> pd.Timestamp:
    """Give the time from which on the bans work."""
    assert admin.still_there()
    put_script(case, scene)
    return apply(admin)


@pytest.fixture(scope="module")
def repeated(
    scene: Stage,
    played: Played,
    case: Case,
    applied: pd.Timestamp,
    tmp_path_factory: pytest.TempPathFactory,
) -> Played:
    """Give the same deeds, done again under the ban."""
    return repeat(scene, played, case, tmp_path_factory.mktemp("after"))


def test_banned_get_nothing_and_all_others_go_on(
    played: Played, repeated: Played, case: Case, admin: Admin
) -> None:
    """Under the ban no attacker connects, users and peers are served as before, admin too."""
    wanted = ["got nothing" if deed.hostile else "goes on" for deed in played.deeds]
    assert verdicts(played, repeated, case) == wanted
    assert admin.still_there()
    assert admin.runs("hostname") == "mail\n"


def test_later_logs_say_that_the_bans_hold(
    scene: Stage, case: Case, applied: pd.Timestamp, repeated: Played
) -> None:
    """`check_ban` and the script's own check find each ban in place and nobody coming in."""
    table = mf.check_ban(
        case.decisions,
        repeated.mail(STYLE),
        repeated.firewall(STYLE),
        since=applied,
        firewall=server_firewall(scene),
    )
    assert sorted(table["network"]) == sorted(case.banned)
    assert set(table["status"]) <= {"holding", "quiet"}, table["explanation"].tolist()
    assert table["explanation"].str.contains("The firewall bans it").all()
    answer = scene.server.run("bash /root/ban.sh --verify").stdout
    assert answer.count(": in place") == len(case.banned), answer
    assert "STILL SEEN" not in answer


def test_undo_brings_everything_back(
    scene: Stage, played: Played, repeated: Played, admin: Admin
) -> None:
    """--undo leaves ufw and its files as they were, byte for byte; attackers connect again."""
    admin.runs("bash /root/ban.sh --undo")
    assert_untouched(scene.server)
    knockers = [deed for deed in played.deeds if deed.measure != "packets"]
    assert set(knocks_again(scene, knockers)) == {"open"}
    assert admin.still_there()


@pytest.fixture(scope="module")
def loaded(scene: Stage, repeated: Played, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Give what two hundred clients did at once, with the logs that are longer still."""
    results = scene.perform([crowd()], seconds=SECONDS)
    settle(scene.server)
    return Played((crowd(),), results, fetch(scene.server, tmp_path_factory.mktemp("load")))


def test_counts_under_load_are_those_of_postfix(loaded: Played) -> None:
    """With 200 clients at once the reader's sums are those of Postfix's counters and the truth."""
    events = loaded.mail(STYLE)
    assert same_counts(events, loaded.lines(STYLE)) == {}
    assert differences(loaded, STYLE, only=LOAD) == []


def test_no_deed_is_short(played: Played, repeated: Played, loaded: Played, case: Case) -> None:
    """Each deed is in the bare log, found as often as it was done, and banned or left alone."""
    table = rows(played).assign(
        banned=[banned_of(deed, case) for deed in played.deeds],
        verified=verdicts(played, repeated, case),
    )
    same = same_counts(loaded.mail(STYLE), loaded.lines(STYLE)) == {}
    load = rows(loaded).assign(banned="none", verified=AS_POSTFIX if same else "DIFFERS")
    table = pd.concat([table, load], ignore_index=True)
    tell(table)
    assert short(table) == []


def unstamped(events: pd.DataFrame) -> pd.DataFrame:
    """Return events without their stamps, in an order that does not depend on them."""
    columns = events.columns.drop(["time", "file", "line"]).tolist()
    return events[columns].sort_values(columns, ignore_index=True)
