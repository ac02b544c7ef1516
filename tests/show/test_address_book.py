"""The address book finds exactly the rows whose address lies in a network."""

import ipaddress

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from mailforensics.show.address_book import AddressBook

ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.integers(0xC6120000, 0xC6120FFF).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.integers(0, 2**128 - 1).map(lambda n: str(ipaddress.IPv6Address(n))),
    st.none(),
)


@settings(deadline=None)
@given(st.lists(ADDRESSES, max_size=40), st.integers(0, 128))
def test_rows_are_those_inside(addresses: list[str | None], bits: int) -> None:
    """For every network around any address of the table, the rows are those inside, in order."""
    book = AddressBook(pd.Series(addresses, dtype="str"))
    for around in [a for a in addresses if a] or ["198.18.0.0"]:
        network = ipaddress.ip_network(
            f"{around}/{min(bits, ipaddress.ip_address(around).max_prefixlen)}", strict=False
        )
        expected = [
            row
            for row, text in enumerate(addresses)
            if text is not None and ipaddress.ip_address(text) in network
        ]
        assert book.rows(network).tolist() == expected
