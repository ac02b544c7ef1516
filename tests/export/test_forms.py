"""Each form holds the approved networks, no others, and no word of a stranger acts in it."""

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import stix2

import mailforensics as mf
from mailforensics.addresses import parse_network
from mailforensics.errors import ArgumentError, UnsafeBanError
from mailforensics.export.approvals import approved_bans
from mailforensics.export.forms import WRITERS
from mailforensics.export.order import Order, groups
from tests.ban_cases import ARTICLE, IPV6, approve

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {
    "ufw": "sh",
    "nftables": "nft",
    "ipset": "ipset",
    "fail2ban": "fail2ban.sh",
    "postfix": "cidr",
    "crowdsec": "crowdsec.json",
    "csv": "csv",
    "stix": "stix.json",
}
OPTIONS = mf.BanOptions(
    each={
        IPV6: mf.BanOptions(action="reject", ports=(465, 25)),
        "198.18.7.0/24": mf.BanOptions(action="deny log"),
    }
)
HOSTILE = "=cmd|'/C calc'!A1 \"; drop } \\ $(id) `x`\n# x\r\n| {{rules}} 総当たり" + "y" * 9000


def a_case(folder: Path, **words: str) -> tuple[pd.DataFrame, mf.Decisions]:
    """Return a case of five networks: two overlap, one is banned for good, one is IPv6."""
    table, decisions = approve(
        folder / "d.jsonl", ARTICLE, IPV6, "198.18.0.9/32", until="2099-01-01", **words
    )
    more = approve(folder / "d.jsonl", "198.18.0.0/24", until="2026-12-24", **words)[0]
    last = approve(folder / "d.jsonl", "198.18.7.0/24", **words)[0]
    return pd.concat([table, more, last], ignore_index=True), decisions


def order_of(table: pd.DataFrame, decisions: mf.Decisions, case: str = "demo") -> Order:
    """Return what the writers get, on a fixed day."""
    approved = approved_bans(table, decisions, options=OPTIONS)
    return Order(approved.bans, approved.notes, case, date(2026, 11, 24))


@pytest.mark.parametrize("form", WRITERS)
def test_golden_forms(tmp_path: Path, form: str) -> None:
    """On one day the same approvals give the same bytes in each form."""
    text = WRITERS[form](order_of(*a_case(tmp_path)))
    assert text == (GOLDEN / f"demo.{ENDINGS[form]}").read_text("utf-8")


@pytest.mark.parametrize("form", WRITERS)
def test_hostile_words_stay_words(tmp_path: Path, form: str) -> None:
    """A reason, reviewer or case name adds no line, no rule and no quote to any form."""
    plain = WRITERS[form](order_of(*a_case(tmp_path)))
    (tmp_path / "x").mkdir()
    table, decisions = a_case(tmp_path / "x", reason=HOSTILE, reviewer=HOSTILE)
    text = WRITERS[form](order_of(table, decisions, HOSTILE))
    assert text.count("\n") == plain.count("\n")
    if form == "csv":
        reasons = [row["reason"] for row in csv.DictReader(io.StringIO(text))]
        assert all(reason.startswith("'=cmd") for reason in reasons)
        return
    assert text.isascii()
    assert text.count('"') == plain.count('"')
    for sign in "$`\\;{}":
        assert text.count(sign) == plain.count(sign), sign


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    "network", ["10.0.0.0/24", "203.0.113.0/24", "212.70.0.0/16", "44.0.0.0/8"]
)
def test_every_form_refuses_what_ufw_refuses(tmp_path: Path, form: str, network: str) -> None:
    """Protected, documentation and far too wide networks get into no form."""
    table, decisions = approve(tmp_path / "d.jsonl", network)
    with pytest.raises(UnsafeBanError, match=re.escape(network)):
        mf.export(table, decisions, form=form, protect=["212.70.149.83"])


@pytest.mark.parametrize("form", WRITERS)
def test_no_approval_gives_a_valid_empty_form(tmp_path: Path, form: str) -> None:
    """Without an approval each form is written, and bans nobody."""
    table, _ = a_case(tmp_path)
    found = mf.export(table, mf.Decisions(tmp_path / "none.jsonl"), form=form)
    assert ARTICLE not in found.text
    assert found.save(tmp_path / "bans").read_text() == found.text


def test_an_unknown_form_names_the_known(tmp_path: Path) -> None:
    """A wrong form is an error that lists the right ones."""
    with pytest.raises(ArgumentError, match=r"'iptables' is none of ufw, nftables, ipset"):
        mf.export(*a_case(tmp_path), form="iptables")


def test_export_as_ufw_is_the_ban_script(tmp_path: Path) -> None:
    """The form `ufw` is the very script of `ban_script`, and executable."""
    table, decisions = a_case(tmp_path)
    found = mf.export(table, decisions, case="demo")
    assert found.text == mf.ban_script(table, decisions, case="demo").text
    assert found.save(tmp_path / "ban.sh").stat().st_mode & 0o111


def test_overlapping_bans_are_cut_and_nothing_is_lost(tmp_path: Path) -> None:
    """In the groups for sets no networks overlap, and together they are what was approved."""
    parts = groups(order_of(*a_case(tmp_path)).bans)
    networks = [network for network, _ in parts[0].parts]
    assert not any(a.overlaps(b) for a in networks for b in networks if a != b)
    assert sum(n.num_addresses for n in networks) == 512
    longest = {str(n): ban.until for n, ban in parts[0].parts}
    assert longest["198.18.0.9/32"] == "2099-01-01"
    assert longest["198.18.0.8/32"] == "2026-12-24"


def test_stix_is_what_the_standard_says(tmp_path: Path) -> None:
    """The stix2 library reads the bundle back; patterns and times are the approvals'."""
    bundle = stix2.parse(mf.export(*a_case(tmp_path), form="stix").text)
    assert len(bundle.objects) == 5
    patterns = {item.pattern for item in bundle.objects}
    assert f"[ipv4-addr:value ISSUBSET '{ARTICLE}']" in patterns
    assert "[ipv4-addr:value = '198.18.0.9']" in patterns
    assert f"[ipv6-addr:value ISSUBSET '{IPV6}']" in patterns
    assert {str(i.valid_until) for i in bundle.objects if "valid_until" in i} == {
        "2099-01-02 00:00:00+00:00",
        "2026-12-25 00:00:00+00:00",
    }


def test_crowdsec_and_csv_hold_the_same_networks(tmp_path: Path) -> None:
    """The JSON list and the table name exactly the approved networks."""
    table, decisions = a_case(tmp_path)
    listed = json.loads(mf.export(table, decisions, form="crowdsec").text)
    rows = list(csv.DictReader(io.StringIO(mf.export(table, decisions, form="csv").text)))
    approved = set(decisions.approved()["network"])
    assert {str(parse_network(item["value"])) for item in listed} == approved
    assert {row["network"] for row in rows} == approved
    assert {item["scope"] for item in listed if "/" not in item["value"]} == {"Ip"}
