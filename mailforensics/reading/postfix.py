"""Every line of Postfix: the tables of its daemons, in the order in which they are tried."""

from typing import Final

from mailforensics.reading.patterns import Pattern
from mailforensics.reading.postfix_delivery import DELIVERY_PATTERNS
from mailforensics.reading.postfix_policy import POLICY_PATTERNS
from mailforensics.reading.postfix_protocol import PROTOCOL_PATTERNS
from mailforensics.reading.postfix_queue import QUEUE_PATTERNS
from mailforensics.reading.postfix_screen import SCREEN_PATTERNS
from mailforensics.reading.postfix_server import SERVER_PATTERNS
from mailforensics.reading.postfix_smtpd import SMTPD_PATTERNS
from mailforensics.reading.postfix_tls import TLS_PATTERNS

POSTFIX: Final[tuple[Pattern, ...]] = (
    *SMTPD_PATTERNS,
    *POLICY_PATTERNS,
    *DELIVERY_PATTERNS,
    *QUEUE_PATTERNS,
    *SCREEN_PATTERNS,
    *TLS_PATTERNS,
    *PROTOCOL_PATTERNS,
    *SERVER_PATTERNS,
)
