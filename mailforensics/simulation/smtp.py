"""What Postfix 3.7 writes about one SMTP client: a login that fails, a relay probe, real mail."""

import random
from dataclasses import dataclass
from typing import Final

from mailforensics.simulation.lines import Step

Steps = tuple[Step, ...]
SMTPD: Final = "postfix/smtpd"
SUBMISSION: Final = "postfix/submission/smtpd"
DOMAIN: Final = "example.org"
_MX: Final = {"example.com": "203.0.113.77", "example.net": "203.0.113.10"}
_TLS: Final = (
    "TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
    "server-signature RSA-PSS (2048 bits) server-digest SHA256"
)


@dataclass(frozen=True, slots=True)
class Client:
    """A peer: its address, its reverse name (or `unknown`), and what it calls itself."""

    ip: str
    host: str = "unknown"
    helo: str = ""

    @property
    def peer(self) -> str:
        """The peer as Postfix writes it: `unknown[198.18.3.4]`."""
        return f"{self.host}[{self.ip}]"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message: envelope, size in bytes, and what becomes of it at each recipient."""

    sender: str
    recipients: tuple[tuple[str, str], ...]
    size: int
    message_id: str


def failed_login(
    rng: random.Random,
    client: Client,
    *,
    username: str,
    method: str = "LOGIN",
    ending: str = "rset",
) -> Steps:
    """Return one refused login on port 25; `ending` is `rset`, `quit` or `lost`."""
    reply = 0.4 + rng.random() * 0.5
    failed = reply + 2 + rng.random() * 0.4
    end = failed + 0.2 + rng.random()
    counters = {
        "rset": "ehlo=1 auth=0/1 rset=1 quit=1 commands=3/4",
        "quit": "ehlo=1 auth=0/1 quit=1 commands=2/3",
        "lost": "ehlo=1 auth=0/1 commands=1/2",
    }[ending]
    warning = (
        f"warning: {client.peer}: SASL {method} authentication failed: "
        f"(reason unavailable), sasl_username={username}"
    )
    lost = [Step(end, SMTPD, f"lost connection after AUTH from {client.peer}")]
    return (
        Step(0, SMTPD, f"connect from {client.peer}"),
        Step(failed, SMTPD, warning),
        *(lost if ending == "lost" else []),
        Step(end, SMTPD, f"disconnect from {client.peer} {counters}"),
    )


def failed_submission(rng: random.Random, client: Client, *, username: str) -> Steps:
    """Return one refused login on the submission port, after STARTTLS."""
    failed = 2.6 + rng.random()
    return (
        Step(0, SUBMISSION, f"connect from {client.peer}"),
        Step(0.3, SUBMISSION, f"Anonymous TLS connection established from {client.peer}: {_TLS}"),
        Step(
            failed,
            SUBMISSION,
            f"warning: {client.peer}: SASL PLAIN authentication failed: "
            f"(reason unavailable), sasl_username={username}",
        ),
        Step(
            failed + 0.3,
            SUBMISSION,
            f"disconnect from {client.peer} ehlo=2 starttls=1 auth=0/1 quit=1 commands=4/5",
        ),
    )


def refused(rng: random.Random, client: Client, *, recipient: str, sender: str) -> Steps:
    """Return one refused RCPT: a relay probe, or an unknown mailbox of the own domain."""
    own = recipient.endswith(f"@{DOMAIN}")
    code, why = (
        ("550 5.1.1", "Recipient address rejected: User unknown in virtual mailbox table")
        if own
        else ("454 4.7.1", "Relay access denied")
    )
    at = 0.5 + rng.random()
    return (
        Step(0, SMTPD, f"connect from {client.peer}"),
        Step(
            at,
            SMTPD,
            f"NOQUEUE: reject: RCPT from {client.peer}: {code} <{recipient}>: {why}; "
            f"from=<{sender}> to=<{recipient}> proto=ESMTP helo=<{client.helo}>",
        ),
        Step(
            at + 0.4,
            SMTPD,
            f"disconnect from {client.peer} ehlo=1 mail=1 rcpt=0/1 quit=1 commands=3/4",
        ),
    )


def scan(rng: random.Random, client: Client) -> Steps:
    """Return one visit of a scanner: silence, HTTP, broken TLS, or commands before the greeting."""
    middle, counters = rng.choice(
        [
            ((f"lost connection after CONNECT from {client.peer}",), "commands=0/0"),
            (
                (
                    f"warning: non-SMTP command from {client.peer}: GET / HTTP/1.1",
                    f"lost connection after UNKNOWN from {client.peer}",
                ),
                "unknown=0/1 commands=0/1",
            ),
            (
                (
                    f"SSL_accept error from {client.peer}: -1",
                    f"lost connection after STARTTLS from {client.peer}",
                ),
                "ehlo=1 starttls=0/1 commands=1/2",
            ),
            (
                (
                    f"improper command pipelining after CONNECT from {client.peer}: "
                    "\\026\\003\\001\\002\\000\\001\\000\\001\\374\\003\\003",
                    f"lost connection after UNKNOWN from {client.peer}",
                ),
                "unknown=0/1 commands=0/1",
            ),
        ]
    )
    at = 0.2 + rng.random()
    return (
        Step(0, SMTPD, f"connect from {client.peer}"),
        *(Step(at + i / 10, SMTPD, text) for i, text in enumerate(middle)),
        Step(at + 0.3, SMTPD, f"disconnect from {client.peer} {counters}"),
    )


def incoming(rng: random.Random, client: Client, mail: Mail) -> Steps:
    """Return one message from another server to mailboxes of this one."""
    at = 0.5 + rng.random()
    rcpt = len(mail.recipients)
    end = at + 0.5
    return (
        Step(0, SMTPD, f"connect from {client.peer}"),
        Step(0.2, SMTPD, f"Anonymous TLS connection established from {client.peer}: {_TLS}"),
        Step(at, SMTPD, f"@Q1@: client={client.peer}"),
        *message(rng, mail, at=at + 0.1, queue="@Q1@"),
        Step(
            end,
            SMTPD,
            f"disconnect from {client.peer} ehlo=2 starttls=1 mail=1 rcpt={rcpt} data=1 quit=1 "
            f"commands={6 + rcpt}",
        ),
    )


def submitted(rng: random.Random, client: Client, mail: Mail, *, username: str) -> Steps:
    """Return one message that a logged-in user sends; refusals elsewhere come back as bounces."""
    at = 0.9 + rng.random()
    rcpt = len(mail.recipients)
    return (
        Step(0, SUBMISSION, f"connect from {client.peer}"),
        Step(0.3, SUBMISSION, f"Anonymous TLS connection established from {client.peer}: {_TLS}"),
        Step(
            at,
            SUBMISSION,
            f"@Q1@: client={client.peer}, sasl_method=PLAIN, sasl_username={username}",
        ),
        *message(rng, mail, at=at + 0.1, queue="@Q1@"),
        Step(
            at + 0.4,
            SUBMISSION,
            f"disconnect from {client.peer} ehlo=2 starttls=1 auth=1 mail=1 rcpt={rcpt} data=1 "
            f"quit=1 commands={7 + rcpt}",
        ),
    )


def message(rng: random.Random, mail: Mail, *, at: float, queue: str) -> Steps:
    """Return the queue's lines about one message, from its Message-ID to `removed`."""
    active = (
        f"{queue}: from=<{mail.sender}>, size={mail.size}, nrcpt={len(mail.recipients)} "
        "(queue active)"
    )
    steps = [
        Step(at, "postfix/cleanup", f"{queue}: message-id=<{mail.message_id}>"),
        Step(at + 0.05, "postfix/qmgr", active),
    ]
    end = at + 0.1
    for recipient, outcome in mail.recipients:
        end += 0.3 + rng.random() * 0.8
        steps += _delivery(rng, (recipient, outcome, mail.message_id), queue, (at, end))
    if any(outcome.startswith("bounced") for _, outcome in mail.recipients):
        steps += _bounce(rng, mail, queue, end + 0.05)
    waiting = [recipient for recipient, outcome in mail.recipients if outcome == "deferred"]
    if waiting:  # the queue manager tries again after a quarter of an hour or so
        end += 900 + rng.random() * 240
        steps.append(Step(end, "postfix/qmgr", active))
    for recipient in waiting:
        end += 0.3 + rng.random() * 0.8
        steps += _delivery(rng, (recipient, "sent", mail.message_id), queue, (at, end))
    return (*steps, Step(end + 0.3, "postfix/qmgr", f"{queue}: removed"))


def _delivery(
    rng: random.Random, what: tuple[str, str, str], queue: str, times: tuple[float, float]
) -> Steps:
    recipient, outcome, message_id = what
    arrived, at = times
    delays = _delays(rng, at - arrived + 0.1)
    if not recipient.endswith(f"@{DOMAIN}"):
        domain = recipient.partition("@")[2]
        remote = f"mx.{domain}[{_MX[domain]}]"
        result = _remote_result(rng, recipient, outcome, remote)
        text = f"{queue}: to=<{recipient}>, relay={remote}:25, {delays}, {result}"
        return (Step(at, "postfix/smtp", text),)
    session = _token(rng, 16)
    result = f"dsn=2.0.0, status=sent (250 2.0.0 <{recipient}> {session} Saved)"
    relay = "mail.example.org[private/dovecot-lmtp]"
    saved = f"lmtp({recipient})<@P9@><{session}>: msgid=<{message_id}>: saved mail to INBOX"
    return (
        Step(at - 0.01, "dovecot", saved),
        Step(at, "postfix/lmtp", f"{queue}: to=<{recipient}>, relay={relay}, {delays}, {result}"),
    )


def _delays(rng: random.Random, delay: float) -> str:
    """Return Postfix's times: before the queue, in it, connection set-up, transmission."""
    connect, send = 0.03 + rng.random() * 0.1, 0.03 + rng.random() * 0.1
    parts = (0.1, max(0.01, delay - 0.1 - connect - send), connect, send)
    return f"delay={_short(delay)}, delays={'/'.join(_short(part) for part in parts)}"


def _short(seconds: float) -> str:
    """Return seconds as Postfix writes them: two significant digits, no trailing zeros."""
    digits = 2 if seconds < 1 else 1
    return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.{digits}f}".rstrip("0").rstrip(".")


def _remote_result(rng: random.Random, recipient: str, outcome: str, remote: str) -> str:
    return {
        "sent": f"dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as {_token(rng, 10)})",
        "bounced": f"dsn=5.1.1, status=bounced (host {remote} said: 550 5.1.1 <{recipient}>: "
        "Recipient address rejected: User unknown (in reply to RCPT TO command))",
        "bounced_spam": f"dsn=5.7.1, status=bounced (host {remote} said: 550 5.7.1 Message "
        "rejected as spam (in reply to end of DATA command))",
        "deferred": f"dsn=4.7.1, status=deferred (host {remote} said: 451 4.7.1 Greylisted, try "
        "again later (in reply to RCPT TO command))",
    }[outcome]


def _bounce(rng: random.Random, mail: Mail, queue: str, at: float) -> Steps:
    notice = Mail(
        "", ((mail.sender, "sent"),), mail.size + 2200, f"20260903.{_token(rng, 8)}@mail.{DOMAIN}"
    )
    told = f"{queue}: sender non-delivery notification: @Q2@"
    return (
        *message(rng, notice, at=at, queue="@Q2@"),
        Step(at + 0.02, "postfix/bounce", told),
    )


def _token(rng: random.Random, length: int) -> str:
    return "".join(rng.choice("ABCDEF0123456789") for _ in range(length))
