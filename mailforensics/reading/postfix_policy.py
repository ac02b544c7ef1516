r"""What Postfix refused, and what its rules noted: smtpd's and cleanup's policy lines.

`reject` is what did not get through: `reject`, `discard`, `hangup`, and the milter's and the proxy
filter's refusals. Notes on mail that goes on (`warn`, `hold`, `filter`, `redirect`, `permit` …, and
`reject_warning`, which refuses nothing) are `server`: they must not make a client look refused.
Their `status` is the action's name.

Sender, recipient, HELO and header text are the client's own. The peer stands before them, but
for header and body rules: there a line counts as the peer's only where one place can be it.

Source: smtpd_check.c (log_whatsup), smtpd.c (check_milter_reply), cleanup_message.c
(cleanup_act_log), cleanup_milter.c of Postfix 2.3 to 3.10.
"""

from typing import Final

from mailforensics.reading.patterns import HOST, PEER, Pattern
from mailforensics.reading.postfix_smtpd import STAGE

_SERVICES: Final = ("smtpd", "cleanup")
_REPLY: Final = r"(?P<status>[245][0-9][0-9]) (?:(?P<dsn>[245]\.[0-9]+\.[0-9]+) )?(?P<reason>.*?)"
_LISTED: Final = r"Service unavailable; Client host \[[^\]]*\] blocked using "
_LISTED_SAMPLE: Final = "Service unavailable; Client host [198.18.9.3] blocked using "
_TAIL: Final = (
    r"(?: from=<(?P<sender>.*?)>)?(?: to=<(?P<recipient>.*?)>)?(?: proto=[A-Z]+)?"
    r"(?: helo=<(?P<helo>.*?)>)?(?: sasl_method=(?P<sasl_method>\S+))?"
    r"(?: sasl_username=<?(?P<username>.*?)>?)?(?: sasl_sender=\S*)?"
)
# Text without `];`, which ends a peer in a header rule's line: a `;` never comes after a `]`.
_TEXT: Final = r";*(?:[^\];];*|\])*?"
_CONTENT: Final = (
    rf"(?:header|body|mime-error) {_TEXT} from {PEER};"
    rf"(?: from=<(?P<sender>{_TEXT})>)?(?: to=<(?P<recipient>{_TEXT})>)?(?: proto=[A-Z]+)?"
    rf"(?: helo=<(?P<helo>{_TEXT})>)?(?:: (?P<reason>{_TEXT}))?"
)
_PASSING: Final = (
    *("warn", "warning", "info", "pass", "hold", "milter-hold", "filter", "redirect", "bcc"),
    *("prepend", "replace", "strip", "delay", "permit"),
)
_CONTENT_ACTIONS: Final = (
    *(("reject", action) for action in ("reject", "discard")),
    *(("server", action) for action in _PASSING),
)

POLICY_PATTERNS: Final = (
    # The plain shapes of a refused recipient, then every shape. A block list may add its page.
    *(
        Pattern(
            "reject",
            ("smtpd",),
            "reject: RCPT from ",
            rf"reject: RCPT from {HOST}: (?P<status>[245][0-9][0-9]) "
            rf"(?P<dsn>[245]\.[0-9]+\.[0-9]+) (?P<reason>{shape}); from=<(?P<sender>[^>]*)> "
            r"to=<(?P<recipient>[^>]*)> proto=[A-Z]+ helo=<(?P<helo>[^>]*)>",
            sample=f"NOQUEUE: reject: RCPT from unknown[198.18.9.3]: 554 5.7.1 {reason}; "
            "from=<a@example.net> to=<x@example.com> proto=ESMTP helo=<[203.0.113.7]>",
            gives={
                "source_ip": "198.18.9.3",
                "status": "554",
                "dsn": "5.7.1",
                "reason": reason,
                "sender": "a@example.net",
                "recipient": "x@example.com",
                "helo": "[203.0.113.7]",
            },
        )
        for shape, reason in (
            ("[^;]*", "<x@example.com>: Relay access denied"),
            (f"{_LISTED}[^;]*", f"{_LISTED_SAMPLE}zen.example.org"),
            (
                f"{_LISTED}[^;]*; http[^;]*",
                f"{_LISTED_SAMPLE}zen.example.org; https://example.org/x",
            ),
        )
    ),
    Pattern(
        "reject",
        _SERVICES,
        "reject: ",
        rf"reject: {STAGE} from {PEER}: {_REPLY};{_TAIL}",
        sample="NOQUEUE: reject: CONNECT from unknown[198.18.9.3]: 554 5.7.1 Service unavailable; "
        "Client host [198.18.9.3] blocked using zen.example.org; proto=SMTP",
        gives={
            "source_ip": "198.18.9.3",
            "status": "554",
            "dsn": "5.7.1",
            "reason": "Service unavailable; Client host [198.18.9.3] blocked using zen.example.org",
        },
    ),
    Pattern(
        "reject",
        _SERVICES,
        "Server local data error",
        rf"reject: {STAGE} from {PEER}: (?P<status>421) (?P<dsn>4\.3\.0) "
        r"(?P<reason>\S+ Server local data error)",
        sample="NOQUEUE: reject: RCPT from unknown[198.18.9.3]: 421 4.3.0 mail.example.org Server "
        "local data error",
        gives={
            "source_ip": "198.18.9.3",
            "status": "421",
            "dsn": "4.3.0",
            "reason": "mail.example.org Server local data error",
        },
    ),
    # Without a reply code: `bare <LF> received`, refusals that a site words itself.
    Pattern(
        "reject",
        _SERVICES,
        "reject: ",
        rf"reject: {STAGE} from {PEER}: (?P<reason>.*?);?{_TAIL}",
        sample="4XyZ12Bbcd: reject: DATA content from unknown[198.18.9.3]: bare <LF> received; "
        "from=<a@example.net> to=<x@example.org> proto=ESMTP helo=<example.net>",
        gives={
            "queue_id": "4XyZ12Bbcd",
            "source_ip": "198.18.9.3",
            "reason": "bare <LF> received",
            "sender": "a@example.net",
            "recipient": "x@example.org",
            "helo": "example.net",
        },
    ),
    Pattern(
        "server",
        _SERVICES,
        "reject_warning: ",
        rf"reject_warning: {STAGE} from {PEER}: {_REPLY};{_TAIL}",
        sample="NOQUEUE: reject_warning: HELO from mx.example.com[192.0.2.25]: 504 5.5.2 <mx>: "
        "Helo command rejected: need fully-qualified hostname; proto=SMTP helo=<mx>",
        gives={
            "source_ip": "192.0.2.25",
            "source_host": "mx.example.com",
            "status": "504",
            "dsn": "5.5.2",
            "reason": "<mx>: Helo command rejected: need fully-qualified hostname",
            "helo": "mx",
        },
    ),
    Pattern(
        "reject",
        _SERVICES,
        "milter-reject: ",
        rf"milter-reject: {STAGE} from {PEER}: (?:(?P<status>[245][0-9][0-9]) )?"
        rf"(?:(?P<dsn>[245]\.[0-9]+\.[0-9]+) )?(?P<reason>.*?);{_TAIL}",
        sample="4XyZ12Bbcd: milter-reject: END-OF-MESSAGE from mx.example.com[192.0.2.25]: 5.7.1 "
        "Spam message rejected; from=<a@example.com> to=<x@example.org> proto=ESMTP helo=<mx>",
        gives={
            "queue_id": "4XyZ12Bbcd",
            "source_ip": "192.0.2.25",
            "source_host": "mx.example.com",
            "dsn": "5.7.1",
            "reason": "Spam message rejected",
            "sender": "a@example.com",
            "recipient": "x@example.org",
            "helo": "mx",
        },
    ),
    *(
        Pattern(
            event,
            _SERVICES,
            f"{action}: ",
            rf"{action}: {STAGE} from {PEER}: (?P<reason>.*?);{_TAIL}",
            sample=f"NOQUEUE: {action}: RCPT from unknown[198.18.9.3]: <x@example.org>: Recipient "
            "address triggers the rule; from=<a@example.net> to=<x@example.org> proto=SMTP "
            "helo=<[203.0.113.7]>",
            gives={
                "source_ip": "198.18.9.3",
                "status": action,
                "reason": "<x@example.org>: Recipient address triggers the rule",
                "sender": "a@example.net",
                "recipient": "x@example.org",
                "helo": "[203.0.113.7]",
            },
            fixed={"status": action},
        )
        for event, action in (
            *(("reject", action) for action in ("discard", "hangup", "milter-discard")),
            *(("server", action) for action in _PASSING),
        )
    ),
    # The before-queue proxy filter's verdict: no peer on the line.
    Pattern(
        "reject",
        ("smtpd",),
        "proxy-reject: ",
        rf"proxy-reject: {STAGE}: {_REPLY};{_TAIL}",
        sample="NOQUEUE: proxy-reject: END-OF-MESSAGE: 554 5.7.0 Reject, id=1-01 - spam; "
        "from=<a@example.net> to=<x@example.org> proto=ESMTP helo=<example.net>",
        gives={
            "status": "554",
            "dsn": "5.7.0",
            "reason": "Reject, id=1-01 - spam",
            "sender": "a@example.net",
            "recipient": "x@example.org",
            "helo": "example.net",
        },
    ),
    Pattern(
        "server",
        ("smtpd",),
        "proxy-accept: ",
        rf"proxy-accept: {STAGE}: {_REPLY};{_TAIL}",
        sample="4XyZ12Bbcd: proxy-accept: END-OF-MESSAGE: 250 2.0.0 from MTA: Ok; "
        "from=<a@example.com> to=<x@example.org> proto=ESMTP helo=<mx.example.com>",
        gives={
            "queue_id": "4XyZ12Bbcd",
            "status": "250",
            "dsn": "2.0.0",
            "reason": "from MTA: Ok",
            "sender": "a@example.com",
            "recipient": "x@example.org",
            "helo": "mx.example.com",
        },
    ),
    # Header and body rules: the client's own text comes first, the rule's words last.
    *(
        Pattern(
            event,
            ("cleanup",),
            f"{action}: ",
            rf"{action}: {_CONTENT}",
            sample=f"4XyZ12Bbcd: {action}: header Subject: win [a] prize from unknown[198.18.9.3]; "
            "from=<a@example.net> to=<x@example.org> proto=ESMTP helo=<b>: no prizes here",
            gives={
                "queue_id": "4XyZ12Bbcd",
                "source_ip": "198.18.9.3",
                "status": action,
                "sender": "a@example.net",
                "recipient": "x@example.org",
                "helo": "b",
                "reason": "no prizes here",
            },
            fixed={"status": action},
        )
        for event, action in _CONTENT_ACTIONS
    ),
    # The same where the peer's place is not beyond doubt, or the mail is local: no source.
    *(
        Pattern(
            event,
            ("cleanup", "smtp", "lmtp"),
            f"{action}: ",
            rf"{action}: (?P<reason>(?:header|body|mime-error) .*)",
            sample=f"4XyZ12Bbcd: {action}: header X-Trap: from a[203.0.113.7]; from=<q> from "
            "mx[198.18.9.3]; from=<root@example.org>",
            gives={
                "queue_id": "4XyZ12Bbcd",
                "status": action,
                "reason": "header X-Trap: from a[203.0.113.7]; from=<q> from mx[198.18.9.3]; "
                "from=<root@example.org>",
            },
            fixed={"status": action},
        )
        for event, action in _CONTENT_ACTIONS
    ),
)
