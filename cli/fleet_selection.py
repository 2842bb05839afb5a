"""Which customers a command of `breakglass fleet` is about, and where they lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.chosen_stack import project_folder
from cli.workspace import sandbox_folder
from fleet.changes import changed_since, gone_since
from fleet.customers import Customer, choose, find_customers, is_name
from fleet.environment import refuse_same_suffix
from fleet.errors import FleetError


@dataclass(frozen=True)
class Selection:
    """Which customers a command is about."""

    only: Sequence[str] = ()
    leave_out: Sequence[str] = ()
    changed_since: str | None = None

    @property
    def is_everybody(self) -> bool:
        """Whether nobody was left out."""
        return not (self.only or self.leave_out or self.changed_since is not None)

    @property
    def nobody(self) -> str:
        """What to say when it is about nobody."""
        if self.changed_since is None:
            return "--only and --except leave nobody."
        return f"No customer that is chosen has changed since {self.changed_since}."

    def gone(self, folder: Path) -> list[str]:
        """A line for each customer whose settings file went meanwhile. Raises FleetError."""
        names = gone_since(folder, self.changed_since) if self.changed_since is not None else []
        return [
            f"{name}: Pulumi.{name}.yaml is gone since {self.changed_since}, so nothing is done for"
            " it; while its stack stands, every look at all customers names it"
            for name in names
        ]


def fleet_folder() -> Path:
    """The folder of Pulumi.yaml that the customers lie beside."""
    return project_folder(sandbox_folder())


def chosen(selection: Selection, folder: Path) -> list[Customer]:
    """The customers, those too that nothing can be done for. Raises FleetError."""
    customers = find_customers(folder)
    refuse_same_suffix(one.name for one in customers if is_name(one.name))
    changed = None
    if selection.changed_since is not None:
        changed = changed_since(folder, selection.changed_since, customers)
    found = choose(customers, selection.only, selection.leave_out, changed)
    if not customers:
        raise FleetError(
            f"there is no customer in {folder}: `breakglass fleet add NAME --tenant …"
            " --subscription …` makes the first",
            exit_code=2,
        )
    return found
