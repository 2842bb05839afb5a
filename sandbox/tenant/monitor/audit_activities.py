"""What happened, in the words of the Entra audit log: activities with targets and changed values.

Names, categories and services: Microsoft Learn, "Microsoft Entra audit log categories and
activities"; where rows are known to spell a name otherwise (`Reset user password`, conditional
access in lower case) as rows do. A value is JSON text, as Entra writes it: `"name"`, `[true]`.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

JSON = dict[str, Any]
OperationType = Literal["Add", "Update", "Delete", "Assign", "Unassign", "Restore", "Register"]


@dataclass(frozen=True)
class Service:
    """A service that logs: its name, and how the ids of its rows begin."""

    name: str
    prefix: str


CORE_DIRECTORY = Service("Core Directory", "Directory")
CONDITIONAL_ACCESS = Service("Conditional Access", "IPCPolicy")
AUTHENTICATION_METHODS = Service("Authentication Methods", "AuthMethods")
PRIVILEGED_IDENTITY_MANAGEMENT = Service("PIM", "PIM")
DEVICE_REGISTRATION = Service("Device Registration Service", "DeviceRegistration")


@dataclass(frozen=True)
class Activity:
    """One row to be: `targets` are `targetResources` as Graph shows them."""

    name: str
    category: str
    operation: OperationType
    targets: Sequence[JSON]
    service: Service = CORE_DIRECTORY
    result_reason: str = ""
    details: Sequence[JSON] = ()


def target(
    kind: str,
    object_id: str | None,
    name: str | None = None,
    modified: Iterable[JSON] = (),
    *,
    user_principal_name: str | None = None,
    group_type: str | None = None,
) -> JSON:
    """One entry of `targetResources`."""
    return {
        "id": object_id,
        "displayName": name,
        "type": kind,
        "userPrincipalName": user_principal_name,
        "groupType": group_type,
        "modifiedProperties": list(modified),
    }


def modified(name: str, old: str | None, new: str | None) -> JSON:
    """One entry of `modifiedProperties`; values are JSON text already."""
    return {"displayName": name, "oldValue": old, "newValue": new}


def text(value: object) -> str:
    """A value as JSON text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def changed_attributes(
    before: JSON | None, after: JSON, attributes: Iterable[tuple[str, str]]
) -> list[JSON]:
    """The attributes that differ, by (Graph's name, the directory's name), each value in a list.

    The last entry names them all, as in the rows of Core Directory.
    """
    found: list[JSON] = []
    for ours, theirs in attributes:
        old, new = (before or {}).get(ours), after.get(ours)
        if (old or None) != (new or None) or (isinstance(new, bool) and old != new):
            found.append(modified(theirs, text(_listed(old)), text(_listed(new))))
    names = ", ".join(item["displayName"] for item in found)
    return [*found, modified("Included Updated Properties", None, text(names))]


def directory_name(name: str) -> str:
    """Graph's property name as the directory calls the attribute."""
    return _DIRECTORY_NAMES.get(name, name[0].upper() + name[1:])


def _listed(value: object) -> list[object]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]


_DIRECTORY_NAMES = {
    "businessPhones": "TelephoneNumber",
    "companyName": "Company",
    "mobilePhone": "Mobile",
    "officeLocation": "PhysicalDeliveryOfficeName",
    "onPremisesImmutableId": "SourceAnchor",
    "otherMails": "OtherMail",
}
