"""Tables of the analysis room that judge a plan: what it trades, whom it spares."""

from typing import Final

from mailforensics.schema.columns import Column, Table

COVER_PROTECTED: Final[Table] = (
    Column("source_ip", "str", "", "a source that attacked and must not be banned"),
    Column("attack_weight", "float64", "attack events", "its attack weight"),
    Column("legit_weight", "float64", "legit events", "its weight of proper use"),
    Column("why", "str", "", "what protects it"),
)

FRONTIER: Final[Table] = (
    Column("policy", "str", "", "`top /32`, `top /24` or `optimum`"),
    Column("rules", "int64", "count", "the rules allowed"),
    Column("networks", "int64", "count", "the rules used"),
    Column("attack_blocked", "float64", "fraction", "of all attack weight seen"),
    Column("legit_hit", "float64", "fraction", "of all legitimate weight seen"),
    Column("legit_sources", "int64", "addresses", "legitimate sources that the rules hit"),
)

CAMPAIGNS: Final[Table] = (
    Column("campaign", "int64", "", "its number, from 1: most addresses first"),
    Column("addresses", "int64", "addresses", "addresses that act together"),
    Column("networks", "int64", "networks", "/24s or /64s they stand in"),
    Column("attempts", "int64", "count", "logins refused"),
    Column("first_seen", "time", "UTC", "first attempt"),
    Column("last_seen", "time", "UTC", "last attempt"),
    Column("usernames", "int64", "count", "distinct accounts tried"),
    Column("families", "str", "", "kinds of evidence that join them, joined by `, `"),
    Column("p_value", "float64", "probability", "of the weaker kind, by chance; corrected"),
    Column("signs", "str", "", "what joins them, in plain words"),
    Column("evidence", "str", "", "files and lines of the attempts"),
)

CAMPAIGN_MEMBERS: Final[Table] = (
    Column("campaign", "int64", "", "the campaign's number"),
    Column("source_ip", "str", "", "an address of it"),
    Column("network", "str", "CIDR", "its /24 or /64"),
    Column("attempts", "int64", "count", "logins refused"),
    Column("usernames", "int64", "count", "distinct accounts tried"),
    Column("first_seen", "time", "UTC", "first attempt"),
    Column("last_seen", "time", "UTC", "last attempt"),
)

CAMPAIGN_LINKS: Final[Table] = (
    Column("campaign", "int64", "", "the campaign's number"),
    Column("source_ip", "str", "", "one address"),
    Column("other_ip", "str", "", "another, of the same campaign"),
    Column("family", "str", "", "names, timing or fingerprint"),
    Column("p_value", "float64", "probability", "of this sign by chance; corrected"),
    Column("sign", "str", "", "what joins the two, in plain words"),
)

BACKTEST: Final[Table] = (
    Column("policy", "str", "", "what would have been banned; see POLICIES"),
    Column("test_days", "float64", "days", "how long the bans stood in each trial"),
    Column("trials", "int64", "count", "times of the log at which it was tried"),
    Column("rules", "float64", "count", "rules used, mean of the trials; fail2ban: most at once"),
    Column("attacks", "int64", "count", "attack events while the bans stood"),
    Column("stopped", "int64", "count", "those of them that the bans would have stopped"),
    Column("stopped_share", "float64", "fraction", "stopped / attacks; null without attacks"),
    Column("new_share", "float64", "fraction", "of the stopped, from addresses not seen before"),
    Column("legit_sessions", "int64", "count", "sessions of proper use while the bans stood"),
    Column("legit_lost", "int64", "count", "those of them that the bans would have cost"),
    Column("legit_at_most", "float64", "fraction", "95 % upper bound of lost / all; 3/n for none"),
    Column("churn", "float64", "fraction", "rules new since the trial before; null for one trial"),
)

BACKTEST_TRIALS: Final[Table] = (
    Column("policy", "str", "", "what would have been banned"),
    Column("test_days", "float64", "days", "how long the bans stood"),
    Column("origin", "time", "UTC", "when they were set: only older events were known"),
    Column("rules", "int64", "count", "rules used"),
    Column("attacks", "int64", "count", "attack events while the bans stood"),
    Column("stopped", "int64", "count", "those that the bans would have stopped"),
    Column("stopped_new", "int64", "count", "those from addresses not seen before"),
    Column("legit_sessions", "int64", "count", "sessions of proper use while the bans stood"),
    Column("legit_lost", "int64", "count", "those that the bans would have cost"),
    Column(
        "kept_rules", "Int64", "count", "rules that the trial before had, too; null for the first"
    ),
)

SURVIVAL: Final[Table] = (
    Column("days", "float64", "days", "time since an attacker was first seen"),
    Column("at_risk", "int64", "attackers", "known to be active up to then"),
    Column("gone", "int64", "attackers", "that fell silent for good at this age"),
    Column("active_share", "float64", "fraction", "of attackers still active (Kaplan-Meier)"),
    Column("low", "float64", "fraction", "95 % lower bound of it"),
    Column("high", "float64", "fraction", "95 % upper bound of it"),
)

DETECTORS: Final[Table] = (
    Column("detector", "str", "", "what it watches"),
    Column("rule", "str", "", "when it raises an alarm"),
    Column("sees", "bool", "", "whether it raised one"),
    Column("first_alarm", "time", "UTC", "when it would first have known"),
)
