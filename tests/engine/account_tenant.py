"""What a tenant holds of accounts, group, exclusions and alarm, to be compared between runs."""

import copy
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.engine.standing import Scene
from tests.support.tenant import GLOBAL_ADMINISTRATOR, JSON

RULE = "scheduledqueryrules"
ACCOUNTS = "break-glass:accounts"
PROTECT = "break-glass:protect"


@dataclass(frozen=True)
class Standing:
    """One account as the tenant has it. Ids of groups, roles and policies."""

    user_principal_name: str
    roles: frozenset[str]
    is_member: bool
    """Of the stack's group."""
    stopped_by: frozenset[str]
    """Display names of the policies that do not exclude the account itself."""
    watched: bool
    """The alarm names its object id and its user principal name."""


ARMED = frozenset({GLOBAL_ADMINISTRATOR})
NOBODY: frozenset[str] = frozenset()


def complete(name: str, roles: Collection[str] = ARMED) -> Standing:
    """An account that has all it is to have."""
    return Standing(name, frozenset(roles), is_member=True, stopped_by=NOBODY, watched=True)


def standing(scene: Scene, object_id: str) -> Standing:
    """One account now."""
    document = scene.tenant.to_document()
    name = scene.users()[object_id]
    (group,) = [one for one in document["groups"] if one["id"] == group_id(scene)]
    queries = alarm_queries(document)
    return Standing(
        user_principal_name=name,
        roles=frozenset(roles_of(document, object_id)),
        is_member=object_id in group["members"],
        stopped_by=frozenset(
            policy for policy, (_, users) in scene.excluded().items() if object_id not in users
        ),
        watched=any(object_id in query and name in query for query in queries),
    )


def group_id(scene: Scene) -> str:
    """Object id of the group that the stack's last run used."""
    return str(scene.stack.outputs()["groupId"])


def members(scene: Scene) -> list[str]:
    """Object ids of the stack's group's members."""
    groups = scene.tenant.to_document()["groups"]
    return next(one["members"] for one in groups if one["id"] == group_id(scene))


def roles_of(document: Mapping[str, Any], object_id: str) -> list[str]:
    """Template ids of the roles that somebody actively holds for the whole tenant."""
    return [
        str(assignment["roleDefinitionId"])
        for assignment in document["roleAssignments"]
        if assignment["principalId"] == object_id and assignment["directoryScopeId"] == "/"
    ]


def alarm_queries(document: Mapping[str, Any]) -> list[str]:
    """The queries of all alert rules."""
    return [
        str(condition["query"])
        for resource_id, resource in document["azureResources"].items()
        if f"/{RULE}/" in resource_id.lower()
        for condition in resource["properties"]["criteria"]["allOf"]
    ]


def foreign(scene: Scene, ours: Collection[str]) -> JSON:
    """All that the directory and the policies hold, without what has one of these object ids."""
    document = copy.deepcopy(scene.tenant.to_document())

    def stays(thing: Mapping[str, Any]) -> bool:
        return thing["id"] not in ours

    policies = list[JSON]()
    for policy in document["conditionalAccessPolicies"]:
        policy.pop("modifiedDateTime", None)
        users = policy["conditions"]["users"]
        for key in ("excludeUsers", "excludeGroups"):
            users[key] = [entry for entry in users.get(key) or () if entry not in ours]
        policies.append(policy)
    groups = [one for one in document["groups"] if stays(one)]
    for group in groups:
        group["members"] = [entry for entry in group["members"] if entry not in ours]
    return {
        "users": {one["id"]: one for one in document["users"] if stays(one)},
        "groups": {one["id"]: one for one in groups},
        "roles": sorted(
            (one["principalId"], one["roleDefinitionId"], one["directoryScopeId"])
            for one in document["roleAssignments"]
            if one["principalId"] not in ours
        ),
        "policies": {one["id"]: one for one in policies},
        "methods": document.get("authenticationMethods", []),
    }


def settings(scene: Scene, **accounts: Any) -> None:
    """Write `break-glass:accounts` anew for the next run."""
    scene.stack.set_config({ACCOUNTS: accounts or None})


def stages(writes: Sequence[str], *expected: Collection[str]) -> None:
    """Assert that the writes are of these kinds, all of one stage before any of the next."""
    found = [kind(write) for write in writes]
    for stage in expected:
        assert set(stage) <= set(found), (stage, found)
        while found and found[0] in stage:
            found.pop(0)
    assert not found, writes


def kind(write: str) -> str:
    """`METHOD path` → what it does to which kind of thing."""
    method, path = write.split(" ", 1)
    path = path.lower()
    words = {
        "roleassignments": "role",
        RULE: "alarm",
        "conditionalaccess/policies": "exclusion",
        "/members": "member",
        "/users": "user",
        "/groups": "group",
    }
    about = next((word for sign, word in words.items() if sign in path), path)
    return f"{method} {about}"


def assert_quiet(scene: Scene) -> None:
    """A plain preview shows no change and writes nothing."""
    scene.forget()
    scene.stack.preview("--expect-no-changes")
    assert scene.writes() == []


def no_secret_in(scene: Scene, text: str) -> None:
    """Assert that neither a password of the stack nor the credential is in a text."""
    passwords = scene.stack.outputs(show_secrets=True)["passwords"].values()
    for secret in (*passwords, scene.stack.environment["ARM_CLIENT_SECRET"]):
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text
