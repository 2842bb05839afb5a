"""The example program, which uses the exclusion alone with a group that is there, on the engine."""

import json
import re
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sandbox.api.server import TenantServer
from sandbox.engine import Engine
from tests.engine.standing import AT_SPEED, Scene
from tests.support.pulumi_stack import REPOSITORY, PulumiStack
from tests.support.tenant import AT_ONCE, http, object_id, small_document
from tests.unit.test_house import imports

PROGRAM = REPOSITORY / "examples" / "exclusion-only"
GROUP = object_id("groups/it")
ALREADY = "Report only: compliant devices"
"""The policy that excludes the group before we come."""
MFA = "Require MFA for all users"
README = (PROGRAM / "README.md").read_text(encoding="utf-8")
PERMISSIONS = re.findall(r"`((?:Policy|Application)\.[A-Za-z.]+)`", README)
"""What the page says that the identity needs: it has nothing else here."""


@contextmanager
def example(
    folder: Path, *, more: Sequence[str] = (), security_defaults: bool = False, **config: Any
) -> Generator[Scene]:
    """A tenant with a group of its administrator's, and the example's empty stack."""
    folder.mkdir()
    document = small_document()
    permissions = [*PERMISSIONS, *more]
    document["apps"][0].update(graphPermissions=permissions, directoryRoles=[], azureRoles=[])
    document["securityDefaults"] = {"isEnabled": security_defaults}
    settings = {"exclusion-only:groupId": GROUP, "exclusion-only:groupName": "IT", **config}
    with TenantServer([document], knobs={**AT_ONCE, "directoryLogDelaySeconds": 0}) as server:
        environment = server.environment() | AT_SPEED
        stack = PulumiStack(folder, environment, settings, program=PROGRAM, name="customer")
        yield Scene(server, stack, document["tenant"]["id"])


def as_they_are(scene: Scene) -> dict[str, str]:
    """Every policy's document by id, but for the time of its last change."""
    return {
        policy["id"]: json.dumps({**policy, "modifiedDateTime": None})
        for policy in scene.tenant.to_document()["conditionalAccessPolicies"]
    }


def groups_and_users(scene: Scene) -> str:
    document = scene.tenant.to_document()
    return json.dumps([document["groups"], document["users"]])


def test_the_example_excludes_heals_and_is_undone_without_a_trace(
    engine: Engine, tmp_path: Path
) -> None:
    with example(tmp_path / "stack") as scene:
        policies, others = as_they_are(scene), groups_and_users(scene)
        already = scene.policies()[ALREADY]

        shown = scene.stack.preview().output
        for name, policy in scene.policies().items():
            told = f"{name} ({policy['id']}): exclude group IT"
            assert (told in shown) == (name != ALREADY), shown
        assert scene.writes() == []

        scene.stack.up()
        assert len(scene.writes()) == 3
        assert all(GROUP in groups for groups, _ in scene.excluded().values())
        assert scene.policies()[ALREADY] == already
        outputs = scene.stack.outputs()
        assert {p["name"] for p in outputs["excludedPolicies"]} == set(scene.policies())
        assert outputs["skippedPolicies"] == []

        scene.forget()
        scene.stack.preview("--expect-no-changes")
        scene.stack.up("--expect-no-changes")
        assert scene.writes() == []

        victim = scene.policies()[MFA]["id"]
        lost = {"conditions": {"users": {"excludeGroups": [object_id("groups/staff")]}}}
        scene.tenant.conditional_access.update_policy(victim, lost)
        assert "exclude group IT" in scene.stack.preview("--diff").output
        assert scene.writes() == []
        scene.stack.up()
        assert scene.excluded()[MFA][0] == [object_id("groups/staff"), GROUP]
        assert scene.writes() == [f"PATCH /v1.0/identity/conditionalAccess/policies/{victim}"]
        found = {"conditions": {"users": {"excludeGroups": [GROUP]}}}
        scene.tenant.conditional_access.update_policy(victim, found)

        scene.forget()
        refused = scene.stack.destroy(check=False)
        assert refused.returncode != 0
        assert "protect" in refused.output
        assert scene.writes() == []

        scene.stack.set_config({"exclusion-only:protect": False})
        scene.stack.up()
        assert scene.writes() == []
        scene.stack.destroy()
        assert len(scene.writes()) == 3
        assert scene.stack.resources() == []
        assert as_they_are(scene) == policies
        assert scene.policies()[ALREADY] == already
        assert groups_and_users(scene) == others


def test_scope_and_skip_leave_policies_alone_and_say_why(engine: Engine, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"exclusion-only:scope": "mfa-only", "exclusion-only:skip": [MFA]}
    with example(tmp_path / "stack", **settings) as scene:
        scene.stack.up("--skip-preview")
        assert scene.writes() == []
        outputs = scene.stack.outputs()
        assert outputs["excludedPolicies"] == []
        reasons = {policy["name"]: policy["reason"] for policy in outputs["skippedPolicies"]}
        assert set(reasons) == set(scene.policies())
        assert all(reasons.values())

        scene.stack.set_config({"exclusion-only:skip": []})
        scene.stack.up("--skip-preview")
        assert [policy["name"] for policy in scene.stack.outputs()["excludedPolicies"]] == [MFA]
        assert len(scene.writes()) == 1


WRONG = "00000000-0000-4000-8000-00000000dead"


def test_an_id_that_is_no_groups_stops_the_run_where_groups_may_be_read(
    engine: Engine, tmp_path: Path
) -> None:
    wrong: dict[str, Any] = {"exclusion-only:groupId": WRONG}
    with example(tmp_path / "stack", **wrong) as scene:
        assert f"group {WRONG} is not looked up" in scene.stack.preview().output
    with example(tmp_path / "reader", more=["Group.Read.All"], **wrong) as scene:
        run = scene.stack.preview(check=False)
        assert run.returncode != 0
        assert f"groupId is '{WRONG}': the tenant has no such group" in run.output


@pytest.mark.parametrize("reader", [True, False])
def test_without_a_name_the_tenants_own_is_used_or_the_id(
    engine: Engine, tmp_path: Path, reader: bool
) -> None:
    more = ["Group.Read.All"] if reader else []
    unnamed: dict[str, Any] = {"exclusion-only:groupName": ""}
    with example(tmp_path / "stack", more=more, **unnamed) as scene:
        (found,) = [g for g in scene.tenant.to_document()["groups"] if g["id"] == GROUP]
        name = found["displayName"] if reader else GROUP
        assert f": exclude group {name}\n" in scene.stack.preview().output.replace("\r", "")


def test_security_defaults_and_who_took_the_group_out_are_told(
    engine: Engine, tmp_path: Path
) -> None:
    audit = ["AuditLog.Read.All", "Directory.Read.All"]
    with example(tmp_path / "stack", more=audit, security_defaults=True) as scene:
        assert "security defaults" in scene.stack.up().output.lower()
        victim = scene.policies()[MFA]["id"]
        with http(scene.server) as control:
            control.patch(
                f"/sandbox/conditional-access/policies/{victim}",
                params={"as": "bo@fabrikam.onmicrosoft.com"},
                json={"conditions": {"users": {"excludeGroups": []}}},
            ).raise_for_status()
        assert "changed by bo@fabrikam.onmicrosoft.com on " in scene.stack.preview().output


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"exclusion-only:groupId": None}, "groupId"),
        ({"exclusion-only:groupId": "BTG Admins"}, "exclusion-only:groupId is 'BTG Admins'"),
        ({"exclusion-only:scope": "mfa"}, "scope is 'mfa'"),
    ],
)
def test_a_wrong_setting_of_the_example_is_one_line(
    engine: Engine, tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    with example(tmp_path / "stack", **settings) as scene:
        run = scene.stack.preview(check=False)
        assert run.returncode != 0
        assert told in run.output
        assert "Traceback" not in run.output
        assert scene.writes() == []


def requirements(file: Path) -> set[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if not line.startswith("#")}


def test_the_example_asks_for_the_versions_that_the_repository_was_tested_with() -> None:
    ours = requirements(REPOSITORY / "requirements.txt")
    assert requirements(PROGRAM / "requirements.txt") - ours == {"-e ../.."}


def brought_along(name: str) -> set[str]:
    """What pip installs with a distribution."""
    texts = metadata.requires(name) or []
    return {canonicalize_name(Requirement(text).name) for text in texts}


def modules_needed(*files: Path) -> set[str]:
    """Every module that files import, those that our own modules import included."""
    found: set[str] = set()
    waiting = [*files]
    while waiting:
        new = set(imports(waiting.pop().read_text(encoding="utf-8"))) - found
        found |= new
        for module in new:
            path = REPOSITORY.joinpath(*module.split("."))
            candidates = (path.with_suffix(".py"), path / "__init__.py")
            waiting += [file for file in candidates if file.is_file()]
    return found


OPTIONAL: Final = {
    "distributed",  # for `breakglass fleet --cluster`, which says how to install it
    # For the commands of the simulated tenant, which need a checkout:
    *("aiohttp", "duckdb", "duckdb-kql", "psutil", "pyjwt", "trustme"),
}
"""What commands import that an example does not install."""


def lacking_modules(program: Path, *entrances: Path) -> set[str]:
    """Distributions that an example and the entrances import and its requirements do not bring."""
    files = requirements(program / "requirements.txt") - {"-e ../.."}
    named = {line.partition("==")[0] for line in files}
    installed = {"break-glass", *named, *(name for known in named for name in brought_along(known))}
    distributions = metadata.packages_distributions()
    lacking: set[str] = set()
    for module in modules_needed(program / "__main__.py", *entrances):
        names = distributions.get(module.partition(".")[0], [])
        offered = {canonicalize_name(name) for name in names}
        if not offered & installed:
            lacking |= offered
    return lacking


def test_the_example_installs_what_it_and_the_command_import() -> None:
    provider = REPOSITORY / "components" / "policy_exclusion.py"
    command = REPOSITORY / "cli" / "main.py"
    needed = modules_needed(PROGRAM / "__main__.py", provider, command)
    assert {"rich.console", "typer", "httpx", "pydantic", "filelock"} <= needed
    lacking = lacking_modules(PROGRAM, provider, command)
    assert lacking == OPTIONAL


def test_the_examples_settings_are_described_with_their_defaults() -> None:
    schema = yaml.safe_load((PROGRAM / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]
    assert {key for key, entry in schema.items() if "default" not in entry} == {"groupId"}
    for key, entry in schema.items():
        assert entry["description"], key
        assert f"`{key}`" in README, key
