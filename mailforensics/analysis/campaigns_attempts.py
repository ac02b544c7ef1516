"""Login attempts as the search for campaigns needs them: who, when, which name, in which manner."""

import polars as pl

from mailforensics.analysis.bridge import seconds


def login_attempts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return one row a refused login, oldest first; folded lines stay one row with their count.

    Columns: `order` (of time), `time`, `seconds` (since the first attempt), `source_ip`, `name`
    (lower case; null where the log has none), `manner` (what a client of another make would do
    differently: daemon, mechanism, shape of the name, counters at the end), `tries`, and
    `file, file_rank, line`.

    Args:
        rows: counted rows, as `joined` gives them.
    """
    tries = rows.filter((pl.col("failures") > 0) & pl.col("source_ip").is_not_null())
    return attempts_of(with_endings(tries, rows))


def with_endings(tries: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with how their session ended (`ending`, `cut`), of which `rows` holds all."""
    return tries.join(_endings(rows), on="session", how="left", maintain_order="left")


def attempts_of(tries: pl.DataFrame) -> pl.DataFrame:
    """Return refused logins as `login_attempts` does.

    Args:
        tries: counted rows that failed, with a peer and their endings.
    """
    name = pl.col("username").str.to_lowercase()
    since = seconds(pl.col("time") - pl.col("time").min())
    return (
        tries.filter(pl.col("time").is_not_null())
        .with_columns(name=pl.when(name.str.strip_chars() != "").then(name), seconds=since)
        .with_columns(manner=_manner(), tries=pl.col("failures"))
        .select(
            *("order", "time", "seconds", "source_ip", "name", "manner", "tries"),
            *("file", "file_rank", "line"),
        )
        .sort("order")
    )


def _endings(rows: pl.DataFrame) -> pl.DataFrame:
    """Return how each session ended: the counters of its disconnect, and whether it was cut off."""
    cut = pl.col("event").is_in(["lost_connection", "timeout", "too_many_errors"])
    counters = [
        pl.col(name).filter(pl.col("event") == "disconnect").last().cast(pl.String).fill_null("-")
        for name in ("auth_tried", "commands_ok", "commands_tried")
    ]
    return (
        rows.filter(pl.col("session").is_not_null())
        .group_by("session")
        .agg(
            ending=pl.concat_str(counters, separator="/").replace("-/-/-", "?"),
            cut=pl.col("event").filter(cut).last().fill_null("closed"),
        )
    )


def _manner() -> pl.Expr:
    name = pl.col("name")
    shape = (
        pl.when(name.is_null())
        .then(pl.lit("no name"))
        .when(name.str.contains("@", literal=True))
        .then(pl.lit("name with domain"))
        .otherwise(pl.lit("bare name"))
    )
    parts = [
        pl.col("program").fill_null("?"),
        pl.col("sasl_method").fill_null("?"),
        shape,
        pl.col("ending").fill_null("?"),
        pl.col("cut").fill_null("?"),
    ]
    return pl.concat_str(parts, separator=", ")
