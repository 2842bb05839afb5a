"""The group that policies exclude can be filled by few: it is role-assignable.

Source: Microsoft Learn, "Use Microsoft Entra groups to manage role assignments".
"""

from collections.abc import Iterable

from policies.resource_types import GROUP, GROUP_COMPONENT
from policies.rule import Config, resource_rule
from policies.seen import Seen

EXPECTED = (
    ("assignableToRole", "whoever may edit an ordinary group could let himself past every policy"),
    ("securityEnabled", "policies exclude security groups only"),
)


def judge(group: Seen, config: Config) -> Iterable[str]:
    """Looks at what makes the group what it is, and at rules that would fill it."""
    del config
    for key, why in EXPECTED:
        value = group.props.get(key)
        if value in (None, False):
            yield (
                f"{group.name}: found {key} {'false' if value is False else 'left out'}, expected"
                f" true: {why}; set it, which makes the group anew"
            )
    if group.props.get("dynamicMemberships") or "DynamicMembership" in (
        group.props.get("types") or []
    ):
        yield (
            f"{group.name}: found a dynamic membership, expected chosen members: a rule follows"
            " attributes that others may edit; take the rule out"
        )


RULE = resource_rule(
    "group-role-assignable",
    "The excluded group is role-assignable.",
    judge,
    applies=lambda one: one.type == GROUP and one.has_parent(GROUP_COMPONENT),
)
