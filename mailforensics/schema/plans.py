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
