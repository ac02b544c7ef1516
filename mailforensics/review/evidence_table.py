"""Every file that a case rests on, mail logs, firewall logs and rules, with its fingerprint."""

from pathlib import Path
from typing import Final

import pandas as pd

from mailforensics import schema
from mailforensics.reading.audit import audit
from mailforensics.reading.firewall import Firewall
from mailforensics.reading.firewall_sources import facts_of
from mailforensics.review.findings import Findings

NOT_COUNTED: Final = ("other", "unparsed", "duplicates", "repeats")
KIND: Final = schema.Column("kind", "str", "", "mail log, firewall log, or firewall rules")


def evidence_table(found: Findings) -> pd.DataFrame:
    """Return one row for each file of evidence: mail logs, then firewall logs, then rules.

    Returns:
        The columns of `schema.AUDIT`, then `kind`. Times and year are of logs only; `events` of
        rule files counts their rules.
    """
    tables = [found.audit.assign(kind="mail log")]
    if found.firewall_events is not None:
        tables.append(audit(found.firewall_events).assign(kind="firewall log"))
    if found.firewall is not None and found.case.firewall:
        tables.append(_rules(Path(found.case.firewall), found.firewall))
    return pd.concat(
        [schema.conform(table, (*schema.AUDIT, KIND)) for table in tables], ignore_index=True
    )


def _rules(path: Path, firewall: Firewall) -> pd.DataFrame:
    """Return the rows of rule files; what the reader noticed stands in the first."""
    facts = pd.DataFrame(facts_of(path))
    held = firewall.table()["file"].value_counts()
    notes = ["; ".join(firewall.notes), *[""] * (len(facts) - 1)]
    blank = schema.empty(schema.AUDIT).reindex(facts.index)
    return blank.assign(
        **{str(name): facts[name] for name in facts.columns},
        **dict.fromkeys(NOT_COUNTED, 0),
        events=[int(held.get(name, 0)) for name in facts["file"]],
        notes=notes,
        kind="firewall rules",
    )
