"""Count each login attempt once, although the log may tell of it three times or more.

A refused login leaves up to three lines (the SASL warning, `lost connection after AUTH`, and
`disconnect … auth=0/1`), and more in the words of the auth service, which may ask several data
bases. The line of the daemon that talked to the client counts. The disconnect counters count what
no line told of. The auth service counts where nothing else spoke, or where it alone knows the user
name; of its data bases and workers, the one that refused a name most often speaks for that name.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

# What smtpd says to a client that wants to send mail through a server that is not its own.
# Source: Postfix smtpd_check.c, `Relay access denied`; the others are common policy texts.
_RELAY: Final = r"(?i)relay access denied|relaying denied|not permitted to relay|unable to relay"
# Source: Postfix smtpd_check.c, `User unknown in local recipient table`, `… virtual mailbox table`.
_STRANGER: Final = r"(?i)user unknown|unknown user|no such user|mailbox unavailable"
_BAD_PROTOCOL: Final = ("pregreet", "pipelining", "bad_command")

Numbers = npt.NDArray[np.int64]
# A place after every row: no row of the session tells of a login.
_NEVER: Final = np.iinfo(np.int64).max
_SUMMED: Final = {
    "_front": "_fronts",
    "_back": "_backs",
    "_missed": "_misses",
    "_left": "_summaries",
    "_counted_ok": "_counted_oks",
    "_front_ok": "_front_oks",
    "_back_ok": "_back_oks",
}

# Which lines can tell of a login, beside messages taken for a user; and what is looked at of them.
_TELLING: Final = ("auth_failed", "auth_ok", "disconnect")
_TOLD_BY: Final = [
    *("session", "order", "event", "service", "role", "repeat", "username", "message"),
    *("auth_tried", "auth_ok", "commands_tried"),
]
_EVENT: Final = pl.col("event")
_FRONT: Final = pl.col("role") == "front"
# `passwd-file(info,…): …`, of Dovecot 2.4 `auth(info,…)<…>: passwd-file: …`: who refused.
_CHECKERS: Final = (
    r"\)(?:<[^<>]*>)+: (?:request \[[0-9]+\]: )?([a-z][a-z0-9_-]*): ",
    r"(?:^|: )([a-z][a-z0-9_-]*)\([^:]*,",
)
_VOICE: Final = ("session", "username", "service", "checker")
_NAMED: Final = pl.col("username").is_not_null()

# Of counted rows: a login was refused, one worked, and somebody logged in or handed in a message.
FAILED: Final = pl.col("failures") > 0
WORKED: Final = pl.col("logins") > 0
USED: Final = WORKED | (pl.col("mails") > 0)


def count_once(stitched: pl.DataFrame) -> pl.DataFrame:
    """Return stitched events with counts that never tell of one thing twice.

    Adds, for each row: `failures` and `logins` (attempts that failed, that worked), `unexplained`
    (the logins that only the disconnect counters tell of), `relays` and `rejects` (commands
    refused: of a relay attempt, of all kinds), `strangers` (recipients that do not exist), `bad`
    (broken protocol) and `mails` (messages given a queue id). Sums over rows are true counts.
    """
    return stitched.with_columns(*_tries(stitched), *_other_counts(), *_refused(stitched))


def _tries(rows: pl.DataFrame) -> list[pl.Series]:
    """Return for each row the attempts that failed and that worked, of those that tell of any."""
    tells = _EVENT.is_in(_TELLING) | ((_EVENT == "accepted") & _NAMED)
    places = rows.select(tells.fill_null(value=False).arg_true()).to_series()
    telling = rows.select(_TOLD_BY)[places].with_columns(*_told()).pipe(_one_voice)
    telling = telling.with_columns(*_totals(telling, length=len(rows)))
    counts = telling.select(failures=_failures(), logins=_logins(), unexplained=_unexplained())
    counts = counts.with_columns(pl.col("logins") + pl.col("unexplained"))
    return _at(places, counts, length=len(rows))


def _at(places: pl.Series, counts: pl.DataFrame, *, length: int) -> list[pl.Series]:
    """Return whole columns with the counts at their places, and zero elsewhere."""
    nothing = pl.zeros(length, dtype=pl.Int64, eager=True)
    return [nothing.clone().scatter(places, count).alias(count.name) for count in counts]


def _told() -> list[pl.Expr]:
    """Return what each row by itself tells of logins."""
    failed, worked, repeat = _EVENT == "auth_failed", _EVENT == "auth_ok", pl.col("repeat")
    smtpd, back = pl.col("service") == "smtpd", pl.col("role") == "back"
    missed = (pl.col("auth_tried") - pl.col("auth_ok").fill_null(0)).fill_null(0)
    counted = (pl.col("auth_tried") > 0).fill_null(value=False) | (pl.col("auth_ok") > 0)
    leaves = _FRONT & (_EVENT == "disconnect")
    counter = leaves & counted
    claims = smtpd & (worked | ((_EVENT == "accepted") & _NAMED))
    return [
        _count(failed & _FRONT, repeat * missed.clip(1)).alias("_front"),
        _count(failed & back, repeat).alias("_back"),
        _count(counter, missed.clip(0)).alias("_missed"),
        _count(leaves & pl.col("commands_tried").is_not_null(), pl.lit(1)).alias("_left"),
        _count(counter, pl.col("auth_ok").fill_null(0)).alias("_counted_ok"),
        _count(worked & _FRONT & ~smtpd, repeat).alias("_front_ok"),
        _count(worked & back, repeat).alias("_back_ok"),
        pl.when(claims).then("order").alias("_claim"),
    ]


def _count(where: pl.Expr, value: pl.Expr) -> pl.Expr:
    return pl.when(where).then(value).otherwise(0).cast(pl.Int64)


def _one_voice(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows, with `_back` only where the line speaks for its name in its session."""
    backs = rows.with_row_index("place").filter(
        (pl.col("_back") > 0) & pl.col("session").is_not_null()
    )
    if backs.is_empty():
        return rows
    words = pl.col("message")
    checker = pl.coalesce(*(words.str.extract(expression) for expression in _CHECKERS))
    said = backs.with_columns(
        username=pl.col("username").fill_null(""), checker=checker.fill_null("")
    ).select("place", "_back", *_VOICE)
    said = said.with_columns(total=pl.col("_back").sum().over(_VOICE))
    loudest = said.sort("total", "place", descending=[True, False]).unique(
        ["session", "username"], keep="first", maintain_order=True
    )
    others = said.join(loudest, on=_VOICE, how="anti")
    return rows.with_columns(rows["_back"].scatter(others["place"], 0))


def _totals(rows: pl.DataFrame, *, length: int) -> list[pl.Series]:
    """Return for each row what its whole session tells of logins, zero outside of sessions.

    A session's number is the place of its first row among all, `length` of them, so that plain
    arrays hold the sums: many times faster than grouping.
    """
    places = rows["session"].fill_null(length).to_numpy()
    names = rows.select(
        _unnamed=((pl.col("_front") > 0) & ~_NAMED).cast(pl.Int64),
        _named=((pl.col("_back") > 0) & _NAMED).cast(pl.Int64),
    )
    told = {**{name: rows[name] for name in _SUMMED}, **names.to_dict()}
    sums = {name: _summed(column, places, length) for name, column in told.items()}
    mixed = (sums.pop("_unnamed") > 0) & (sums.pop("_named") > 0)
    first = np.full(length + 1, _NEVER)
    claims = rows.select("_claim", "session").drop_nulls()
    np.minimum.at(first, claims["session"].to_numpy(), claims["_claim"].to_numpy())
    return [
        *(pl.Series(_SUMMED[name], sums[name]) for name in sums),
        pl.Series("_first_claim", first[places]),
        pl.Series("_names_behind", mixed),
    ]


def _summed(column: pl.Series, places: Numbers, length: int) -> Numbers:
    """Return for each row the sum of a column over its session, zero outside of sessions."""
    values = column.to_numpy()
    if not values.any():
        return np.zeros(len(places), dtype=np.int64)
    total = np.bincount(places, weights=values, minlength=length + 1)
    total[length:] = 0
    return total[places].astype(np.int64)


def _failures() -> pl.Expr:
    """Return the failed attempts of a row: one kind of line speaks for a whole session."""
    silent = (pl.col("_fronts") == 0) & (pl.col("_misses") > 0)
    same = pl.col("_backs") == pl.max_horizontal("_fronts", "_misses")
    better = same & (pl.col("_names_behind") | silent)
    return (
        pl.when(pl.col("session").is_null())
        .then(_count(_EVENT == "auth_failed", pl.col("repeat")))
        .when((pl.col("_fronts") > 0) & ~better)
        .then("_front")
        .when((pl.col("_misses") > 0) & ~better)
        .then("_missed")
        .when((pl.col("_summaries") == 0) | better)  # counters without a failure: there was none
        .then("_back")
        .otherwise(0)
        .fill_null(0)
    )


def _explained() -> pl.Expr:
    """Return the logins of a session that a line of the front daemon tells of."""
    return (pl.col("_first_claim") < _NEVER).cast(pl.Int64) + pl.col("_front_oks")


def _logins() -> pl.Expr:
    """Return the logins that a row tells of; an SMTP session has one, however many messages."""
    claim = (pl.col("_claim") == pl.col("_first_claim")).fill_null(value=False).cast(pl.Int64)
    return (
        pl.when(pl.col("session").is_null())
        .then(_count(_EVENT == "auth_ok", pl.col("repeat")))
        .when(_explained() > 0)
        .then(claim + pl.col("_front_ok"))
        .otherwise("_back_ok")
    )


def _unexplained() -> pl.Expr:
    explained = pl.when(_explained() > 0).then(_explained()).otherwise("_back_oks")
    return (pl.col("_counted_ok") - explained.fill_null(0)).clip(0)


def _other_counts() -> list[pl.Expr]:
    repeat = pl.col("repeat")
    return [
        _count(_EVENT == "reject", repeat).alias("rejects"),
        _count(_EVENT.is_in(_BAD_PROTOCOL), repeat).alias("bad"),
        _count((_EVENT == "accepted") & _FRONT, repeat).alias("mails"),
    ]


def _refused(rows: pl.DataFrame) -> list[pl.Series]:
    """Return for each row the relays and the strangers it refused; few rows have words to read."""
    places = rows.select((_EVENT == "reject").fill_null(value=False).arg_true()).to_series()
    # The server's own words come after the address it refused, which may hold any words.
    words = pl.coalesce("reason", "message").str.replace("^<.*>: ", "")
    counts = rows.select("reason", "message", "repeat")[places].select(
        relays=_count(words.str.contains(_RELAY), pl.col("repeat")),
        strangers=_count(words.str.contains(_STRANGER), pl.col("repeat")),
    )
    return _at(places, counts, length=len(rows))
