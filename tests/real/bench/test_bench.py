"""A real mail server is attacked, and every deed is found in its logs and put down to its doer."""

from collections.abc import Iterator

import pandas as pd
import pytest

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
    first, second = (mf_sorted(played.mail(style)) for style in STYLES)
    pd.testing.assert_frame_equal(first, second)


def test_no_deed_is_short(played: Played) -> None:
    """Each deed is in the bare log, and the package finds as much as was done."""
    table = rows(played)
    counted = table[table["counted"] != "packets"]
    short = counted[(counted["done"] != counted["logged"]) | (counted["done"] != counted["found"])]
    assert short.to_dict("records") == []
    packets = table[table["counted"] == "packets"].iloc[0]
    assert 0 < packets["logged"] == packets["found"]


def mf_sorted(events: pd.DataFrame) -> pd.DataFrame:
    """Return events without their stamps, in an order that does not depend on them."""
    columns = events.columns.drop(["time", "file", "line"]).tolist()
    return events[columns].sort_values(columns, ignore_index=True)
