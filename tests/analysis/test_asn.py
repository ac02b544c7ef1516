"""Autonomous systems and countries: looked up offline, absent when the data is."""

import gzip
from pathlib import Path

import pandas as pd
import pytest

from mailforensics.analysis.asn import with_asn
from mailforensics.analysis.countries import country_data, country_of
from mailforensics.errors import ArgumentError, EvidenceError, MissingColumnError

TABLE = pd.DataFrame({"source_ip": ["198.18.3.4", "240e:d9::1", "203.0.113.9", None]}, dtype="str")
RANGES = (
    "# a comment\n"
    "198.18.0.0\t198.18.255.255\t64500\tXX\tEXAMPLE-NET\n"
    "203.0.113.0\t203.0.113.255\t0\tNone\tNot routed\n"
    "240e:d9::\t240e:d9:ffff:ffff:ffff:ffff:ffff:ffff\t64501\tXX\tEXAMPLE-SIX\n"
)


def test_ranges(tmp_path: Path) -> None:
    """A table of ranges names the holder in both families, and nobody for unrouted space."""
    path = tmp_path / "asn.tsv"
    path.write_text(RANGES, "utf-8")
    found = with_asn(TABLE, path=path)
    assert found["as_name"].tolist()[:2] == ["EXAMPLE-NET", "EXAMPLE-SIX"]
    assert found["asn"].isna().tolist() == [False, False, True, True]
    assert list(TABLE) == ["source_ip"]


def test_networks_and_gzip(tmp_path: Path) -> None:
    """A gzipped table of networks works, for networks too."""
    path = tmp_path / "asn.tsv.gz"
    path.write_bytes(gzip.compress(b"198.18.0.0/16\tAS64500\tEXAMPLE-NET\n"))
    table = pd.DataFrame({"network": ["198.18.3.0/24"]}, dtype="str")
    assert with_asn(table, path=path)["asn"].tolist() == [64500]


def test_what_is_no_table(tmp_path: Path) -> None:
    """A file of another kind, a missing file and a table without addresses are refused."""
    path = tmp_path / "asn.tsv"
    path.write_text("hello\n", "utf-8")
    with pytest.raises(ArgumentError, match="holds no autonomous systems"):
        with_asn(TABLE, path=path)
    with pytest.raises(EvidenceError, match="cannot be read"):
        with_asn(TABLE, path=tmp_path / "none.tsv")
    with pytest.raises(MissingColumnError, match="lacks network"):
        with_asn(pd.DataFrame({"a": [1]}), path=path)


def test_broken_database(tmp_path: Path) -> None:
    """A damaged MaxMind DB is an error that says so."""
    path = tmp_path / "asn.mmdb"
    path.write_bytes(b"no database")
    with pytest.raises(ArgumentError, match="is no MaxMind DB"):
        with_asn(TABLE, path=path)


def test_countries() -> None:
    """Registered addresses have a country; made-up text has none and does no harm."""
    assert country_of(["212.70.149.83", "no address", "203.0.113.1"])[1:] == [None, None]
    assert len(country_of(["212.70.149.83"])[0] or "") == 2
    assert country_data().startswith("iptocc ")
