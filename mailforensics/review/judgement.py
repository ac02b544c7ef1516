"""What a careful colleague would say of a network: rules in order, the first that fits decides."""

from dataclasses import dataclass
from typing import Final

import polars as pl


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on a network is worth a ban without a second thought.

    Attributes:
        attack_weight: decayed attack events.
        knocks: logins and relays tried; fail2ban bans one address after 5.
        attackers: addresses attacking the mail server that a whole network needs; one alone is no
            network, and packets that the firewall blocked make it none.
        v4: shortest IPv4 prefix that is not too wide to judge; also the block of one owner in
            which a user's login speaks against a ban of any part.
        v6: the same for IPv6.
        quiet_hours: time at the end of the log without a connection that speaks for a rule.
    """

    attack_weight: float = 3.0
    knocks: int = 5
    attackers: int = 2
    v4: int = 24
    v6: int = 48
    quiet_hours: int = 24


BOUNDS: Final = Bounds()


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason to suggest something: when it applies, what it suggests, and why in words."""

    applies: pl.Expr
    suggestion: str
    why: pl.Expr


_BITS: Final = pl.col("network").str.extract(r"/(\d+)$").cast(pl.Int64)
_IPV6: Final = pl.col("network").str.contains(":", literal=True)
IS_ONE: Final = pl.when(_IPV6).then(_BITS >= 64).otherwise(_BITS == 32)
IS_WIDE: Final = pl.when(_IPV6).then(BOUNDS.v6 > _BITS).otherwise(BOUNDS.v4 > _BITS)
_KNOCKS: Final = pl.sum_horizontal("tries", "relays")
# A thief's second machine: somebody got in from there, and nothing of it was ever an attack.
IS_UNSEEN: Final = pl.col("deed").is_not_null() & (pl.col("attacks") == 0)
_IS_LITTLE: Final = (pl.col("weight_inside") < BOUNDS.attack_weight) | (BOUNDS.knocks > _KNOCKS)
_CONTACT: Final = pl.col("last_contact").dt.strftime("%Y-%m-%d %H:%M")
# When the rule was set, neither the rules nor the log tell; what came after the last connection
# does: packets that the firewall turned away, or a day of log without one.
_SINCE: Final = (
    pl.when(pl.col("last_contact").is_null())
    .then(pl.lit(""))
    .when(pl.col("last_blocked") > pl.col("last_contact"))
    .then(pl.format("; after its last connection, on {} UTC, packets of it were blocked", _CONTACT))
    .when(pl.col("log_end") - pl.col("last_contact") >= pl.duration(hours=BOUNDS.quiet_hours))
    .then(pl.format("; its last connection was on {} UTC, and the log goes on without", _CONTACT))
    .otherwise(
        pl.format(
            "; yet it still connected on {} UTC, near the end of the log. Was the rule set after "
            "that, or does something bypass ufw? Check the ban with later logs",
            _CONTACT,
        )
    )
)

RULES: Final = (
    Rule(
        pl.col("protected") != "",
        "reject",
        pl.format("Must never be banned: {}", "protected"),
    ),
    Rule(
        pl.col("covered") != "",
        "reject",
        pl.format("Nothing to add, the firewall keeps it out: {}{}", "covered", _SINCE),
    ),
    Rule(
        pl.col("deed").is_not_null() & ((pl.col("suspects") == 0) | IS_UNSEEN),
        "look",
        pl.format(
            "Somebody got in from {}. Change that password before you ban",
            "deed",
        ),
    ),
    Rule(
        pl.col("suspects") > 0,
        "look",
        pl.format("Perhaps a break-in from {}. Change that password before you ban", "note"),
    ),
    Rule(
        (pl.col("stale") > 0) & (pl.col("hostile") == 0),
        "reject",
        pl.format("No attacker but a user's device: {}. Tell the user", "note"),
    ),
    Rule(
        (pl.col("users") > 0) & (pl.col("hostile") == 0),
        "reject",
        pl.lit("Only addresses from which a user also logs in failed: a mistyped password"),
    ),
    Rule(
        pl.col("users") > 0,
        "look",
        pl.lit("A user logs in from here: ban the attacking addresses alone, or nothing"),
    ),
    Rule(
        (pl.col("peers") > 0) | (pl.col("legit_inside") > 0),
        "look",
        pl.lit("Mail from here was accepted: is it wanted mail"),
    ),
    Rule(
        pl.col("neighbour").is_not_null(),
        "look",
        pl.format(
            "A user logs in from {}, in the same block: ban the attacking addresses alone, or "
            "nothing",
            "neighbour",
        ),
    ),
    Rule(pl.col("hint").is_not_null(), "look", pl.col("hint")),
    Rule(
        IS_WIDE,
        "look",
        pl.lit("Wider than one owner's network usually is: many strangers live there"),
    ),
    Rule(
        (_KNOCKS == 0) & (pl.col("blocked") == pl.col("attacks")),
        "look",
        pl.lit("The firewall dropped all of it already, so for mail a ban changes nothing"),
    ),
    Rule(
        _KNOCKS == 0,
        "look",
        pl.lit("No login and no relay was tried: it collects addresses, or it is a clumsy sender"),
    ),
    Rule(
        ~IS_ONE & (pl.col("knocking") < BOUNDS.attackers),
        "look",
        pl.format("Only {} attacked the mail server: a ban of that address alone would do", "one"),
    ),
    Rule(
        _IS_LITTLE & pl.col("hand").is_not_null(),
        "look",
        pl.format(
            "Few tries of its own, but {}: watch their accounts, a ban of one changes little",
            "hand",
        ),
    ),
    Rule(
        _IS_LITTLE,
        "look",
        pl.lit("Few tries, or long ago: too little to go on"),
    ),
    Rule(
        pl.lit(value=True),
        "approve",
        pl.lit("Attacks, and no sign of proper use"),
    ),
)


def judged(table: pl.DataFrame) -> pl.DataFrame:
    """Return the facts of each network with `suggestion` and `why`."""
    return table.with_columns(
        suggestion=pl.coalesce(
            *(pl.when(rule.applies).then(pl.lit(rule.suggestion)) for rule in RULES)
        ),
        why=pl.coalesce(*(pl.when(rule.applies).then(rule.why) for rule in RULES)),
    )
