"""The session controls of a policy, named and told in words. They are reported, not enforced.

Source: Microsoft Learn, "Conditional Access: Session"; Microsoft Graph reference,
conditionalAccessSessionControls.
"""

from collections.abc import Mapping
from typing import Any, cast

Object = Mapping[str, Any]


def session_controls(policy: Object) -> dict[str, str]:
    """The session controls that are on, by Graph's names, each with its setting in words."""
    session: Object = policy.get("sessionControls") or {}
    return {
        name: _setting(name, value)
        for name, value in session.items()
        if value and "@odata." not in name and _is_enabled(value)
    }


def _is_enabled(value: Any) -> bool:
    if isinstance(value, Mapping):
        return cast("Object", value).get("isEnabled", True) is True
    return value is True


def _setting(name: str, value: Any) -> str:
    setting: Object = cast("Object", value) if isinstance(value, Mapping) else {}
    match name:
        case "signInFrequency":
            if setting.get("frequencyInterval") == "everyTime":
                return "every time"
            return f"every {setting.get('value')} {setting.get('type')}"
        case "persistentBrowser" | "continuousAccessEvaluation":
            return str(setting.get("mode"))
        case "cloudAppSecurity":
            return str(setting.get("cloudAppSecurityType"))
        case "disableResilienceDefaults":
            return "no access during an outage"
        case "globalSecureAccessFilteringProfile":
            return str(setting.get("profileId"))
        case _:
            return "on"
