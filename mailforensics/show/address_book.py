"""Which rows of a table lie in which network, found by binary search."""

import socket
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from mailforensics.addresses import Network


class AddressBook:
    """The distinct addresses of a table in order, and the rows of each.

    Args:
        addresses: the table's address column; missing values lie in no network.

    Attributes:
        ranks: for each row, the place of its address among the distinct ones, in numeric order
            (IPv4 first); the number of distinct addresses where it is missing.
        count: how many distinct addresses there are.
    """

    def __init__(self, addresses: "pd.Series[str]") -> None:
        codes, unique = pd.factorize(addresses)
        keys = _keys(list(unique))
        order = np.argsort(keys, kind="stable")
        self.count = len(order)
        places = np.empty(self.count + 1, dtype=np.int64)
        places[order] = np.arange(self.count)
        places[-1] = self.count  # factorize gives -1 to a missing address
        self.ranks = places[codes]
        self._sorted_keys = keys[order]
        self._rows = np.argsort(self.ranks, kind="stable")
        self._starts = np.searchsorted(self.ranks[self._rows], np.arange(self.count + 1))

    def span(self, network: Network) -> tuple[int, int]:
        """Return the ranks of a network's addresses: the first, and the one after the last."""
        first, last = _keys([str(network.network_address), str(network.broadcast_address)])
        low = np.searchsorted(self._sorted_keys, first, side="left")
        high = np.searchsorted(self._sorted_keys, last, side="right")
        return int(low), int(high)

    def rows(self, network: Network) -> npt.NDArray[np.int64]:
        """Return the positions of the rows inside a network, in the order of the table."""
        low, high = self.span(network)
        return np.sort(self._rows[self._starts[low] : self._starts[high]])


def _keys(addresses: Sequence[str]) -> npt.NDArray[np.bytes_]:
    """Return addresses as bytes that sort by family and then as numbers do."""
    packed = [
        b"6" + socket.inet_pton(socket.AF_INET6, text)
        if ":" in text
        else b"4" + socket.inet_aton(text)
        for text in addresses
    ]
    return np.array(packed, dtype="S17")
