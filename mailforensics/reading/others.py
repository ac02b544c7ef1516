r"""Filters and policy servers beside Postfix that name a peer under a tag of their own.

Their verdicts are notes: what they refuse, Postfix refuses and logs too. Only amavis stops mail by
itself, and there it is `reject`. Message-ID, HELO, sender and file names are the peer's own text,
so a row takes the address from before them, or not at all.

Source: opendkim.c, postgrey, postfwd, sqlgrey, milter-greylist.c, policyd-spf, policyd-weight,
cbpolicyd, rspamd's task_log, amavisd, saslauthd; each as packaged by Debian 10 to 13.
"""

from typing import Final

from mailforensics.reading.patterns import PEER, Pattern

_IP: Final = r"(?P<source_ip>[0-9A-Fa-f.:]+)"
_QUEUE_ID: Final = r"(?P<queue_id>[0-9A-Za-z]{6,}): "
_SPF: Final = ("policyd-spf", "policy-spf", "pypolicyd-spf", "spfpolicy")
_PAM: Final = ("saslauthd", "auth", "dovecot-auth")
# What rspamd puts first in its own log, or where it logs to a terminal or systemd.
_RSPAMD: Final = r"(?:\[[a-z]+\] )?(?:(?:#[0-9]+)?\([a-z0-9_]+\) )?"
# Text without `qid:`: rspamd's own fields cannot come a second time.
_NO_QID: Final = "(?:[^q]|q+[^qi]|q+i[^dq]|q+id[^:q])*q*"

OTHERS: Final = (
    Pattern(
        "server",
        ("opendkim", "opendmarc"),
        "] not internal",
        rf"{_QUEUE_ID}(?:(?P<source_host>[^\s\[\]]+)|\[[0-9A-Fa-f.:]+\]) \[{_IP}\] "
        "(?P<reason>not internal)",
        sample="4XyZ12Bbcd: mx.example.com [192.0.2.25] not internal",
        gives={
            "queue_id": "4XyZ12Bbcd",
            "source_host": "mx.example.com",
            "source_ip": "192.0.2.25",
            "reason": "not internal",
        },
    ),
    Pattern(
        "server",
        ("opendkim", "opendmarc"),
        "ignoring connection from ",
        rf"(?P<reason>ignoring connection from) (?P<source_host>[^\s\[\]]+) \[{_IP}\]",
        sample="ignoring connection from localhost [192.0.2.25]",
        gives={
            "source_host": "localhost",
            "source_ip": "192.0.2.25",
            "reason": "ignoring connection from",
        },
    ),
    Pattern(
        "server",
        ("opendkim", "opendmarc", "openarc"),
        ": ",
        rf"{_QUEUE_ID}(?P<reason>.*)",
        sample="4XyZ12Bbcd: DKIM verification successful",
        gives={"queue_id": "4XyZ12Bbcd", "reason": "DKIM verification successful"},
    ),
    Pattern(
        "server",
        ("postgrey",),
        "action=",
        r"(?:[0-9A-Za-z]+: )?action=(?P<status>[a-z]+), reason=(?P<reason>[^=]*)(?:, delay=[0-9]+)?"
        rf", client_name=(?P<source_host>[^\s,]*), client_address={_IP}(?:/[0-9]+)?"
        r"(?:, sender=(?P<sender>.*), recipient=(?P<recipient>.*))?",
        sample="action=greylist, reason=new, client_name=mx.example.com, "
        "client_address=192.0.2.25, sender=a@example.com, recipient=x@example.org",
        gives={
            "status": "greylist",
            "reason": "new",
            "source_host": "mx.example.com",
            "source_ip": "192.0.2.25",
            "sender": "a@example.com",
            "recipient": "x@example.org",
        },
    ),
    Pattern(
        "server",
        ("postfwd", "postfwd2", "postfwd3", "policy"),
        ", client=",
        rf"\[(?:RULES|CACHE)\] (?P<reason>rule=[0-9]+, id=[^\s,]*), client={PEER}, .*",
        sample="[RULES] rule=3, id=GREY_NODNS, client=mx.example.com[192.0.2.25], sender=<a>, "
        "recipient=<x>, helo=<y>, proto=ESMTP, state=RCPT, delay=0s, action=greylist",
        gives={
            "reason": "rule=3, id=GREY_NODNS",
            "source_host": "mx.example.com",
            "source_ip": "192.0.2.25",
        },
    ),
    Pattern(
        "server",
        ("sqlgrey",),
        "grey: ",
        rf"grey: (?P<reason>[a-z ]+): [0-9A-Fa-f.:]+\({_IP}\), (?P<sender>.*) -> (?P<recipient>.*)",
        sample="grey: new: 192.0.2(192.0.2.25), a@example.com -> x@example.org",
        gives={
            "reason": "new",
            "source_ip": "192.0.2.25",
            "sender": "a@example.com",
            "recipient": "x@example.org",
        },
    ),
    Pattern(
        "server",
        ("milter-greylist",),
        "addr ",
        rf"(?:{_QUEUE_ID})?addr {PEER} from <(?P<sender>.*?)> to <(?P<recipient>.*?)> "
        "(?P<reason>.*)",
        sample="4XyZ12Bbcd: addr mx.example.com[192.0.2.25] from <a@example.com> to "
        "<x@example.org> delayed for 00:05:00 (ACL 38)",
        gives={
            "queue_id": "4XyZ12Bbcd",
            "source_host": "mx.example.com",
            "source_ip": "192.0.2.25",
            "sender": "a@example.com",
            "recipient": "x@example.org",
            "reason": "delayed for 00:05:00 (ACL 38)",
        },
    ),
    Pattern(
        "server",
        _SPF,
        "client-ip=",
        r"(?:prepend Received-SPF: )?(?P<status>[A-Za-z]+)(?: \([a-z]+\))?;? identity=[a-z]+; "
        rf"client-ip={_IP}; helo=(?P<helo>\S*); envelope-from=(?P<sender>.*); "
        r"receiver=(?P<recipient>.*)",
        sample="prepend Received-SPF: Softfail (mailfrom) identity=mailfrom; "
        "client-ip=198.18.9.3; helo=example.net; envelope-from=a@example.net; "
        "receiver=x@example.org",
        gives={
            "status": "Softfail",
            "source_ip": "198.18.9.3",
            "helo": "example.net",
            "sender": "a@example.net",
            "recipient": "x@example.org",
        },
    ),
    # The Perl policy writes the address last, after the sender's own text.
    Pattern(
        "server",
        _SPF,
        "client-ip=",
        rf"(?P<reason>Policy action=[A-Z]+ Received-SPF: [a-z]+) .*; client-ip={_IP}",
        sample="Policy action=PREPEND Received-SPF: pass (example.com: 192.0.2.25 is authorized) "
        'receiver=mail; identity=mailfrom; envelope-from="a@example.com"; helo=mx; '
        "client-ip=192.0.2.25",
        gives={
            "reason": "Policy action=PREPEND Received-SPF: pass",
            "source_ip": "192.0.2.25",
        },
    ),
    Pattern(
        "server",
        ("policyd-weight",),
        "<client=",
        rf"(?P<reason>[a-z ]+): [^<]*<client={_IP}> <helo=(?P<helo>[^<>]*)> "
        "<from=(?P<sender>.*)> <to=(?P<recipient>.*)>.*",
        sample="weighted check:  NOT_IN_SBL_XBL=-1.5 CL_IP_EQ_HELO_IP=-2; <client=192.0.2.25> "
        "<helo=mx.example.com> <from=a@example.com> <to=x@example.org>; rate: -3.5",
        gives={
            "reason": "weighted check",
            "source_ip": "192.0.2.25",
            "helo": "mx.example.com",
            "sender": "a@example.com",
            "recipient": "x@example.org",
        },
    ),
    Pattern(
        "server",
        ("cbpolicyd", "policyd"),
        "module=",
        r"module=(?P<reason>[A-Za-z]+), (?:mode=[a-z]+, )?(?:action=(?P<status>[a-z]+), )?"
        rf"host={_IP}, helo=(?P<helo>.*?), from=(?P<sender>.*?), to=(?P<recipient>.*?),.*",
        sample="module=Greylisting, action=defer, host=192.0.2.25, helo=mx.example.com, "
        "from=a@example.com, to=x@example.org, reason=greylisted",
        gives={
            "reason": "Greylisting",
            "status": "defer",
            "source_ip": "192.0.2.25",
            "helo": "mx.example.com",
            "sender": "a@example.com",
            "recipient": "x@example.org",
        },
    ),
    # A Message-ID with rspamd's own field names in it makes the peer doubtful: then no source.
    Pattern(
        "server",
        ("rspamd",),
        "rspamd_task_write_log",
        rf"{_RSPAMD}<\w*>; \w+; rspamd_task_write_log: id: <[^>]*>, "
        rf"(?:qid: <(?P<queue_id>[0-9A-Za-z]*)>, )?ip: {_IP}, {_NO_QID}",
        sample="<a1b2c3>; task; rspamd_task_write_log: id: <1@example.com>, qid: <4XyZ12Bbcd>, "
        "ip: 192.0.2.25, from: <a@example.com>, (default: F (no action): [0.1/15.00] [])",
        gives={"queue_id": "4XyZ12Bbcd", "source_ip": "192.0.2.25"},
    ),
    Pattern(
        "server",
        ("rspamd",),
        "",
        ".*",
        sample="<a1b2c3>; proxy; proxy_accept_socket: accepted milter connection from 127.0.0.1",
        gives={},
    ),
    # The first address is the client's; a second one is from a Received header.
    *(
        Pattern(
            event,
            ("amavis", "amavisd"),
            f"{status} ",
            rf"\([0-9-]+\) {status} (?P<reason>[A-Z-]+(?: \{{[A-Za-z,]*\}})?), (?:LOCAL )?"
            rf"\[(?:IPv6:)?{_IP}\](?::(?P<source_port>[0-9]+))? .*",
            sample=f"(04242-07) {status} SPAM {{RelayedTaggedInbound}}, [198.18.9.3]:40001 "
            "[203.0.113.9] <a@example.net> -> <x@example.org>, Hits: 9.1, size: 2345, 412 ms",
            gives={
                "status": status,
                "reason": "SPAM {RelayedTaggedInbound}",
                "source_ip": "198.18.9.3",
                "source_port": "40001",
            },
            fixed={"status": status},
        )
        for event, status in (("server", "Passed"), ("reject", "Blocked"))
    ),
    # A banned file's name may say anything: no source.
    *(
        Pattern(
            event,
            ("amavis", "amavisd"),
            f"{status} ",
            rf"\([0-9-]+\) {status} .*",
            sample=f"(04242-07) {status} BANNED (x), [203.0.113.9] <a>) {{Discarded}}, "
            "[198.18.9.3] <a@example.net> -> <x@example.org>",
            gives={"status": status},
            fixed={"status": status},
        )
        for event, status in (("server", "Passed"), ("reject", "Blocked"))
    ),
    # Cyrus SASL's checker: smtpd logs the same try with its peer, and that counts.
    Pattern(
        "server",
        ("saslauthd",),
        "auth failure: ",
        r"do_auth +: auth failure: \[user=(?P<username>.*)\] \[service=\w*\] \[realm=.*\] "
        r"\[mech=\w+\] \[reason=(?P<reason>.*)\]",
        sample="do_auth         : auth failure: [user=bob] [service=smtp] [realm=] [mech=pam] "
        "[reason=PAM auth error]",
        gives={"username": "bob", "reason": "PAM auth error"},
    ),
    # PAM's line for the same try. The client's own text stands before and after `rhost`: only a
    # name without blanks leaves no doubt which one is PAM's.
    Pattern(
        "server",
        _PAM,
        " authentication failure; ",
        r"(?P<reason>pam_[a-z0-9_]+\([a-z0-9_-]+:[a-z]+\): authentication failure); logname=\S* "
        rf"uid=[0-9]* euid=[0-9]* tty=\S* ruser=(?P<username>\S+)? rhost={_IP}(?: +user=\S*)?",
        sample="pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot "
        "ruser=rhost=203.0.113.9 rhost=198.18.4.77  user=bob",
        gives={
            "reason": "pam_unix(dovecot:auth): authentication failure",
            "username": "rhost=203.0.113.9",
            "source_ip": "198.18.4.77",
        },
    ),
    Pattern(
        "server",
        _PAM,
        "pam_",
        r"(?P<reason>pam_[a-z0-9_]+\([a-z0-9_-]+:[a-z]+\): [a-z ]+)(?:;.*)?",
        sample="pam_unix(smtp:auth): check pass; user unknown",
        gives={"reason": "pam_unix(smtp:auth): check pass"},
    ),
)
