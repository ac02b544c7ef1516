"""Say beside each source that it belongs to a campaign."""

from typing import Final

import pandas as pd

from mailforensics import schema
from mailforensics.analysis.campaigns import Campaigns

TOGETHER: Final = "addresses that act together"


def with_campaigns(sources: pd.DataFrame, found: Campaigns) -> pd.DataFrame:
    """Return sources, the `note` of those of a campaign ending in what they belong to.

    Args:
        sources: what `sources` returned.
        found: what `campaigns` returned for the same events.

    Raises:
        MissingColumnError: the table has no `source_ip` or `note`.
    """
    schema.require(sources, ["source_ip", "note"])
    size = found.table.set_index("campaign")["addresses"]
    number = found.members.set_index("source_ip")["campaign"]
    campaign = sources["source_ip"].map(number)
    told = [
        f"{note}; one of {size[of]:,} {TOGETHER} (campaign {of:.0f})" if pd.notna(of) else note
        for note, of in zip(sources["note"], campaign, strict=True)
    ]
    return sources.assign(note=pd.Series(told, index=sources.index, dtype=sources["note"].dtype))
