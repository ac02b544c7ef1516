"""From logs of any size to a store: a file at a time, a chunk at a time, only what is new."""

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final

from mailforensics.errors import ArgumentError, EvidenceError
from mailforensics.reading.evidence import Evidence, Source
from mailforensics.reading.stores.cells import MovedError
from mailforensics.reading.stores.cluster import as_finished, current_client
from mailforensics.reading.stores.locking import locked
from mailforensics.reading.stores.manifest import Manifest, Progress
from mailforensics.reading.stores.match import Job, Look, gather, look_at, match, new_entry
from mailforensics.reading.stores.parts import Shelf
from mailforensics.reading.stores.place import Place
from mailforensics.reading.stores.settle import settle
from mailforensics.reading.stores.split import Split, large_jobs
from mailforensics.reading.stores.store import Store, open_store
from mailforensics.reading.stores.stream import CHUNK_BYTES
from mailforensics.reading.stores.sweeping import call_garbage, known
from mailforensics.reading.stores.work import KINDS, File, Outcome, Task, last_outcome, read_file
from mailforensics.reading.zones import check_zone

# What was read and not saved is read again after a crash; saving takes at most a part in so many.
SAVE_SHARE: Final = 20


def ingest(  # noqa: PLR0913 - the public contract
    source: Source,
    *,
    store: str | Path,
    kind: str = "mail",
    tz: str = "UTC",
    year: int | None = None,
    client: Any = None,  # noqa: ANN401 - a dask.distributed.Client, which is optional
    chunk_bytes: int = CHUNK_BYTES,
    progress: Callable[[str], None] | None = None,
) -> Store:
    """Read logs of any size into a store, in bounded memory, and return the store.

    A second call reads only what is new: files are known by their first bytes, whatever they are
    called now and however they are packed. An ingest that was cut off anywhere is gone on with;
    until it ends, the store shows what it showed before. A file that cannot be read is named in
    the audit, and the others are read.

    Args:
        source: as for `read_mail_log`; paths may also be fsspec addresses (`s3://bucket/logs`).
        store: a folder, or an fsspec address; made if it is not there.
        kind: `mail`, or `ufw` for firewall logs; one store holds both.
        tz: IANA zone in which stamps without an offset were written.
        year: the year of the oldest year-less line; without it the reader finds it.
        client: a `dask.distributed.Client` whose workers shall read; they must reach the logs and
            the store. Without it the current one, if there is one. A large file that is not packed
            is read by all of them together.
        chunk_bytes: text that is in memory at a time, and that a crash may cost.
        progress: is told in a few words what is being done.

    Raises:
        EvidenceError: the source names nothing, or the store's manifest is gone or damaged.
        StoreBusyError: another ingest is writing to this store.
        StoreWriteError: the store's disk is full, or not to be written to.
        ArgumentError: there is no such kind, zone or year.
    """
    if kind not in KINDS:
        raise ArgumentError(f"kind={kind!r} is no kind of log; use {' or '.join(KINDS)}.")
    check_zone(tz)
    place = Place(str(store))
    client = current_client(client)
    with locked(place):
        manifest = known(place)
        place.remove(manifest.take_garbage())
        place.remove_torn()
        jobs = _jobs(gather(source, KINDS[kind].names), manifest, kind)
        for job in jobs:
            job.entry.tz, job.entry.year = tz, year
        manifest.save(place)
        tell = progress or _silent
        tell(f"{len(jobs)} files, {sum(_is_open(job) for job in jobs)} with something new")
        run = _Run(manifest, place, Task(kind, chunk_bytes), tell)
        run.read([job for job in jobs if _is_open(job)], client)
        tell("settling years and lines that two files hold")
        run.publish(jobs, client)
    return open_store(store, kind=kind, client=client)


def _silent(_: str) -> None:
    """Tell nobody."""


def _jobs(evidence: Iterable[Evidence], manifest: Manifest, kind: str) -> list[Job]:
    looks = []
    for item in evidence:
        try:
            looks.append((item, look_at(item)))
        except EvidenceError as problem:
            item.notes.append(f"not read: {problem}")
            looks.append((item, Look(b"", ())))
    return match(manifest, looks, kind)


def _is_open(job: Job) -> bool:
    """Say whether a file may hold something new."""
    known = tuple(job.entry.signature)
    return not known or known != job.look.signature


class _Run:
    """One ingest: reads its files, keeps what was done, and publishes at the end."""

    def __init__(
        self, manifest: Manifest, place: Place, task: Task, tell: Callable[[str], None]
    ) -> None:
        self._manifest = manifest
        self._place = place
        self._task = task
        self._tell = tell
        self._next_save = 0.0
        self._outcomes: dict[int, tuple[Job, Outcome]] = {}

    def read(self, jobs: list[Job], client: Any) -> None:  # noqa: ANN401
        """Read the files, here or on the workers of a cluster."""
        here = [job for job in jobs if client is None or job.evidence.stream is not None]
        there = [job for job in jobs if job not in here]
        large = large_jobs(there, self._task.chunk_bytes, client=client)
        split = [job for job in large if self._read_split(job, client)]
        self._read_there([job for job in there if job not in split], client)
        for job in here:
            self._read_here(job)

    def _read_split(self, job: Job, client: Any) -> bool:  # noqa: ANN401
        """Let all workers read one file; say whether that went well, or one must read it."""
        before, outcome = job.entry.going, Outcome(None)
        shelf = Shelf(self._place, self._task.kind, job.entry.number)
        split = Split(File.of(job.evidence), self._task, shelf, client)
        try:
            for outcome in split.read(begin=job.begin, size=job.look.size):
                if outcome.step is not None:
                    self._keep(job, outcome.step.progress)
        except MovedError as problem:
            self._tell(f"{problem}; read again by one worker")
            self._go_back(job, before)
            return False
        self._done(job, outcome)
        return True

    def _go_back(self, job: Job, before: Progress | None) -> None:
        """Forget what was read of a file in this ingest."""
        written = {part.name for part in job.begin.parts}
        job.entry.going = before
        written -= {part.name for part in job.begin.parts}
        self._manifest.garbage += sorted(written)
        self._manifest.save(self._place)

    def _read_there(self, jobs: list[Job], client: Any) -> None:  # noqa: ANN401
        """Let workers read files; each that is done is kept, whatever becomes of the others."""
        work = {
            job.entry.number: partial(
                last_outcome,
                File.of(job.evidence),
                self._task,
                begin=job.begin,
                shelf=Shelf(self._place, self._task.kind, job.entry.number),
            )
            for job in jobs
        }
        by_number = {job.entry.number: job for job in jobs}
        for number, found in as_finished(work, client=client):
            job = by_number[number]
            outcome = found if isinstance(found, Outcome) else Outcome(None, notes=(found,))
            self._tell(f"{job.evidence.name}: read")
            self._done(job, outcome)
            if outcome.step is not None:
                self._keep(job, outcome.step.progress)

    def _read_here(self, job: Job) -> None:
        entry = job.entry
        outcome = Outcome(None)
        shelf = Shelf(self._place, self._task.kind, entry.number)
        for outcome in read_file(job.evidence, self._task, begin=job.begin, shelf=shelf):
            if outcome.step is not None and outcome.step.total is None:
                self._keep(job, outcome.step.progress)
        self._done(job, outcome)

    def _done(self, job: Job, outcome: Outcome) -> None:
        if outcome.changed and not job.is_new:
            self._start_anew(job)
            return
        self._outcomes[job.entry.number] = (job, outcome)

    def _start_anew(self, job: Job) -> None:
        """Read a file whose beginning was changed since as a new one; the old rows stay."""
        job.entry.going = None
        job.entry.notes.append("what was read of it before has changed in the file since")
        job.entry.signature = []
        job.entry = new_entry(self._manifest, job.evidence, job.look, self._task.kind)
        job.is_new = True
        self._read_here(job)

    def _keep(self, job: Job, step: Progress) -> None:
        job.entry.going = step
        self._tell(f"{job.evidence.name}: {step.offset:,} bytes read")
        begun = time.monotonic()
        if begun > self._next_save:
            self._manifest.save(self._place)
            taken = time.monotonic() - begun
            self._next_save = time.monotonic() + SAVE_SHARE * taken

    def publish(self, jobs: list[Job], client: Any) -> None:  # noqa: ANN401
        """Make what was read the store's content, in one step."""
        for job in jobs:
            job.entry.path = str(job.evidence.path)
            job.entry.mtime = job.evidence.mtime
        for job, outcome in self._outcomes.values():
            self._take(job, outcome)
        settle(self._manifest, self._place, self._task.kind, client=client)
        call_garbage(self._manifest, self._place)
        self._manifest.publish(self._place)

    def _take(self, job: Job, outcome: Outcome) -> None:
        entry, step = job.entry, outcome.step
        entry.notes = list(outcome.notes)
        if step is None or step.total is None:
            entry.signature = []  # looked at again next time, though the file may stay as it is
            return
        kept = {part.name for part in step.tail}
        self._manifest.garbage += [part.name for part in entry.tail if part.name not in kept]
        entry.done, entry.tail, entry.total, entry.going = (
            step.progress,
            step.tail,
            step.total,
            None,
        )
        entry.sha256, entry.size = outcome.sha256, outcome.size
        entry.inner_mtime = outcome.inner_mtime
        entry.signature = list(job.look.signature)
        entry.head_bytes = len(job.look.head)
        entry.head = job.look.digest
