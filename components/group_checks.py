"""What the directory is asked about the group before anything is registered.

Every answer that leaves doubt ends the run with one line (`pulumi.RunError`): no group is silently
made anew, made a second time, or filled with accounts that its own owners could pass by.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import pulumi

from components.argument_wording import Wording
from components.group_directory import GroupDirectory
from components.import_command import import_below, stack_reference
from components.stack_memory import Outputs, StackMemory
from entra.directory import Group, Member
from entra.errors import EntraError, NotFound
from entra.policy import told

T = TypeVar("T")
TYPE: Final = "break-glass:index:BreakGlassGroup"
GROUP_TYPE: Final = "azuread:index/group:Group"
DEFAULT_NAME: Final = "BTG Admins"
DOUBT_SECONDS: Final = (1.0, 2.0)
"""How long a 404 for a group that the stack knows is doubted."""


@dataclass(frozen=True)
class FoundGroup:
    """The group as this run found it."""

    id: str | None
    """Object id; None when the group is still to be made."""
    name: str
    """Display name: an existing group's own, else the one that ours is to have."""
    existing: bool = False
    """It is somebody else's: only our memberships in it are ours."""
    dropped: bool = False
    """It is ours and stands, but had dropped out of the stack's state."""
    name_taken: bool = False
    """It is ours and was renamed, and another group has its name: it keeps the one it has."""
    members: Sequence[Member] = ()
    owners: Sequence[Member] = ()


def find_group(
    *,
    directory: GroupDirectory,
    memory: StackMemory,
    name: str | None = None,
    existing: str | None = None,
    recreate: Collection[str] | None = None,
    component: str = "group",
    setting: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> FoundGroup:
    """The group that `name`, `existing` and `recreate` (see `BreakGlassGroupArgs`) speak of.

    Raises RunError when the group that the stack made is gone and `recreate` does not name it, when
    a group of the name is in the tenant that the stack did not make, and when an existing group
    cannot be used: not there, without security, with members by rule or from on-premises. Warns of
    an existing one that cannot hold roles. `component` is the name of the `BreakGlassGroup`,
    `setting` the key of the stack's configuration that `name`, `existing` and `recreate` come from.
    """
    checks = _Checks(directory, memory, component, Wording(setting), sleep)
    if existing is not None:
        return checks.existing(existing)
    return checks.own(name or DEFAULT_NAME, recreate or ())


@dataclass(frozen=True)
class _Checks:
    directory: GroupDirectory
    memory: StackMemory
    component: str
    wording: Wording
    sleep: Callable[[float], None]

    def existing(self, object_id: str) -> FoundGroup:
        key = f"{self.wording.named('existing')} holds {object_id}"
        made = self._resource()
        if made is not None and _same(made.get("objectId"), object_id):
            raise pulumi.RunError(
                f"{key}, which is the group that this stack made: nothing was changed;"
                f" {self.wording.to_leave_out('existing')}"
            )
        group = self._live(object_id, key)
        if group is None:
            deleted = self._asked(self.directory.deleted_groups, object_id, key)
            cure = (
                f"it was deleted; restore it ({_restore(object_id)}) and run again"
                if deleted
                else "the tenant has no such group; look its object id up (Entra admin centre →"
                " Groups → Overview), and run again in some minutes if it was made just now"
            )
            raise pulumi.RunError(f"{key}: {cure}; nothing was changed")
        if reason := _unusable(group):
            raise pulumi.RunError(
                f"{key} ({told(group.display_name)}), {reason}: expected a security group with"
                " assigned members that is made in the cloud; nothing was changed"
            )
        if not group.assignable_to_role:
            pulumi.log.warn(
                f"group {told(group.display_name)} ({group.id}) is not role-assignable: whoever may"
                " change members of ordinary groups can let himself past every policy with it."
                " That is settled when a group is made: take in one that is role-assignable, or let"
                f" the stack make its own: {self.wording.to_leave_out('existing')}"
            )
        return self._with_links(FoundGroup(group.id, group.display_name, existing=True))

    def own(self, name: str, recreate: Collection[str]) -> FoundGroup:
        resource, component = self._resource(), self._outputs(TYPE, self.component)
        known = resource
        if known is None and component and not component.get("existing"):
            known = component and {"objectId": component.get("groupId")}
        object_id = str((known or {}).get("objectId") or "")
        group = self._ours(object_id, recreate) if object_id else None
        other = self._other_named(name, group)
        if group is None:
            if other is not None:
                raise self._taken(other, began=component is not None)
            return FoundGroup(None, name)
        had = str((component or {}).get("name") or group.display_name)
        name_taken = other is not None and self._lost_its_name(name, had, group, other)
        if resource is None:
            pulumi.log.warn(
                f"group {told(group.display_name)} ({group.id}) is in the tenant but had dropped"
                " out of this stack's state: taken in again as it is"
            )
        dropped = resource is None
        return self._with_links(FoundGroup(group.id, name, dropped=dropped, name_taken=name_taken))

    def _ours(self, object_id: str, recreate: Collection[str]) -> Group | None:
        """The group that the stack made; None when it is gone and may be made anew."""
        named = f"group {object_id}, which the policies exclude,"
        group = self._live(object_id, named)
        if group is not None:
            return group
        if object_id.casefold() in {one.casefold() for one in recreate}:
            says = self.wording.named("recreate")
            pulumi.log.warn(f"{named} is gone and is made anew, as {says} says")
            return None
        command = self.wording.to_add("recreate", object_id, len(recreate))
        anew = f"to have a new one made instead: {command}"
        if self._asked(self.directory.deleted_groups, object_id, named):
            raise pulumi.RunError(
                f"{named} was deleted and nothing was changed: restore it within 30 days"
                f" ({_restore(object_id)}), which keeps its members and exclusions, then run"
                f" again; {anew}"
            )
        raise pulumi.RunError(
            f"{named} is nowhere in the tenant, not among the deleted groups either, and nothing"
            " was changed: if it was made or restored just now, run again in some minutes;"
            f" {anew}"
        )

    def _other_named(self, name: str, ours: Group | None) -> Group | None:
        """A group that has the name and is not ours."""
        found = self._asked(self.directory.groups_named, name, f"group {name!r}")
        return next((one for one in found if ours is None or one.id != ours.id), None)

    def _lost_its_name(self, name: str, had: str, ours: Group, other: Group) -> bool:
        """Whether somebody renamed our group, which `had` a name, and `other` got that one.

        Raises RunError when it is the arguments that give our group the name of another.
        """
        if ours.display_name.casefold() == name.casefold():
            pulumi.log.warn(
                f"another group named {told(name)} is in the tenant (object id {other.id}); this"
                f" stack's is {ours.id}. If the other one has no members, a creation whose answer"
                " was lost left it behind: delete it, so that nobody takes it for this one"
            )
            return False
        if had.casefold() != name.casefold():
            raise pulumi.RunError(
                f"a group named {told(other.display_name)} is in the tenant already (object id"
                f" {other.id}), so this stack's group {told(ours.display_name)} ({ours.id}) cannot"
                " get that name: nothing was changed; for another name:"
                f" {self.wording.to_set('name', 'NAME')}"
            )
        pulumi.log.warn(
            f"this stack's group {told(name)} ({ours.id}) was renamed to {told(ours.display_name)},"
            f" and another group has its name (object id {other.id}), which no policy should"
            " exclude: delete or rename that one (Entra admin centre → Groups), then pulumi up"
            " gives this stack's its name back; all else goes on"
        )
        return True

    def _taken(self, other: Group, *, began: bool) -> pulumi.RunError:
        """The one line about a group that has the name of the one that is to be made."""
        anew = f"for another name: {self.wording.to_set('name', 'NAME')}"
        if began:
            way_out = (
                "if an earlier run of this stack made it and was cut off, take it in and run up"
                f" again: {self._import_command(other.id)}; {anew}"
            )
        else:
            way_out = (
                "to take it in, with every member that it has:"
                f" {self.wording.to_set('existing', other.id)}"
                f" (and {self.wording.to_leave_out('name')}); {anew}"
            )
        return pulumi.RunError(
            f"a group named {told(other.display_name)} is in the tenant already (object id"
            f" {other.id}) and this stack does not have it: nothing was changed; {way_out}"
        )

    def _with_links(self, group: FoundGroup) -> FoundGroup:
        """With its members and owners. A replica that does not know it says that there are none."""
        named = f"group {told(group.name)} ({group.id})"

        def linked(question: Callable[[str], tuple[Member, ...]]) -> tuple[Member, ...]:
            try:
                return question(str(group.id))
            except NotFound:
                return ()
            except EntraError as error:
                raise _not_looked_up(named, error) from None

        return FoundGroup(
            group.id,
            group.name,
            existing=group.existing,
            dropped=group.dropped,
            name_taken=group.name_taken,
            members=linked(self.directory.members),
            owners=() if group.existing else linked(self.directory.owners),
        )

    def _live(self, object_id: str, named: str) -> Group | None:
        """The group, None only when 404 was said again and again: a replica may not know it."""
        for pause in (*DOUBT_SECONDS, None):
            try:
                return self.directory.group(object_id)
            except NotFound:
                if pause is not None:
                    self.sleep(pause)
            except EntraError as error:
                raise _not_looked_up(named, error) from None
        return None

    def _asked(self, question: Callable[[str], T], about: str, named: str) -> T:
        try:
            return question(about)
        except EntraError as error:
            raise _not_looked_up(named, error) from None

    def _resource(self) -> Outputs | None:
        return self._outputs(GROUP_TYPE, f"{self.component}-group")

    def _outputs(self, type_: str, name: str) -> Outputs | None:
        found = self.memory(type_).items()
        return next((outputs for urn, outputs in found if urn.endswith(f"::{name}")), None)

    def _import_command(self, object_id: str) -> str:
        parent = next(urn for urn in self.memory(TYPE) if urn.endswith(f"::{self.component}"))
        group = (GROUP_TYPE, f"{self.component}-group", f"/groups/{object_id}")
        return import_below("group", parent, *group, stack_reference())


def _unusable(group: Group) -> str | None:
    """Why Conditional Access or we cannot work with an existing group."""
    if not group.security_enabled:
        return "which is no security group"
    if group.dynamic:
        return "whose members come from a rule: an account cannot be added to it"
    if group.synced:
        return "which comes from an on-premises directory: its members cannot be changed here"
    return None


def _not_looked_up(named: str, error: EntraError) -> pulumi.RunError:
    return pulumi.RunError(f"{named} cannot be looked up: {error}; nothing was changed")


def _restore(object_id: str) -> str:
    return (
        "Entra admin centre → Groups → Deleted groups, or POST /v1.0/directory/deletedItems/"
        f"{object_id}/restore"
    )


def _same(one: object, other: str) -> bool:
    return str(one).casefold() == other.casefold()
