"""The logs go to somebody else's workspace in another region, on the real engine."""

from typing import Any

from tests.engine.account_tenant import assert_quiet
from tests.engine.standing import Scene
from tests.engine.test_monitoring_move import choose, make_central_workspace, pass_time, use

RULES = "/scheduledqueryrules/"
EVIDENCE = ("rg-break-glass", "log-break-glass")


def azure(scene: Scene) -> dict[str, dict[str, Any]]:
    """The tenant's Azure resources by path, in lower case."""
    found = scene.tenant.to_document()["azureResources"]
    return {path.lower(): resource for path, resource in found.items()}


def astray(scene: Scene) -> dict[str, int]:
    """By the name of each alert rule, how many of the workspaces that it is made for are in another
    region: Azure wants none."""
    found = azure(scene)
    return {
        rule["name"]: sum(
            found[scope.lower()]["location"] != rule["location"]
            for scope in rule["properties"]["scopes"]
        )
        for path, rule in found.items()
        if RULES in path
    }


def test_a_protected_stack_moves_to_a_workspace_of_another_region_in_one_run(scene: Scene) -> None:
    central = make_central_workspace(scene, "northeurope")
    evidence = {path: one for path, one in azure(scene).items() if path.endswith(EVIDENCE)}
    assert {one["location"] for one in evidence.values()} == {"westeurope"}
    rules = len(astray(scene))
    scene.forget()

    choose(scene, {"existing": central})
    scene.stack.up("--skip-preview")
    writes = [write.lower() for write in scene.writes()]
    assert not [one for one in writes if one.endswith(EVIDENCE) or "roleassignments" in one]
    assert list(astray(scene).values()) == [0] * rules
    # The resource group and the workspace that holds the evidence are as they were.
    assert {path: azure(scene).get(path) for path in evidence} == evidence

    use(scene)
    pass_time(scene, 10)
    assert "security@contoso.com" in {one["recipient"] for one in scene.tenant.outbox.messages()}
    assert_quiet(scene)
