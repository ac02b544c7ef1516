"""The best networks to ban under a rule budget, with proof of how good they are.

The steps, one module each: `cover_hosts` (sorted addresses), `cover_expected` (what silent
addresses will do), `cover_protection` (what must never be banned), `cover_tree` (what each prefix
is worth), `cover_search` and `cover_knapsack` (the best set of disjoint prefixes), `cover_plan`,
`cover_why` and `cover_frontier` (what came out, as table and words).

Sources:
    Soldo, Markopoulou, Argyraki, "Optimal Filtering of Malicious IP Sources" (INFOCOM 2009).
    Soldo, Argyraki, Markopoulou, "Optimal Source-Based Filtering of Malicious Traffic" (IEEE/ACM
    Transactions on Networking, 2012).
    Ramanathan, Mirkovic, Yu, "BLAG: Improving the Accuracy of Blacklists" (NDSS 2020).
"""

from collections.abc import Iterable

import pandas as pd

from mailforensics.addresses import parse_network
from mailforensics.analysis.cover_frontier import BUDGETS, frontier
from mailforensics.analysis.cover_options import RULES, CoverOptions, check_rules
from mailforensics.analysis.cover_plan import plan_table
from mailforensics.analysis.cover_problem import Problem, gap_of, problem, solve
from mailforensics.analysis.cover_protection import attackers_under_protection
from mailforensics.analysis.cover_why import Chosen, why


class Cover:
    """A plan: the networks to ban, what they are worth, and how far that can be from the best.

    Attributes:
        plan: the networks, most valuable first (NETWORKS). Disjoint; none touches what is
            protected. Nothing here is banned before a person has approved it.
        value: what the plan is worth, in attack events.
        bound: what no plan of that many rules can exceed.
        gap: (bound - value) / bound; 0 means that the plan is proved best.
        rules: how many rules were allowed.
        price: what the last rule brings; 0 when more rules would bring nothing.
        protected: sources that attacked but must not be banned, and why (COVER_PROTECTED).
    """

    def __init__(self, asked: Problem, rules: int) -> None:
        solution = solve(asked, rules)
        self._asked = asked
        self.rules = rules
        self.plan = plan_table(asked, solution.choice)
        self.value = solution.value
        self.bound = solution.bound
        self.gap = gap_of(solution.value, solution.bound)
        self.price = solution.price
        self.protected = attackers_under_protection(asked.sources, asked.protection)

    def __repr__(self) -> str:
        """Say in one line what the plan holds."""
        blocked = float(self.plan["share"].sum())
        return (
            f"Cover({len(self.plan)} networks of at most {self.rules}, value {self.value:,.1f}, "
            f"{blocked:.1%} of the attack, gap {self.gap:.2%})"
        )

    def why(self, network: str) -> str:
        """Say in plain words why a network is in the plan or not, and why it has this length.

        Args:
            network: any network, in the plan or not.

        Raises:
            ArgumentError: the text names no network.
        """
        networks = tuple(parse_network(text) for text in self.plan["network"])
        chosen = Chosen(networks, self.rules, self.price)
        return why(self._asked, parse_network(network), chosen)

    def frontier(self, *, budgets: Iterable[int] = BUDGETS) -> pd.DataFrame:
        """Return what the top /32s, the top /24s and the optimum block and hit (FRONTIER).

        Args:
            budgets: the numbers of rules to compare.

        Raises:
            ArgumentError: a budget is no whole number from 0 up.
        """
        return frontier(self._asked, [check_rules(budget) for budget in budgets])


def cover(
    sources: pd.DataFrame,
    *,
    rules: int = RULES,
    protect: Iterable[str] = (),
    allow_documentation: bool = False,
    options: CoverOptions | None = None,
) -> Cover:
    """Return the best plan of at most `rules` disjoint networks to ban, both families together.

    A network is worth the attack weight seen in it, plus what its silent addresses will probably
    add, minus a hundredfold of the legitimate use seen and expected there. A network around a
    protected address is never chosen: its parts beside the address are. Ties go to the longer
    prefix. An empty table gives an empty plan.

    Args:
        sources: one row a source address with source_ip, attack_weight and legit_weight. The
            other columns of `mf.sources` fill the plan's columns and sharpen the estimates.
        rules: how many networks at most.
        protect: your own addresses and networks, and everybody else who must never be banned.
        allow_documentation: let documentation networks be banned, for lessons and tests.
        options: prefix lengths, costs, an earlier plan; see `CoverOptions`.

    Raises:
        MissingColumnError: one of the three columns is missing.
        ArgumentError: rules is no whole number from 0 up, a weight is negative, missing or
            infinite, a source is no address, or an entry of protect is no network.
    """
    check_rules(rules)
    asked = problem(
        sources,
        options or CoverOptions(),
        protect=protect,
        allow_documentation=allow_documentation,
    )
    return Cover(asked, int(rules))
