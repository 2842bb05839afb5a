"""What may be done with users: create, change, delete softly, restore, delete for good.

Texts and codes are those of Microsoft Graph v1.0. Each function takes the `actor`: the object id
of the calling service principal, or None for an administrator at work in a portal.
"""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from sandbox.tenant.directory.authority import SENSITIVE_PROPERTIES, require_authority
from sandbox.tenant.directory.object_schemas import USER_PROPERTIES, USER_REQUIRED, user_takes
from sandbox.tenant.directory.passwords import hash_secret, require_complex
from sandbox.tenant.directory.restricted_management import require_manageable_user
from sandbox.tenant.directory.store import JSON, Directory, not_found
from sandbox.tenant.errors import ServiceError

_LOCAL_PART = re.compile(r"[A-Za-z0-9'._!#^~-]{1,64}")
_PASSWORD_POLICIES = frozenset({"DisablePasswordExpiration", "DisableStrongPassword", "None"})


def create_user(directory: Directory, body: Mapping[str, Any]) -> JSON:
    """Add a user. Raises ServiceError 400 for what Graph refuses."""
    for name in USER_REQUIRED:
        if body.get(name) is None:
            raise bad_request(f"A value is required for property '{name}' of resource 'User'.")
    values = _checked(body)
    password = require_complex(values.get("passwordProfile", {}).get("password"))
    _require_free_name(directory, values["userPrincipalName"])
    user: JSON = {
        "id": directory.changes.ids.new(),
        "createdDateTime": directory.clock.timestamp(),
        "userType": "Member",
        "creationType": None,
        **values,
    }
    user["passwordProfile"] = _without_password(values["passwordProfile"])
    user["passwordHash"] = hash_secret(password)
    user["lastPasswordChangeDateTime"] = directory.clock.timestamp()
    with directory.changes.of("user", user["id"], directory.users):
        directory.users[user["id"]] = user
    return user


def update_user(
    directory: Directory, id_or_upn: str, body: Mapping[str, Any], actor: str | None
) -> JSON:
    """Change a user's properties; those not named keep their values."""
    user = directory.user(id_or_upn)
    values = _checked(body)
    sensitive = SENSITIVE_PROPERTIES & set(values)
    require_manageable_user(directory, user["id"], values, sensitive=bool(sensitive))
    if sensitive:
        require_authority(directory, actor, user["id"], sensitive)
    if (name := values.get("userPrincipalName")) is not None:
        _require_free_name(directory, name, besides=user["id"])
    if (profile := values.get("passwordProfile")) is not None:
        if "password" in profile:
            values["passwordHash"] = hash_secret(require_complex(profile["password"]))
            values["lastPasswordChangeDateTime"] = directory.clock.timestamp()
        values["passwordProfile"] = (user.get("passwordProfile") or {}) | _without_password(profile)
    with directory.changes.of("user", user["id"], directory.users):
        user.update(values)
    return user


def delete_user(directory: Directory, id_or_upn: str, actor: str | None) -> None:
    """Move a user to the deleted items, where it can be restored for 30 days."""
    user = directory.user(id_or_upn)
    require_manageable_user(directory, user["id"], (), sensitive=True)
    require_authority(directory, actor, user["id"])
    # Entra puts the object id before the name, so that the name is free for another user.
    name = f"{user['id'].replace('-', '')}{user['userPrincipalName']}"
    with _between(directory, user["id"]):
        del directory.users[user["id"]]
        directory.deleted_users[user["id"]] = user | {
            "userPrincipalName": name,
            "deletedDateTime": directory.clock.timestamp(),
        }


def deleted_user(directory: Directory, user_id: str) -> JSON:
    """A user in the deleted items; raises ServiceError 404."""
    if (found := directory.deleted_users.get(user_id.lower())) is None:
        raise not_found(user_id)
    return found


def restore_user(
    directory: Directory, user_id: str, actor: str | None = None, new_name: str | None = None
) -> JSON:
    """Bring a deleted user back, with its id, memberships, roles and password.

    Raises ServiceError 400 when another user has its name by now, unless `new_name` is given, and
    403 for an administrator's account when the actor may not change it.
    """
    user = dict(deleted_user(directory, user_id))
    require_authority(directory, actor, user["id"])
    name = user["userPrincipalName"].removeprefix(user["id"].replace("-", ""))
    _require_free_name(directory, new_name or name)
    user |= {"userPrincipalName": new_name or name, "deletedDateTime": None}
    with _between(directory, user["id"]):
        del directory.deleted_users[user["id"]]
        directory.users[user["id"]] = user
    return user


@contextmanager
def _between(directory: Directory, user_id: str) -> Generator[None]:
    """Record a move between the users and the deleted items."""
    with (
        directory.changes.of("user", user_id, directory.users),
        directory.changes.of("deletedUser", user_id, directory.deleted_users),
    ):
        yield


def bad_request(message: str) -> ServiceError:
    """Graph's answer to a body that it does not take."""
    return ServiceError(400, "Request_BadRequest", message)


def conflict(name: str) -> ServiceError:
    """Graph's answer to a value that another object has, for example a user's name."""
    return ServiceError(
        400,
        "Request_BadRequest",
        f"Another object with the same value for property {name} already exists.",
        details=({"target": name, "code": "ObjectConflict"},),
    )


def _checked(body: Mapping[str, Any]) -> JSON:
    values: JSON = {}
    for name, value in body.items():
        if name.startswith("@odata.") or "@odata." in name:
            continue
        if name not in USER_PROPERTIES:
            raise ServiceError(
                400,
                "BadRequest",
                f"The property '{name}' does not exist on type 'microsoft.graph.user'. Make sure "
                "to only use property names that are defined by the type or mark the type as "
                "open type.",
            )
        if not _fits(name, value):
            raise bad_request(f"Invalid value specified for property '{name}' of resource 'User'.")
        values[name] = value
    return values


def _fits(name: str, value: object) -> bool:
    if not user_takes(name, value):
        return False
    if name == "passwordPolicies" and isinstance(value, str):
        return all(part.strip() in _PASSWORD_POLICIES for part in value.split(","))
    return True


def _without_password(profile: Mapping[str, Any]) -> JSON:
    return {name: value for name, value in profile.items() if name != "password"}


def _require_free_name(directory: Directory, name: str, besides: str | None = None) -> None:
    local_part, _, domain = name.rpartition("@")
    if not _LOCAL_PART.fullmatch(local_part):
        raise bad_request(
            "Invalid value specified for property 'userPrincipalName' of resource 'User'."
        )
    if not directory.has_domain(domain):
        raise bad_request(
            "The domain portion of the userPrincipalName property is invalid. You must use one "
            "of the verified domain names in your organization."
        )
    taken = directory.find_user(name)
    if taken is not None and taken["id"] != besides:
        raise conflict("userPrincipalName")
