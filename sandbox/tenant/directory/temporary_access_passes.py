"""Temporary Access Passes: a passcode for a while, with which a user registers passkeys.

Source: Microsoft Graph v1.0, "Create temporaryAccessPassMethod": at most one usable pass a user, a
new one replaces it; 10 to 43,200 minutes, within the bounds of the policy. The texts of refusals
are assumed. Not simulated: signing in with the pass, hence the reason `OneTimeUsed`.
"""

import secrets
import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.tenant.clock import iso
from sandbox.tenant.directory.authentication_methods import (
    ACCESS_PASS,
    add_method,
    delete_method,
    methods_of,
    refused,
)
from sandbox.tenant.directory.authentication_methods_policy import (
    TEMPORARY_ACCESS_PASS,
    configuration,
)
from sandbox.tenant.directory.passwords import hash_secret
from sandbox.tenant.directory.store import JSON, Directory
from sandbox.tenant.errors import ServiceError

_CHARACTERS = string.ascii_letters + string.digits + "+&%*!-"
_SHORTEST, _LONGEST = 10, 43_200


def create_pass(directory: Directory, id_or_upn: str, body: Mapping[str, Any]) -> tuple[JSON, str]:
    """Make a pass; the method without its passcode, and the passcode, which nobody sees again."""
    user_id = directory.user(id_or_upn)["id"]
    rules = configuration(directory, TEMPORARY_ACCESS_PASS)
    if rules["state"] != "enabled":
        raise ServiceError(
            403, "accessDenied", "Temporary Access Pass is not enabled by the policy of the tenant."
        )
    once = body.get("isUsableOnce", rules["isUsableOnce"])
    if not isinstance(once, bool) or (rules["isUsableOnce"] and not once):
        raise refused("isUsableOnce must be true: the policy allows one-time passes only.")
    passcode = "".join(secrets.choice(_CHARACTERS) for _ in range(rules["defaultLength"]))
    method: JSON = {
        "id": directory.changes.ids.new(),
        "@odata.type": ACCESS_PASS,
        "userId": user_id,
        "passwordHash": hash_secret(passcode),
        "createdDateTime": directory.clock.timestamp(),
        "startDateTime": _start(body.get("startDateTime"), directory.clock.now()),
        "lifetimeInMinutes": _lifetime(body, rules),
        "isUsableOnce": once,
    }
    for earlier in methods_of(directory, user_id, ACCESS_PASS):
        delete_method(directory, user_id, ACCESS_PASS, earlier["id"])
    return add_method(directory, method), passcode


def usability(directory: Directory, method: Mapping[str, Any]) -> JSON:
    """Whether a pass can be used now, and why not."""
    start = _epoch(method["startDateTime"])
    now = directory.clock.now()
    if configuration(directory, TEMPORARY_ACCESS_PASS)["state"] != "enabled":
        reason = "DisabledByPolicy"
    elif now < start:
        reason = "NotYetValid"
    elif now >= start + 60 * method["lifetimeInMinutes"]:
        reason = "Expired"
    else:
        reason = "EnabledByPolicy"
    return {"isUsable": reason == "EnabledByPolicy", "methodUsabilityReason": reason}


def _lifetime(body: Mapping[str, Any], rules: Mapping[str, Any]) -> int:
    minutes: Any = body.get("lifetimeInMinutes")
    if minutes is None:
        return rules["defaultLifetimeInMinutes"]
    lowest = max(_SHORTEST, rules["minimumLifetimeInMinutes"])
    highest = min(_LONGEST, rules["maximumLifetimeInMinutes"])
    if not isinstance(minutes, int) or not lowest <= minutes <= highest:
        raise refused(f"lifetimeInMinutes must be between {lowest} and {highest}.")
    return minutes


def _start(text: object, now: float) -> str:
    if text is None:
        return iso(now)
    try:
        return iso(_epoch(str(text)))
    except ValueError:
        raise refused("startDateTime must be a date and time in ISO 8601.") from None


def _epoch(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
