"""Who speaks of a session, and Dovecot's own name of it, where no stranger can put another."""

from typing import Final

import polars as pl

# Who talks to SMTP clients, and who checks passwords.
SMTP: Final = ("smtpd", "postscreen")
BACK: Final = ("auth", "auth-worker")
# It stands at the end of a login line, after the peer in an auth line (`info,198.18.4.77,<…>):`,
# in Dovecot 2.4 `info,198.18.4.77)<…>:`), and after the process id in a line of a mail process.
# A user name, which may hold the like, comes before it in the first two, or at the very end.
_AT_END: Final = r"session=<([A-Za-z0-9+/=_-]+)>[^<>]*$"
_INSIDE: Final = r"[,)>]<([A-Za-z0-9+/=_-]{8,})>\)?:"
_REFUSED_NAME: Final = r" \(username: .*$"


def session_name() -> pl.Expr:
    """Return the session that a line of Dovecot names, null where it names none."""
    service, message = pl.col("service"), pl.col("message")
    last, inside = message.str.extract(_AT_END), message.str.extract(_INSIDE)
    after_peer = message.str.replace(_REFUSED_NAME, "").str.extract(f"^.*{_INSIDE}")
    return (
        pl.when(service.str.ends_with("-login"))
        .then(pl.coalesce(last, inside))
        .when(service.is_in(BACK))
        .then(after_peer)
        .when(~service.is_in(SMTP))
        .then(pl.coalesce(inside, last))
    )


def session_names(lines: pl.DataFrame) -> pl.Series:
    """Return the session that each line names; few lines have words to read, most get null."""
    speaks = pl.col("message").is_not_null() & ~pl.col("service").is_in(SMTP)
    named = lines.select("service", "message", speaks=speaks.fill_null(value=False))
    places = named.select(pl.when("speaks").then(pl.col("speaks").cum_sum() - 1)).to_series()
    names = named.filter("speaks").select(session_name()).to_series()
    return names.gather(places)
