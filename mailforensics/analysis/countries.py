"""The country of an address, from the offline data of an installed package, or none."""

from collections.abc import Sequence
from importlib import metadata

import pandas as pd

from mailforensics.addresses import Network


def country_of(addresses: Sequence[str]) -> list[str | None]:
    """Return the two-letter country code of each address; None where it is not known.

    Without the extra `countries` (package `iptocc`) every code is None. No address leaves the
    machine. A country says where a network is registered, not where a person sits.

    Source: the delegation statistics of the five regional registries, as packed in iptocc.
    """
    try:
        from iptocc import country_code
    except ImportError:
        return [None] * len(addresses)
    return list(country_code(list(addresses)))


def country_of_network(network: Network) -> str:
    """Return the country code of a network's first address, or empty text."""
    return country_of([str(network.network_address)])[0] or ""


def home_countries(sources: pd.DataFrame) -> frozenset[str]:
    """Return the countries from which users log in whose login looks like their own.

    Args:
        sources: what `mf.sources` returned; without `standing` and `country`: none is known.
    """
    if not {"standing", "country"} <= set(sources.columns):
        return frozenset()
    return frozenset(sources.loc[sources["standing"] == "user", "country"].dropna())


def country_data() -> str:
    """Return which country data is installed, for reports: `iptocc 3.3.170`, or `none`."""
    try:
        return f"iptocc {metadata.version('iptocc')}"
    except metadata.PackageNotFoundError:
        return "none"
