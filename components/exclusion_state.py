"""What a policy exclusion keeps in the stack's state, and how it is read back.

State contract: the property names here are in every stack's state file. Inputs and outputs:

    tenantId, policyId               which policy of which tenant
    policyName    its display name, `told`     the engine prints it as it is
    wanted        {groups: [id], users: [id]}  what is to be excluded; empty when skipped
    stackObjects  {groups: [id], users: [id]}  the group and accounts that go away with the stack,
                  excluded or not
    labels        {id: "group BTG Admins"}     how messages name an id
    reason        why the policy is skipped, else ""
    pending       ["exclude group BTG Admins"] what the last listing saw missing; empty in outputs;
                  'again' behind each when the run before put just the same right
    freshnessSeconds  a write rests on a listing of at most this age; 0: on a read of its own
    stack         "project/stack/component"    whose entries the write journal tells apart
    decidedUnder  {scope, skip, revision}      the settings when this was last created or updated;
                  by itself no difference, see ``components.exclusion_settings``

Outputs only:

    added         {groups: [id], users: [id]}  what we put there and take away again
    missing       ["exclude group BTG Admins"] what a refresh saw missing; empty after a write
    refused       why the service does not let us exclude from a policy that Microsoft keeps,
                  else ""
    refusedOf     ``Policy.modified`` of what refused: a policy changed since is tried again
    healed        how often entries that we had put there had to be put back

A property that an older state lacks is read as 0, "" or empty.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pulumi.runtime import rpc

from components.exclusion_settings import ExclusionSettings
from entra.exclusion import Entries
from entra.policy import told

Properties = Mapping[str, Any]


@dataclass(frozen=True)
class ExclusionState:
    """The properties of one policy exclusion, typed."""

    tenant_id: str
    policy_id: str
    policy_name: str
    wanted: Entries
    stack_objects: Entries
    added: Entries
    labels: Mapping[str, str]
    freshness_seconds: float
    stack: str
    refused: str
    refused_of: str
    healed: int
    decided_under: ExclusionSettings | None

    @classmethod
    def read(cls, properties: Properties) -> "ExclusionState":
        """Read known properties, inputs or outputs."""
        return cls(
            tenant_id=str(properties["tenantId"]),
            policy_id=str(properties["policyId"]),
            policy_name=str(properties["policyName"]),
            wanted=entries(properties.get("wanted")),
            stack_objects=entries(properties.get("stackObjects")),
            added=entries(properties.get("added")),
            labels=cast("Mapping[str, str]", properties.get("labels") or {}),
            freshness_seconds=float(properties.get("freshnessSeconds") or 0),
            stack=str(properties.get("stack") or ""),
            refused=str(properties.get("refused") or ""),
            refused_of=str(properties.get("refusedOf") or ""),
            healed=int(properties.get("healed") or 0),
            decided_under=ExclusionSettings.read(properties.get("decidedUnder")),
        )

    @property
    def title(self) -> str:
        """The policy as messages name it."""
        return f"policy '{told(self.policy_name)}' ({self.policy_id})"


def entries(value: Any) -> Entries:
    """``{"groups": […], "users": […]}`` as entries; anything unknown or absent is empty."""
    if not isinstance(value, Mapping):
        return Entries()
    lists = cast("Mapping[str, list[Any] | None]", value)
    return Entries(_ids(lists.get("groups")), _ids(lists.get("users")))


def properties_of(value: Entries) -> dict[str, list[str]]:
    """Entries as they are kept in state."""
    return {"groups": list(value.groups), "users": list(value.users)}


def pending_lines(lacking: Entries, labels: Mapping[str, str]) -> list[str]:
    """One line for each entry that a policy lacks."""
    groups = (f"exclude {labels.get(entry, f'group {entry}')}" for entry in lacking.groups)
    users = (f"exclude {labels.get(entry, f'account {entry}')}" for entry in lacking.users)
    return [*groups, *users]


def worded_anew(pending: Any, before: Any) -> Any:
    """What is pending, with 'again' behind each line where the last run's inputs say the same.

    A preview names the inputs that differ from the last run's, and those keep what that run put
    right. The same loss a second time would be an update of nothing.
    """
    if pending and pending == before:
        return [f"{line} again" for line in pending]
    return pending


def differs(olds: Properties, news: Properties) -> bool:
    """Whether the new inputs call for a write. Asks nothing of anybody.

    An emptied ``pending`` is no difference: it says that the policy is right.
    """
    watched = ("wanted", "stackObjects")
    if rpc.contains_unknowns([news.get(key) for key in (*watched, "pending")]):
        return True
    if news.get("pending") or (entries(news.get("wanted")) and olds.get("missing")):
        return True
    return any(_differ(entries(olds.get(key)), entries(news.get(key))) for key in watched)


def _differ(one: Entries, other: Entries) -> bool:
    return bool((one - other) or (other - one))


def _ids(values: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(str(value) for value in values or () if value != rpc.UNKNOWN)
