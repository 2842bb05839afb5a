"""The directory roles of an account: given when everything else stands, taken away first.

An assignment that stands in the tenant is taken in only where the state has none of that role and
account. For a resource that the state has, the engine compares the id to import with the one that
the state recorded when it was last imported, not with the id that the resource has (Pulumi 3.258,
`resource/deploy/step_generator.go`, and as observed):

- no id to import: never an import, whatever was recorded; the record is dropped;
- the id that was recorded, or nothing recorded and the resource's own: nothing is done; but a
  replacement is refused ("may not be replaced"), unless it comes from a dependency that is deleted
  first;
- another one, be it the resource's own: taken in as a replacement, then "the original" is deleted,
  which may be the very same assignment. A replacement by way of a dependency leaves such a record:
  the id of before.

So without one, no run takes away what it has just taken in. A replacement makes the new assignment
first, and the service refuses a second one of the same role and account (409 or 400 "conflicting
object"): such a run fails and the account keeps its role. The same is met when the refresh of an
`up` is shown by a lagging replica that there is none: the next `up` takes it in.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_azuread as azuread

from components.ordering import behind, not_before
from components.stack_memory import StackMemory, may_have
from entra.built_in_roles import GLOBAL_ADMINISTRATOR

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


def dropped_roles(
    object_id: str, held: Mapping[str, str], memory: StackMemory
) -> Mapping[str, str]:
    """Those of `held` (role id → assignment id) that the state does not have: to be taken in.

    The one place that says what may be taken in, see this module's docstring. An assignment of
    the account's that the state has under another id or another resource's name is not taken in
    either.
    """
    return {
        role_id: id_
        for role_id, id_ in held.items()
        if not may_have(memory, ASSIGNMENT_TYPE, roleId=role_id, principalObjectId=object_id)
    }


def give_roles(
    account: pulumi.ComponentResource,
    name: str,
    principal_id: pulumi.Input[str],
    roles: Sequence[str],
    *,
    armed: pulumi.Input[Any],
    dropped: Mapping[str, str] | None = None,
    protect: bool | None = None,
) -> None:
    """Registers an active, permanent assignment at tenant scope for each role, then the seal.

    `roles` are template ids; none: whatever the state has is taken away (the caller's component
    must not be protected then). Nothing is given before `armed` has come. `dropped` are assignments
    that belong to this component and are taken into the state as they are instead of made: what
    `dropped_roles` says and nothing else.
    `protect`: the seal's, and with it theirs; None: as the account component is.
    """
    standing = dropped or {}
    assignments = [
        azuread.DirectoryRoleAssignment(
            assignment_name(name, role_id),
            role_id=role_id,
            principal_object_id=not_before(principal_id, armed),
            opts=pulumi.ResourceOptions(
                parent=account,
                protect=False,
                depends_on=behind(armed),
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
