"""The directory roles of an account: given when everything else stands, taken away first."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_azuread as azuread

from components.ordering import after

GLOBAL_ADMINISTRATOR: Final = "62e90394-69f5-4237-9190-012177145e10"
"""Template id of the role (Microsoft, "Microsoft Entra built-in roles")."""
ASSIGNMENT_TYPE: Final = "azuread:index/directoryRoleAssignment:DirectoryRoleAssignment"
SEAL_TYPE: Final = "break-glass:index:AccountRoles"


class AccountRoles(pulumi.ComponentResource):
    """Says that an account has its roles; protects them, for it depends on each.

    The role assignments themselves are not protected: the engine removes a protected resource only
    in a run after the one that unprotects it, and a role has to go in one run, before anything else
    of a retiring account. As long as this one is protected and depends on them, nothing can delete
    them by themselves, `destroy` included.
    """

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(SEAL_TYPE, name, None, opts)
        self.register_outputs({})


def assignment_name(name: str, role_id: str) -> str:
    """Resource name of one role of the account component `name`."""
    suffix = "global-administrator" if role_id == GLOBAL_ADMINISTRATOR else f"role-{role_id}"
    return f"{name}-{suffix}"


def give_roles(
    account: pulumi.ComponentResource,
    name: str,
    principal_id: pulumi.Input[str],
    roles: Sequence[str],
    *,
    armed: pulumi.Input[Any],
    held: Mapping[str, str] | None = None,
    protect: bool | None = None,
) -> None:
    """Registers an active, permanent assignment at tenant scope for each role, then the seal.

    `roles` are template ids; none: whatever the state has is taken away (the caller's component
    must not be protected then). Nothing is given before `armed` has come. `held` are assignments
    that stand in the tenant and belong to this component: role id → assignment id; they are taken
    into the state as they are instead of made, which does nothing where the state has them.
    `protect`: the seal's, and with it theirs; None: as the account component is.
    """
    standing = held or {}
    assignments = [
        azuread.DirectoryRoleAssignment(
            assignment_name(name, role_id),
            role_id=role_id,
            principal_object_id=after(principal_id, armed),
            opts=pulumi.ResourceOptions(
                parent=account,
                protect=False,
                import_=(
                    f"/roleManagement/directory/roleAssignments/{standing[role_id]}"
                    if role_id in standing
                    else None
                ),
            ),
        )
        for role_id in roles
    ]
    AccountRoles(
        f"{name}-roles",
        pulumi.ResourceOptions(parent=account, protect=protect, depends_on=[*assignments]),
    )
