"""Whatever a client writes, only the address that the daemon saw becomes a source."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mailforensics as mf

PEER = "198.18.4.77"
# Each line with `{x}` where a daemon puts the client's own text.
LINES = (
    "postfix/smtpd: warning: unknown[198.18.4.77]: SASL LOGIN authentication failed: "
    "(reason unavailable), sasl_username={x}",
    "postfix/smtpd: warning: unknown[198.18.4.77]: SASL {x} authentication failed: no",
    "postfix/smtpd: warning: non-SMTP command from unknown[198.18.4.77]: {x}",
    "postfix/smtpd: warning: Illegal address syntax from unknown[198.18.4.77] in MAIL command: {x}",
    "postfix/smtpd: warning: reject: ETRN {x}... from unknown[198.18.4.77]",
    "postfix/smtpd: improper command pipelining after EHLO from unknown[198.18.4.77]: {x}",
    "postfix/smtpd: NOQUEUE: reject: RCPT from unknown[198.18.4.77]: 554 5.7.1 <{x}>: Relay access "
    "denied; from=<{x}> to=<{x}> proto=ESMTP helo=<{x}>",
    "postfix/smtpd: NOQUEUE: warn: RCPT from unknown[198.18.4.77]: {x}; from=<{x}> helo=<{x}>",
    "postfix/smtpd: 51DBE53E1ED: client=unknown[198.18.4.77], sasl_method=PLAIN, sasl_username={x}",
    "postfix/smtpd: TLS SNI {x} from unknown[198.18.4.77] not matched, using default chain",
    "postfix/smtps/smtpd: subject=/CN={x}/O={x}",
    "postfix/smtps/smtpd: issuer=/CN={x}",
    "postfix/smtps/smtpd: unknown[198.18.4.77]: depth=0 verify=0 subject=/CN={x}",
    "postfix/smtps/smtpd: unknown[198.18.4.77]: subject_CN={x}, issuer={x}, fingerprint=EB:00",
    "postfix/cleanup: 51DBE53E1ED: reject: header Subject: {x} from unknown[198.18.4.77]; "
    "from=<{x}> to=<{x}> proto=ESMTP helo=<{x}>: 5.7.1 no",
    "postfix/cleanup: 51DBE53E1ED: warning: body {x} from unknown[198.18.4.77]; from=<{x}>",
    "postfix/cleanup: 51DBE53E1ED: message-id={x}",
    "postfix/qmgr: 51DBE53E1ED: from=<{x}>, size=1, nrcpt=1 (queue active)",
    "postfix/smtp: 51DBE53E1ED: to=<{x}>, relay=none, delay=1, delays=1/0/0/0, dsn=4.0.0, "
    "status=deferred ({x})",
    "postfix/postscreen: PREGREET 9 after 0.1 from [198.18.4.77]:4444: {x}",
    "postfix/postscreen: NOQUEUE: reject: RCPT from [198.18.4.77]:4444: 550 5.7.1 {x}; from=<{x}>, "
    "to=<{x}>, proto=ESMTP, helo=<{x}>",
    "dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<{x}>, "
    "method=PLAIN, rip=198.18.4.77, lip=192.0.2.1, TLS, session=<x1Yz+/==>",
    "dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<{x}>, "
    "rip=198.18.4.77, lip=192.0.2.1",
    "dovecot: imap-login: Login: user=<{x}>, method=PLAIN, rip=198.18.4.77, lip=192.0.2.1, mpid=1",
    "dovecot: imap-login: ID sent: {x}: user=<{x}>, rip=198.18.4.77, lip=192.0.2.1",
    "dovecot: imap-login: proxy({x},192.0.2.30:143): Login failed: {x}: user=<{x}>, method=PLAIN, "
    "rip=198.18.4.77, lip=192.0.2.1",
    "dovecot: auth: pam({x},198.18.4.77,<x1Yz>): unknown user (given password: {x})",
    "dovecot: auth: passwd-file({x},198.18.4.77): Password mismatch",
    "dovecot: auth({x},198.18.4.77,sasl:plain)<x1Yz>: passwd-file: Password mismatch "
    "(given password: {x})",
    "dovecot: auth-worker(7): conn unix:auth-worker (pid=3,uid=9): auth-worker<3>: "
    "sql({x},198.18.4.77): unknown user",
    "dovecot: lmtp(bob)<1><x>: msgid={x}: saved mail to INBOX",
    "amavis: (04242-07) Blocked BANNED ({x}), [198.18.4.77] <{x}> -> <{x}>, Hits: -",
    "rspamd: <a1b2c3>; task; rspamd_task_write_log: id: <{x}>, qid: <51DBE53E1ED>, "
    "ip: 198.18.4.77, from: <{x}>",
    "policyd-spf: Fail; identity=mailfrom; client-ip=198.18.4.77; helo={x}; envelope-from={x}; "
    "receiver={x}",
    "postgrey: action=greylist, reason=new, client_name=unknown, client_address=198.18.4.77, "
    "sender={x}, recipient={x}",
    "saslauthd: do_auth : auth failure: [user={x}] [service=smtp] [realm=] [mech=pam] [reason=no]",
    "auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot "
    "ruser={x} rhost=198.18.4.77",
    "saslauthd: pam_unix(smtp:auth): authentication failure; logname= uid=0 euid=0 tty= ruser={x} "
    "rhost=198.18.4.77  user={x}",
    "opendkim: 51DBE53E1ED: {x}",
    'nginx: 2026/09/04 10:00:00 [info] 7#7: *1 client login failed: "{x}" while in auth state, '
    'client: 198.18.4.77, server: 0.0.0.0:143, login: "{x}"',
    "nginx: 2026/09/04 10:00:00 [info] 7#7: *1 client logged in, client: 198.18.4.77, server: "
    '0.0.0.0:143, login: "{x}", upstream: 192.0.2.30:143',
    'nginx: 2026/09/04 10:00:00 [info] 7#7: *1 client was rejected: "{x}" while in auth state, '
    "client: 198.18.4.77 using starttls, server: 0.0.0.0:587",
    'nginx: 2026/09/04 10:00:00 [error] 7#7: *1 "{x}" could not be resolved (3: Host not found) '
    "while in resolving client hostname, client: 198.18.4.77, server: 0.0.0.0:25",
)
# Pieces that look like what a daemon writes about a peer: the more alike, the harder the trap.
PIECES = st.sampled_from(
    (
        *(
            "a[203.0.113.9]",
            "[203.0.113.9]:25",
            "203.0.113.9",
            " from a[203.0.113.9]: ",
            "]; ",
            "; ",
        ),
        *(" from a[203.0.113.9]; from=<q>", ">, method=PLAIN, rip=203.0.113.9, lip=203.0.113.1"),
        *(
            '", ',
            ", client: 203.0.113.9, server: 0.0.0.0:143",
            ', login: "',
            '" while x, client: 1',
        ),
        *(
            "): ",
            "(",
            ")",
            "(x,203.0.113.9): ",
            ",203.0.113.9)",
            ",203.0.113.9,<x1Yz>): unknown user",
        ),
        *(
            ",203.0.113.9,sasl:plain)<x>: pam: ",
            "user=<",
            ">",
            "<",
            ", session=<x>",
            ": ",
            ", ",
            '"',
        ),
        *(
            " rhost=203.0.113.9",
            " user=",
            "Started proxying to",
            "client-ip=203.0.113.9; ",
            "client_address=203.0.113.9, ",
            "\\",
        ),
        *("ip: 203.0.113.9, from: <", "qid: <x>, ", " not matched, using default chain", "="),
        *("{R}, [203.0.113.9] <", " to=<", " proto=ESMTP helo=<", "unknown user", "NOQUEUE: ", "%"),
        *(
            "given password: ",
            "authentication failed: ",
            "warning: a[203.0.113.9]: SASL ",
            "\t",
            "é",
        ),
    )
)
WORDS = st.lists(PIECES | st.text(st.characters(exclude_categories=["C", "Z"])), max_size=8)
TEXTS = st.lists(WORDS.map("".join), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(TEXTS)
def test_a_client_cannot_place_an_address(texts: list[str]) -> None:
    """A source is the peer or nothing, whatever stands in the fields that a client fills."""
    lines = []
    for text in texts:
        for line in LINES:
            program, _, message = line.partition(": ")
            lines.append(f"2026-09-04T16:59:45Z mail {program}[1]: {message.replace('{x}', text)}")
    events = mf.read_mail_log("\n".join(lines) + "\n")
    stray = events[events["source_ip"].notna() & (events["source_ip"] != PEER)]
    assert stray["message"].tolist() == []
