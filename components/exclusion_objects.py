"""The group and accounts to exclude: their ids, and the names by which messages call them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import rpc

from components.exclusion_state import properties_of
from entra.exclusion import Entries
from entra.policy import told

Named = tuple[tuple[str | None, str], ...]
"""Object ids with what to call them; None where the engine does not know an id yet."""


@dataclass(frozen=True)
class ExclusionObjects:
    """Group and account ids with their names."""

    groups: Named
    users: Named

    @property
    def known(self) -> Entries:
        """Those whose ids are known."""
        return Entries(_known(self.groups), _known(self.users))

    @property
    def labels(self) -> dict[str, str]:
        """What to call an id: ``group BTG Admins``."""
        return {key: name for key, name in (*self.groups, *self.users) if key is not None}

    @property
    def coming(self) -> tuple[str, ...]:
        """What to call those that do not exist yet: no policy can exclude them already."""
        return tuple(name for key, name in (*self.groups, *self.users) if key is None)


def objects_of(
    group_ids: Sequence[pulumi.Input[str]] | None,
    group_names: Sequence[pulumi.Input[str]] | None,
    user_ids: Sequence[pulumi.Input[str]] | None,
    user_names: Sequence[pulumi.Input[str]] | None,
) -> pulumi.Output[ExclusionObjects]:
    """Known also in a preview in which an id or a name is not."""

    def build(values: Sequence[Any]) -> ExclusionObjects:
        groups, names_of_groups, users, names_of_users = values
        return ExclusionObjects(
            _paired(groups, names_of_groups, "group"), _paired(users, names_of_users, "account")
        )

    return pulumi.Output.all(
        pulumi.Output.all(*(group_ids or ())),
        pulumi.Output.all(*(group_names or ())),
        pulumi.Output.all(*(user_ids or ())),
        pulumi.Output.all(*(user_names or ())),
    ).apply(build, run_with_unknowns=True)


def wanted_of(
    group_ids: Sequence[pulumi.Input[str]], user_ids: Sequence[pulumi.Input[str]]
) -> pulumi.Output[dict[str, list[str]]]:
    """Ids as a policy exclusion keeps them; depends on the resources that have them."""

    def build(found: Sequence[Any]) -> dict[str, list[str]]:
        return properties_of(Entries(tuple(found[0]), tuple(found[1])))

    groups, users = pulumi.Output.all(*group_ids), pulumi.Output.all(*user_ids)
    return pulumi.Output.all(groups, users).apply(build)


def _paired(ids: Sequence[Any], names: Sequence[Any], kind: str) -> Named:
    pairs: list[tuple[str | None, str]] = []
    for number, found in enumerate(ids):
        name = names[number] if number < len(names) else None
        known_name = name is not None and not rpc.contains_unknowns(name)
        label = f"{kind} {told(str(name))}" if known_name else f"{kind} {number + 1}"
        pairs.append((None if rpc.contains_unknowns(found) else str(found), label))
    return tuple(pairs)


def _known(pairs: Named) -> tuple[str, ...]:
    return tuple(key for key, _ in pairs if key is not None)
