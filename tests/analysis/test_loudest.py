"""The loudest network is the one with most refusals, and its absence is said."""

import pytest

import mailforensics as mf
from mailforensics.errors import ArgumentError

HEAD = "2026-09-04T10:{minute:02}:00+00:00 mail postfix/smtpd[9]: "
FAILED = HEAD + "warning: unknown[{ip}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6\n"
CAME = HEAD + "connect from unknown[{ip}]\n"


def lines(form: str, **tries: int) -> str:
    """Return as many lines as asked for each address; `_` stands for `.`, `x` for `:`."""
    addresses = {ip.strip("n").replace("_", ".").replace("x", ":"): n for ip, n in tries.items()}
    return "".join(
        form.format(minute=minute, ip=ip) for ip, n in addresses.items() for minute in range(n)
    )


def test_most_refusals_win() -> None:
    """Refused logins of neighbours add up; the loudest neighbour is named."""
    log = lines(FAILED, n198_18_3_4=5, n212_70_149_83=4, n212_70_149_52=2) + lines(
        CAME, n203_0_113_9=30
    )
    found = mf.loudest(mf.read_mail_log(log))
    assert (found.network, found.source_ip, found.refused) == (
        "212.70.149.0/24",
        "212.70.149.83",
        6,
    )
    assert str(found) == (
        "The loudest network is 212.70.149.0/24: 6 refused tries from 2 of its addresses, "
        "4 of them from 212.70.149.83."
    )


def test_one_family_only() -> None:
    """A map of 256 addresses needs an IPv4 network; a log without one says so."""
    events = mf.read_mail_log(lines(FAILED, n240exd9xd800x200xx7=3))
    assert mf.loudest(events).network == "240e:d9:d800:200::/64"
    assert "IPv4" in str(mf.loudest(events, version=4))


def test_nothing_refused() -> None:
    """A quiet log has a busiest visitor, and no attacker is made of it."""
    found = mf.loudest(mf.read_mail_log(lines(CAME, n203_0_113_9=3)))
    assert (found.network, found.refused) == ("203.0.113.0/24", 0)
    assert str(found).startswith("Nothing was refused")


def test_no_client() -> None:
    """Nobody came: a sentence, no error."""
    events = mf.read_mail_log(lines(CAME, n203_0_113_9=1)).head(0)
    assert str(mf.loudest(events)) == "No line of this log names a client's address."


def test_unknown_version() -> None:
    """A version that does not exist is named."""
    with pytest.raises(ArgumentError, match="version=5"):
        mf.loudest(mf.read_mail_log(lines(CAME, n203_0_113_9=1)), version=5)
