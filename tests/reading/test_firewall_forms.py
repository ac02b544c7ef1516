"""Each form in which ufw shows its rules is read, in English and in other languages."""

from pathlib import Path

import pytest

import mailforensics as mf
from mailforensics import schema
from mailforensics.errors import EvidenceError

STATUS = """\
Status: active

To                         Action      From
--                         ------      ----
Postfix                    ALLOW       Anywhere
Nginx Full                 LIMIT       198.18.0.0/15              (log)
203.0.113.10 25,587/tcp on eth0 DENY        212.70.149.0/24            # guessing
Anywhere                   ALLOW       53/udp
Postfix (v6)               ALLOW       Anywhere (v6)
2001:db8::10 143/tcp       REJECT      240e:d9:d800:200::/64

25/tcp                     ALLOW OUT   Anywhere on eth0           (log-all, out)
198.18.0.1 on eth1         ALLOW FWD   Anywhere on eth0
"""
ROWS = [
    "allow Postfix",
    "limit log from 198.18.0.0/15 to any app 'Nginx Full'",
    "deny in on eth0 from 212.70.149.0/24 to 203.0.113.10 port 25,587 proto tcp",
    "allow from any port 53 proto udp",
    "allow Postfix",
    "reject from 240e:d9:d800:200::/64 to 2001:db8::10 port 143 proto tcp",
    "allow out on eth0 log-all to any port 25 proto tcp",
    "route allow in on eth0 out on eth1 to 198.18.0.1",
]
JAPANESE = """\
状態: アクティブ
ロギング: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
新しいプロファイル: skip

To                         Action      From
--                         ------      ----
22/tcp                     ALLOW IN    Anywhere
Anywhere                   DENY IN     212.70.149.0/24
"""
GERMAN = """\
Status: Aktiv
Protokollierung: off
Voreinstellung: reject (eingehend), allow (abgehend), deny (gesendet)
New profiles: skip

Zu                         Aktion      Von
--                         ------      ---
22/tcp                     ALLOW IN    Anywhere
"""
NUMBERED = """\
Status: active

     To                         Action      From
     --                         ------      ----
[ 1] Anywhere                   DENY IN     212.70.149.0/24            # first
[ 2] 25/tcp                     ALLOW IN    Anywhere
[ 3] 25/tcp                     ALLOW OUT   Anywhere                   (out)
[10] 25/tcp (v6)                ALLOW IN    Anywhere (v6)
"""
ADDED = """\
Added user rules (see 'ufw status' for running firewall):
ufw allow Postfix
ufw limit log from 198.18.0.0/15 to any app 'Nginx Full'
ufw deny in on eth0 from 212.70.149.0/24 to 203.0.113.10 port 25,587 proto tcp comment 'guessing'
ufw allow from any port 53 proto udp
ufw allow out on eth0 log-all to any port 25 proto tcp
ufw route allow in on eth0 out on eth1 to 198.18.0.1
"""
TUPLES = """\
*filter
:ufw-user-input - [0:0]
### RULES ###

### tuple ### allow tcp 25 0.0.0.0/0 any 0.0.0.0/0 Postfix - in
-A ufw-user-input -p tcp --dport 25 -j ACCEPT -m comment --comment 'dapp_Postfix'

### tuple ### deny_log tcp 25,587 203.0.113.10 any 212.70.149.0/24 in_eth0 comment=677565737369
-A ufw-user-input -i eth0 -p tcp -m multiport --dports 25,587 -d 203.0.113.10 -j DROP

### tuple ### route:allow any any 198.18.0.1 any 0.0.0.0/0 in_eth0!out_eth1

### tuple ### allow any 25 0.0.0.0/0 any 0.0.0.0/0 out
### tuple ### limit any any 10.0.0.1/255.0.255.0 any 0.0.0.0/0 in
### tuple ### allow tcp 25 ::/0 any ::/0 in
### END RULES ###
COMMIT
"""


def rules(text: str) -> list[str]:
    """Return the commands of the rules that a text holds."""
    return mf.read_firewall(text).table()["rule"].tolist()


def test_plain_status_gives_each_rule() -> None:
    """Profiles, ports, interfaces, log marks, comments and routed rules come out of the rows."""
    firewall = mf.read_firewall(STATUS)
    assert firewall.table()["rule"].tolist() == ROWS
    limited = firewall.table().iloc[1]
    assert (limited["dest_ports"], limited["protocol"], limited["log"]) == ("80,443", "tcp", "log")
    assert firewall.table()["comment"].iloc[2] == "guessing"
    assert firewall.notes == ("the text does not show the default policies",)


def test_numbers_are_kept() -> None:
    """The numbers of `ufw status numbered` stay with their rules when chains are put apart."""
    table = mf.read_firewall(NUMBERED).table()
    assert table["number"].tolist() == [1, 2, 10, 3]
    assert table["direction"].tolist() == ["in", "in", "in", "out"]


def test_numbers_are_known_only_where_the_order_is() -> None:
    """`ufw status` prints outgoing rules apart, so with any of them no number is certain."""
    assert mf.read_firewall(STATUS).table()["number"].isna().all()
    assert mf.read_firewall(JAPANESE).table()["number"].tolist() == [1, 2]


def test_added_rules_count_for_both_families() -> None:
    """A command without an address stands for an IPv4 and an IPv6 rule."""
    table = mf.read_firewall(ADDED).table()
    assert table.loc[table["family"] == "ipv4", "rule"].tolist() == ROWS[:4] + ROWS[6:]
    assert table.loc[table["family"] == "ipv6", "rule"].tolist() == [ROWS[0], ROWS[3], ROWS[6]]


def test_tuples_of_the_rule_files() -> None:
    """The rule files give actions, logging, ways, comments; a mask that is no CIDR is unclear."""
    table = mf.read_firewall(TUPLES).table()
    assert table["rule"].tolist() == [
        "allow Postfix",
        "deny in on eth0 log from 212.70.149.0/24 to 203.0.113.10 port 25,587 proto tcp",
        "limit to any",
        "allow 25/tcp",
        "allow out 25",
        "route allow in on eth0 out on eth1 to 198.18.0.1",
    ]
    assert table["comment"].dropna().tolist() == ["guessi"]
    assert table["unclear"].dropna().tolist() == ["10.0.0.1/255.0.255.0 is no CIDR network"]
    assert table["family"].tolist() == ["ipv4", "ipv4", "ipv4", "ipv6", "ipv4", "ipv4"]


@pytest.mark.parametrize(
    ("text", "logging", "incoming"),
    [(JAPANESE, "low", "deny"), (GERMAN, "off", "reject")],
    ids=["Japanese", "German"],
)
def test_other_languages(text: str, logging: str, incoming: str) -> None:
    """Translated headings do not matter: state, logging, policies and rows are found."""
    firewall = mf.read_firewall(text)
    assert firewall.active is True
    assert (firewall.logging, firewall.defaults["incoming"]) == (logging, incoming)
    assert firewall.table()["rule"].iloc[0] == "allow 22/tcp"
    assert firewall.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "Status: inactive\n",
        "Status: inactive",
        "状態: 非アクティブ\n",
        "État\u00a0: inactif\n",
        "状态：不活动\n",
        "Durum: etkin değil\n",
        "Stanje nedejavno\n",
        "$ sudo ufw status\nStatus: inactive\n",
    ],
)
def test_inactive_in_any_language(text: str) -> None:
    """An inactive firewall has no rules to show, and lets everything in."""
    firewall = mf.read_firewall(text)
    assert firewall.active is False
    assert firewall.simulate("212.70.149.83", 25).verdict == "allow"
    assert firewall.covers("212.70.149.0/24") == ""
    assert firewall.table().equals(schema.empty(schema.FIREWALL_RULES))


def test_active_without_rules() -> None:
    """No rules is a valid answer, not an error."""
    firewall = mf.read_firewall("Status: active\n")
    assert firewall.active is True
    assert len(firewall.table()) == 0
    assert firewall.simulate("212.70.149.83", 25).verdict == "unknown"


def test_no_added_rules() -> None:
    """`(None)` under the heading, in another language too, is an empty list."""
    text = "Benutzerregeln hinzugefügt (siehe »ufw status« für aktive Firewall):\n(Keine)\n"
    assert len(mf.read_firewall(text).table()) == 0


def test_a_terminal_transcript_is_read() -> None:
    """Prompts, colours, commands, carriage returns and collapsed spaces do no harm."""
    text = (
        "\x1b[32madmin@mail:~$\x1b[0m sudo ufw status verbose\r\n"
        + JAPANESE.replace("\n", "\r\n").replace("     ", " ")
        + "admin@mail:~$ exit\r\n"
    )
    assert rules(text) == ["allow 22/tcp", "deny from 212.70.149.0/24"]


def test_the_fullest_form_counts() -> None:
    """Where one paste holds the rules several times, they are not counted twice."""
    firewall = mf.read_firewall(NUMBERED + ADDED + JAPANESE)
    assert firewall.form == "verbose"
    assert firewall.table()["rule"].tolist() == ["allow 22/tcp", "deny from 212.70.149.0/24"]
    assert any("several rule lists" in note for note in firewall.notes)


def test_the_last_of_two_equal_forms_counts() -> None:
    """A paste from before and after a change ends with what holds now."""
    after = JAPANESE + "25/tcp                     ALLOW IN    Anywhere\n"
    assert len(rules(JAPANESE + after)) == 3


def copy_of_etc(folder: Path) -> Path:
    """Make a copy of /etc as an administrator may have taken it."""
    ufw = folder / "etc" / "ufw"
    (ufw / "applications.d").mkdir(parents=True)
    (ufw / "user.rules").write_text(TUPLES)
    (ufw / "user6.rules").write_text("### tuple ### deny any any ::/0 any 240e::/16 in\n")
    (ufw / "ufw.conf").write_text("# comment\nENABLED=yes\nLOGLEVEL=medium\n")
    (ufw / "applications.d" / "mine").write_text("[Mine]\ntitle=x\ndescription=y\nports=4190/tcp\n")
    (folder / "etc" / "default").mkdir()
    (folder / "etc" / "default" / "ufw").write_text(
        'IPV6=yes\nDEFAULT_INPUT_POLICY="DROP"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\n'
        'DEFAULT_FORWARD_POLICY="REJECT"\nIPT_MODULES=""\n'
    )
    return ufw


@pytest.mark.parametrize("place", ["etc/ufw", "etc", "."])
def test_a_copied_folder_gives_rules_and_settings(tmp_path: Path, place: str) -> None:
    """A copy of /etc/ufw, of /etc or of a whole file system is understood."""
    copy_of_etc(tmp_path)
    firewall = mf.read_firewall(tmp_path / place)
    assert firewall.defaults == {"incoming": "deny", "outgoing": "allow", "routed": "reject"}
    assert (firewall.active, firewall.logging, firewall.ipv6) == (True, "medium", True)
    assert "deny from 240e::/16" in firewall.table()["rule"].tolist()
    assert set(firewall.table()["file"]) == {"user.rules", "user6.rules"}


def test_a_list_of_files_and_a_glob(tmp_path: Path) -> None:
    """Rule files may be named one by one or by a pattern; an open file works as well."""
    ufw = copy_of_etc(tmp_path)
    single = mf.read_firewall([ufw / "user.rules", str(ufw / "user6.rules")]).table()
    assert mf.read_firewall(str(ufw / "user*.rules")).table().equals(single)
    with (ufw / "user.rules").open("rb") as file:
        assert len(mf.read_firewall(file).table()) == len(single) - 1


def test_given_profiles_go_before_the_shipped_ones(tmp_path: Path) -> None:
    """`applications.d` files say what a profile means on this server."""
    profile = tmp_path / "postfix"
    profile.write_text("[Postfix]\ntitle=a\ndescription=b\nports=25,2525/tcp|26/udp\n")
    table = mf.read_firewall([STATUS, profile]).table()
    assert table.loc[table["profile"] == "Postfix", "dest_ports"].unique().tolist() == [
        "25,2525",
        "26",
    ]


def test_an_unknown_profile_is_never_guessed() -> None:
    """A rule whose profile is not known makes the outcome unknown, and says which profile."""
    text = JAPANESE.replace("22/tcp     ", "Secret Door")
    firewall = mf.read_firewall(text)
    said = firewall.simulate("198.18.0.1", 25)
    assert said.verdict == "unknown"
    assert "the application profile 'Secret Door' is not known here" in said.why
    assert "Secret Door" in firewall.notes[0]


def test_utf16_from_powershell(tmp_path: Path) -> None:
    """A file that PowerShell saved is read by its byte order mark."""
    path = tmp_path / "status.txt"
    path.write_bytes(JAPANESE.encode("utf-16"))
    assert mf.read_firewall(path).logging == "low"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is about ufw"),
        (b"\x00\x01\x02", "is binary"),
        (b"Nov 24 mail postfix/smtpd[1]: connect from x[1.2.3.4]\n", "is about ufw"),
        (b"ERROR: You need to be root to run this script\n", "is about ufw"),
    ],
    ids=["empty", "binary", "mail log", "ufw without root"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    """A file that is no firewall text is an error that says what to give instead."""
    path = tmp_path / "status.txt"
    path.write_bytes(content)
    with pytest.raises(EvidenceError, match=rf"{says}.*(user6?\.rules)"):
        mf.read_firewall(path)


def test_missing_sources_are_named(tmp_path: Path) -> None:
    """A missing file, a folder without rules and a wrong kind of argument are named."""
    with pytest.raises(EvidenceError, match=r"nowhere.txt does not exist"):
        mf.read_firewall(tmp_path / "nowhere.txt")
    with pytest.raises(EvidenceError, match=r"holds no user\.rules"):
        mf.read_firewall(tmp_path)
    with pytest.raises(EvidenceError, match="a int is no firewall text"):
        mf.read_firewall(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "### tuple ### allow tcp 99999 0.0.0.0/0 any 0.0.0.0/0 in",
        "### tuple ### allow tcp 25 0.0.0.0/0 any",
        "ufw allow from 'unfinished",
        "ufw deny from any to any port http$(id)",
        "25/tcp ALLOW IN \x1b]0;title\x07Anywhere<script>",
        "x" * 5000,
        "[ 1] " + " ALLOW IN" * 400,
    ],
)
def test_a_bad_line_is_noted_and_harms_nothing(line: str) -> None:
    """A line that cannot be read costs nothing but itself, and the notes name it."""
    firewall = mf.read_firewall(JAPANESE + line + "\n")
    assert firewall.table()["rule"].tolist()[:2] == ["allow 22/tcp", "deny from 212.70.149.0/24"]
    assert len(firewall.table()) == 2
    assert any("1 lines were not understood: <text>:10" in note for note in firewall.notes)


def test_a_comment_cannot_forge_a_rule() -> None:
    """What stands after the first ` # ` is comment, whatever it looks like."""
    text = JAPANESE.rstrip("\n") + "            # x ALLOW IN    198.18.0.1 # y (log)\n"
    table = mf.read_firewall(text).table()
    assert table["comment"].iloc[1] == "x ALLOW IN    198.18.0.1 # y (log)"
    assert table["action"].iloc[1] == "deny"
