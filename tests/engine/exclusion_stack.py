"""Stacks of the example program, the exclusion alone: quick, and several fit into one tenant."""

import copy
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.api.server import TenantServer
from tests.engine.standing import AT_SPEED, Scene
from tests.support.pulumi_stack import REPOSITORY, PulumiStack
from tests.support.tenant import AT_ONCE, JSON, object_id, small_document

PROGRAM = REPOSITORY / "examples" / "exclusion-only"
GROUP = object_id("groups/staff")
"""The group that these stacks exclude; it stands in no policy of the small tenant."""


def with_policies(count: int) -> JSON:
    """The small tenant's document with `count` policies, of which the first four are its own."""
    document = small_document()
    pattern = document["conditionalAccessPolicies"][0]
    for number in range(count - len(document["conditionalAccessPolicies"])):
        policy = copy.deepcopy(pattern)
        policy["id"] = object_id(f"policies/{number}")
        policy["displayName"] = f"Policy {number:03}"
        policy["conditions"]["users"]["excludeUsers"] = [object_id(f"users/foreign-{number}")]
        document["conditionalAccessPolicies"].append(policy)
    return document


@contextmanager
def example_scene(
    folder: Path,
    document: Mapping[str, Any] | None = None,
    knobs: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Generator[Scene]:
    """A tenant, and an empty stack of the example that excludes GROUP."""
    document = dict(document or small_document())
    with TenantServer([document], knobs={**AT_ONCE, **(knobs or {})}) as server:
        stack = example_stack(server, folder, environment=environment, config=config)
        yield Scene(server, stack, document["tenant"]["id"])


def example_stack(
    server: TenantServer,
    folder: Path,
    *,
    group: str = GROUP,
    environment: Mapping[str, str] | None = None,
    name: str = "customer",
    config: Mapping[str, Any] | None = None,
) -> PulumiStack:
    """An empty stack of the example on a served tenant; its policies are not protected."""
    folder.mkdir()
    settings = {
        "exclusion-only:groupId": group,
        "exclusion-only:groupName": "Emergency",
        "exclusion-only:protect": False,
        **(config or {}),
    }
    variables = {**server.environment(), **AT_SPEED, **(environment or {})}
    return PulumiStack(folder, variables, settings, program=PROGRAM, name=name)
