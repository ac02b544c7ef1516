"""Messages: one row a message, whatever became of its recipients."""

from typing import Any

import mailforensics as mf
from mailforensics import schema
from tests.frames import events

DAY = 86400


def told(
    event: str, service: str, time: float, queue_id: str = "4Xy", **more: Any
) -> dict[str, Any]:
    """Return a line about a message."""
    program = {"program": f"postfix/{service}", "service": service, "event": event}
    return program | {"time": time, "queue_id": queue_id} | more


def journey(at: float = 0, queue_id: str = "4Xy", *tries: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of one message from its client to its end."""
    client = {"source_ip": "198.51.100.7", "username": "anna"}
    return [
        told("accepted", "smtpd", at, queue_id, **client),
        told("message_id", "cleanup", at + 1, queue_id, message="4Xy: message-id=<1@example.org>"),
        told("queued", "qmgr", at + 2, queue_id, sender="anna@example.org", size=900),
        *tries,
        told("removed", "qmgr", at + 9, queue_id),
    ]


def test_from_client_to_delivery() -> None:
    """One row tells who handed a message in, for whom, and that it arrived."""
    sent = told("delivered", "smtp", 3, recipient="bob@example.net", relay="mx", delay=0.5)
    table = mf.messages(events(journey(0, "4Xy", sent)))
    row = table.iloc[0]
    assert len(table) == 1
    assert (row["username"], row["sender"], row["recipient"]) == (
        "anna",
        "anna@example.org",
        "bob@example.net",
    )
    assert (row["outcome"], row["message_id"], bool(row["complete"])) == (
        "delivered",
        "<1@example.org>",
        True,
    )


def test_retries_over_days_are_one_message() -> None:
    """A message that was deferred for two days and then arrived is delivered, after two tries."""
    late = [
        told("deferred", "smtp", 3, recipient="bob@example.net"),
        told("queued", "qmgr", 2 * DAY, sender="anna@example.org", size=900),
        told("delivered", "smtp", 2 * DAY + 1, recipient="bob@example.net"),
    ]
    rows = journey(0, "4Xy", *late)
    rows[-1]["time"] = 2 * DAY + 2
    table = mf.messages(events(rows))
    assert table[["deferred", "delivered", "outcome"]].to_numpy().tolist() == [[1, 1, "delivered"]]


def test_short_ids_are_used_again() -> None:
    """The same id after `removed`, or after five silent days, is another message."""
    rows = [*journey(), *journey(at=60), told("queued", "qmgr", 9 * DAY, sender="")]
    table = mf.messages(events(rows))
    assert table["complete"].tolist() == [True, True, False]
    assert table["sender"].tolist() == ["anna@example.org", "anna@example.org", ""]


def test_worst_recipient_decides() -> None:
    """A message that reached one recipient and bounced for another is bounced."""
    tries = [
        told("delivered", "smtp", 3, recipient="bob@example.net"),
        told("bounced", "smtp", 4, recipient="eve@example.net"),
    ]
    table = mf.messages(events(journey(0, "4Xy", *tries)))
    assert table[["recipients", "outcome"]].to_numpy().tolist() == [[2, "bounced"]]


def test_hosts_do_not_share_ids() -> None:
    """The same queue id on two servers is two messages."""
    rows = journey()
    assert len(mf.messages(events([*rows, *(row | {"host": "mx2"} for row in rows)]))) == 2


def test_no_messages() -> None:
    """An empty log gives an empty table with every column."""
    table = mf.messages(schema.empty(schema.MAIL_EVENTS))
    assert list(table) == schema.names(schema.MESSAGES)


def test_what_waits_when_a_message_expires_has_bounced() -> None:
    """The line that gives a message up names no recipient: it is about all who still waited."""
    tries = [
        told("delivered", "smtp", 3, recipient="amy@example.net"),
        told("deferred", "smtp", 3, recipient="bob@example.net"),
        told("deferred", "smtp", 3, recipient="carl@example.net"),
        told("expired", "qmgr", 5 * DAY, sender="anna@example.org", status="expired"),
    ]
    rows = journey(0, "4Xy", *tries)
    rows[-1]["time"] = 5 * DAY
    row = mf.messages(events(rows)).iloc[0]
    assert (row["outcome"], row["delivered"], row["bounced"]) == ("bounced", 1, 2)


def test_local_mail_whose_end_was_lost() -> None:
    """Mail of cron jobs begins with pickup, so one id without `removed` is still two messages."""
    first = [
        told("server", "pickup", 0, sender="root"),
        told("message_id", "cleanup", 1, message="4Xy: message-id=<1@example.org>"),
        told("queued", "qmgr", 2, sender="root@example.org"),
        told("delivered", "local", 3, recipient="root@example.org"),
    ]
    again = [row | {"time": row["time"] + DAY} for row in first]
    table = mf.messages(events([*first, *again, told("removed", "qmgr", DAY + 4)]))
    assert table["sender"].tolist() == ["root@example.org"] * 2
    assert table["complete"].tolist() == [False, True]
    bounces = [*first[1:], *again[1:]]
    assert len(mf.messages(events(bounces))) == 2


def test_refused_while_it_came_in() -> None:
    """A message that a milter refused has no `removed`, and is complete without."""
    rows = [
        told("accepted", "smtpd", 0, source_ip="198.51.100.7"),
        told("message_id", "cleanup", 1, message="4Xy: message-id=<1@example.org>"),
        told("reject", "cleanup", 1, sender="x@example.com"),
    ]
    row = mf.messages(events(rows)).iloc[0]
    assert (row["outcome"], bool(row["complete"])) == ("rejected", True)
