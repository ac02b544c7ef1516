"""Words for what clients do: each function returns one connection, for `client.py` to make."""

from collections.abc import Sequence
from typing import Any, Final

from bench.places import SERVER, SERVER6

Step = list[Any]
Talk = dict[str, Any]
HELLO: Final = "client.example.net"
WAIT_SECONDS: Final = 20


def talk(source: str, port: int, steps: Sequence[Step], *, wait: float = WAIT_SECONDS) -> Talk:
    """Return a connection to the server that does exactly these steps."""
    to = SERVER6 if ":" in source else SERVER
    return {"source": source, "to": to, "port": port, "wait": wait, "steps": list(steps)}


def smtp(
    source: str, *steps: Step, port: int = 25, hello: str = HELLO, tls: dict[str, Any] | None = None
) -> Talk:
    """Return a polite SMTP session: port 25 in clear, 587 by STARTTLS, 465 in TLS."""
    greet, secure = [["read"], ["say", f"EHLO {hello}"]], [["tls", tls or {}]]
    opening = {
        25: greet,
        587: [*greet, ["say", "STARTTLS"], *secure, ["say", f"EHLO {hello}"]],
        465: [*secure, *greet],
    }
    return talk(source, port, [*opening[port], *steps, ["say", "QUIT"]])


def mail(sender: str, *recipients: str, body: str = "") -> list[Step]:
    """Return the steps that hand over one message."""
    text = body or f"From: <{sender}>\r\nSubject: hello\r\n\r\nHow are you?"
    asked = [["say", f"RCPT TO:<{recipient}>"] for recipient in recipients]
    message = [["say", "DATA"], ["say", f"{text}\r\n."]]
    return [["say", f"MAIL FROM:<{sender}>"], *asked, *message]


def ask(sender: str, *recipients: str) -> list[Step]:
    """Return the steps that only ask whether recipients would be taken."""
    asked = [["say", f"RCPT TO:<{recipient}>"] for recipient in recipients]
    return [["say", f"MAIL FROM:<{sender}>"], *asked]


def login(user: str, password: str) -> Step:
    """Return the step that logs in with LOGIN, or IMAP's and POP3's own way."""
    return ["login", user, password]


def guess(source: str, user: str, password: str, *, port: int = 25) -> Talk:
    """Return a session that tries one password, as the well-known case does."""
    return smtp(source, login(user, password), ["say", "RSET"], port=port)


def cut_off(whole: Talk) -> Talk:
    """Return the same session, but the client vanishes in place of saying good-bye."""
    return {**whole, "steps": [*whole["steps"][:-2], ["abort"]]}


def mailbox(source: str, *logins: Step, port: int = 993) -> Talk:
    """Return an IMAP or POP3 session that logs in and leaves."""
    secure = [["tls", {}]] if port in {993, 995} else []
    leave = ["say", "LOGOUT" if port in {143, 993} else "QUIT"]
    return talk(source, port, [*secure, ["read"], *logins, leave])
