"""What `read_firewall` says of a rule set is what real ufw does to real packets."""

import random
import shlex
from pathlib import Path
from types import SimpleNamespace

import pytest
from hosts import network

import mailforensics as mf

pytestmark = pytest.mark.real

SERVER = ("203.0.113.10", "203.0.113.11", "2001:db8::10", "2001:db8::11")
CLIENTS = (
    "212.70.149.83",
    "212.70.149.200",
    "198.18.0.9",
    "198.18.200.1",
    "240e:d9:d800:200::d4",
    "240e:d9:d801::1",
)
SIDES = (
    "212.70.149.83",
    "212.70.149.0/24",
    "212.70.149.128/25",
    "198.18.0.0/15",
    "198.18.0.9",
    "240e:d9:d800:200::/64",
    "240e:d9::/32",
    "240e:d9:d801::1",
)
PORTS = ("25", "25,587", "53", "25:600", "587", "2000:3000")
PROFILES = ("Postfix", "Postfix Submission", "DNS", "Kerberos Full")
LISTENING = (25, 53, 587)
CLOSED = 2525
# More connections come from one address than a limit rule lets in: some of those are refused.
OUTCOMES = {"allow": "open", "limit": "open refused", "deny": "timeout", "reject": "refused"}
OUTCOMES_CLOSED = {"allow": "refused", "limit": "refused", "deny": "timeout", "reject": "refused"}
ALIKE = (("allow", "limit"), ("deny", "reject"))


def rule_of(dice: random.Random) -> str:
    """Return one random ufw rule; some make no sense, and ufw refuses those."""
    words = [dice.choice(["allow", "allow", "deny", "deny", "reject", "limit"])]
    if dice.random() < 0.15:
        words += ["in", "on", dice.choice(["eth0", "eth9"])]
    if dice.random() < 0.2:
        words.append(dice.choice(["log", "log-all"]))
    if dice.random() < 0.15:
        name = dice.choice(PROFILES)
        return shlex.join([*words, "from", "any", "to", "any", "app", name])
    protocol = dice.choice(["", "tcp", "tcp", "udp"])
    if protocol:
        words += ["proto", protocol]
    words += ["from", dice.choice([*SIDES, "any", "any", "any"])]
    words += ["to", dice.choice([*SERVER, *["any"] * 12])]
    if protocol and dice.random() < 0.7:
        words += ["port", dice.choice(PORTS)]
    elif dice.random() < 0.5:
        words += ["port", dice.choice(["25", "53", "587"])]
    if dice.random() < 0.3:
        words += ["comment", "why # ALLOW IN 1.2.3.4"]
    return shlex.join(words)


def rule_set_of(dice: random.Random) -> str:
    """Return the bash lines that give a fresh ufw a random rule set."""
    lines = ["ufw --force reset", f"ufw logging {dice.choice(['off', 'low', 'medium', 'full'])}"]
    lines.append(f"ufw default {dice.choice(['deny', 'deny', 'reject', 'allow'])} incoming")
    ipv6 = dice.choice(["yes", "yes", "yes", "no"])
    lines.append(f"sed -i s/^IPV6=.*/IPV6={ipv6}/ /etc/default/ufw")
    for _ in range(dice.randint(0, 9)):
        place = dice.choice(["", "", "prepend ", "insert 1 "])
        lines.append(f"ufw {place}{rule_of(dice)} || true")
    if dice.random() < 0.3:
        lines.append("ufw route allow in on eth0 out on eth1 from any to 198.18.0.1 || true")
        lines.append("ufw allow out 25/tcp || true")
    return "\n".join([*lines, "ufw --force enable"])


def forms_of(server: SimpleNamespace) -> dict[str, mf.Firewall]:
    """Return what is read from each form in which ufw shows the rule set."""
    commands = ("status", "status verbose", "status numbered", "show added")
    texts = {name: server.run(f"ufw {name}").stdout for name in commands}
    forms = {name: mf.read_firewall(text) for name, text in texts.items()}
    return forms | {"files": mf.read_firewall(server.root / "etc/ufw")}


def check_forms(forms: dict[str, mf.Firewall]) -> None:
    """Compare the table of each form with the one from ufw's own files."""
    files = forms["files"].table()
    for name, firewall in forms.items():
        table = firewall.table()
        apart = ["number", "file", "line"]
        expected = files
        if name == "show added":
            # It shows neither IPV6=no nor where an IPv6-only rule stands among the others.
            apart.append("position")
            table, expected = (t.loc[t["family"] == "ipv4"] for t in (table, files))
        same = [t.drop(columns=apart).reset_index(drop=True) for t in (table, expected)]
        assert same[0].equals(same[1]), f"{name}:\n{table}\n{expected}"
        assert table["unclear"].isna().all(), name
    numbered = forms["status numbered"].table()["number"]
    assert files["number"].tolist() == numbered.tolist()


def expected_outcomes(
    forms: dict[str, mf.Firewall], targets: list[tuple[str, str, int, str]]
) -> list[str]:
    """Return what `simulate` makes of each connection, in the probe's words.

    A form that shows less, or less knowledge of the packet, gives the same verdict or `unknown`.
    """
    outcomes = []
    for protocol, address, port, source in targets:
        said = forms["files"].simulate(source, port, protocol, dest_ip=address, interface="eth0")
        assert said.verdict in OUTCOMES, said
        vague = [forms["files"].simulate(source, port, protocol)] if address in SERVER[::2] else []
        for name, firewall in forms.items():
            if name != "show added" or forms["files"].ipv6:
                vague.append(
                    firewall.simulate(source, port, protocol, dest_ip=address, interface="eth0")
                )
        alike = {*next(pair for pair in ALIKE if said.verdict in pair), "unknown"}
        assert {other.verdict for other in vague} <= alike, (said, vague)
        outcomes.append(OUTCOMES[said.verdict] if port != CLOSED else OUTCOMES_CLOSED[said.verdict])
    return outcomes


@pytest.mark.parametrize("seed", range(12))
def test_simulate_is_what_packets_meet(seed: int) -> None:
    """For a random rule set, every form reads alike and foretells each connection's fate."""
    dice = random.Random(seed)
    with network(server=SERVER, client=CLIENTS) as hosts:
        hosts.server.listen(*LISTENING)
        # The kernel answers one address once a second: a second refusal would look like a drop.
        limits = "net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=100000"
        rates = "net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0"
        hosts.server.run(f"sysctl -qw {rates}; sysctl -eqw {limits} 2>/dev/null || true")
        hosts.server.run(rule_set_of(dice))
        forms = forms_of(hosts.server)
        check_forms(forms)
        targets = [
            (protocol, address, port, source)
            for source in CLIENTS
            for address in SERVER
            if (":" in address) == (":" in source)
            for protocol, port in [("tcp", 25), ("tcp", 587), ("udp", 53), ("tcp", CLOSED)]
        ]
        met = hosts.client.probe(targets, wait=2.2)
    for target, outcome, foretold in zip(
        targets, met, expected_outcomes(forms, targets), strict=True
    ):
        assert outcome in foretold.split(), target


def test_limit_lets_five_in_and_refuses_the_sixth() -> None:
    """Within 30 seconds the sixth connection of one address is refused, another address is not."""
    with network(server=SERVER, client=CLIENTS) as hosts:
        hosts.server.listen(25)
        hosts.server.run("ufw limit 25/tcp; ufw --force enable")
        said = mf.read_firewall(hosts.server.run("ufw status verbose").stdout)
        simulation = said.simulate(CLIENTS[0], 25)
        assert simulation.verdict == "limit"
        assert "from the 6th on they are refused" in simulation.why
        for source in (CLIENTS[0], CLIENTS[4]):
            server = SERVER[2] if ":" in source else SERVER[0]
            met = [hosts.client.connects(server, 25, source=source) for _ in range(6)]
            assert met == ["open"] * 5 + ["refused"]
        assert hosts.client.connects(SERVER[0], 25, source=CLIENTS[1]) == "open"


def test_an_open_session_outlives_a_ban() -> None:
    """What the explanation says: a ban ends no connection that is open, only new ones."""
    with network(server=SERVER, client=CLIENTS) as hosts:
        hosts.server.run("ufw allow 25/tcp; ufw --force enable")
        hosts.server.start("nc -lk 25", log="/run/heard")
        hosts.server.wait_for("ss -Hltn 'sport = :25' | grep -q .")
        talk = f"(echo before; sleep 4; echo after; sleep 9) | nc -s {CLIENTS[0]} {SERVER[0]} 25"
        hosts.client.start(talk)
        hosts.server.wait_for("grep -q before /run/heard")
        hosts.server.run(f"ufw prepend deny from {CLIENTS[0]}")
        said = mf.read_firewall(hosts.server.run("ufw status verbose").stdout)
        assert said.simulate(CLIENTS[0], 25).verdict == "deny"
        assert (
            "a session that is open when a ban starts goes on" in said.simulate(CLIENTS[0], 25).why
        )
        assert hosts.client.connects(SERVER[0], 25, source=CLIENTS[0]) == "timeout"
        hosts.server.wait_for("grep -q after /run/heard")


# Debian's ufw keeps its translations where Python's gettext does not look for them.
SPEAK = """
mount -t tmpfs tmpfs /usr/share/locale
for file in /usr/share/ufw/messages/*.mo; do
    folder=/usr/share/locale/$(basename "$file" .mo)/LC_MESSAGES
    mkdir -p "$folder"
    cp "$file" "$folder/ufw.mo"
done
"""


def test_every_language_of_ufw_is_read() -> None:
    """In each translation that ufw ships, the same facts are read, on and off."""
    folder = Path("/usr/share/ufw/messages")
    languages = sorted(path.stem for path in folder.glob("*.mo"))
    assert "ja" in languages
    with network(server=SERVER) as hosts:
        server = hosts.server
        server.run(SPEAK)
        off = {name: server.run(f"LANGUAGE={name} ufw status").stdout for name in languages}
        server.run("ufw allow Postfix; ufw prepend deny log from 212.70.149.0/24 comment why")
        server.run("ufw --force enable")
        spoken: set[str] = set()
        english = mf.read_firewall(server.run("ufw status verbose").stdout)
        for name in languages:
            text = server.run(f"LANGUAGE={name} ufw status verbose").stdout
            spoken.add(text)
            translated = mf.read_firewall(text)
            assert translated.table().equals(english.table()), name
            assert translated.defaults == english.defaults, name
            assert (translated.logging, translated.active) == ("low", True), name
            assert translated.notes == (), name
            assert mf.read_firewall(off[name]).active is False, name
    assert len(spoken) > 20, "ufw did not speak the languages"
