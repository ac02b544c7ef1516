"""Heads of logs that programs write by themselves, without syslog: no host, no usual tag.

    2026/09/04 10:00:00 [info] 123#456: *1 client logged in, client: …        nginx
    2026-09-04 10:00:00 #123(rspamd_proxy) <a1b2c3>; task; rspamd_task_…      rspamd
    Sep 04 10:00:00 imap-login: Info: Login: user=<anna>, …                   Dovecot

Source: ngx_log_error_core of nginx; rspamd's logger_file.c; Dovecot's failures.c.
"""

from typing import Final

import polars as pl

# nginx writes its level and `pid#thread` where syslog has the host and the tag.
_NGINX_TAG: Final = r"^\[[a-z]+\] ([0-9]{1,18})#[0-9]+$"
_RSPAMD: Final = r"^(?:\[[a-z]+\] )?#[0-9]+\([a-z0-9_]+\) <"
_PID: Final = r"^(?:\[[a-z]+\] )?#([0-9]{1,18})\("
# Dovecot has a level after the process, whatever names stand in brackets between:
# auth(anna,192.0.2.1,sasl:plain)<a/b>: Info: …
_DOVECOT: Final = (
    r"^[A-Za-z][A-Za-z0-9-]*(?:\(.*?\))?(?:<[^<>]*>)*: "
    r"(?:Debug|Info|Warning|Error|Fatal|Panic): "
)


def name_nginx(tags: pl.DataFrame, heads: pl.Series) -> pl.DataFrame:
    """Give the tags (`host`, `program`, `pid`) that nginx wrote its name.

    Args:
        tags: what was made of each head.
        heads: what stands between stamp and colon.
    """
    pid = heads.str.extract(_NGINX_TAG).alias("found")
    if not pid.is_not_null().any():
        return tags
    own = pl.col("found").is_not_null()
    return (
        tags.hstack([pid])
        .with_columns(
            host=pl.when(~own).then("host"),
            program=pl.when(own).then(pl.lit("nginx")).otherwise("program"),
            pid=pl.coalesce("found", "pid"),
        )
        .drop("found")
    )


def name_own(heads: pl.DataFrame) -> pl.DataFrame:
    """Name the program of lines that Dovecot and rspamd wrote by themselves.

    Args:
        heads: `clock`, `host`, `program`, `pid`, `message`, and `rest`, what follows the stamp.
    """
    own = heads["clock"].is_not_null() & heads["host"].is_null()
    if not own.any():
        return heads
    untagged = heads["program"].is_null()
    heads = _name(heads, "rspamd", _RSPAMD, own & untagged)
    return _name(heads, "dovecot", _DOVECOT, own & (untagged | (heads["program"] != "kernel")))


def _name(heads: pl.DataFrame, program: str, expression: str, rows: pl.Series) -> pl.DataFrame:
    """Name the program of those rows (a mask) that match."""
    places = rows.arg_true()
    texts = heads["rest"].gather(places)
    hit = texts.str.contains(expression)
    if not hit.any():
        return heads
    places, texts = places.filter(hit), texts.filter(hit)
    pid = texts.str.extract(_PID).cast(pl.Int64, strict=False)
    return heads.with_columns(
        heads["program"].scatter(places, pl.repeat(program, len(places), eager=True)),
        heads["pid"].scatter(places, pid),
        heads["message"].scatter(places, texts),
    )
