"""Every column of every public table: its name, dtype, unit and meaning.

Dtypes are pandas names. `str` is pandas' own Arrow-backed text (missing: NaN), `time` stands for
`datetime64[us, UTC]`, `Int64` is a whole number that may be missing. A new table goes into the
module of the room that makes it.
"""

from mailforensics.schema.answers import *  # noqa: F403 (the tables, by name)
from mailforensics.schema.columns import (
    TIME_DTYPE as TIME_DTYPE,
)
from mailforensics.schema.columns import (
    Column as Column,
)
from mailforensics.schema.columns import (
    Table as Table,
)
from mailforensics.schema.columns import (
    conform as conform,
)
from mailforensics.schema.columns import (
    empty as empty,
)
from mailforensics.schema.columns import (
    names as names,
)
from mailforensics.schema.columns import (
    require as require,
)
from mailforensics.schema.events import *  # noqa: F403
from mailforensics.schema.plans import *  # noqa: F403
from mailforensics.schema.records import *  # noqa: F403
