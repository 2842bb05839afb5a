"""The directory's part of a tenant document: read, completed, and checked for what does not fit.

Everything here raises DocumentError: one line with the key and what is expected.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sandbox.tenant.directory.applications import Application
from sandbox.tenant.directory.method_kinds import KINDS
from sandbox.tenant.directory.roles import role_id
from sandbox.tenant.errors import DocumentError

JSON = dict[str, Any]


def required(doc: Mapping[str, Any], key: str, names: tuple[str, ...]) -> Mapping[str, Any]:
    """The object under a key, which has all of `names`."""
    found: Any = doc.get(key)
    for name in names:
        if not isinstance(found, Mapping) or name not in found:
            raise DocumentError(f"{key}.{name} is missing from the tenant document")
    return found  # pyright: ignore[reportUnknownVariableType]


def indexed(doc: Mapping[str, Any], key: str, names: tuple[str, ...]) -> dict[str, JSON]:
    """The objects under a key by id, copied, ids in lower case."""
    found: dict[str, JSON] = {}
    for index, item in enumerate(doc.get(key, [])):
        for name in ("id", *names):
            if not isinstance(item.get(name), str) or not item[name]:
                raise DocumentError(f"{key}[{index}].{name}: expected a text that isn't empty")
        object_id = str(item["id"]).lower()
        if object_id in found:
            raise DocumentError(f"{key}[{index}].id: {object_id} is there twice")
        found[object_id] = dict(item) | {"id": object_id}
    return found


def check_domains(domains: Iterable[JSON]) -> None:
    """A tenant has exactly one initial domain."""
    if sum(bool(domain.get("isInitial")) for domain in domains) != 1:
        raise DocumentError("domains: exactly one needs isInitial: true (….onmicrosoft.com)")


def complete_users(users: Iterable[JSON], now: str) -> None:
    """Fill in what a seed leaves out; no clear password, no name twice."""
    names: set[str] = set()
    for user in users:
        user.setdefault("accountEnabled", True)
        user.setdefault("userType", "Member")
        user.setdefault("createdDateTime", now)
        if "password" in user or "password" in (user.get("passwordProfile") or {}):
            raise DocumentError(
                f"users: {user['userPrincipalName']} has a clear password; "
                "documents hold passwordHash only"
            )
        name = user["userPrincipalName"].lower()
        if name in names:
            raise DocumentError(f"users: userPrincipalName {name} is there twice")
        names.add(name)


def complete_groups(groups: Iterable[JSON], now: str) -> None:
    """Fill in what a seed leaves out of groups."""
    for group in groups:
        for key in ("members", "owners"):
            group[key] = [str(object_id).lower() for object_id in group.get(key, [])]
        group.setdefault("securityEnabled", True)
        group.setdefault("mailEnabled", False)
        group.setdefault("groupTypes", [])
        group.setdefault("isAssignableToRole", None)
        group.setdefault("createdDateTime", now)


def complete_deleted(items: Iterable[JSON], now: str) -> None:
    """Fill in when an item was deleted: a seed need not say it."""
    for item in items:
        item.setdefault("deletedDateTime", now)


def complete_units(units: Iterable[JSON]) -> None:
    """Fill in what a seed leaves out of administrative units."""
    for unit in units:
        unit["members"] = [str(object_id).lower() for object_id in unit.get("members", [])]


def complete_methods(methods: Iterable[JSON]) -> None:
    """Every method is of a kind that Graph knows, with what such a method always has."""
    for method in methods:
        kind = KINDS.get(method["@odata.type"])
        if kind is None:
            raise DocumentError(
                f"authenticationMethods: {method['id']}: there is no @odata.type "
                f"{method['@odata.type']!r}; expected one of {', '.join(KINDS)}"
            )
        missing = [name for name in sorted(kind.required) if method.get(name) is None]
        if missing:
            raise DocumentError(f"authenticationMethods: {method['id']}: {missing[0]} is missing")
        for name, words in kind.words.items():
            if method.get(name) not in (None, *words):
                raise DocumentError(
                    f"authenticationMethods: {method['id']}: {name}: expected one of "
                    f"{', '.join(words)}"
                )
        method["userId"] = str(method["userId"]).lower()


def complete_assignments(assignments: Iterable[JSON]) -> None:
    """Fill in what a seed leaves out of role assignments."""
    for assignment in assignments:
        assignment.setdefault("directoryScopeId", "/")
        for key in ("principalId", "roleDefinitionId"):
            assignment[key] = str(assignment[key]).lower()


def application_roles(applications: Iterable[Application]) -> dict[str, JSON]:
    """The role assignments of the applications' `directoryRoles`, by id."""
    found: dict[str, JSON] = {}
    for app in applications:
        object_id = app.object_id.lower()
        for name in app.directory_roles:
            try:
                template_id = role_id(name)
            except ValueError as error:
                raise DocumentError(f"apps: {error}") from None
            assignment_id = str(uuid5(NAMESPACE_OID, f"{object_id}/{template_id}"))
            found[assignment_id] = {
                "id": assignment_id,
                "principalId": object_id,
                "roleDefinitionId": template_id,
                "directoryScopeId": "/",
            }
    return found
