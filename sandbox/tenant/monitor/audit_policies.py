"""The audit activities of Conditional Access, authentication strengths and security info."""

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
    service = CONDITIONAL_ACCESS


@dataclass(frozen=True)
class _Strengths(_Policies):
    service = AUTHENTICATION_METHODS


# `ConditionalAccessPolicy` is observed in rows; how the others are called there is a guess.
_WORDS = {
    "policy": _Policies(
        "Add conditional access policy",
        "Update conditional access policy",
        "Delete conditional access policy",
        "ConditionalAccessPolicy",
    ),
    "namedLocation": _Policies(
        "Add named location", "Update named location", "Delete named location", "NamedLocation"
    ),
    "securityDefaults": _Policies(
        "Update security defaults",
        "Update security defaults",
        "Update security defaults",
        "SecurityDefaults",
    ),
    "authenticationStrength": _Strengths(
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


def policy_activities(change: Change) -> list[Activity]:
    """A policy, a named location or a strength, with its old and new JSON."""
    words = _WORDS[change.kind]
    shown: JSON = change.after or change.before or {}
    name, operation = _verb(words, change)
    old = None if change.before is None else text(change.before)
    new = None if change.after is None else text(change.after)
    display = shown.get("displayName") or (
        "Security Defaults" if change.kind == "securityDefaults" else None
    )
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


def _verb(words: _Policies, change: Change) -> tuple[str, OperationType]:
    if change.before is None:
        return words.add, "Add"
    return (words.update, "Update") if change.after is not None else (words.delete, "Delete")
