"""Every line of Dovecot: the tables of its processes, in the order in which they are tried."""

from typing import Final

from mailforensics.reading.dovecot_auth import AUTH_PATTERNS
from mailforensics.reading.dovecot_formats import FORMAT_PATTERNS
from mailforensics.reading.dovecot_login import LOGIN_PATTERNS
from mailforensics.reading.dovecot_other import OTHER_PATTERNS
from mailforensics.reading.patterns import Pattern

DOVECOT: Final[tuple[Pattern, ...]] = (
    *LOGIN_PATTERNS,
    *FORMAT_PATTERNS,
    *OTHER_PATTERNS,
    *AUTH_PATTERNS,
)
