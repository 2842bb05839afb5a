"""Per-user MFA: the older switch of a single user, which Conditional Access knows nothing of.

Sources: Microsoft Graph beta, "strongAuthenticationRequirements resource type" (a user who is
enabled and has a method registered is enforced at once); Microsoft Learn, "Enable per-user
Microsoft Entra multifactor authentication". Kept as the user's property `perUserMfaState`, which
Graph does not show among the others.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.tenant.directory.authentication_methods import PASSWORD, methods_of
from sandbox.tenant.directory.method_kinds import EMAIL
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.directory.users import bad_request

PROPERTY = "perUserMfaState"
STATES = ("disabled", "enabled", "enforced")
_NO_SECOND_FACTOR = frozenset({PASSWORD, EMAIL.type})


def per_user_mfa(directory: Directory, id_or_upn: str) -> str:
    """The state of a user; raises ServiceError 404 for no such user."""
    return str(directory.user(id_or_upn).get(PROPERTY) or STATES[0])


def set_per_user_mfa(directory: Directory, id_or_upn: str, body: Mapping[str, Any]) -> str:
    """Switch it, as an administrator does; the state that the user then has."""
    user = directory.user(id_or_upn)
    wanted = body.get(PROPERTY)
    if list(body) != [PROPERTY] or wanted not in STATES:
        raise bad_request(f"Expected {PROPERTY} and nothing else: one of {', '.join(STATES)}.")
    if wanted == "enabled" and has_second_factor(directory, user["id"]):
        wanted = "enforced"
    with directory.changes.of("user", user["id"], directory.users):
        user[PROPERTY] = wanted
    return wanted


def has_second_factor(directory: Directory, user_id: str) -> bool:
    """Whether a user has anything registered besides what only resets a password."""
    return any(
        method["@odata.type"] not in _NO_SECOND_FACTOR for method in methods_of(directory, user_id)
    )
