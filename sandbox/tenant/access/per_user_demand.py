"""What per-user MFA demands of a sign-in, whatever Conditional Access says and whomever it spares.

Source: Microsoft Learn, "Enable per-user Microsoft Entra multifactor authentication": a user who is
enabled registers at the next sign-in in a browser or modern client, one who is enforced is asked at
each. Not simulated: app passwords, trusted addresses, remembered devices.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.tenant.access.sign_in_context import SignInContext
from sandbox.tenant.directory.per_user_mfa import per_user_mfa
from sandbox.tenant.directory.store import Directory


def per_user_demand(
    directory: Directory, user: Mapping[str, Any], context: SignInContext
) -> str | None:
    """Why a user is asked for multifactor authentication by a switch of its own; None: is not."""
    if context.service_principal_id is not None or context.mfa_done:
        return None
    state = per_user_mfa(directory, str(user["id"]))
    if state == "disabled":
        return None
    return (
        f"Per-user MFA is {state} for this account: it is asked everywhere, whichever policies "
        "spare it."
    )
