"""One line in plain words."""

import pytest

import mailforensics as mf
from mailforensics.errors import ArgumentError
from mailforensics.reading.explain_words import SENTENCES
from mailforensics.schema import FIREWALL_EVENT_KINDS, MAIL_EVENT_KINDS

HEAD = "Sep  4 16:59:47 mail postfix/smtpd[4242]: "
PROMPT = "warning: unknown[212.70.149.83]: SASL LOGIN authentication failed: UGFzc3dvcmQ6"
PACKET = (
    "[UFW BLOCK] IN=eth0 OUT= MAC=00 SRC=212.70.149.83 DST=192.0.2.25 LEN=60 TOS=0x00 PREC=0x00 "
    "TTL=49 ID=1 DF PROTO=TCP SPT=4444 DPT=25 WINDOW=64240 RES=0x00 SYN URGP=0"
)
LINES = {
    "a prompt is decoded": (HEAD + PROMPT, ["212.70.149.83", "“Password:”", "no secret"]),
    "without its head": (PROMPT, ["A login from 212.70.149.83 was refused", "“Password:”"]),
    "wrapped as an article prints it": (
        "Sep  4 16:59:47 ik*-***-***** postfix/smtpd[1]:\n"
        "    warning: unknown[212.70.149.83]: SASL LOGIN\n"
        "    authentication failed: VXNlcm5hbWU6",
        ["“Username:”", "ik*-***-*****"],
    ),
    "counters are counted": (
        f"{HEAD}disconnect from unknown[212.70.149.83] ehlo=1 auth=0/1 quit=1 commands=2/3",
        ["Of 3 commands 2 worked (EHLO 1, AUTH 0 of 1, QUIT 1)", "One login was tried, and none"],
    ),
    "a login that worked": (
        f"{HEAD}disconnect from unknown[192.0.2.9] auth=1 commands=1",
        ["One login was tried, and 1 worked"],
    ),
    "a refused relay": (
        f"{HEAD}NOQUEUE: reject: RCPT from a.example.net[198.18.0.1]: 554 5.7.1 <x@example.com>: "
        "Relay access denied; from=<> to=<x@example.com> proto=ESMTP helo=<h>",
        ["a.example.net", "carry mail to somebody elsewhere", "refused for good", "which proves"],
    ),
    "a packet that the firewall dropped": (
        f"Sep  4 17:00:00 mail kernel: [12.34] {PACKET}",
        ["dropped a packet", "TCP from 212.70.149.83 to 192.0.2.25 port 25 (SMTP", "SYN"],
    ),
    "a packet without its head": (PACKET, ["dropped a packet"]),
    "a Dovecot line": (
        "Sep  4 17:00:00 mail dovecot: imap-login: Disconnected (auth failed, 3 attempts in 9 "
        "secs): user=<bob>, method=PLAIN, rip=198.18.4.77, lip=192.0.2.1, session=<x1Yz+/==>",
        ["A login from 198.18.4.77 was refused", "bob", "3 tries"],
    ),
    "a folded line": (
        f"{HEAD}message repeated 3 times: [ connect from unknown[198.18.0.1]]",
        ["it stands for 3 equal lines"],
    ),
    "our own login elsewhere": (
        "Sep  4 17:00:00 mail postfix/smtp[1]: 4XyZ12Bbcd: SASL authentication failed; server "
        "mx.example.com[192.0.2.25] said: 535 no",
        ["No attack"],
    ),
    "another program's line": ("Sep  4 17:00:00 mail cron[1]: run", ["no known kind", "“run”"]),
    "no log line at all": ("hello", ["no head", "“hello”"]),
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_is_put_in_plain_words(name: str) -> None:
    """The explanation holds what an admin needs to know."""
    line, wanted = LINES[name]
    said = mf.explain(line)
    assert all(words in said for words in wanted), said


def test_every_kind_of_event_has_a_sentence() -> None:
    """No event leaves `explain` without words."""
    assert set(SENTENCES) == {*MAIL_EVENT_KINDS, *FIREWALL_EVENT_KINDS}


def test_a_given_password_is_masked() -> None:
    """A password that Dovecot logged does not get into the explanation."""
    said = mf.explain(
        "Sep  4 17:00:00 mail dovecot: auth: passwd-file(bob,198.18.1.2,<abc>): Password mismatch "
        "(given password: hunter2)"
    )
    assert "hunter2" not in said
    assert "198.18.1.2" in said


def test_control_characters_and_long_texts_are_tamed() -> None:
    """Hostile text is shown cleaned and cut."""
    said = mf.explain(f"Sep  4 17:00:00 mail cron[1]: \x1b[31m{'x' * 5000}")
    assert "\x1b" not in said
    assert len(said) < 600


def test_several_lines_are_explained_one_by_one() -> None:
    """Each line has a paragraph of its own, in the order given."""
    said = mf.explain(f"{HEAD}connect from a[198.18.0.2]\n{HEAD}connect from a[198.18.0.1]")
    assert [part.split()[0] for part in said.split("\n\n")] == ["198.18.0.2", "198.18.0.1"]


@pytest.mark.parametrize("text", ["", "  \n "])
def test_nothing_to_explain_is_an_error(text: str) -> None:
    """An empty text gets an error that says what to pass."""
    with pytest.raises(ArgumentError, match="pass one line of a log"):
        mf.explain(text)
