"""The reader of rules and the ban script agree: what the one bans, the other says is banned."""

from pathlib import Path

import pytest
from ban_hosts import KNOCKS, ban, install, knocks, mail_server

import mailforensics as mf
from tests.ban_cases import ARTICLE, IPV6, approve

pytestmark = pytest.mark.real


@pytest.mark.parametrize("way", ["--no-bulk", "--bulk"], ids=["rules", "sets"])
def test_an_applied_ban_is_read_as_one(tmp_path: Path, way: str) -> None:
    """Before: not covered, and let in. After: covered, and dropped; in the rule files as well."""
    banned = [ARTICLE, "198.18.0.9/32", IPV6]
    table, decisions = approve(tmp_path / "d.jsonl", *banned)
    with mail_server() as hosts:
        install(hosts.server, mf.ban_script(table, decisions, case="article"))
        copy = hosts.server.root / "etc"
        before = mf.read_firewall(copy)
        assert [before.covers(network) for network in banned] == [""] * 3
        assert [before.simulate(source, 25).verdict for _, source in KNOCKS] == ["allow"] * 3
        assert knocks(hosts) == ["open"] * 3
        ban(hosts.server, "--apply", way)
        after = mf.read_firewall(copy)
        assert all(after.covers(network) for network in banned)
        assert [after.simulate(source, 25).verdict for _, source in KNOCKS] == ["deny"] * 3
        assert knocks(hosts) == ["timeout"] * 3
        assert after.simulate("198.51.100.7", 25).verdict == "allow"
        assert after.shadowed().empty
        assert not any("not understood" in note for note in after.notes)
