"""The audit activities of Conditional Access, authentication strengths and security info."""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.tenant.changes import Change, Initiator
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.monitor.audit_activities import (
    AUTHENTICATION_METHODS,
    CONDITIONAL_ACCESS,
    DEVICE_REGISTRATION,
    JSON,
    Activity,
    OperationType,
    modified,
    target,
    text,
)


@dataclass(frozen=True)
class _Policies:
    """How one kind of policy is called in activities and in `modifiedProperties`."""

    add: str
    update: str
    delete: str
    property_name: str
    category: str = "Policy"
    restore: str | None = None
    purge: str | None = None
    service = CONDITIONAL_ACCESS


@dataclass(frozen=True)
class _Methods(_Policies):
    service = AUTHENTICATION_METHODS


# `ConditionalAccessPolicy` is observed in rows; how the others are called there is a guess. So are
# the activities of restoring and of deleting for good, which Microsoft's list does not have.
_WORDS = {
    "policy": _Policies(
        "Add conditional access policy",
        "Update conditional access policy",
        "Delete conditional access policy",
        "ConditionalAccessPolicy",
        restore="Restore conditional access policy",
        purge="Hard Delete conditional access policy",
    ),
    "namedLocation": _Policies(
        "Add named location",
        "Update named location",
        "Delete named location",
        "NamedLocation",
        restore="Restore named location",
        purge="Hard Delete named location",
    ),
    "authenticationMethodsPolicy": _Methods(
        "Authentication Methods Policy Update",
        "Authentication Methods Policy Update",
        "Authentication Methods Policy Reset",
        "AuthenticationMethodsPolicy",
        "ApplicationManagement",
    ),
    "securityDefaults": _Policies(
        "Update security defaults",
        "Update security defaults",
        "Update security defaults",
        "SecurityDefaults",
    ),
    "authenticationStrength": _Methods(
        "Authentication Strength Policy Create",
        "Authentication Strength Policy Update",
        "Authentication Strength Policy Delete",
        "AuthenticationStrengthPolicy",
        "ApplicationManagement",
    ),
}
_METHOD_NAMES = {
    "emailAuthenticationMethod": "Email",
    "fido2AuthenticationMethod": "Passkey",
    "microsoftAuthenticatorAuthenticationMethod": "Authenticator App",
    "phoneAuthenticationMethod": "Phone",
    "softwareOathAuthenticationMethod": "Authenticator App (TOTP)",
    "temporaryAccessPassAuthenticationMethod": "Temporary Access Pass",
    "windowsHelloForBusinessAuthenticationMethod": "Windows Hello for Business",
}


_NAMELESS = {
    "securityDefaults": "Security Defaults",
    "authenticationMethodsPolicy": "Authentication Methods Policy",
}
_ALIVE = {"deletedPolicy": "policy", "deletedNamedLocation": "namedLocation"}


def policy_activities(change: Change, changes: Sequence[Change]) -> list[Activity]:
    """A policy, a named location or a strength, with its old and new JSON.

    `changes` are those of the whole request: one that leaves the deleted items is restored, or it
    is deleted for good.
    """
    alive = _ALIVE.get(change.kind)
    if alive is not None and (change.after is not None or _has(changes, change, alive)):
        return []
    words = _WORDS[alive or change.kind]
    shown: JSON = change.after or change.before or {}
    name, operation = _verb(words, change, changes)
    old = None if change.before is None else text(change.before)
    new = None if change.after is None else text(change.after)
    display = shown.get("displayName") or (_NAMELESS.get(change.kind))
    one = target(
        "Policy",
        shown.get("id", change.object_id),
        display,
        [modified(words.property_name, old, new)],
    )
    return [Activity(name, words.category, operation, [one], words.service)]


def method_activities(change: Change, initiator: Initiator, directory: Directory) -> list[Activity]:
    """A user's authentication method was registered or deleted, by the user or for the user.

    What goes with a user that is gone leaves nothing. A passkey leaves two rows: one
    of the device registration service and the general one.
    """
    method: JSON = change.after or change.before or {}
    user_id = str(method.get("userId", "")).lower()
    user = directory.users.get(user_id)
    if user is None:
        return []
    kind = str(method.get("@odata.type", "")).rpartition(".")[2]
    one = target(
        "User", user_id, user.get("displayName"), user_principal_name=user.get("userPrincipalName")
    )
    if change.before is None:
        past, verb, operation = "registered", "Add", "Add"
    elif change.after is None:
        past, verb, operation = "deleted", "Delete", "Delete"
    else:
        past, verb, operation = "updated", "Update", "Update"
    who = "User" if initiator.kind == "user" and initiator.object_id == user_id else "Admin"
    details = [{"key": "AuthenticationMethod", "value": _METHOD_NAMES.get(kind, kind)}]
    found: list[Activity] = []
    if kind == "fido2AuthenticationMethod" and verb != "Update":
        passkey = f"{verb} Passkey (device-bound)"
        aaguid = [{"key": "AAGuid", "value": method.get("aaGuid")}]
        found.append(
            Activity(
                passkey, "UserManagement", operation, [one], DEVICE_REGISTRATION, details=aaguid
            )
        )
    found.append(
        Activity(
            f"{who} {past} security info",
            "UserManagement",
            operation,
            [one],
            AUTHENTICATION_METHODS,
            f"{who} {past} {details[0]['value']}",
            details,
        )
    )
    return found


def _verb(words: _Policies, change: Change, changes: Sequence[Change]) -> tuple[str, OperationType]:
    if change.kind in _ALIVE and words.purge:
        return words.purge, "Delete"
    if change.after is None:
        return words.delete, "Delete"
    if change.before is not None or words.add == words.update:
        return words.update, "Update"
    if words.restore and any(_has(changes, change, kind) for kind in _ALIVE):
        return words.restore, "Restore"
    return words.add, "Add"


def _has(changes: Sequence[Change], change: Change, kind: str) -> bool:
    """Whether the same request changed an object of this kind with the same id."""
    return any(one.kind == kind and one.object_id == change.object_id for one in changes)
