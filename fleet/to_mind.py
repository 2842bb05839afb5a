"""What to mind before customers are worked on, a line each; none keeps a run from going on."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from fleet.customers import Customer
from fleet.federation import shared_audiences
from fleet.state_backend import warnings


def before_a_run(
    customers: Sequence[Customer],
    everybody: Sequence[Customer],
    folder: Path,
    environ: Mapping[str, str],
) -> list[str]:
    """State or key that is locked together with a tenant, and what several customers share."""
    return [
        *warnings(customers, everybody, folder, environ).protected,
        *shared_audiences(customers, environ),
        *shared_tenants(customers, everybody),
    ]


def shared_tenants(customers: Iterable[Customer], everybody: Iterable[Customer]) -> list[str]:
    """A line for each tenant that one of `customers` has and somebody else of `everybody`, too."""
    named: dict[str, list[str]] = {}
    for one in everybody:
        if one.tenant_id:
            named.setdefault(one.tenant_id.casefold(), []).append(one.name)
    ours = {one.tenant_id.casefold() for one in customers}
    return [
        f"{' and '.join(names)} have one tenant ({tenant}): each stack makes accounts and alarms of"
        " its own there; where that is not meant, correct the id in one of the files"
        for tenant, names in named.items()
        if len(names) > 1 and tenant in ours
    ]
