"""The digest of a candidate row says which evidence a decision was made on."""

import numpy as np
import pandas as pd
import pytest

from mailforensics.errors import MissingColumnError
from mailforensics.review.decisions import digest, digests
from tests.review.candidate_rows import candidate, table

HOLDERS = {
    "a dict": candidate,
    "a row of the table": lambda: table(candidate()).iloc[0],
    "a record": lambda: table(candidate()).to_dict("records")[0],
    "numpy scalars": lambda: candidate(attackers=np.int64(5), share=np.float64(0.61)),
    "another zone": lambda: candidate(
        first_seen=pd.Timestamp("2026-08-28 05:10", tz="Europe/Berlin")
    ),
    "a last bit": lambda: candidate(attack_weight=812.5 + 1e-9),
    "host bits": lambda: candidate(network="212.70.149.83/24"),
    "a further column": lambda: candidate() | {"country": "BG"},
}


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS.keys())
def test_the_same_row_has_the_same_digest(holder: object) -> None:
    """Whatever holds the values, and however a sum was rounded, the digest is the same."""
    assert digest(holder()) == ("4ec2c61e9a4ca3fe9a3be173ba3e9b626d2834ee54e65c25f2de460e587beca4")


@pytest.mark.parametrize(
    "change", [{"auth_failed": 1181}, {"reasons": "other"}, {"already": None}, {"share": np.nan}]
)
def test_other_evidence_has_another_digest(change: dict[str, object]) -> None:
    """A change in any column that was shown changes the digest."""
    assert digest(candidate(**change)) != digest(candidate())


def test_each_row_has_its_digest() -> None:
    """The digests of a table are those of its rows, in order."""
    rows = [candidate(), candidate(network="2001:db8::/64")]
    assert digests(table(*rows)) == [digest(row) for row in rows]


def test_a_row_without_a_column_is_refused() -> None:
    """A row that is no candidate row names what it lacks."""
    with pytest.raises(MissingColumnError, match="lacks usernames"):
        digest({k: v for k, v in candidate().items() if k != "usernames"})
