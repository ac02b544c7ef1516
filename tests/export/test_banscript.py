"""The ban script holds what was approved, and nothing that a stranger wrote can act in it."""

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mailforensics as mf
from mailforensics.errors import ArgumentError, UnsafeBanError
from mailforensics.export.text import clean, slug
from mailforensics.schema import BAN_RULES, names
from tests.ban_cases import ARTICLE, IPV6, approve, candidates

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = (
    "it's `reboot` $(reboot) ${IFS} \"; reboot; #|x\nEND_OF_RULES\nreboot\r\n' | tee\0\x1b[2J",
    "パスワード総当たり",
    "{{rules}} {{case}} #{{header}}",
    "\\",
    "'" * 10_000,
    "",
    "%s%n \\x41 !! ~ * ? [a-z]",
)


def run(script: mf.BanScript, path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Save a script and run it with bash."""
    return subprocess.run(
        ["bash", script.save(path), *arguments], capture_output=True, text=True, check=False
    )


def test_golden_script(tmp_path: Path) -> None:
    """The same approvals give the same bytes; what they are is on record."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, IPV6, "198.18.0.9/32")
    script = mf.ban_script(table, decisions, case="article")
    assert script.text == (GOLDEN / "ban.sh").read_text("utf-8")
    assert mf.ban_script(table, decisions, case="article").text == script.text


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    """Shellcheck is silent about the whole script."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, reason=HOSTILE[0])
    path = mf.ban_script(table, decisions, case=HOSTILE[0]).save(tmp_path / "ban.sh")
    done = subprocess.run(["shellcheck", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_plan_says_that_ufw_is_off_or_missing(tmp_path: Path) -> None:
    """Who plans on a server whose firewall is off learns it before --apply does."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE)
    said = run(mf.ban_script(table, decisions, case="off"), tmp_path / "ban.sh", "--plan").stdout
    ufw = shutil.which("ufw", path="/usr/sbin:/usr/bin:/sbin:/bin")
    config = Path("/etc/ufw/ufw.conf")
    is_off = config.exists() and "ENABLED=no" in config.read_text("utf-8")
    assert ("ufw is not installed here" in said) == (ufw is None)
    assert not is_off or not ufw or "ufw is inactive here" in said


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: ascii(t[:20]))
def test_hostile_words_stay_words(tmp_path: Path, text: str) -> None:
    """A reason, a reviewer or a case name can neither run nor add a rule, nor break the list."""
    table, decisions = approve(
        tmp_path / "d.jsonl", ARTICLE, reason=text or " ", reviewer=text or "kenji"
    )
    script = mf.ban_script(table, decisions, case=text)
    assert script.text.isascii()
    assert "\r" not in script.text
    assert max(map(len, script.text.splitlines())) < 800
    rules = [line for line in script.text.splitlines() if line.startswith(f"{ARTICLE}|")]
    assert len(rules) == 1
    assert rules[0].count("|") == 8
    assert not set(rules[0]) & set("'\"`$\\;<>&*")
    plan = run(script, tmp_path / "ban.sh")
    assert plan.returncode == 0, plan.stderr
    assert plan.stdout.count("ufw prepend") == 1


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_clean_text_is_harmless(text: str) -> None:
    """Cleaned text is one short line of ASCII without a character that a shell knows."""
    result = clean(text)
    assert result.isascii()
    assert result.isprintable()
    assert 1 <= len(result) <= 120
    assert not set(result) & set("'\"`$\\;|<>&*{}[]!#~")
    assert len(slug(text)) <= 14


def test_rules_table(tmp_path: Path) -> None:
    """`rules` says network, decision and command; the journal's own words stay whole."""
    table, decisions = approve(tmp_path / "d.jsonl", IPV6, ARTICLE, until="2099-12-31")
    rules = mf.ban_script(table, decisions, case="demo").rules
    assert list(rules.columns) == names(BAN_RULES)
    assert rules["network"].to_list() == [ARTICLE, IPV6]
    assert rules["command"][0] == (
        f"ufw prepend deny from {ARTICLE} "
        "comment 'mailforensics demo until 2099-12-31: password guessing'"
    )


def test_no_approval_is_a_script_that_does_nothing(tmp_path: Path) -> None:
    """Without an approval the script says so, and so does its plan."""
    script = mf.ban_script(candidates(ARTICLE), mf.Decisions(tmp_path / "none.jsonl"))
    assert "# No network is approved, so there is nothing to ban." in script.text
    assert list(script.rules.columns) == names(BAN_RULES)
    assert "0 networks to ban" in run(script, tmp_path / "ban.sh").stdout


@pytest.mark.parametrize(
    ("network", "protect", "message"),
    [
        ("10.1.0.0/24", (), r"10\.1\.0\.0/24 .* touches 10\.0\.0\.0/8: private"),
        (ARTICLE, ("212.70.149.83",), r"touches 212\.70\.149\.83/32: your own protected list"),
        (ARTICLE, "212.70.0.0/16", r"touches 212\.70\.0\.0/16: your own"),
        ("203.0.113.0/24", (), r"documentation"),
        ("198.18.0.0/15", (), r"131,072 addresses: wider than a /16"),
        ("240e::/20", (), r"wider than a /32 is never exported\. Reject it"),
    ],
)
def test_unsafe_networks_are_refused(
    tmp_path: Path, network: str, protect: tuple[str, ...], message: str
) -> None:
    """A protected or far too wide network stops the export and says what to do."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, network)
    with pytest.raises(UnsafeBanError, match=message):
        mf.ban_script(table, decisions, protect=protect)


def test_documentation_networks_only_on_request(tmp_path: Path) -> None:
    """Lessons may ban documentation networks when they say so."""
    table, decisions = approve(tmp_path / "d.jsonl", "203.0.113.0/24")
    assert len(mf.ban_script(table, decisions, allow_documentation=True).rules) == 1


def test_only_running_approvals_get_in(tmp_path: Path) -> None:
    """Rejected, undone and ended decisions ban nobody."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, "198.18.1.0/24", "198.18.2.0/24")
    decisions.record("198.18.1.0/24", "reject", reason="a customer", reviewer="aya")
    decisions.undo("198.18.2.0/24", reviewer="aya")
    approve(tmp_path / "d.jsonl", "198.18.3.0/24", until="2026-09-30")
    assert mf.ban_script(table, decisions).rules["network"].to_list() == [ARTICLE]


def test_a_network_inside_another_is_left_out(tmp_path: Path) -> None:
    """The wider ban stands for both, unless it ends earlier or closes less."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, "212.70.149.83/32")
    script = mf.ban_script(table, decisions)
    assert script.rules["network"].to_list() == [ARTICLE]
    assert "# - 212.70.149.83/32 lies inside 212.70.149.0/24" in script.text
    ports = mf.BanOptions(each={ARTICLE: mf.BanOptions(ports=(25,))})
    assert len(mf.ban_script(table, decisions, options=ports).rules) == 2
    approve(tmp_path / "d.jsonl", ARTICLE, until="2099-01-01")
    assert len(mf.ban_script(table, decisions).rules) == 2


def test_changed_evidence_is_said(tmp_path: Path) -> None:
    """An approval on other evidence is noted, and refused when the new one speaks against it."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE)
    more = table.assign(auth_failed=99)
    assert "the evidence has changed since" in mf.ban_script(more, decisions).text
    assert "is not among the candidates" in mf.ban_script(table.head(0), decisions).text
    with pytest.raises(UnsafeBanError, match=r"speaks against a ban\. Look at it again"):
        mf.ban_script(table.assign(suggestion="reject"), decisions)


def test_what_the_firewall_does_already_is_said(tmp_path: Path) -> None:
    """With a firewall the header names bans that stand and rules that say the opposite."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, "198.18.0.0/24")
    rules = "ufw deny from 212.70.149.0/24\nufw allow from 198.18.0.7\nufw allow 25/tcp\n"
    text = mf.ban_script(table, decisions, firewall=mf.read_firewall(rules)).text
    assert "# - 212.70.149.0/24 was kept out already by rule 1" in text
    assert "# - 198.18.0.0/24: your own rule says the opposite: " in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"action": "drop"}, r"'drop' is none of deny, deny log, reject"),
        ({"ports": (0,)}, r"0 is no port; use whole numbers from 1 to 65535"),
        ({"ports": ("25",)}, r"'25' is no port"),
        ({"ports": tuple(range(1, 17))}, r"16 ports are more than one rule can hold"),
        ({"each": {"nowhere": mf.BanOptions()}}, r"'nowhere' is no network"),
    ],
)
def test_wrong_options_are_errors(options: dict[str, object], message: str) -> None:
    """An option that makes no sense names its value and what is allowed."""
    with pytest.raises(ArgumentError, match=message):
        mf.BanOptions(**options)


def test_save_replaces_only_ban_scripts(tmp_path: Path) -> None:
    """Saving again works; another file in the way is an error; the file is executable."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE)
    script = mf.ban_script(table, decisions)
    path = script.save(tmp_path / "ban.sh")
    assert script.save(path).stat().st_mode & 0o777 == 0o755
    other = tmp_path / "notes.txt"
    other.write_text("mine")
    with pytest.raises(ArgumentError, match=r"notes\.txt exists and is no ban script"):
        script.save(other)
    assert script.save(other, overwrite=True).read_text() == script.text
    with pytest.raises(ArgumentError, match=r"nowhere does not exist"):
        script.save(tmp_path / "nowhere" / "ban.sh")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ban.sh", "d.jsonl", "notes.txt"]


def test_inputs_stay_as_they_are(tmp_path: Path) -> None:
    """Making a script changes neither the candidates nor the journal."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE, IPV6)
    copy, journal = table.copy(), decisions.path.read_bytes()
    mf.ban_script(table, decisions)
    pd.testing.assert_frame_equal(table, copy)
    assert decisions.path.read_bytes() == journal


def test_sh_says_that_bash_is_needed(tmp_path: Path) -> None:
    """Started with another shell, the script says what it needs and does nothing."""
    table, decisions = approve(tmp_path / "d.jsonl", ARTICLE)
    path = mf.ban_script(table, decisions).save(tmp_path / "ban.sh")
    done = subprocess.run(["sh", path, "--apply"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "needs bash" in done.stderr
