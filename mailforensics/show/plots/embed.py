"""A figure as the bytes of a picture, for pages that must hold everything themselves."""

import io
from typing import Final

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

DOTS_PER_INCH: Final = 130


def as_png(ax: Axes) -> bytes:
    """Return the Axes' figure as PNG bytes, the same for the same data, and close the figure."""
    figure = ax.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise TypeError(f"{ax!r} stands in no figure; draw it with a plot_ function first.")
    buffer = io.BytesIO()
    # Without the library's name and version in it, the file is the same on every machine.
    figure.savefig(
        buffer, format="png", dpi=DOTS_PER_INCH, bbox_inches="tight", metadata={"Software": None}
    )
    plt.close(figure)
    return buffer.getvalue()
