"""Where the attack events of each network stand, from what its sources say of theirs."""

from pathlib import PurePath
from typing import Final

import polars as pl

from mailforensics.analysis.bridge import EVIDENCE_ITEMS
from mailforensics.reading.evidence_names import rotation_key

_MORE: Final = r" and (\d+) more$"
_PLACE: Final = r"^(.*):(\d+)(?:-(\d+))?$"


def evidence(inside: pl.DataFrame) -> pl.DataFrame:
    """Return for each network the places of its attack events: `mail.log:12-18; mail.log:40`.

    A line of each attacker is among them before a second one of any. They stand in order of file
    (rotated ones from old to new) and line, neighbouring lines joined into one range.
    """
    known = inside.filter(pl.col("evidence").fill_null("") != "")
    more = pl.col("evidence").str.extract(_MORE).cast(pl.Int64).fill_null(0)
    listed = known.select(
        *("network", "source_ip", "attack_weight"),
        more=more,
        place=pl.col("evidence").str.replace(_MORE, "").str.split("; "),
    )
    hidden = listed.group_by("network").agg(more=pl.col("more").sum())
    return (
        _shown(_ranges(listed))
        .group_by("network", maintain_order=True)
        .agg(place=_text().str.join("; "), items=pl.col("items").first())
        .join(hidden, on="network")
        .select("network", evidence=pl.col("place") + _and_more())
    )


def _ranges(listed: pl.DataFrame) -> pl.DataFrame:
    """Return the ranges of lines of each network in order, with how soon each is to be shown."""
    parts = pl.col("place").str.extract_groups(_PLACE).struct
    first, last = parts.field("2").cast(pl.Int64), parts.field("3").cast(pl.Int64)
    single = (
        listed.explode("place")
        .with_columns(turn=pl.col("place").cum_count().over("source_ip", "network"))
        .with_columns(file=parts.field("1"), first=first, last=pl.coalesce(last, first))
    )
    single = single.with_columns(_age(single["file"])).sort(
        ["network", "age", "first", "place"], nulls_last=True
    )
    reached = pl.col("last").cum_max().shift(1).over("network", "file")
    begins = (pl.col("first") > reached + 1).fill_null(value=True)
    return (
        single.with_columns(range=begins.cum_sum())
        .group_by("network", "range", maintain_order=True)
        .agg(
            pl.col("place", "file", "first").first(),
            pl.col("last", "attack_weight").max(),
            turn=pl.col("turn").min(),
        )
    )


def _age(files: pl.Series) -> pl.Series:
    """Return the place of each file among all, those of one log from old to new."""
    names = sorted(files.drop_nulls().unique(), key=lambda name: rotation_key(PurePath(name)))
    return files.cast(pl.Enum(names)).to_physical().alias("age")


def _shown(ranges: pl.DataFrame) -> pl.DataFrame:
    """Return the ranges to show, in their order, with how many there are (`items`)."""
    return (
        ranges.with_columns(items=pl.len().over("network").cast(pl.Int64))
        .sort(["turn", "attack_weight", "range"], descending=[False, True, False])
        .group_by("network", maintain_order=True)
        .head(EVIDENCE_ITEMS)
        .sort("network", "range")
    )


def _text() -> pl.Expr:
    span = pl.format("{}:{}-{}", "file", "first", "last")
    line = pl.format("{}:{}", "file", "first")
    known = pl.when(pl.col("first") == pl.col("last")).then(line).otherwise(span)
    return pl.coalesce(known, "place")


def _and_more() -> pl.Expr:
    left = (pl.col("items") - EVIDENCE_ITEMS).clip(0) + pl.col("more")
    return pl.when(left > 0).then(pl.format(" and {} more", left)).otherwise(pl.lit(""))
