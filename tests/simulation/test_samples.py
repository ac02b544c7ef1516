"""The sample files are what the generator writes, and what their README says."""

import gzip
import ipaddress
import json
import re
from pathlib import Path

import pytest

from mailforensics.simulation.article import MASKED_HOST, article_lines, wrapped_article_lines
from mailforensics.simulation.lines import rfc3339, year_less
from mailforensics.simulation.samples import sample_files
from mailforensics.simulation.week import BAN, sample_week

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
TRUTH = json.loads((SAMPLES / "truth.json").read_text("utf-8"))
ALLOWED = [
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.1/32",
        "192.0.2.0/24",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "198.18.0.0/15",
        "212.70.149.0/24",
        "2001:db8::/32",
        "240e:d9:d800:200::/64",
    )
]


def plain(path: Path) -> bytes:
    """Return a sample's bytes, unpacked where it is packed."""
    body = path.read_bytes()
    return gzip.decompress(body) if path.suffix == ".gz" else body


def readme_rows(columns: int) -> list[list[str]]:
    """Return the rows of README's tables that have this many columns."""
    text = (SAMPLES / "README.md").read_text("utf-8")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return [row for row in rows if len(row) == columns]


def test_stored_files_are_what_the_generator_writes() -> None:
    """Every stored sample holds the generator's bytes (packed ones: after unpacking)."""
    for name, body in sample_files().items():
        wanted = gzip.decompress(body) if name.endswith(".gz") else body
        assert plain(SAMPLES / name) == wanted, f"{name}: run python tools/make_samples.py"


def test_samples_stay_small() -> None:
    """All samples together stay under two megabytes."""
    files = [path for path in SAMPLES.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2_000_000


@pytest.mark.parametrize("row", readme_rows(6), ids=lambda row: row[0].strip("`"))
def test_readme_tells_each_story_as_it_is(row: list[str]) -> None:
    """README's numbers for a story are those of truth.json."""
    story = TRUTH["stories"][row[0].strip("`")]
    assert [int(cell) for cell in row[1:]] == [
        story["lines"],
        len(story["addresses"]),
        story["login_failure_lines"],
        story["logins_that_worked"],
        story["refused_recipients"],
    ]


def test_readme_names_every_file_and_story() -> None:
    """README lists each file with its line count, and each story once."""
    listed = {row[0].strip("`"): int(row[1]) for row in readme_rows(3)}
    assert listed == TRUTH["files"]
    assert [row[0].strip("`") for row in readme_rows(6)] == list(TRUTH["stories"])


def test_readme_prose_matches_the_truth() -> None:
    """The numbers in README's sentences about the ban and the breach are those of truth.json."""
    text = " ".join((SAMPLES / "README.md").read_text("utf-8").split())
    ban, breach = TRUTH["ban"], TRUTH["breach"]
    assert f"{ban['packets_sent_after']} packets" in text
    assert f"lets {ban['packets_logged_after']} into" in text
    assert f"{breach['failures_before']} times" in text
    assert f"sends {breach['spam_messages']} messages" in text
    assert (
        f"{breach['delivered']} deliveries, {breach['bounced']} bounces, "
        f"{breach['deferred']} deferred" in text
    )


def test_stories_cover_every_line() -> None:
    """The stories' lines add up to the log, and the files' lines too."""
    assert sum(story["lines"] for story in TRUTH["stories"].values()) == TRUTH["mail_lines"]
    week = [name for name in TRUTH["files"] if name.startswith("week/mail.log")]
    assert sum(TRUTH["files"][name] for name in week) == TRUTH["mail_lines"]


def test_only_safe_addresses_occur() -> None:
    """No sample names an address of a real party, the well-known network apart."""
    for name in TRUTH["files"]:
        text = plain(SAMPLES / name).decode()
        for found in set(re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text)):
            address = ipaddress.ip_address(found)
            assert any(address in network for network in ALLOWED), f"{name}: {found}"


def test_both_stamp_styles_say_the_same() -> None:
    """The year-less and the RFC 3339 variant differ in nothing but the stamp."""
    week = sample_week()
    bare = [line.split(" mail ", 1)[1] for line in year_less(week.mail)]
    assert bare == [line.split(" mail ", 1)[1] for line in rfc3339(week.mail)]


def test_mail_log_falls_silent_after_the_ban() -> None:
    """After the ban nobody of the network connects; the open session ends within seconds."""
    late = [line for line in sample_week().mail if line.time >= BAN and "212.70.149." in line.text]
    assert late
    assert not [line for line in late if line.text.startswith("connect")]
    assert max(line.time for line in late).timestamp() - BAN.timestamp() < 10


def test_firewall_log_obeys_the_rate_limit() -> None:
    """No rule writes more than ten lines and three a minute: ufw.log is a sample."""
    lines = [line for line in sample_week().firewall if "SRC=212.70.149." in line.text]
    for first, later in zip(lines, lines[30:], strict=False):
        assert (later.time - first.time).total_seconds() >= (30 - 10) * 20 - 1
    assert all(line.time >= BAN for line in lines)


def test_firewall_and_mail_log_agree() -> None:
    """The campaign's addresses in ufw.log are addresses of the campaign in mail.log."""
    lines = [line for line in sample_week().firewall if line.story == "slow_campaign"]
    sources = {line.text.partition("SRC=")[2].split(" ")[0] for line in lines}
    assert sources <= set(TRUTH["stories"]["slow_campaign"]["addresses"])
    assert len(sources) == TRUTH["firewall_stories"]["slow_campaign"]


def test_article_counts() -> None:
    """The excerpt holds 3 connects, 6 failed logins and 6 disconnects with auth=0/1."""
    text = "\n".join(article_lines())
    assert text.count(": connect from") == 3
    assert text.count("SASL LOGIN authentication failed: UGFzc3dvcmQ6") == 6
    assert len(re.findall(r": disconnect from \S+ ehlo=1 auth=0/1", text)) == 6
    assert set(re.findall(r"\[212\.70\.149\.(\d+)\]", text)) == {"83", "52", "20"}


def test_wrapped_article_joins_to_the_same_lines() -> None:
    """Joined (`:` without, a word with a space), the wrapped entries are the plain ones."""
    joined: list[str] = []
    for line in wrapped_article_lines():
        if not line.startswith(" "):
            joined.append(line)
        else:
            part = line.strip()
            joined[-1] += part if part.startswith(":") else f" {part}"
    assert joined == article_lines(host=MASKED_HOST)
