"""The policy pack on the real engine: the product's own settings pass, unsafe ones are refused."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.api.server import TenantServer
from tests.docs.fences import fences
from tests.engine.standing import AT_SPEED, Scene
from tests.support.pulumi_stack import REPOSITORY, PulumiStack
from tests.support.tenant import AT_ONCE, object_id, small_document

FORGETFUL = Path(__file__).parent / "programs" / "forgetful"
PACK = ("--policy-pack", str(REPOSITORY / "policies"))
OF_THE_WHOLE = ["two-accounts", "accounts-excluded", "alarm-sees-every-use"]
OF_ONE_TENANT = ("azuread:tenantId", "azure-native:subscriptionId")


def settings_of_the_example() -> dict[str, Any]:
    """Those of Pulumi.prod.yaml that another tenant can have."""
    text = (REPOSITORY / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    settings: dict[str, Any] = yaml.safe_load(text)["config"]
    del settings["break-glass:accounts"]["domain"]
    return {key: value for key, value in settings.items() if key not in OF_ONE_TENANT}


def test_the_examples_settings_pass_and_unsafe_ones_are_refused_in_a_line_each(
    scene: Scene, tmp_path: Path
) -> None:
    domains = tmp_path / "policy.json"
    domains.write_text(
        json.dumps({"receiver-outside-tenant": {"tenantDomains": ["contoso.com", "example.org"]}})
    )
    example = settings_of_the_example()
    scene.stack.set_config(example)
    # The rule on exclusions reads the state, which still has that of this policy.
    scene.tenant.conditional_access.delete_policy(scene.policies()["Switched off"]["id"])

    taken = scene.stack.preview(*PACK, "--policy-pack-config", str(domains))

    assert "break-glass@v1.0.0 (local: " in taken.output
    assert "[mandatory]" not in taken.output
    assert "can't run policy" not in taken.output
    assert "[advisory]  receiver-outside-tenant" in taken.output
    assert "found receivers in the tenant only (contoso.com, example.org)" in taken.output

    monitoring = example["break-glass:monitoring"]
    monitoring["alert"] |= {"severity": 3, "enabled": False}
    monitoring["workspace"]["retentionDays"] = 30
    scene.stack.set_config(
        {
            "break-glass:accounts": {"passwordLength": 20, "passwordRotation": "now"},
            "break-glass:monitoring": monitoring,
        }
    )
    scene.forget()

    refused = scene.stack.preview(*PACK, check=False)

    assert refused.returncode == 1
    told = re.findall(r"^ +(\S+: found .+)$", refused.output, re.MULTILINE)
    alert = "monitoring-use-alert: found"
    assert sorted(told) == [
        *(
            f"account-{number}-password: found a length of 20, expected 32 or more; set"
            " break-glass:accounts.passwordLength to 32 or more, and a new passwordRotation"
            for number in (1, 2)
        ),
        f"{alert} enabled false, expected true; set break-glass:monitoring.alert.enabled to true",
        f"{alert} severity 3, expected 0 (critical); set break-glass:monitoring.alert.severity"
        " to 0",
        "monitoring-workspace: found retentionInDays 30, expected 31 or more; set"
        " break-glass:monitoring.workspace.retentionDays to 31",
    ]
    assert scene.writes() == []
    for password in scene.stack.outputs(show_secrets=True)["passwords"].values():
        assert password not in refused.output


def unprotect(scene: Scene) -> None:
    """As `break-glass:protect: false` and an `up` leave the state."""
    scene.stack.set_config({"break-glass:protect": False})
    (file,) = (scene.stack.folder / "state" / ".pulumi" / "stacks").glob("*/test.json")
    saved = json.loads(file.read_text(encoding="utf-8"))
    for resource in saved["checkpoint"]["latest"]["resources"]:
        resource.pop("protect", None)
    file.write_text(json.dumps(saved), encoding="utf-8")


def test_a_program_that_forgets_and_pauses_exclusions_and_forgets_the_alert_is_refused_in_time(
    scene: Scene, tmp_path: Path
) -> None:
    """The engine shows the pack what it is about to delete as if it stayed, and the settings."""
    unprotect(scene)
    quiet = {"notify": {"emails": [{"name": "a", "address": "a@example.org"}]}}
    scene.stack.set_config(
        {"break-glass:monitoring": {**quiet, "watch": {"silence": False, "health": False}}}
    )
    scene.stack.program = tmp_path / "program"
    shutil.copytree(FORGETFUL, scene.stack.program)
    project = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text(encoding="utf-8"))
    project["runtime"] = "python"
    (scene.stack.program / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
    scene.stack.environment["BREAK_GLASS_PROGRAM"] = str(REPOSITORY)
    forgotten = scene.policies()["Block legacy authentication"]
    paused = scene.policies()["Report only: compliant devices"]
    accounts = {
        one["urn"].rpartition("::")[2]: one["outputs"]["objectId"]
        for one in scene.stack.resources()
        if one["type"].endswith(":BreakGlassAccount")
    }

    refused = scene.stack.preview(*PACK, check=False)

    assert refused.returncode == 1
    assert "can't run policy" not in refused.output
    told = re.findall(r"^ +(\S+: found .+)$", refused.output, re.MULTILINE)
    use_alert = next(
        one["id"]
        for one in scene.stack.resources()
        if one["urn"].endswith("::monitoring-use-alert")
    )
    starts = [
        "alarm: found no alert rule on the use of the accounts, expected one",
        # The settings let go of these two: advisory.
        "alarm: found no health alert, expected one",
        "alarm: found no silence alert, expected one",
        f"exclusion-{forgotten['id']}: found that the exclusion from policy"
        f" {forgotten['displayName']!r} ({forgotten['id']}) would be deleted, expected it to stay"
        " as long as an account lives",
        *(
            f"exclusion-{paused['id']}: found that policy {paused['displayName']!r}"
            f" ({paused['id']}) would no longer exclude {name} ({object_id}), expected it to"
            for name, object_id in accounts.items()
        ),
        f"monitoring-use-alert: found that {use_alert} would be deleted, expected it to stay as"
        " long as an account lives; put it back into the program",
    ]
    assert len(told) == len(starts)
    for line, start in zip(sorted(told), sorted(starts), strict=True):
        assert line.startswith(start)
    assert set(re.findall(r"\[(\w+)\]  alarm-(\S+)", refused.output)) == {
        ("advisory", "complete"),
        ("mandatory", "sees-every-use"),
        ("mandatory", "stays"),
    }


@pytest.mark.parametrize(
    ("example", "settings", "disabled"),
    [
        ("exclusion-only", {"groupId": object_id("groups/it"), "groupName": "IT"}, []),
        ("account-only", {"domain": "fabrikam.onmicrosoft.com"}, OF_THE_WHOLE),
    ],
)
def test_the_parts_alone_pass_as_the_page_says(
    example: str, settings: dict[str, Any], disabled: list[str], tmp_path: Path
) -> None:
    page = fences(REPOSITORY / "docs" / "policies.md")
    shown: list[dict[str, Any]] = [json.loads(one.text) for one in page if one.language == "json"]
    config: dict[str, Any] = next(one for one in [*shown, {}] if [*one] == disabled)
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with TenantServer([document := small_document()], knobs=AT_ONCE) as server:
        stack = PulumiStack(
            tmp_path / "stack",
            server.environment(document["tenant"]["id"]) | AT_SPEED,
            {f"{example}:{key}": value for key, value in settings.items()},
            program=REPOSITORY / "examples" / example,
        )
        seen = stack.preview(*PACK, "--policy-pack-config", str(tmp_path / "config.json"))
    assert "break-glass@v1.0.0 (local: " in seen.output
    assert "[mandatory]" not in seen.output
    assert "can't run policy" not in seen.output
