"""The bans as a STIX 2.1 bundle: one indicator a network, to share with other defenders."""

import uuid
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from types import ModuleType
from typing import Final

from mailforensics.errors import MissingExtraError, extra_hint
from mailforensics.export.approvals import Ban
from mailforensics.export.order import Order
from mailforensics.export.text import clean

# Ids hang on what they name, so that the same approvals give the same bytes.
_IDS: Final = uuid.uuid5(uuid.NAMESPACE_URL, "https://mailforensics.example.org/stix")


def stix_form(order: Order) -> str:
    """Return a bundle of indicators with the network as pattern; ids and bytes are reproducible.

    Raises:
        MissingExtraError: the library stix2 is not installed.
    """
    stix2 = _stix2()
    objects = [_indicator(stix2, ban, order) for ban in order.bans]
    name = f"bundle {order.word} " + " ".join(item["id"] for item in objects)
    bundle = stix2.v21.Bundle(objects=objects, id=f"bundle--{uuid.uuid5(_IDS, name)}")
    return str(bundle.serialize(pretty=True)) + "\n"


def _stix2() -> ModuleType:
    try:
        return import_module("stix2")
    except ImportError:
        raise MissingExtraError(
            f"form='stix' needs the library stix2: {extra_hint('stix')}."
        ) from None


def _indicator(stix2: ModuleType, ban: Ban, order: Order) -> "dict[str, str]":
    moment = ban.decision["time"]
    until = {} if ban.until is None else {"valid_until": _end_of(ban.until)}
    name = f"indicator {order.word} {ban.network} {moment}"
    indicator: dict[str, str] = stix2.v21.Indicator(
        id=f"indicator--{uuid.uuid5(_IDS, name)}",
        created=moment,
        modified=moment,
        valid_from=moment,
        name=f"Mail server attacks from {ban.network}",
        description=clean(ban.decision["reason"], length=200),
        indicator_types=["malicious-activity"],
        pattern_type="stix",
        pattern=_pattern(ban),
        labels=[f"mailforensics-{order.word}"],
        **until,
    )
    return indicator


def _end_of(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), UTC)


def _pattern(ban: Ban) -> str:
    kind = f"ipv{ban.network.version}-addr"
    if ban.network.prefixlen == ban.network.max_prefixlen:
        return f"[{kind}:value = '{ban.network.network_address}']"
    return f"[{kind}:value ISSUBSET '{ban.network}']"
