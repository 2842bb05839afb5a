"""What a change of settings would delete or make anew, refused before anything is changed.

The engine guards protected resources too, but one by one and late: with `--skip-preview` it has
taken other things away by then. Here the settings are compared with the stack's state while
nothing is registered yet, so that a refusal makes no write.

An account leaves in two steps, protected or not: `retire` takes its roles away, and only then may
it be left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.account_roles import ASSIGNMENT_TYPE
from components.break_glass_account import TYPE as MADE_TYPE
from components.break_glass_account import USER_TYPE
from components.break_glass_group import TYPE as GROUP_TYPE
from components.monitoring_protection import WAY_OUT, WantedResources, losses
from components.stack_memory import Outputs, StackMemory

ADOPTED_TYPE: Final = "break-glass:index:AdoptedAccount"
MEMBER_TYPE: Final = "azuread:index/groupMember:GroupMember"
OWN_GROUP_TYPE: Final = "azuread:index/group:Group"
PROVIDER_TYPE: Final = "pulumi:providers:azuread"
TEMPLATE_ID: Final = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


@dataclass(frozen=True)
class WantedAccount:
    """An account of the settings."""

    name: str
    """Of its component."""
    excluded: bool
    retire: bool
    adopted: bool = False


@dataclass(frozen=True)
class WantedStack:
    """What the settings ask for, as far as something that stands depends on it."""

    accounts: Sequence[WantedAccount]
    counted: bool
    """Whether the settings give a number of accounts instead of their names."""
    existing_group: str | None
    resources: WantedResources


def refuse_losses(wanted: WantedStack, memory: StackMemory) -> None:
    """Raises RunError, a line for each, when the settings would cost what must not be lost.

    That is: an account that was not retired; logs that would be deleted; and, while the state has
    the stack protected, a member of the group, the group itself, and whatever of logs and alarms
    would leave or be replaced.
    """
    lines = [*_left_out(wanted, memory)]
    protected = is_protected(memory)
    if protected:
        lines += _leaving_members(wanted, memory)
        lines += _another_group(wanted, memory)
    lines += losses(wanted.resources, memory, protected=protected)
    if lines:
        raise pulumi.RunError("\n".join(dict.fromkeys(lines)))


def refuse_another_tenant(tenant_id: str, memory: StackMemory) -> None:
    """Raises RunError when the stack's accounts are in another tenant, protected or not."""
    known = {
        str(outputs["tenantId"]).casefold()
        for outputs in memory(PROVIDER_TYPE).values()
        if outputs.get("tenantId")
    }
    if known and tenant_id.casefold() not in known and _accounts(memory):
        raise pulumi.RunError(
            f"azuread:tenantId holds {tenant_id}, but this stack's accounts are in tenant"
            f" {', '.join(sorted(known))}, and a stack stays in one: nothing was changed; put that"
            " id back, and make a stack of its own for the other tenant: pulumi stack init NAME"
        )


def leaving(names: Sequence[str], memory: StackMemory) -> tuple[str, ...]:
    """Accounts of the state that are not among `names` any more: they go in this run."""
    return tuple(name for name in _accounts(memory) if name not in names)


def is_protected(memory: StackMemory) -> bool:
    """Whether the last run protected the stack; one switch does so for all of it."""
    types = (MADE_TYPE, ADOPTED_TYPE, GROUP_TYPE)
    return any(outputs.get("protected") for type_ in types for outputs in memory(type_).values())


def _accounts(memory: StackMemory) -> dict[str, Outputs]:
    """Accounts of the state by name; one that was begun and has no user yet is none."""
    users = set(_by_name(memory, USER_TYPE))
    made = {
        name: outputs
        for name, outputs in _by_name(memory, MADE_TYPE).items()
        if outputs.get("objectId") or f"{name}-user" in users
    }
    return made | _by_name(memory, ADOPTED_TYPE)


def _left_out(wanted: WantedStack, memory: StackMemory) -> Iterator[str]:
    names = [account.name for account in wanted.accounts]
    state = _accounts(memory)
    gone = [name for name in state if name not in names]
    adopted = _by_name(memory, ADOPTED_TYPE)
    unretired = [name for name in gone if not state[name].get("retired")]
    position = sum(account.adopted for account in wanted.accounts)
    for name in gone:
        told = f"{name}{_told(state[name])}"
        key = "adopt" if name in adopted else "count" if wanted.counted else "named"
        if name not in unretired and not _has_roles(name, memory):
            continue
        found = "was not retired" if name in unretired else "still has a role"
        if name in adopted:
            how = _retire_adopted(state[name], position)
            position += 1
        else:
            how = _retire_made(name, gone, [*names, *gone], wanted)
        yield (
            f"break-glass:accounts.{key} leaves out {told}, which {found}: nothing was changed; an"
            f" account leaves in two steps, first its roles: {how}; pulumi up; then leave it out"
            " again and run pulumi up"
        )


def _retire_made(name: str, gone: Sequence[str], all_: Sequence[str], wanted: WantedStack) -> str:
    path = "break-glass:accounts.named"
    if not wanted.counted:
        return f'pulumi config set --path "{path}.{name}.retire" true'
    adopted = {account.name for account in wanted.accounts if account.adopted}
    each = [
        f'pulumi config set --path "{path}.{one}.retire" {"true" if one in gone else "false"}'
        for one in all_
        if one not in adopted and not one.startswith("adopted-")
    ]
    return "; ".join(('pulumi config rm --path "break-glass:accounts.count"', *each))


def _retire_adopted(outputs: Outputs, position: int) -> str:
    path = f"break-glass:accounts.adopt[{position}]"
    return (
        f'pulumi config set --path "{path}.account" {outputs.get("objectId")};'
        f' pulumi config set --path "{path}.retire" true'
    )


def _has_roles(name: str, memory: StackMemory) -> bool:
    # To its end: `ops-role-b` is an account of its own beside `ops`.
    role = re.compile(rf"{re.escape(name)}-(global-administrator|role-{TEMPLATE_ID})")
    return any(role.fullmatch(known) for known in _by_name(memory, ASSIGNMENT_TYPE))


def _leaving_members(wanted: WantedStack, memory: StackMemory) -> Iterator[str]:
    members, groups = _by_name(memory, MEMBER_TYPE), _by_name(memory, GROUP_TYPE)
    for account in wanted.accounts:
        known = _accounts(memory).get(account.name)
        stands = any(f"{group}-member-{account.name}" in members for group in groups)
        leaves = stands and not account.excluded and not account.retire
        if known and known.get("protected") and leaves:
            yield (
                f"excluded is false for {account.name}{_told(known)} in break-glass:accounts, and"
                " it is a protected member of the group: nothing was changed; set it to true, or"
                f" {WAY_OUT}"
            )


def _another_group(wanted: WantedStack, memory: StackMemory) -> Iterator[str]:
    (known, *_) = (*_by_name(memory, GROUP_TYPE).values(), None)
    group_id = str(known.get("groupId") or "") if known else ""
    if not group_id or wanted.existing_group == group_id:
        return
    ours = any(outputs.get("objectId") == group_id for outputs in memory(OWN_GROUP_TYPE).values())
    if wanted.existing_group is not None:
        yield (
            f"break-glass:group.existing holds {wanted.existing_group}, but the group that the"
            f" policies exclude is {group_id} and protected: nothing was changed; put it back as it"
            f" was, or {WAY_OUT}"
        )
    elif known and known.get("existing") and not ours:
        yield (
            f"break-glass:group.existing is not set, but the protected members are in group"
            f" {group_id}: nothing was changed; pulumi config set --path"
            f' "break-glass:group.existing" {group_id}, or {WAY_OUT}'
        )


def _told(outputs: Mapping[str, object]) -> str:
    name = outputs.get("userPrincipalName")
    return f" ({name})" if name else ""


def _by_name(memory: StackMemory, type_: str) -> dict[str, Outputs]:
    return {urn.rpartition("::")[2]: outputs for urn, outputs in memory(type_).items()}
