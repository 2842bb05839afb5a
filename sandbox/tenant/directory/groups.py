"""What may be done with groups and their members and owners.

Role-assignable groups are protected: creating, changing and deleting one, and changing its members,
needs RoleManagement.ReadWrite.Directory besides any group permission. Source: Microsoft Learn, "Use
Microsoft Entra groups to manage role assignments". The nickname's form: Microsoft Graph v1.0
reference, "group resource type"; that security groups may share one: public reports.
"""

import re
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Literal, cast

from sandbox.tenant.directory.authority import denied
from sandbox.tenant.directory.object_schemas import GROUP_PROPERTIES, GROUP_REQUIRED, group_takes
from sandbox.tenant.directory.restricted_management import require_manageable_group
from sandbox.tenant.directory.store import JSON, Directory, not_found
from sandbox.tenant.directory.users import bad_request, conflict
from sandbox.tenant.errors import ServiceError

ROLE_MANAGEMENT = "RoleManagement.ReadWrite.Directory"
Link = Literal["members", "owners"]

_MAXIMUM_ROLE_ASSIGNABLE = 500
_LONGEST_NAME = 256
_MOST_BOUND = 20
# 64 characters of ASCII without those that the group resource's reference names.
_NICKNAME = re.compile(r"""[^@()\\\[\]";:<>,\x00-\x20\x7f-\U0010ffff]{1,64}""")


def create_group(
    directory: Directory, body: Mapping[str, Any], permissions: Collection[str] | None
) -> JSON:
    """Add a group with its first owners and members (`owners@odata.bind`, `members@odata.bind`).

    `permissions` are the caller's application permissions; None is an administrator in a portal.
    """
    for name in GROUP_REQUIRED:
        if body.get(name) is None:
            raise bad_request(f"A value is required for property '{name}' of resource 'Group'.")
    values = _checked(body)
    assignable = values.get("isAssignableToRole") is True
    if assignable:
        _require_role_management(permissions)
        _require_assignable_allowed(directory, values)
    elif not values["securityEnabled"] and "Unified" not in values.get("groupTypes", []):
        raise bad_request("The service does not currently support writes of mail-enabled groups.")
    _require_free_nickname(directory, values)
    group: JSON = {
        "id": directory.changes.ids.new(),
        "createdDateTime": directory.clock.timestamp(),
        "description": None,
        "groupTypes": [],
        "visibility": "Private" if assignable else None,
        **values,
        "isAssignableToRole": assignable or None,
        "owners": _bound(directory, body, "owners"),
        "members": _bound(directory, body, "members"),
    }
    with directory.changes.of("group", group["id"], directory.groups):
        directory.groups[group["id"]] = group
    return group


def update_group(
    directory: Directory,
    group_id: str,
    body: Mapping[str, Any],
    permissions: Collection[str] | None,
) -> JSON:
    """Change a group's properties, and add the members that `members@odata.bind` names.

    Whether it can hold roles is settled when it is made. Up to 20 members, all of them or none:
    Microsoft Graph v1.0, "Add members", the example of several members at once. That owners are
    refused is assumed.
    """
    group = _changeable(directory, group_id, permissions)
    values = _checked(body)
    if "owners@odata.bind" in body:
        raise bad_request("Owners cannot be bound in an update: add them by reference.")
    if "isAssignableToRole" in values:
        wanted = values.pop("isAssignableToRole")
        if bool(wanted) != bool(group["isAssignableToRole"]):
            raise bad_request(
                "The property 'isAssignableToRole' is immutable: it can be set only when the "
                "group is created."
            )
    if "mailNickname" in values:
        _require_free_nickname(directory, group | values)
    added = _bound(directory, body, "members")
    if added:
        require_manageable_group(directory, group_id, links=True)
    _check_links(directory, group, "members", added)
    with directory.changes.of("group", group["id"], directory.groups):
        group.update(values)
        group["members"].extend(added)
    return group


def delete_group(directory: Directory, group_id: str, permissions: Collection[str] | None) -> None:
    """Move a group to the deleted items."""
    group = _changeable(directory, group_id, permissions)
    deleted = {"deletedDateTime": directory.clock.timestamp()}
    with _between(directory, group["id"]):
        del directory.groups[group["id"]]
        directory.deleted_groups[group["id"]] = group | deleted


def restore_group(
    directory: Directory, group_id: str, permissions: Collection[str] | None = None
) -> JSON:
    """Bring a deleted group back with its members, its owners and its roles."""
    if (group := directory.deleted_groups.get(group_id.lower())) is None:
        raise not_found(group_id)
    require_group_rights(group, permissions)
    _require_free_nickname(directory, group)
    with _between(directory, group["id"]):
        del directory.deleted_groups[group["id"]]
        directory.groups[group["id"]] = group | {"deletedDateTime": None}
    return directory.groups[group["id"]]


def add_link(
    directory: Directory,
    group_id: str,
    link: Link,
    object_id: str,
    permissions: Collection[str] | None,
) -> None:
    """Add a member or an owner; raises ServiceError 400 when it is one already."""
    group = _changeable(directory, group_id, permissions, links=True)
    found = directory.find_object(object_id)
    if found is None:
        raise not_found(object_id)
    _check_links(directory, group, link, [found["id"]])
    with directory.changes.of("group", group["id"], directory.groups):
        group[link].append(found["id"])


def remove_link(
    directory: Directory,
    group_id: str,
    link: Link,
    object_id: str,
    permissions: Collection[str] | None,
) -> None:
    """Remove a member or an owner; raises ServiceError 404 when it is none.

    The last owner stays: Microsoft Graph v1.0, "Remove group owner". That a service principal
    counts as one is assumed.
    """
    group = _changeable(directory, group_id, permissions, links=True)
    if object_id.lower() not in group[link] or directory.find_object(object_id) is None:
        raise not_found(object_id)
    if link == "owners" and len(directory.objects(group["owners"])) == 1:
        raise bad_request(
            "The group must have at least one owner, hence this owner cannot be removed."
        )
    with directory.changes.of("group", group["id"], directory.groups):
        group[link].remove(object_id.lower())


def _changeable(
    directory: Directory,
    group_id: str,
    permissions: Collection[str] | None,
    *,
    links: bool = False,
) -> JSON:
    """The group, or its members and owners, if the caller may change it; raises ServiceError."""
    group = directory.group(group_id)
    require_group_rights(group, permissions)
    require_manageable_group(directory, group_id, links=links)
    return group


def _check_links(directory: Directory, group: JSON, link: Link, added: list[str]) -> None:
    """Raise ServiceError 400 for what cannot become a member or an owner of a group."""
    for found in directory.objects(added):
        if group["isAssignableToRole"] and found["@odata.type"] == "#microsoft.graph.group":
            raise bad_request("Nesting is currently not supported for groups that can hold roles.")
    if set(added) & set(group[link]):
        raise bad_request(
            "One or more added object references already exist for the following modified "
            f"properties: '{link}'."
        )


@contextmanager
def _between(directory: Directory, group_id: str) -> Generator[None]:
    """Record a move between the groups and the deleted items."""
    with (
        directory.changes.of("group", group_id, directory.groups),
        directory.changes.of("deletedGroup", group_id, directory.deleted_groups),
    ):
        yield


def require_group_rights(group: JSON, permissions: Collection[str] | None) -> None:
    """Raise ServiceError 403 when the group is protected and the caller may not manage roles."""
    if group["isAssignableToRole"]:
        _require_role_management(permissions)


def _require_role_management(permissions: Collection[str] | None) -> None:
    if permissions is not None and ROLE_MANAGEMENT not in permissions:
        raise denied()


def _require_assignable_allowed(directory: Directory, values: JSON) -> None:
    if not directory.has_premium:
        raise ServiceError(
            403,
            "Authorization_RequestDenied",
            "The tenant needs a Microsoft Entra ID P1 licence for groups that can hold roles.",
        )
    if not values["securityEnabled"] or "DynamicMembership" in values.get("groupTypes", []):
        raise bad_request(
            "Groups that can hold roles must be security groups with assigned membership."
        )
    made = sum(bool(group["isAssignableToRole"]) for group in directory.groups.values())
    if made >= _MAXIMUM_ROLE_ASSIGNABLE:
        raise bad_request("The number of groups that can hold roles has reached its limit of 500.")


def _checked(body: Mapping[str, Any]) -> JSON:
    values: JSON = {}
    for name, value in body.items():
        if "@odata." in name:
            continue
        if name not in GROUP_PROPERTIES:
            raise ServiceError(
                400,
                "BadRequest",
                f"The property '{name}' does not exist on type 'microsoft.graph.group'. Make sure "
                "to only use property names that are defined by the type or mark the type as "
                "open type.",
            )
        if not group_takes(name, value) or not _has_form(name, value):
            raise bad_request(f"Invalid value specified for property '{name}' of resource 'Group'.")
        values[name] = value
    return values


def _has_form(name: str, value: object) -> bool:
    if name == "displayName":
        return 1 <= len(str(value)) <= _LONGEST_NAME
    return name != "mailNickname" or _NICKNAME.fullmatch(str(value)) is not None


def _require_free_nickname(directory: Directory, group: Mapping[str, Any]) -> None:
    """Mail-enabled groups have a mail alias each; security groups may share theirs."""
    if not group.get("mailEnabled"):
        return
    wanted = str(group.get("mailNickname")).lower()
    for other in directory.groups.values():
        if (
            other["mailEnabled"]
            and other["id"] != group.get("id")
            and str(other.get("mailNickname")).lower() == wanted
        ):
            raise conflict("mailNickname")


def _bound(directory: Directory, body: Mapping[str, Any], link: Link) -> list[str]:
    ids: list[str] = []
    for object_id in bound_ids(body, link):
        found = directory.find_object(object_id)
        if found is None:
            raise not_found(object_id)
        ids.append(found["id"].lower())
    return list(dict.fromkeys(ids))


def bound_ids(body: Mapping[str, Any], link: Link) -> list[str]:
    """The object ids that a body binds, at most 20; raises ServiceError 400."""
    name = f"{link}@odata.bind"
    references: Any = body.get(name, [])
    if not isinstance(references, list):
        raise bad_request(f"Invalid value specified for '{name}': expected a list of references.")
    bound = [object_id_of(reference) for reference in cast("list[Any]", references)]
    if len(bound) > _MOST_BOUND:
        raise bad_request(f"'{name}' has {len(bound)} references, {_MOST_BOUND} at most.")
    return bound


def object_id_of(reference: object) -> str:
    """The object id at the end of an OData reference such as `…/v1.0/directoryObjects/{id}`."""
    if not isinstance(reference, str) or not reference.rstrip("/"):
        raise bad_request("Invalid URL format specified in @odata.id for an entity reference.")
    return reference.rstrip("/").rpartition("/")[2].removesuffix("')").rpartition("('")[2]
