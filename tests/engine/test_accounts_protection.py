"""What protection holds on the real engine: one line, no write, with and without a preview."""

import re
import uuid
from collections.abc import Mapping
from typing import Any, cast

import yaml

from tests.engine.account_tenant import (
    PROTECT,
    assert_quiet,
    foreign,
    members,
    settings,
)
from tests.engine.standing import Scene
from tests.support.tenant import JSON, object_id

GROUP, MONITORING = "break-glass:group", "break-glass:monitoring"
ELSEWHERE = str(uuid.UUID(int=7))
NAMED: dict[str, Any] = {"account-1": {}, "account-2": {}, "account-3": {}}


def state(scene: Scene) -> dict[str, tuple[str | None, bool]]:
    """Ids and protection of the stack's resources, by URN; providers left out."""
    return {
        resource["urn"]: (resource.get("id"), bool(resource.get("protect")))
        for resource in scene.stack.resources()
        if "::pulumi:" not in resource["urn"]
    }


def needed_by_protected(scene: Scene) -> set[str]:
    """URNs of everything on which something protected depends, directly or not."""
    resources = {resource["urn"]: resource for resource in scene.stack.resources()}
    open_ = [urn for urn, resource in resources.items() if resource.get("protect")]
    needed = set[str]()
    while open_:
        dependencies: list[str] = resources[open_.pop()].get("dependencies") or []
        open_ += [urn for urn in dependencies if urn not in needed]
        needed.update(dependencies)
    return needed


def tenant(scene: Scene) -> JSON:
    """What somebody can change in the directory, the policies and Azure."""
    return foreign(scene, ()) | {"azure": scene.tenant.to_document()["azureResources"]}


def refused(scene: Scene, *words: str) -> list[str]:
    """Preview and `up --skip-preview` say these words, write nothing, change no state.

    Returns the error lines of the last one.
    """
    before, found = state(scene), tenant(scene)
    scene.forget()
    stack = scene.stack
    for run in (
        stack.preview(check=False),
        stack.up("--skip-preview", check=False),
    ):
        assert run.returncode != 0, run.output
        for word in words:
            assert word in run.output
        assert "Traceback" not in run.output
    assert scene.writes() == []
    assert tenant(scene) == found
    assert state(scene) == before
    # The engine shows each in its progress too.
    errors = (line.strip() for line in run.output.splitlines())
    return [line for line in errors if line.startswith("error: ")]


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "another group": ({GROUP: {"existing": object_id("groups/it")}}, "break-glass:group.existing"),
    "the resource group's name": (
        {MONITORING: {"resourceGroup": {"name": "rg-other"}}},
        "break-glass:monitoring.resourceGroup",
    ),
    "the diagnostic setting's name": (
        {MONITORING: {"diagnosticSetting": {"name": "other"}}},
        "break-glass:monitoring.diagnosticSetting.name",
    ),
    "the action group's name": (
        {MONITORING: {"notify": {"name": "ag-other"}}},
        "break-glass:monitoring.notify.name",
    ),
    "the region": ({"azure-native:location": "northeurope"}, "azure-native:location"),
    "the tenant": ({"azuread:tenantId": ELSEWHERE}, "azuread:tenantId"),
}


def test_another_subscription_is_refused_with_its_key(scene: Scene) -> None:
    scene.stack.set_config({"azure-native:subscriptionId": ELSEWHERE})
    refused(scene, "azure-native:subscriptionId", ELSEWHERE)


def test_what_would_be_made_anew_is_refused_with_its_key(scene: Scene) -> None:
    file = scene.stack.config_file
    present = file.read_text(encoding="utf-8")
    before, found = state(scene), tenant(scene)
    scene.forget()
    for change, (changes, key) in CHANGES.items():
        merged = {
            name: with_present(scene, name, cast("JSON", value))
            if isinstance(value, dict)
            else value
            for name, value in changes.items()
        }
        scene.stack.set_config(merged)
        stopped = scene.stack.up("--skip-preview", check=False)
        errors = [line for line in stopped.output.splitlines() if line.strip().startswith("error:")]
        assert stopped.returncode != 0, change
        assert len(errors) == 1, (change, errors)
        assert key in errors[0]
        assert "nothing was changed" in errors[0]
        file.write_text(present, encoding="utf-8")
    assert scene.writes() == []
    assert tenant(scene) == found
    assert state(scene) == before


def with_present(scene: Scene, key: str, change: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a group as they are, with one entry changed."""
    present = yaml.safe_load(scene.stack.config_file.read_text(encoding="utf-8"))["config"]
    merged = dict(present.get(key) or {})
    for name, value in change.items():
        merged[name] = {**(merged.get(name) or {}), **value} if isinstance(value, dict) else value
    return merged


def test_an_account_that_did_not_retire_stays_without_protection_too(scene: Scene) -> None:
    settings(scene, named=NAMED)
    scene.stack.set_config({PROTECT: False})
    scene.stack.up("--skip-preview")
    settings(scene, named={"account-1": {}, "account-3": {}})

    lines = refused(scene, "break-glass:accounts.named leaves out account-2", "was not retired")

    (command,) = re.findall(r"pulumi config set --path \"[^\"]*account-2.retire\" true", lines[0])
    assert command
    settings(scene, named=NAMED)
    assert_quiet(scene)


def test_the_commands_of_the_refusal_retire_the_account(scene: Scene) -> None:
    """They are run as printed, each in turn, and end in what the user wanted."""
    settings(scene, count=3)
    scene.stack.up("--skip-preview")
    third = list(scene.accounts().values())[2]
    settings(scene, count=2)
    (line,) = refused(scene, "account-3")
    printed = re.findall(r"pulumi config (?:set --path|rm --path) \"[^\"]+\"(?: \w+)?", line)
    assert len(printed) == 4, line

    for command in printed:
        words = command.replace('"', "").split()[1:]
        file = ("--config-file", str(scene.stack.config_file), "--stack", scene.stack.name)
        scene.stack.run(*words, *file)
    scene.stack.up("--skip-preview")
    assert third in scene.users()
    assert third not in scene.global_administrators()
    settings(scene, named={"account-1": {}, "account-2": {}})
    scene.stack.up("--skip-preview")
    assert third not in scene.users()
    assert len(scene.accounts()) == 2
    assert_quiet(scene)


def test_an_adopted_account_that_did_not_retire_stays(scene: Scene) -> None:
    settings(scene, adopt=["eve@fabrikam.onmicrosoft.com"])
    scene.stack.up("--skip-preview")
    settings(scene)

    (line,) = refused(scene, "break-glass:accounts.adopt leaves out", object_id("users/eve"))
    assert "retire" in line


def test_a_member_does_not_leave_the_group_while_protected(scene: Scene) -> None:
    name, _ = next(iter(scene.accounts().items()))
    settings(scene, named={"account-1": {"excluded": False}, "account-2": {}})
    refused(scene, "excluded", "account-1", name, "nothing was changed")


def test_one_account_is_refused_unless_an_adopted_one_stands_beside_it(scene: Scene) -> None:
    settings(scene, count=1)
    refused(scene, "break-glass:accounts", "one alone is no rescue")
    settings(scene, count=1, adopt=["eve@fabrikam.onmicrosoft.com"])
    refused(scene, "account-2", "was not retired")


def test_one_switch_protects_everything_and_frees_everything(scene: Scene) -> None:
    # An account's own protection begins in the run after the one that made it; its user's at once.
    scene.stack.up("--skip-preview")
    protected = {urn: flag for urn, (_, flag) in state(scene).items()}
    spared = {urn for urn, flag in protected.items() if not flag}
    # What is not protected is sealed by what is: it cannot go by itself.
    assert spared
    assert sorted(spared - needed_by_protected(scene)) == []

    scene.stack.set_config({PROTECT: False})
    scene.forget()
    scene.stack.up("--skip-preview")
    assert scene.writes() == []
    assert not [urn for urn, (_, flag) in state(scene).items() if flag]

    scene.stack.set_config({PROTECT: True})
    scene.stack.up("--skip-preview")
    assert scene.writes() == []
    assert {urn: flag for urn, (_, flag) in state(scene).items()} == protected


def test_destroy_writes_nothing_also_when_one_account_is_retired(scene: Scene) -> None:
    settings(scene, named=NAMED)
    scene.stack.up("--skip-preview")
    settings(scene, named={**NAMED, "account-1": {"retire": True}})
    scene.stack.up("--skip-preview")
    before = state(scene)
    scene.forget()

    ended = scene.stack.destroy("--skip-preview", check=False)

    assert ended.returncode != 0
    assert "protected" in ended.output
    assert scene.writes() == []
    # What seals the roles of an account that has none is nothing in the tenant.
    assert {urn for urn in before if "::account-1-roles" not in urn} <= state(scene).keys()
    scene.stack.up("--skip-preview")
    assert scene.writes() == []
    assert state(scene) == before


def test_a_member_leaves_the_group_in_two_deliberate_steps(scene: Scene) -> None:
    first, second = scene.accounts().values()
    scene.stack.set_config({PROTECT: False})
    scene.stack.up("--skip-preview")
    settings(scene, named={"account-1": {"excluded": False}, "account-2": {}})
    scene.stack.set_config({PROTECT: True})
    scene.stack.up("--skip-preview")

    assert members(scene) == [second]
    assert {first, second} < scene.global_administrators()
    assert all(first not in users for _, users in scene.excluded().values())
    assert_quiet(scene)
