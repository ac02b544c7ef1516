"""More log than memory: ingest into a store, and who attacks many servers."""

from typing import Any

import click

from mailforensics.analysis.fleet import fleet
from mailforensics.cli.options import STAMPS, logs_argument, tell, with_options
from mailforensics.errors import MissingExtraError, extra_hint
from mailforensics.reading.stores.ingest import ingest
from mailforensics.reading.stores.store import open_store
from mailforensics.reading.stores.work import KINDS
from mailforensics.show.tables import as_text

cluster_option = click.option(
    "--cluster", metavar="ADDRESS", help="Dask scheduler whose workers do the work: tcp://host:8786"
)
store_option = click.option(
    "--store", required=True, metavar="DIR", help="Folder, or address such as s3://bucket/store."
)


@click.command("ingest")
@logs_argument
@store_option
@click.option("--kind", type=click.Choice(list(KINDS)), default="mail", show_default=True)
@cluster_option
@with_options(STAMPS)
def ingest_command(
    logs: tuple[str, ...],
    store: str,
    kind: str,
    cluster: str | None,
    **stamps: Any,  # noqa: ANN401
) -> None:
    """Read logs of any size into a store; again later: only what is new.

    Other commands take the store's folder as LOG.
    """
    client = _client(cluster)
    held = ingest(list(logs), store=store, kind=kind, client=client, progress=tell, **stamps)
    first, last = (held.days or ["-"])[0], (held.days or ["-"])[-1]
    click.echo(f"{len(held):,} events of {len(held.hosts)} hosts, {first} to {last}.")
    click.echo(f"Store: {store} ({held.size:,} bytes)")
    click.echo(f"Next:  mailforensics report {store}")


@click.command("fleet")
@click.argument("store")
@click.option("--by", type=click.Choice(["network", "source_ip"]), default="network")
@click.option("--rows", default=50, show_default=True, help="Most rows to show.")
@cluster_option
def fleet_command(store: str, by: str, rows: int, cluster: str | None) -> None:
    """Say who attacks many of your servers: networks or addresses, most servers first."""
    held = open_store(store, client=_client(cluster))
    click.echo(as_text(fleet(held, by=by).head(rows), by_row=True))


def _client(address: str | None) -> Any:  # noqa: ANN401 (Dask is optional)
    if address is None:
        return None
    try:
        from distributed import Client
    except ImportError:
        raise MissingExtraError(f"--cluster needs Dask: {extra_hint('cluster')}.") from None
    return Client(address)  # type: ignore[no-untyped-call]
