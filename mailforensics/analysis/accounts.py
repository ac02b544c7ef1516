"""Which names are one account: on one server, and on several.

On one server `Anna` and `anna@example.org` are the same mailbox, as on most small servers. Where
they are not, the mistake is made in favour of the user. Of several servers, `info` is a mailbox
on each of them, while `info@example.org` is the same on all.
"""

from typing import Final

import polars as pl

_HOST: Final = pl.col("host").fill_null("")
_NAMES: Final = ["host", "username"]


def account_key(name: str = "username") -> pl.Expr:
    """Return what makes two names one account on one server: lower case, without the domain."""
    return pl.col(name).str.to_lowercase().str.extract(r"^([^@]*)")


def are_apart(tries: pl.DataFrame) -> bool:
    """Say whether several servers tell of logins, so that an account is one of a server."""
    return tries["host"].drop_nulls().n_unique() > 1


def with_accounts(rows: pl.DataFrame, *, logins: pl.DataFrame, apart: bool) -> pl.DataFrame:
    """Return rows with the `account` that their `username` means on their `host`.

    Where several servers tell of logins, a name with a domain is an account of its own wherever it
    is tried, if a login of it ever worked. Any other name is one of its server (`info on mx1`);
    it is that of a name with a domain if such a login worked there.

    Args:
        rows: rows with `host` and `username`.
        logins: rows of the logins that worked, with the same.
        apart: whether several servers tell of logins.
    """
    if not apart:
        return rows.with_columns(account=account_key())
    names = _known(rows.select(_NAMES).unique(), logins.select(_NAMES).unique())
    keys = [*_NAMES, "account"]
    return rows.join(
        names.select(keys), on=_NAMES, how="left", nulls_equal=True, maintain_order="left"
    )


def _known(names: pl.DataFrame, worked: pl.DataFrame) -> pl.DataFrame:
    """Return names with their accounts."""
    worked = _parts(worked.drop_nulls("username"))
    full = worked.filter("full")
    here = full.group_by("server", "local").agg(of_domain=pl.col("name").min())
    used = worked.select("server", "local", used=pl.lit(value=True)).unique()
    table = _parts(names).join(here, on=["server", "local"], how="left")
    table = table.join(used, on=["server", "local"], how="left")
    on_server = pl.format("{} on {}", "local", "server")
    local = pl.when(pl.col("server") == "").then("local").otherwise(on_server)
    mine = pl.coalesce("of_domain", local)
    is_own = pl.col("full") & (
        pl.col("name").is_in(full["name"].unique().implode()) | pl.col("used").is_null()
    )
    return table.with_columns(account=pl.when(is_own).then("name").otherwise(mine))


def _parts(names: pl.DataFrame) -> pl.DataFrame:
    name = pl.col("username").str.to_lowercase()
    return names.with_columns(
        server=_HOST, name=name, local=account_key(), full=name.str.contains("@", literal=True)
    )
