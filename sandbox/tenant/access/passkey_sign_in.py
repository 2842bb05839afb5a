"""Whether a user can sign in with a passkey: what is registered, and what the tenant allows.

Source: Microsoft Learn, "Enable passkeys (FIDO2) for your organization" (a key that restrictions
no longer allow cannot be used to sign in) and "Microsoft Entra authentication and authorization
error codes" (135010 KeyNotFound). Seen: 130501 for a method that the authentication methods policy
does not allow. That these two codes are given for passkeys is assumed.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.tenant.access import methods
from sandbox.tenant.access.sign_in_request import SignInRequest
from sandbox.tenant.directory.authentication_methods import PASSKEY, methods_of
from sandbox.tenant.directory.authentication_methods_policy import PASSKEYS, configuration
from sandbox.tenant.directory.store import Directory

NOT_REGISTERED = "135010"
NOT_ALLOWED = "130501"
_ALL_USERS = "all_users"


def passkey_refusal(
    directory: Directory, user: Mapping[str, Any], request: SignInRequest, *, is_guest: bool
) -> str | None:
    """The code with which a passkey sign-in is refused; None when it is none, or is good.

    A refresh without a person and a guest whose own tenant authenticates use no passkey here.
    """
    if request.done_method != methods.PASSKEY or not request.interactive or is_guest:
        return None
    keys = [
        str(method.get("aaGuid") or "").lower()
        for method in methods_of(directory, user["id"], PASSKEY)
    ]
    if request.aaguid is not None:
        keys = [key for key in keys if key == request.aaguid.lower()]
    if not keys:
        return NOT_REGISTERED
    rules = configuration(directory, PASSKEYS)
    if rules["state"] != "enabled" or not _is_in_scope(directory, user["id"], rules):
        return NOT_ALLOWED
    return None if any(_is_allowed(key, rules["keyRestrictions"]) for key in keys) else NOT_ALLOWED


def _is_in_scope(directory: Directory, user_id: str, rules: Mapping[str, Any]) -> bool:
    own = {_ALL_USERS, user_id, *directory.groups_of(user_id)}
    included = {str(target["id"]) for target in rules["includeTargets"]}
    excluded = {str(target["id"]) for target in rules["excludeTargets"]}
    return bool(own & included) and not own & excluded


def _is_allowed(key: str, restrictions: Mapping[str, Any]) -> bool:
    if not restrictions.get("isEnforced"):
        return True
    listed = key in [str(aaguid).lower() for aaguid in restrictions.get("aaGuids") or ()]
    return listed == (restrictions.get("enforcementType") == "allow")
