"""Who may reset and change whom: Microsoft's two tables, cell by cell, for applications."""

from typing import Any

import pytest

from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.authority import require_authority
from sandbox.tenant.directory.roles import role_id
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.errors import ServiceError
from tests.support.tenant import object_id, small_document

APP, EVE = object_id("app/object"), object_id("users/eve")
PRIVILEGED = "Privileged Authentication Administrator"
EVERYBODY = f"Global Administrator, {PRIVILEGED}"

# "Who can reset passwords?": the account's role, then the roles that can.
RESET = {
    "Authentication Administrator": f"Authentication Administrator, {EVERYBODY}",
    "Directory Readers": "all",
    "Global Administrator": EVERYBODY,
    "Groups Administrator": f"User Administrator, {EVERYBODY}",
    "Guest Inviter": "all",
    "Helpdesk Administrator": f"Helpdesk Administrator, User Administrator, {EVERYBODY}",
    "Message Center Reader": "all but Password Administrator",
    "Password Administrator": "all",
    "Privileged Authentication Administrator": EVERYBODY,
    "Privileged Role Administrator": EVERYBODY,
    "Reports Reader": "all but Password Administrator",
    "": "all",
    "member": EVERYBODY,
    "owner": EVERYBODY,
    "User Administrator": f"User Administrator, {EVERYBODY}",
    "Usage Summary Reports Reader": "all but Password Administrator",
    "Conditional Access Administrator": EVERYBODY,
}
RESETTERS = (
    *("Password Administrator", "Helpdesk Administrator", "Authentication Administrator"),
    *("User Administrator", "Global Administrator", PRIVILEGED),
)
# "Who can perform sensitive actions?": two columns fewer, the same rows.
CHANGERS = RESETTERS[2:]


def tenant(account: str, *app_roles: str, permissions: tuple[str, ...] = ()) -> Directory:
    """A directory where eve holds a role or is in a role-assignable group, and what the app has."""
    document = small_document()
    app: dict[str, Any] = document["apps"][0]
    app |= {"directoryRoles": list(app_roles), "graphPermissions": list(permissions)}
    if account in ("member", "owner"):
        group = {"id": object_id("groups/btg"), "displayName": "BTG", "isAssignableToRole": True}
        document["groups"].append(group | {f"{account}s": [EVE]})
    elif account:
        document["roleAssignments"].append(
            {
                "id": object_id("roles/eve"),
                "principalId": EVE,
                "roleDefinitionId": role_id(account),
                "directoryScopeId": "/",
            }
        )
    return Directory.from_document(document, Clock())


def may(directory: Directory, *changed: str) -> bool:
    try:
        require_authority(directory, APP, EVE, changed)
    except ServiceError as error:
        if (error.status, error.code) != (403, "Authorization_RequestDenied"):
            raise
        return False
    return True


def in_table(account: str, role: str) -> bool:
    cell = RESET[account]
    if cell == "all":
        return True
    if cell.startswith("all but "):
        return role != cell.removeprefix("all but ")
    return role in cell.split(", ")


@pytest.mark.parametrize("role", RESETTERS)
@pytest.mark.parametrize("account", RESET)
def test_a_password_is_reset_by_whom_the_table_names(account: str, role: str) -> None:
    directory = tenant(account, role)
    assert may(directory, "passwordProfile") is in_table(account, role)
    with_permission = tenant(account, role, permissions=("User-PasswordProfile.ReadWrite.All",))
    ordinary = not account or account.endswith((" Reader", " Readers", " Inviter"))
    assert may(with_permission, "passwordProfile") is (in_table(account, role) or ordinary)


@pytest.mark.parametrize("role", CHANGERS)
@pytest.mark.parametrize("account", RESET)
@pytest.mark.parametrize("changed", [("accountEnabled",), ("userPrincipalName",), ()])
def test_an_account_is_disabled_renamed_and_deleted_by_whom_the_table_names(
    account: str, role: str, changed: tuple[str, ...]
) -> None:
    ordinary = not account or account.endswith((" Reader", " Readers", " Inviter"))
    assert may(tenant(account, role), *changed) is (in_table(account, role) or ordinary)


@pytest.mark.parametrize("role", ["Helpdesk Administrator", "Password Administrator"])
def test_who_only_resets_passwords_does_not_disable_other_administrators(role: str) -> None:
    directory = tenant("Password Administrator", role)
    assert may(directory, "passwordProfile")
    assert not may(directory, "accountEnabled")
    assert not may(directory, "passwordProfile", "accountEnabled")


@pytest.mark.parametrize(
    ("account", "changed", "permission", "allowed"),
    [
        ("", ("passwordProfile",), "User.ReadWrite.All", False),
        ("", ("passwordProfile",), "User-PasswordProfile.ReadWrite.All", True),
        ("", ("accountEnabled",), "User.ReadWrite.All", True),
        ("Reports Reader", ("accountEnabled",), "User.ReadWrite.All", True),
        ("Reports Reader", ("passwordProfile",), "User-PasswordProfile.ReadWrite.All", True),
        ("User Administrator", ("accountEnabled",), "User.ReadWrite.All", False),
        ("member", ("accountEnabled",), "User.ReadWrite.All", False),
        ("owner", (), "User.ReadWrite.All", False),
        (
            "Global Administrator",
            ("passwordProfile",),
            "User-PasswordProfile.ReadWrite.All",
            False,
        ),
    ],
)
def test_an_application_without_a_role_reaches_ordinary_accounts_only(
    account: str, changed: tuple[str, ...], permission: str, allowed: bool
) -> None:
    assert may(tenant(account, permissions=(permission,)), *changed) is allowed


def test_every_role_of_the_account_has_to_be_covered() -> None:
    document = small_document()
    document["apps"][0] |= {"directoryRoles": ["User Administrator"]}
    for name in ("Groups Administrator", "Security Administrator"):
        document["roleAssignments"].append(
            {
                "id": object_id(f"roles/{name}"),
                "principalId": EVE,
                "roleDefinitionId": role_id(name),
                "directoryScopeId": "/",
            }
        )
    assert not may(Directory.from_document(document, Clock()), "accountEnabled")


def test_an_administrator_in_a_portal_needs_no_application() -> None:
    require_authority(tenant("Global Administrator"), None, EVE, ("passwordProfile",))
