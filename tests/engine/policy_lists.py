"""What stands in a tenant's policies: whole documents, and the two exclusion lists."""

import json

from tests.engine.standing import Scene
from tests.support.tenant import JSON

Lists = tuple[list[str], list[str]]
POLICIES = "/identity/conditionalAccess/policies"


def whole_policies(scene: Scene) -> dict[str, str]:
    """Every policy's document by id, to the byte, but for the time of its last change."""
    return {
        policy["id"]: json.dumps({**policy, "modifiedDateTime": None})
        for policy in scene.tenant.to_document()["conditionalAccessPolicies"]
    }


def exclusions(scene: Scene) -> dict[str, Lists]:
    """Excluded groups and users by policy id."""
    found = scene.tenant.to_document()["conditionalAccessPolicies"]
    return {policy["id"]: lists_of(policy) for policy in found}


def lists_of(policy: JSON) -> Lists:
    """Excluded groups and users of one policy."""
    users = policy["conditions"]["users"]
    return list(users["excludeGroups"]), list(users["excludeUsers"])


def edit(scene: Scene, policy_id: str, **lists: list[str]) -> None:
    """Write exclusion lists as an administrator does who has the policy open in a portal."""
    scene.tenant.conditional_access.update_policy(policy_id, {"conditions": {"users": lists}})


def policy_requests(scene: Scene, *methods: str) -> list[JSON]:
    """The requests for policies since `forget`, of these methods or of any."""
    return [
        entry
        for entry in scene.server.world.requests.entries()
        if POLICIES in entry["path"] and (not methods or entry["method"] in methods)
    ]


def excluding(scene: Scene, *ours: str) -> list[str]:
    """Policies that exclude all of these groups."""
    return sorted(key for key, (groups, _) in exclusions(scene).items() if set(ours) <= set(groups))


def everywhere(scene: Scene, *ours: str) -> bool:
    """Whether every policy excludes each of these groups once."""
    return all(groups.count(g) == 1 for groups, _ in exclusions(scene).values() for g in ours)


def foreign(scene: Scene, *ours: str) -> dict[str, Lists]:
    """What everybody else has in each policy's lists, in order."""
    return {
        key: ([entry for entry in groups if entry not in ours], users)
        for key, (groups, users) in exclusions(scene).items()
    }


def without(lists: dict[str, Lists], group: str) -> dict[str, Lists]:
    """The same lists where nobody has this group in them."""
    return {
        key: ([g for g in groups if g != group], users) for key, (groups, users) in lists.items()
    }
