"""Read one large plain file with many workers, to the bytes of a store that one would write.

Each cell of the file (see `cutting`) is parsed by whichever worker is free. What it came to is then
put after what stands before it, a small sum, and only then are its rows written. One worker reads
the whole file just for its fingerprints, which also prove that all have read the same bytes.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from mailforensics.reading.evidence_open import is_packed
from mailforensics.reading.stores.cells import (
    MovedError,
    Trace,
    Written,
    cells,
    follow,
    parse_cell,
    trace,
    write_cell,
)
from mailforensics.reading.stores.cluster import LostWorkError, result_of, threads, until_done
from mailforensics.reading.stores.cutting import ChangedError
from mailforensics.reading.stores.manifest import Part, Progress, Tally
from mailforensics.reading.stores.match import Job
from mailforensics.reading.stores.parts import Shelf
from mailforensics.reading.stores.stream import Step, reached
from mailforensics.reading.stores.tally import Standing
from mailforensics.reading.stores.work import POISON, File, Outcome, Task, poisoned

# While one cell is worked on, another waits.
CELLS_A_THREAD: Final = 2
# A smaller file than this part of a worker's share is left to one: it holds nobody up for long.
SMALL_SHARE: Final = 0.25
MAGIC_BYTES: Final = 6


def large_jobs(jobs: Sequence[Job], chunk: int, *, client: Any) -> list[Job]:  # noqa: ANN401
    """Return the files for which all workers but one would have to wait: large and not packed."""
    workers = threads(client) if jobs else 1
    if workers == 1:
        return []
    new = {job.entry.number: job.look.size - job.begin.offset for job in jobs}
    least = max(2 * chunk, sum(new.values()) / workers * SMALL_SHARE)
    return [job for job in jobs if new[job.entry.number] >= least and not _is_packed(job)]


def _is_packed(job: Job) -> bool:
    """Say whether a file is packed; of one that is gone by now whoever reads it will tell."""
    try:
        with File.of(job.evidence).raw() as raw:
            return is_packed(raw.read(MAGIC_BYTES))
    except OSError:
        return True


class Split:
    """The reading of one large file by many workers.

    Args:
        file: a file that is not packed.
        task: how it is read.
        shelf: where its rows go.
        client: a `dask.distributed.Client`, whose workers read.
    """

    def __init__(
        self,
        file: File,
        task: Task,
        shelf: Shelf,
        client: Any,  # noqa: ANN401
    ) -> None:
        self._file, self._task, self._shelf = file, task, shelf
        self._client = client
        self._progress = Progress()
        self._orphans = 0
        self._tail: list[Part] = []
        self._total = Tally()
        self._under_way: deque[tuple[Any, Any]] = deque()
        self._unproved: list[tuple[Written, Standing]] = []

    def read(self, *, begin: Progress, size: int) -> Iterator[Outcome]:
        """Yield how far the workers got, at last with the facts of the file's bytes.

        Args:
            begin: how far it was read before.
            size: so many bytes of it are read; more than `begin` has.

        Raises:
            MovedError: the file was replaced meanwhile; nothing that was yielded counts.
        """
        notes = self._file.notes
        try:
            yield from self._outcomes(begin, size)
        except MovedError:
            until_done([written for written, _ in self._under_way])
            raise
        except ChangedError as problem:
            yield Outcome(None, notes=(*notes, f"not read: {problem}"), changed=True)
        except POISON as problem:
            yield poisoned(problem, notes)
        except LostWorkError as problem:
            yield Outcome(None, notes=(*notes, str(problem)))

    def _outcomes(self, begin: Progress, size: int) -> Iterator[Outcome]:
        self._progress, self._orphans = begin, begin.tally.orphans
        traced = self._client.submit(
            trace, self._file, self._task, begin, size, pure=False, priority=1
        )
        for written in self._written(begin, size):
            self._unproved.append(written)
            if traced.done():
                self._prove(result_of(traced))
                yield Outcome(Step(self._progress))
        found: Trace = result_of(traced)
        self._prove(found)
        step = Step(self._progress, self._tail, self._total)
        yield Outcome(step, found.sha256, size, notes=self._file.notes)

    def _written(self, begin: Progress, size: int) -> Iterator[tuple[Written, Standing]]:
        """Have the cells worked on, a few at a time; yield what came of them in their order."""
        file, task, floor = self._file, self._task, begin.offset
        standing: Any = Standing.of(begin)
        do = self._client.submit
        for ruled in cells(floor, size, chunk=task.chunk_bytes):
            parsed = do(parse_cell, file, task, ruled, floor, pure=False)
            written = do(write_cell, parsed, standing, self._shelf, pure=False)
            standing = do(follow, standing, parsed, pure=False)
            self._under_way.append((written, standing))
            if len(self._under_way) > CELLS_A_THREAD * threads(self._client):
                yield self._next()
        while self._under_way:
            yield self._next()

    def _next(self) -> tuple[Written, Standing]:
        written, standing = self._under_way[0]
        done = result_of(written), result_of(standing)
        self._under_way.popleft()
        return done

    def _prove(self, found: Trace) -> None:
        """Take what was written of the very bytes that were fingerprinted.

        Raises:
            MovedError: it was written of others.
        """
        for written, standing in self._unproved:
            if not found.proves(written):
                raise MovedError(f"{self._file.name}: replaced while it was read")
            self._orphans += written.orphans
            tally = replace(standing.tally, orphans=self._orphans)
            self._take(written, found, replace(standing, tally=tally))
        self._unproved = []

    def _take(self, written: Written, found: Trace, standing: Standing) -> None:
        cut = found.cuts.get(written.key)
        if written.found.is_tail:
            self._tail, self._total = written.parts, standing.tally
        elif cut is not None:
            self._progress = reached(self._progress, cut, standing, written.parts)
