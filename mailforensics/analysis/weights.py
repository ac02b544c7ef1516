"""What an event is worth for and against its source: every constant, and the two sums.

    attack weight  a = Σ_events w · 2^(-(T - t) / 14 d),  soft cap 200 · ln(1 + a / 200)
    legit weight   g = 20 · (days with a login) + 5 · (accepted messages, at most 5 a day)
                       + 1 · (completed sessions of use),  each halved every 90 days

T is the end of the log. The cap keeps one noisy address from outweighing a whole network, and
the slow decay of proper use protects the user who was on holiday.
"""

from dataclasses import dataclass
from typing import Final

import polars as pl

from mailforensics.analysis.bridge import days

_GRAIN: Final = 2.0**32


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each kind of event counts; change one with `dataclasses.replace`.

    Attributes:
        auth_failed: a login that was refused.
        relay_refused: an attempt to send mail to others through this server.
        unknown_recipient: mail for a mailbox that does not exist; address lists contain some.
        bad_protocol: pregreet, pipelining, a command that is not SMTP.
        blocked_mail_port: a packet to a mail port that ufw blocked; ufw logs only a sample.
        blocked_other_port: a packet to any other port that ufw blocked.
        half_life_days: days after which an attack event counts half.
        soft_cap: events beyond which more attack from one address adds little.
        login_day: a day with a login that worked and looks like its owner's.
        accepted_message: a message that was given a queue id.
        accepted_per_day: messages of one day that count; more is a newsletter or a spammer.
        completed_session: a session of proper use, seen from connect to disconnect.
        legit_half_life_days: days after which proper use counts half.
        mail_ports: ports of a mail server: SMTP, submission, POP, IMAP, sieve.
    """

    auth_failed: float = 1.0
    relay_refused: float = 1.0
    unknown_recipient: float = 0.3
    bad_protocol: float = 0.3
    blocked_mail_port: float = 0.2
    blocked_other_port: float = 0.05
    half_life_days: float = 14.0
    soft_cap: float = 200.0
    login_day: float = 20.0
    accepted_message: float = 5.0
    accepted_per_day: int = 5
    completed_session: float = 1.0
    legit_half_life_days: float = 90.0
    mail_ports: tuple[int, ...] = (25, 110, 143, 465, 587, 993, 995, 4190)


DEFAULT_WEIGHTS: Final = Weights()


def attack_points(weights: Weights) -> pl.Expr:
    """Return what each row of counted mail events is worth, before decay."""
    return (
        weights.auth_failed * pl.col("failures")
        + weights.relay_refused * pl.col("relays")
        + weights.unknown_recipient * pl.col("strangers")
        + weights.bad_protocol * pl.col("bad")
    )


def blocked_points(weights: Weights) -> pl.Expr:
    """Return what each blocked packet is worth, before decay."""
    at_mail = pl.col("dest_port").is_in(weights.mail_ports).fill_null(value=False)
    point = pl.when(at_mail).then(weights.blocked_mail_port).otherwise(weights.blocked_other_port)
    return point * pl.col("repeat")


def decay(*, end: pl.Expr, half_life_days: float) -> pl.Expr:
    """Return the factor 2^(-(end - time) / half-life); a row without a time counts in full."""
    age = days(end - pl.col("time"))
    return (age.fill_null(0.0).clip(0.0) * (-0.6931471805599453 / half_life_days)).exp()


def exact_sum(values: pl.Expr) -> pl.Expr:
    """Return a sum that is the same to the last bit in whatever order the rows are added.

    Added as whole numbers of 2^-32: floats added by several cores, or in parts on several
    machines, differ in their last digits from run to run.
    """
    return (values * _GRAIN).round().cast(pl.Int64).sum() / _GRAIN


def capped(total: pl.Expr, weights: Weights) -> pl.Expr:
    """Return the soft cap of an attack sum, 200 · ln(1 + a / 200), in whole 2^-32.

    The last digit of a logarithm depends on how many are taken at once.
    """
    value = weights.soft_cap * (total / weights.soft_cap).log1p()
    return (value * _GRAIN).round() / _GRAIN


def legit_weights(uses: pl.DataFrame, *, end: pl.Expr, weights: Weights) -> pl.DataFrame:
    """Return `legit_weight` for each source.

    Args:
        uses: rows of proper use: `source_ip`, `time`, `logins`, `mails`, `completed` (sessions).
        end: the end of the log.
        weights: what each kind of use counts.
    """
    fade = decay(end=end, half_life_days=weights.legit_half_life_days)
    daily = (
        uses.with_columns(day=pl.col("time").dt.truncate("1d"), fade=fade)
        .group_by("source_ip", "day")
        .agg(
            login=((pl.col("logins") > 0) * pl.col("fade")).max(),
            mails=pl.col("mails").sum().clip(0, weights.accepted_per_day),
            mail_fade=((pl.col("mails") > 0) * pl.col("fade")).max(),
            completed=exact_sum(pl.col("completed") * pl.col("fade")),
        )
    )
    worth = (
        weights.login_day * pl.col("login")
        + weights.accepted_message * pl.col("mails") * pl.col("mail_fade")
        + weights.completed_session * pl.col("completed")
    )
    return daily.group_by("source_ip").agg(legit_weight=exact_sum(worth))
