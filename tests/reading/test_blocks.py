"""Where a block of a log may be cut: only where an entry begins."""

import re

from hypothesis import given
from hypothesis import strategies as st

from mailforensics.reading.blocks import last_entry


@given(data=st.text("\n\r\t :ab\x1d", max_size=40), wrapped=st.sampled_from([0, 1, 900, 40_000]))
def test_the_last_entry_is_where_a_line_begins_that_continues_none(data: str, wrapped: int) -> None:
    """However far back it lies: the last line that does not begin with a blank or a colon."""
    block = (data + "\n  more of it" * wrapped).encode()
    begins = [found.end() - 1 for found in re.finditer(rb"\n[^ \t:\x1d\r\n]", block)]
    assert last_entry(block) == (begins[-1] if begins else 0)
