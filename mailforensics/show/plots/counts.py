"""Figures of counts: accounts, ports and countries, as bars with their numbers written out."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from mailforensics.analysis.in_parts import counted_parts
from mailforensics.analysis.wording import counted
from mailforensics.reading.stores.store import Store
from mailforensics.schema import require
from mailforensics.show.plots import style

PORTS: Final = {
    22: "SSH",
    23: "telnet",
    25: "SMTP",
    80: "HTTP",
    110: "POP3",
    143: "IMAP",
    443: "HTTPS",
    445: "SMB",
    465: "SMTPS",
    587: "submission",
    993: "IMAPS",
    995: "POP3S",
    1433: "MS SQL",
    3306: "MySQL",
    3389: "remote desktop",
    5900: "VNC",
    6379: "Redis",
    8080: "HTTP proxy",
}
MAIL_PORTS: Final = frozenset({25, 110, 143, 465, 587, 993, 995, 4190})


def _named_logins(events: pd.DataFrame | Store) -> pd.DataFrame:
    """Return the logins of each account, refused ones counted once each, with its name."""
    keys = ["username", "event"]
    kinds = ("auth_failed", "auth_ok", "accepted")
    parts = [
        # Postfix writes a good login only with the message that follows it.
        part.assign(event=part["event"].replace("accepted", "auth_ok"))
        .groupby(keys, as_index=False)
        .agg(repeat=("repeat", "sum"))
        for part in counted_parts(events, columns=["username"], kinds=kinds)
    ]
    return pd.concat(parts, ignore_index=True)


def plot_accounts(events: pd.DataFrame | Store, *, top: int = 15, ax: Axes | None = None) -> Axes:
    """Draw refused and good logins per account, on a logarithmic scale.

    Accounts with a good login come first: only they can have been broken into.

    Args:
        events: mail events, or a store.
        top: accounts to draw, 1 or more.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks event, username, repeat or duplicate.
    """
    logins = _named_logins(events)
    if logins.empty:
        why = "No user name in this log (Postfix before 3.7.8 writes none)"
        return style.nothing(style.new_axes(ax, height=1.6), why)
    counts = (
        logins.pivot_table(
            index="username", columns="event", values="repeat", aggfunc="sum", fill_value=0
        )
        .reindex(columns=["auth_failed", "auth_ok"], fill_value=0)
        .reset_index()
        .sort_values(["auth_ok", "auth_failed", "username"], ascending=[False, False, True])
    )
    both = int(((counts["auth_ok"] > 0) & (counts["auth_failed"] > 0)).sum())
    shown = pd.concat([counts.loc[counts["auth_ok"] > 0], counts.loc[counts["auth_ok"] == 0]])
    shown = shown.head(top).iloc[::-1]
    ax = style.new_axes(ax, height=1.4 + 0.36 * len(shown))
    rows = range(len(shown))
    failed = ax.barh([r + 0.2 for r in rows], shown["auth_failed"], 0.38, color=style.ORANGE)
    good = ax.barh([r - 0.2 for r in rows], shown["auth_ok"], 0.38, color=style.BLUE, hatch="///")
    for bars in (failed, good):
        ax.bar_label(bars, fmt=_number_or_blank, padding=2, fontsize=8)
    ax.set_xscale("symlog", linthresh=1)
    ax.set_xlim(0, 2.5 * counts[["auth_failed", "auth_ok"]].to_numpy().max())
    style.plain_numbers(ax.xaxis)
    ax.margins(y=0.02)
    ax.set_yticks(list(rows), [style.clean(name) for name in shown["username"]], fontsize=9)
    ax.set_xlabel("logins, and messages sent with one (logarithmic)")
    ax.legend([failed, good], ["refused", "good"], loc="lower right", frameon=False)
    hidden = len(counts) - len(shown)
    more = f"; {hidden:,} more accounts not drawn" if hidden > 0 else ""
    finding = "No account had both refused and good logins"
    if both:
        had = f"{counted(both, 'account')} had both refused and good logins"
        finding = f"{had}: look at {'that one' if both == 1 else 'those'} first"
    return style.tell(ax, finding, f"{counted(len(counts), 'account')} tried or used{more}")


def plot_ports(firewall_events: pd.DataFrame, *, top: int = 12, ax: Axes | None = None) -> Axes:
    """Draw which ports (DPT) the firewall turned packets away from.

    Args:
        firewall_events: the table of `mf.read_ufw_log`.
        top: ports to draw, 1 or more.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks event, dest_port, repeat or duplicate.
    """
    require(firewall_events, ["event", "dest_port", "repeat", "duplicate"])
    turned = firewall_events["event"].isin(["blocked", "limited"])
    counts = (
        firewall_events.loc[
            turned & ~firewall_events["duplicate"] & firewall_events["dest_port"].notna()
        ]
        .groupby("dest_port", as_index=False)
        .agg(packets=("repeat", "sum"))
        .sort_values(["packets", "dest_port"], ascending=[False, True])
    )
    if counts.empty:
        why = "The firewall log turned no packet away"
        return style.nothing(style.new_axes(ax, height=1.6), why)
    mail = int(counts.loc[counts["dest_port"].isin(MAIL_PORTS), "packets"].sum())
    total = int(counts["packets"].sum())
    shown = counts.head(top)
    labels = [f"{port} {PORTS.get(int(port), '')}".strip() for port in shown["dest_port"]]
    is_mail = [int(port) in MAIL_PORTS for port in shown["dest_port"]]
    ax = _bars(ax, labels, list(shown["packets"]), is_mail)
    ax.set_xlabel("packets logged (a sample: the firewall limits what it writes)")
    ax.set_ylabel("port (DPT)")
    finding = f"{style.percent(mail, total)} of the {total:,} logged packets were for mail ports"
    if total == 1:
        finding = f"The one logged packet was {'' if mail else 'not '}for a mail port"
    return style.tell(ax, finding, "hatched: mail ports")


def plot_countries(sources: pd.DataFrame, *, top: int = 12, ax: Axes | None = None) -> Axes:
    """Draw attack weight per country of the sources' addresses.

    An address's country is where its network is registered, not where the attacker sits.

    Args:
        sources: the table of `mf.sources`.
        top: countries to draw, 1 or more.
        ax: axes to draw on; a new figure when None.

    Raises:
        MissingColumnError: the table lacks country or attack_weight.
    """
    require(sources, ["country", "attack_weight"])
    attackers = sources.loc[sources["attack_weight"] > 0]
    if attackers["country"].notna().sum() == 0:
        why = "No country is known for these addresses (the extra `countries` brings offline data)"
        return style.nothing(style.new_axes(ax, height=1.6), why)
    counts = (
        attackers.assign(country=attackers["country"].fillna("not known"))
        .groupby("country", as_index=False)
        .agg(weight=("attack_weight", "sum"))
        .sort_values(["weight", "country"], ascending=[False, True])
    )
    shown = counts.head(top)
    ax = _bars(ax, [str(code) for code in shown["country"]], list(shown["weight"]), [])
    ax.set_xlabel("attack weight (attack events, recent ones count more)")
    share = style.percent(float(shown["weight"].iloc[0]), float(counts["weight"].sum()))
    finding = f"{share} of the attack weight comes from addresses of {shown['country'].iloc[0]}"
    return style.tell(ax, finding, f"{counted(len(attackers), 'address')}")


def _number_or_blank(value: float) -> str:
    return f"{value:,.0f}" if value else ""


def _bars(
    ax: Axes | None, labels: Sequence[str], values: Sequence[float], hatched: Sequence[bool]
) -> Axes:
    ax = style.new_axes(ax, height=1.4 + 0.28 * len(labels))
    rows = range(len(labels))
    bars = ax.barh(list(rows), list(values), color=style.SKY, edgecolor=style.BLUE)
    for bar, mark in zip(bars, hatched, strict=False):
        bar.set_hatch("///" if mark else "")
    ax.bar_label(bars, fmt=lambda value: f"{value:,.0f}", padding=3, fontsize=9)
    ax.set_yticks(list(rows), [style.clean(label) for label in labels])
    ax.margins(x=0.08)
    ax.invert_yaxis()
    return ax
