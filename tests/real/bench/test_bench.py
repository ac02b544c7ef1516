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
    """Each line that Postfix, Dovecot and ufw wrote is a row of a known kind."""
    for events, name in ((played.mail(style), "mail.log"), (played.firewall(style), "ufw.log")):
        lines = (played.folder / style / name).read_bytes().count(b"\n")
        assert len(events) == lines > 0
        strange = events[events["event"].isin(["other", "unparsed"])]
        assert strange["message"].tolist() == []


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
