"""What a column is, and how a table is held to its columns."""

from dataclasses import dataclass
from typing import Final

import pandas as pd

from mailforensics.errors import MissingColumnError

TIME_DTYPE: Final = "datetime64[us, UTC]"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a public table."""

    name: str
    dtype: str
    unit: str
    meaning: str

    @property
    def pandas_dtype(self) -> str:
        """The dtype as pandas spells it (`time` is UTC with microseconds)."""
        return TIME_DTYPE if self.dtype == "time" else self.dtype


Table = tuple[Column, ...]


def names(table: Table) -> list[str]:
    """Return the column names of a table, in order."""
    return [column.name for column in table]


def empty(table: Table) -> pd.DataFrame:
    """Return the table with all columns, their dtypes, and no rows."""
    return pd.DataFrame({c.name: pd.Series([], dtype=c.pandas_dtype) for c in table})


def conform(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return a new frame with exactly the table's columns, in its order and dtypes.

    Raises:
        MissingColumnError: a column of the table is not in the frame.
    """
    require(frame, names(table))
    return frame[names(table)].astype({c.name: c.pandas_dtype for c in table})


def require(frame: pd.DataFrame, columns: list[str]) -> None:
    """Check that a table has the columns a function needs.

    Raises:
        MissingColumnError: names what is missing and what the table has.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise MissingColumnError(
            f"the table lacks {', '.join(missing)}; it has {', '.join(map(str, frame.columns))}. "
            "Pass the table that the reading or analysis function returned."
        )
