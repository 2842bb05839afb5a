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

So without one, no run takes away what it has just taken in. Nor can the run take in what its own
refresh dropped, to which a lagging replica showed none: the program sees the state of before, and
whether an id was recorded there it cannot see. Such a run would give the role a second time, like
an ordered replacement, which makes the new assignment first; the service refuses that (409 or 400
"conflicting object"). So the engine asks before it gives a role that the state knew: the run ends
in one line, the account keeps its role, and the next `up` takes it in.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_azuread as azuread

from components.account_checks import DOUBT_SECONDS
from components.ordering import behind, not_before
from components.stack_memory import StackMemory, may_have
from entra.built_in_roles import GLOBAL_ADMINISTRATOR, role_name
from entra.directory import WHOLE_TENANT, RoleAssignment
from entra.errors import EntraError

ASSIGNMENT_TYPE: Final = "azuread:index/directoryRoleAssignment:DirectoryRoleAssignment"
SEAL_TYPE: Final = "break-glass:index:AccountRoles"


RolesOf = Callable[[str], Sequence[RoleAssignment]]
"""The roles that are active for the principal with this object id; raises EntraError."""


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


def given_already(
    name: str, roles_of: RolesOf, memory: StackMemory, sleep: Callable[[float], None]
) -> pulumi.ResourceHook:
    """A hook of the roles of the account component `name`: called exactly when the engine would
    give one, also in a preview.

    Raises RunError, one line, when the state knew that role of the account and the account has it.
    One that was taken away a moment ago may still be shown: it is asked again for some seconds. Who
    cannot be asked says nothing: the service refuses by itself what it has already.
    """

    def check(hook: pulumi.ResourceHookArgs) -> None:
        wanted = hook.new_inputs or {}
        principal, role = wanted.get("principalObjectId"), wanted.get("roleId")
        if not (isinstance(principal, str) and isinstance(role, str)):
            return
        if not may_have(memory, ASSIGNMENT_TYPE, roleId=role, principalObjectId=principal):
            return
        found = _active(roles_of, principal, role)
        for pause in DOUBT_SECONDS:
            if found is None:
                return
            sleep(pause)
            found = _active(roles_of, principal, role)
        if found is not None:
            raise pulumi.RunError(
                f"{name}: this run was about to give {role_name(role) or role} to {principal} once"
                f" more, which has it (assignment {found.id}): this run's refresh did not find"
                " that, or it was to be replaced; the account keeps it; run pulumi up again, which"
                " takes it in"
            )

    options = pulumi.ResourceHookOptions(on_dry_run=True)
    return pulumi.ResourceHook(f"{name}-role-is-given-already", check, options)


def _active(roles_of: RolesOf, principal: str, role: str) -> RoleAssignment | None:
    try:
        found = roles_of(principal)
    except EntraError:
        return None
    held = (one for one in found if one.scope == WHOLE_TENANT)
    return next((one for one in held if one.role_id == role.casefold()), None)


def give_roles(
    account: pulumi.ComponentResource,
    name: str,
    principal_id: pulumi.Input[str],
    roles: Sequence[str],
    *,
    armed: pulumi.Input[Any],
    dropped: Mapping[str, str] | None = None,
    before: pulumi.ResourceHook | None = None,
    protect: bool | None = None,
) -> None:
    """Registers an active, permanent assignment at tenant scope for each role, then the seal.

    `roles` are template ids; none: whatever the state has is taken away (the caller's component
    must not be protected then). Nothing is given before `armed` has come. `dropped` are assignments
    that belong to this component and are taken into the state as they are instead of made: what
    `dropped_roles` says and nothing else. `before`: see `given_already`; None asks nobody.
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
                hooks=pulumi.ResourceHookBinding(before_create=[before]) if before else None,
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
