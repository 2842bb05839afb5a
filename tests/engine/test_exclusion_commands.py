"""`breakglass verify` and `breakglass exclusion snippet` on stacks of the real engine."""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from tests.engine.standing import Scene
from tests.support.pulumi_stack import REPOSITORY
from tests.support.tenant import http, object_id

MFA = object_id("policies/mfa")
POLICIES = "/sandbox/conditional-access/policies"


def breakglass(
    scene: Scene, *arguments: str, environment: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """The command as a user runs it, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=REPOSITORY,
        env=dict(environment or scene.stack.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def verify(scene: Scene, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return breakglass(scene, "verify", "--stack", "test", *arguments)


def document(scene: Scene) -> dict[str, Any]:
    """What `verify --json` prints."""
    return json.loads(verify(scene, "--json").stdout)


def results(scene: Scene) -> dict[str, str]:
    return {policy["name"]: policy["result"] for policy in document(scene)["policies"]}


def as_administrator(scene: Scene, policy_id: str, **changes: Any) -> None:
    with http(scene.server) as control:
        control.patch(
            f"{POLICIES}/{policy_id}",
            params={"as": "bo@fabrikam.onmicrosoft.com"},
            json=changes,
        ).raise_for_status()


def test_everything_right_is_one_closing_line_and_exit_code_0(scene: Scene) -> None:
    scene.forget()
    done = verify(scene)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"Stack test, tenant {scene.tenant_id}"
    assert f"✓ Require MFA for all users ({MFA}): excluded" in lines
    assert lines[-1] == "Every Conditional Access policy is right: 4 exclude."
    assert scene.writes() == []
