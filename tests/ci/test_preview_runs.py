"""The pipeline for pull requests on both systems: the texts of the files, in order, for real.

The pull request changes one customer's settings, while main got others of another customer. What is
played, and how, say `github_host`, `azure_host`, `machine`.
"""

import json
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.ci.company import DEPLOYER_SECRET, Company, company
from tests.ci.fake_hosts import TOKEN
from tests.ci.machine import CHECKS, SETUP, git
from tests.ci.services import Service, on_azure, on_github, would_merge
from tests.ci.test_pipeline_runs import refused, somebody_changes_policies
from tests.engine.conftest import engine, standing
from tests.engine.standing import Snapshot
from tests.engine.test_ci_identities import SECRET
from tests.support.pulumi_stack import session_engine

__all__ = ["engine", "standing"]
PACK = "break-glass@v1.0.0 (local: "


def changed_settings(there: Company) -> str:
    """A branch with other settings of `north`; meanwhile main got others of `east`."""
    git(there.project, "checkout", "--quiet", "-b", "rotation")
    rotation = {"break-glass:accounts": {"passwordRotation": "next"}}
    there.change("north", "New passwords", rotation)
    git(there.project, "checkout", "--quiet", "main")
    key = "break-glass:monitoring"
    there.change("east", "Another look back", {key: {"alert": {"lookbackMinutes": 360}}})
    return would_merge(there.project, "rotation")


def passwords(there: Company) -> set[str]:
    """Those of both accounts, as the state's key opens them."""
    words = ["stack", "output", "passwords", "--json", "--show-secrets", "--stack", "north"]
    done = subprocess.run(
        [str(session_engine().executable), *words],
        cwd=there.project,
        env={**there.cloud, **there.key, "PULUMI_BACKEND_URL": there.backend},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout).values())


def a_change_is_previewed(there: Company, service: Service, stages: dict[str, str]) -> None:
    merged = changed_settings(there)
    state = there.state()
    there.forget()

    run = service.run("preview", 2, reference=merged)

    assert run.outcomes == stages, service.machines.said()
    assert set(run.artifacts) <= {"preview-1-1", "preview-1-1-1"}
    shown = [one.said for one in service.machines.ran if one.job == "sandbox"][1]
    assert "account-1-password" in shown, shown
    assert PACK in shown, shown
    # Who looks may read and no more, of the tenant and of the state.
    assert refused(there) == []
    assert len(there.requests()) > 20
    assert there.writes() == []
    assert there.state() == state
    (log,) = service.machines.folder.glob("machine-*/.fleet/*/north.log")
    told = log.read_text(encoding="utf-8")
    assert PACK in told
    assert "can only read: this preview shows" in told
    (comment,) = service.comments()
    assert "north" in comment
    assert "east" not in comment
    assert "1 policy has lost the exclusion" in comment


def nothing_tells_a_secret(there: Company, service: Service) -> None:
    told = [service.machines.said(), *service.comments()]
    for pattern in ("machine-*/*.md", "machine-*/*.json", "machine-*/.fleet/**/*.log"):
        found = [one for one in service.machines.folder.glob(pattern) if one.is_file()]
        told += [one.read_text(encoding="utf-8") for one in found]
    secrets = {SECRET, DEPLOYER_SECRET, TOKEN, *passwords(there)}
    assert len(secrets) == 5
    assert not [one for text in told for one in secrets if one in text]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("serve", "jobs"),
    [
        pytest.param(on_github, ("checks", "sandbox", "plan", "tenant", "comment"), id="github"),
        pytest.param(on_azure, ("checks", "tenant", "comment"), id="azure"),
    ],
)
def test_a_pull_requests_steps_run_in_order_from_the_checks_to_the_comment(
    standing: Snapshot,
    tmp_path: Path,
    serve: Callable[[Company, Path], AbstractContextManager[Service]],
    jobs: tuple[str, ...],
) -> None:
    with company(standing, tmp_path) as there, serve(there, tmp_path) as service:
        somebody_changes_policies(there)
        a_change_is_previewed(there, service, dict.fromkeys(jobs, "well"))
        nothing_tells_a_secret(there, service)

        ran = [(one.step, one.script) for one in service.machines.ran if one.job == "checks"]
        assert ran == [*zip(("Check", "Test"), CHECKS, strict=True)]
        found = [one.script for one in service.machines.ran if one.step == "Set up"]
        assert found == [SETUP] * 4
