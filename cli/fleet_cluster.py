"""`--cluster` of `breakglass fleet`: the workers of a Dask cluster do the jobs."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from fleet.cluster import Cluster

DEFAULT_MINUTES: Final = 60.0
"""Of `--timeout`; what a worker allows a customer, too."""

Address = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="tls://HOST:PORT",
        help="The scheduler of a Dask cluster whose workers do it, each in its own checkout.",
    ),
]
Authority = Annotated[
    Path | None, typer.Option("--cluster-ca", help="The cluster's certificate authority, PEM.")
]
Certificate = Annotated[
    Path | None, typer.Option("--cluster-cert", help="The certificate to show the cluster, PEM.")
]
Key = Annotated[Path | None, typer.Option("--cluster-key", help="That certificate's key, PEM.")]


@dataclass(frozen=True)
class ClusterChoice:
    """What was said about a cluster; no address: the jobs are done here."""

    address: str | None = None
    authority: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


HERE: Final = ClusterChoice()


@contextmanager
def connection(
    choice: ClusterChoice, folder: Path, *, parallel: int | None, minutes: float
) -> "Generator[Cluster | None]":
    """The cluster; None when the jobs are done here.

    Raises FleetError for options that contradict each other, and for a cluster that cannot be used.
    """
    from fleet.errors import FleetError

    if choice.address is None:
        if choice != HERE:
            raise FleetError(
                "--cluster-ca, --cluster-cert and --cluster-key are of --cluster, which is not"
                " given: name the scheduler, --cluster tls://host:port",
                exit_code=2,
            )
        yield None
        return
    if parallel is not None or minutes != DEFAULT_MINUTES:
        option = "--parallel" if parallel is not None else "--timeout"
        raise FleetError(
            f"{option} is of jobs that are done here, and does not travel: leave it out with"
            " --cluster (a worker does as many at a time as its --nthreads says, each in an hour)",
            exit_code=2,
        )
    from fleet.cluster import Cluster, commit_to_send
    from fleet.cluster_address import Tls

    commit_to_send(folder)
    tls = Tls(choice.authority, choice.certificate, choice.key)
    with Cluster(choice.address, tls) as cluster:
        yield cluster
