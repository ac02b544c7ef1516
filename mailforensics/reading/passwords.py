r"""Mask passwords that a log holds in clear, wherever its text leaves the table of events.

Dovecot writes given passwords with `auth_verbose_passwords` and `auth_debug_passwords`, a data
base query may carry one, and a client that speaks out of turn has its whole `AUTH PLAIN …` logged.
`message` keeps the line as read, for it is evidence; `reason`, tables on paper or screen, figures
and exports show `***`. What somebody typed in place of a user name cannot be known.

Source: auth-request.c, auth-client-connection.c, db-sql of Dovecot 2.3.19 and 2.4.1; smtpd.c and
postscreen_smtpd.c of Postfix 3.10.
"""

import re
from typing import Final

import polars as pl

MASK: Final = "***"
# Only these kinds of lines can hold a password: their reason quotes what a client sent.
CLIENTS_WORDS: Final = ("pregreet", "pipelining", "bad_command", "server")
# … and those of the services that are given passwords.
CHECKERS: Final = ("auth", "auth-worker")
# One of these stands in every text that holds a password, but for lines of `smtpd -v`.
_SIGNS: Final = (") != '", "assw", "ASSW", "pass=", "resp=", "CONT")
_CLIENT_SIGNS: Final = ("AUTH ", "AUTH\t", "auth ", "Auth ", "< ")
# What stays before the password, the password, what stays after it.
_EXPRESSIONS: Final = (
    # Password mismatch (given password: hunter2)
    r"(?s)(given password: ).*?(\)?(?: - trying the next (?:passdb|userdb))?)$",
    # PLAIN(hunter2) != 'secret'
    r"(?s)(\b[A-Z][A-Z0-9.-]*\().*(?:\) != '.*)($)",
    # Generating LANMAN from user 'b', password 'p'
    r"(?s)(, password ').*(')$",
    # client passdb out: OK 1 user=bob pass=hunter2; <hidden> is Dovecot's own mask.
    r"(?s)((?:\t| |#011)(?:pass|password|resp)=)(?:[^<]|<[^h]).*?(\t|#011|$)",
    # client in: CONT 1 AGJvYgBodW50ZXIy
    r"(?s)(client in: CONT(?:\t| |#011)[0-9]+(?:\t| |#011)).+($)",
    # query: SELECT 1 FROM users WHERE name = 'bob' AND password = 'hunter2'
    r"(?is)(query: .*?passw[a-z]*[`\"]? *(?:=|like) *).+($)",
    # AUTH PLAIN AGJvYgBodW50ZXIy, and what was sent after AUTH LOGIN
    r"(?is)(\bAUTH[ \t]+(?:PLAIN|LOGIN|XOAUTH2|OAUTHBEARER|CRAM-MD5|NTLM)"
    r"(?:[ \t]|\\r|\\n|#015|#012)+)[a-z0-9+/=*]{4,}.*($)",
    # < unknown[198.18.4.77]: AGJvYgBodW50ZXIy, as smtpd -v logs what it reads
    r"(^< \S+\[[^\]\s]*\](?::[0-9]+)?: )[A-Za-z0-9+/]*[a-z0-9+/=][A-Za-z0-9+/=]{7,}($)",
)
_ALL_SIGNS: Final = (*_SIGNS, *_CLIENT_SIGNS)
_RULES: Final = tuple(re.compile(expression) for expression in _EXPRESSIONS)


def mask_passwords(text: str) -> str:
    """Return a text of a log with `***` in place of each password that it is known to hold."""
    if not is_suspect(text):
        return text
    for rule in _RULES:
        text = rule.sub(rf"\g<1>{MASK}\g<2>", text)
    return text


def is_suspect(text: str) -> bool:
    """Say whether a text has a word beside which passwords stand; without one it holds none."""
    return any(sign in text for sign in _ALL_SIGNS)


def masked(texts: pl.Series) -> pl.Series:
    """Return a column of texts with its passwords masked."""
    rows = _suspects(texts)
    if not len(rows):
        return texts
    clean = texts.gather(rows)
    for expression in _EXPRESSIONS:
        clean = clean.str.replace_all(expression, f"${{1}}{MASK}${{2}}")
    return texts.clone().scatter(rows, clean)


def leaks(texts: pl.Series) -> pl.Series:
    """Say for each text whether it holds a password in clear."""
    rows = _suspects(texts)
    found = pl.repeat(value=False, n=len(texts), eager=True)
    suspects = texts.gather(rows)
    held = pl.select(pl.any_horizontal(suspects.str.contains(rule) for rule in _EXPRESSIONS))
    return found.scatter(rows, held.to_series())


def _suspects(texts: pl.Series) -> pl.Series:
    return texts.str.contains_any(list(_ALL_SIGNS)).fill_null(value=False).arg_true()
