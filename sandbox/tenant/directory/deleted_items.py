"""The end of deleted users and groups: on request, or when their days in the deleted items are up.

Source: Microsoft Graph v1.0 reference, "Permanently delete an item (directory object)"; Microsoft
Learn, "Restore or remove a recently deleted user": after 30 days an item is gone for good.
"""

from sandbox.tenant.changes import Kind
from sandbox.tenant.clock import iso
from sandbox.tenant.directory.store import JSON, Directory, not_found

_DAY = 86_400.0


def purge(directory: Directory, object_id: str) -> None:
    """Delete a deleted user or group for good, with everything in the directory that points to it.

    Raises ServiceError 404 when it is not among the deleted items.
    """
    gone = object_id.lower()
    stores: tuple[tuple[Kind, dict[str, JSON]], ...] = (
        ("deletedUser", directory.deleted_users),
        ("deletedGroup", directory.deleted_groups),
    )
    for kind, store in stores:
        if gone in store:
            with directory.changes.of(kind, gone, store):
                del store[gone]
            _forget(directory, gone)
            return
    raise not_found(object_id)


def expire(directory: Directory, days: float) -> None:
    """Purge what was deleted longer ago than this many days."""
    if not (directory.deleted_users or directory.deleted_groups):
        return
    limit = iso(directory.clock.now() - days * _DAY)
    for item in (*directory.deleted_users.values(), *directory.deleted_groups.values()):
        if item["deletedDateTime"] <= limit:
            purge(directory, item["id"])


def _forget(directory: Directory, gone: str) -> None:
    """Take an object out of all groups and units, with its roles and authentication methods."""
    linked = {*directory.index.groups_with(gone), *directory.index.groups_owned_by(gone)}
    for group_id in linked & directory.groups.keys():
        with directory.changes.of("group", group_id, directory.groups):
            _unlink(directory.groups[group_id], gone)
    for group in directory.deleted_groups.values():
        _unlink(group, gone)
    for unit in directory.units_of(gone):
        with directory.changes.of("administrativeUnit", unit["id"], directory.administrative_units):
            unit["members"].remove(gone)
    for assignment in directory.role_assignments_to(gone):
        given = assignment["id"]
        with directory.changes.of("roleAssignment", given, directory.role_assignments):
            del directory.role_assignments[given]
    for entry in [*directory.role_eligibilities.values()]:
        if entry["principalId"] == gone:
            with directory.changes.of("roleEligibility", entry["id"], directory.role_eligibilities):
                del directory.role_eligibilities[entry["id"]]
    methods = directory.authentication_methods
    for method_id in [key for key, method in methods.items() if method["userId"] == gone]:
        with directory.changes.of("authenticationMethod", method_id, methods):
            del methods[method_id]


def _unlink(group: JSON, gone: str) -> None:
    for key in ("members", "owners"):
        group[key] = [object_id for object_id in group[key] if object_id != gone]
