"""Where the work on a store runs: here, or on the workers of a Dask cluster."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from mailforensics.errors import ArgumentError

R = TypeVar("R")


def current_client(given: Any = None) -> Any:  # noqa: ANN401 - Dask is optional
    """Return the Dask client that was given, or the current one; None where there is none.

    Raises:
        ArgumentError: what was given is no client.
    """
    if given is not None:
        if not hasattr(given, "submit"):
            raise ArgumentError(
                f"client={given!r} is no Dask client; give a dask.distributed.Client."
            )
        return given
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        distributed.get_worker()
    except ValueError:
        pass
    else:  # this is a worker already: what runs here runs here
        return None
    try:
        return distributed.default_client()
    except ValueError:
        return None


def on_workers(work: Sequence[Callable[[], R]], *, client: Any) -> list[R]:  # noqa: ANN401
    """Do several pieces of work side by side; the answers in the order of the work."""
    if client is None:
        return [piece() for piece in work]
    return list(client.gather([client.submit(piece, pure=False) for piece in work]))


def in_turn_on_workers(work: Sequence[Callable[[], R]], *, client: Any) -> Iterator[R]:  # noqa: ANN401
    """Do several pieces of work side by side; yield the answers one by one, in their order."""
    futures = [client.submit(piece, pure=False) for piece in work]
    while futures:
        yield futures.pop(0).result()


def as_finished(
    work: Mapping[int, Callable[[], R]],
    *,
    client: Any,  # noqa: ANN401
) -> Iterator[tuple[int, R | str]]:
    """Yield what becomes of pieces of work as they are done, and of a hopeless one why.

    Work that a lost worker had is done again by another; what has brought down several of them
    is given up.
    """
    if not work:
        return
    import distributed

    futures = {client.submit(piece, pure=False): number for number, piece in work.items()}
    for future in distributed.as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
        found: R | str
        try:
            found = result_of(future)
        except LostWorkError as problem:
            found = str(problem)
        yield futures[future], found


class LostWorkError(Exception):
    """The cluster could not do a piece of work; the text says why."""


def result_of(future: Any) -> Any:  # noqa: ANN401
    """Return what became of a piece of work.

    Raises:
        LostWorkError: it brought down several workers, or the cluster gave up on it.
    """
    import distributed

    try:
        return future.result()
    except distributed.KilledWorker:
        reason = "not read: it brought down every worker that tried (memory?)"
        raise LostWorkError(reason) from None
    except distributed.CancelledError:
        raise LostWorkError("not read: the cluster gave up on it; ingest again") from None


def until_done(futures: Sequence[Any]) -> None:
    """Wait until no worker is at any of these pieces of work, whatever becomes of them."""
    import distributed

    for future in futures:
        with contextlib.suppress(distributed.CancelledError):
            future.exception()


def threads(client: Any) -> int:  # noqa: ANN401
    """Return how many pieces of work the workers do at a time; 1 at least."""
    at_a_time: dict[str, int] = client.nthreads()
    return max(1, sum(at_a_time.values()))
