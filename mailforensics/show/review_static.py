"""The review as a still table in plain escaped HTML: what a notebook shows that was not run."""

from html import escape
from typing import Final

from mailforensics.show.review_session import Page, ReviewSession

ROWS_SHOWN: Final = 100
HEADS: Final = ("Network", "What it did", "Who else is there", "Suggestion", "Decision")
DONE: Final = {"approve": "approved", "reject": "rejected"}

# The live table stands right below in the same output: while it lives, this copy hides; when it
# does not (a notebook opened again), the notebook's own error line hides instead.
_STYLE: Final = """<style>
.jp-OutputArea-child:has(.mf-static):has(+ .jp-OutputArea-child .mf-review) { display: none; }
.jp-OutputArea-child:has(.mf-static) + .jp-OutputArea-child:not(:has(.mf-review)) { display: none; }
.mf-static table { border-collapse: collapse; font-size: 13px; }
.mf-static table th, .mf-static table td { text-align: left; vertical-align: top; padding: 4px; }
.mf-static td { border-top: 1px solid #8888; white-space: normal; overflow-wrap: anywhere; }
.mf-static th { white-space: nowrap; } .mf-static tr > :not(:first-child) { min-width: 8em; }
</style>"""


def static_html(session: ReviewSession, rows: list[Page], *, total: int | None = None) -> str:
    """Return the first 100 rows with what stands about them, every text escaped.

    Args:
        session: the review; its journal says what stands.
        rows: what `session.rows()` returned, or the first of them.
        total: how many rows there are in all; by default as many as are given.
    """
    standing = session.standing()
    lines = [_row(row, standing.get(str(row["network"]))) for row in rows[:ROWS_SHOWN]]
    more = (len(rows) if total is None else total) - ROWS_SHOWN
    note = f"<p>and {more:,} more rows.</p>" if more > 0 else ""
    heads = "".join(f"<th scope='col'>{head}</th>" for head in HEADS)
    return (
        f"{_STYLE}<div class='mf-static'><p>A still copy of the review table: "
        f"run this cell to decide.</p><table><thead><tr>{heads}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>{note}</div>"
    )


def _row(row: Page, entry: Page | None) -> str:
    did = (
        f"{row['auth_failed']:,} failed logins, {row['attackers']:,} attacking addresses, "
        f"{str(row['first_seen'])[:10]} to {str(row['last_seen'])[:10]}"
    )
    suggestion = f"{row['suggestion']}: {row['reasons']}"
    cells = (did, row["collateral"] or "none seen", suggestion, _standing(entry))
    rest = "".join(f"<td>{_text(cell)}</td>" for cell in cells)
    return f"<tr><th scope='row'>{_text(row['network'])}</th>{rest}</tr>"


def _text(value: object) -> str:
    """Return escaped text; a dollar sign is spelled out, or MathJax would typeset it."""
    return f"<bdi>{escape(str(value)).replace('$', '<span>&#36;</span>')}</bdi>"


def _standing(entry: Page | None) -> str:
    if entry is None or entry["verdict"] == "undo":
        return "undecided"
    until = f" until {entry['until']}" if entry["until"] else ""
    return f"{DONE[str(entry['verdict'])]}{until} by {entry['reviewer']}"
