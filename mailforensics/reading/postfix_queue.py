r"""A message inside Postfix: cleanup, qmgr, pickup, bounce, postsuper and their helpers.

Header text (Message-ID) is the sender's own; no line here has a source.

Source: cleanup_message.c, qmgr_active.c, qmgr_message.c, pickup.c, bounce_*_service.c, postsuper.c,
verify.c, scache.c, dict_cache.c of Postfix 2.2 to 3.10.
"""

from typing import Final

from mailforensics.reading.patterns import Pattern

_CLEANUP: Final = ("cleanup",)
_QMGR: Final = ("qmgr", "nqmgr", "oqmgr")
_POSTSUPER: Final = ("postsuper",)
_QUEUE_ID: Final = "4XyZ12Bbcd"


def _note(services: tuple[str, ...], words: str, sample: str = "") -> Pattern:
    """Return the row of a note that begins with fixed words; a queue id may stand before them."""
    text = sample or words
    return Pattern(
        "server",
        services,
        words,
        f"{words}.*",
        sample=f"{_QUEUE_ID}: {text}",
        gives={"queue_id": _QUEUE_ID, "reason": words},
        fixed={"reason": words},
    )


QUEUE_PATTERNS: Final = (
    *(
        Pattern(
            "message_id",
            _CLEANUP,
            f"{name}=",
            f"{name}=.*",
            sample=f"{_QUEUE_ID}: {name}=<20260904165945.1@example.com>",
            gives={"queue_id": _QUEUE_ID},
        )
        for name in ("message-id", "resent-message-id")
    ),
    # The plain shape, then the one of a sender with a `>` in it.
    Pattern(
        "queued",
        _QMGR,
        "from=<",
        r"from=<(?P<sender>[^>]*)>, size=(?P<size>[0-9]+), nrcpt=(?P<recipients>[0-9]+) "
        r"\(queue active\)",
        sample=f"{_QUEUE_ID}: from=<>, size=4711, nrcpt=2 (queue active)",
        gives={"queue_id": _QUEUE_ID, "sender": "", "size": "4711", "recipients": "2"},
    ),
    Pattern(
        "queued",
        _QMGR,
        "from=<",
        r"from=<(?P<sender>.*)>, size=(?P<size>[0-9]+), nrcpt=(?P<recipients>[0-9]+)"
        r"(?: \(queue [a-z]+\))?",
        sample=f'{_QUEUE_ID}: from=<"a>b"@example.com>, size=4711, nrcpt=2 (queue active)',
        gives={
            "queue_id": _QUEUE_ID,
            "sender": '"a>b"@example.com',
            "size": "4711",
            "recipients": "2",
        },
    ),
    Pattern(
        "expired",
        _QMGR,
        "expired, returned to sender",
        r"from=<(?P<sender>.*)>, status=(?P<status>(?:force-)?expired), "
        "(?P<reason>returned to sender)",
        sample=f"{_QUEUE_ID}: from=<a@example.com>, status=expired, returned to sender",
        gives={
            "queue_id": _QUEUE_ID,
            "sender": "a@example.com",
            "status": "expired",
            "reason": "returned to sender",
        },
    ),
    Pattern(
        "removed",
        (*_QMGR, *_POSTSUPER),
        "removed",
        "removed",
        sample=f"{_QUEUE_ID}: removed",
        gives={"queue_id": _QUEUE_ID},
    ),
    # cleanup throws away what it could not receive whole.
    Pattern(
        "removed",
        _CLEANUP,
        "removed (",
        r"removed \((?P<reason>.*)\)",
        sample=f"{_QUEUE_ID}: removed (canceled)",
        gives={"queue_id": _QUEUE_ID, "reason": "canceled"},
    ),
    *(
        _note(_QMGR, words)
        for words in (
            *("skipped, still being delivered", "enabling VERP for sender", "moved"),
            *("site", "queue"),
        )
    ),
    Pattern(
        "server",
        ("pickup",),
        "uid=",
        r"(?P<reason>uid=[0-9]+) from=<(?P<sender>.*?)>(?: orig_id=\S+)?",
        sample=f"{_QUEUE_ID}: uid=0 from=<root>",
        gives={"queue_id": _QUEUE_ID, "reason": "uid=0", "sender": "root"},
    ),
    *(
        _note(("bounce", "defer", "trace"), words, f"{words}: 4XyZ99Bbcd")
        for words in (
            *("sender non-delivery notification", "sender delay notification"),
            *("postmaster non-delivery notification", "postmaster delay notification"),
            *("sender delivery status notification", "not sending trace/success notification"),
            *("postmaster copy", "sender message copy"),
        )
    ),
    *(
        _note(_POSTSUPER, words)
        for words in ("placed on hold", "released from hold", "requeued", "expired")
    ),
    *(
        Pattern(
            "server",
            services,
            words,
            f"(?P<reason>{words}.*)",
            sample=sample,
            gives={"reason": sample},
        )
        for services, words, sample in (
            *(
                (_POSTSUPER, f"{words}: ", f"{words}: 3 messages")
                for words in (
                    *("Deleted", "Requeued", "Placed on hold", "Released from hold"),
                    *("Force-expired", "Renamed to match inode number"),
                )
            ),
            (("scache",), "statistics: ", "statistics: domain lookup hits=0 miss=2 success=0%"),
            (
                ("verify", "postscreen"),
                "cache ",
                "cache btree:/var/lib/postfix/verify_cache full cleanup: retained=2 dropped=1 "
                "entries",
            ),
        )
    ),
)
