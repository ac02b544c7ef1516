"""What an ingest that was killed leaves in a store: files that its manifest does not name.

The law of removal: an ingest removes only what the manifest that it found calls garbage and does
not need. What it finds unnamed at its end becomes garbage, in the same step that publishes what it
read. So between the moment when nothing names a file any more and its
removal a whole ingest is published: whoever opened the store before still reads on meanwhile, and
where no lock keeps two writers apart (an object store, some network folders) neither removes what
the other has just written. No clock is asked, for those of machines differ.

Only names that an ingest gives are looked at: whatever else lies in the folder stays. Where files
lie without any manifest, nobody can tell what is left over, and nothing is removed.
"""

import re
from typing import Final

from mailforensics.errors import EvidenceError
from mailforensics.reading.stores.manifest import MANIFEST, Manifest, load
from mailforensics.reading.stores.place import Place

FOLDERS: Final = ("events", "marks")
_GIVEN: Final = re.compile(
    r"events/kind=(?:mail|ufw)/host=[^/]+/day=[^/]+/\d{6,}-\d{14,}-\d{14,}-[a-z]+\d+\.parquet"
    r"|marks/(?:moved-\d{6,}-\d{8,}|again-[0-9a-f]{64})\.parquet"
)


def known(place: Place) -> Manifest:
    """Return what a store knows; nothing where none is yet.

    Raises:
        EvidenceError: it is damaged, or gone and the store's files are still there.
    """
    manifest = load(place)
    if manifest is None and _held(place):
        raise EvidenceError(
            f"{place.address} holds the files of a store, but its {MANIFEST} is gone; put that "
            "back, or ingest the logs into a new folder."
        )
    return manifest or Manifest()


def call_garbage(manifest: Manifest, place: Place) -> None:
    """Note what nothing names, for the next ingest to remove."""
    named = manifest.named() | set(manifest.garbage)
    manifest.garbage += sorted(_held(place) - named)


def _held(place: Place) -> set[str]:
    names = (name for folder in FOLDERS for name in place.names(folder))
    return {name for name in names if _GIVEN.fullmatch(name)}
