"""Who is asked, and what runs when nobody agrees: the files' texts, in order, on both systems.

What would work in tenants is played by `stub_fleet`; dealing out, joining and telling are real.
"""

import shlex
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ci.machine import Machines, commit, git
from tests.ci.project_copy import REPOSITORY, copy_project
from tests.ci.services import OnGitHub, Service, on_azure, on_github, would_merge

IN_TENANTS = ("tenant", "up", "look", "heal")
_PROGRAM = """\
#!/bin/sh
case "$3 $4" in
"fleet matrix"|"fleet merge"|"ci comment"|"ci issue") exec {python} "$@";;
"ci variables"|"ci approval") exec {python} "$@";;
esac
case "$2" in sandbox.engine) exit 0;; esac
export BAD={bad} PYTHONPATH="$PYTHONPATH":{repository}
exec {python} {stub} "$@"
"""


@dataclass(frozen=True)
class Place:
    """A project with two customers, and nothing that opens their tenants."""

    project: Path
    folder: Path
    backend: str = "file:///nowhere"

    @property
    def key(self) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def machines(self, secrets: Mapping[str, str]) -> Machines:
        """Clean machines."""
        program = self.folder / "program"
        places = {
            "python": sys.executable,
            "bad": str(self.folder / "bad"),
            "repository": str(REPOSITORY),
            "stub": str(Path(__file__).with_name("stub_fleet.py")),
        }
        program.write_text(
            _PROGRAM.format(**{key: shlex.quote(value) for key, value in places.items()})
        )
        program.chmod(0o755)
        path = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder)}
        return Machines(self.folder / "machines", self.project, path, secrets, program)

    def change(self, branch: str, name: str) -> str:
        """Another text of one file on a branch; the commit that would merge it."""
        git(self.project, "checkout", "--quiet", "-b", branch, "main")
        (self.project / name).write_text("# Another text.\nconfig: {}\n", encoding="utf-8")
        commit(self.project, branch)
        return would_merge(self.project, branch)

    def somebody_breaks(self, customer: str) -> None:
        """From now on this customer's runs fail."""
        (self.folder / "bad" / customer).touch()

    def somebody_repairs(self, customer: str) -> None:
        """They do no longer."""
        (self.folder / "bad" / customer).unlink()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    project = copy_project(tmp_path / "project")
    for name in ("east", "north"):
        (project / f"Pulumi.{name}.yaml").write_text("config: {}\n", encoding="utf-8")
    commit(project, "Both customers")
    (tmp_path / "bad").mkdir()
    return Place(project, tmp_path)


@pytest.fixture(params=[on_github, on_azure], ids=["github", "azure"])
def service(
    place: Place,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Generator[Service]:
    serve: Callable[[Place, Path], AbstractContextManager[Service]] = request.param
    with serve(place, tmp_path) as served:
        yield served


def ran(service: Service) -> set[str]:
    return {one.job for one in service.machines.ran if one.job in IN_TENANTS}


def asked_of_pull_requests(asked: list[str]) -> set[str]:
    return {one for one in asked if one == "tenant-preview" or one.endswith("reader")}


def test_a_deployment_that_somebody_refuses_touches_nothing(service: Service) -> None:
    service.refuse("deploy")
    run = service.run("deploy", 2)
    expected = {"plan": "well", "approve": "failed", "up": "skipped", "report": "skipped"}
    assert run.outcomes == expected, service.machines.said()
    assert ran(service) == set()


def test_every_shard_is_deployed_once_and_has_customers_of_its_own(service: Service) -> None:
    run = service.run("deploy", 2)
    assert set(run.outcomes.values()) == {"well"}, service.machines.said()
    assert {name[:4] for name in run.artifacts} == {"up-1", "up-2", "repo"}
    page = next(folder for name, folder in run.artifacts.items() if name.startswith("report"))
    text = (page / "up.html").read_text(encoding="utf-8")
    assert "north" in text
    assert "east" in text


@pytest.mark.parametrize("pipeline", ["deploy", "preview"])
def test_where_github_would_ask_nobody_nothing_is_run_in_a_tenant(
    place: Place, tmp_path: Path, pipeline: str
) -> None:
    merged = place.change("other", "Pulumi.north.yaml")
    with on_github(place, tmp_path) as service:
        assert isinstance(service, OnGitHub)
        service.fake.reviewers.clear()
        run = service.run(pipeline, 2, reference=merged)
        assert run.outcomes["plan"] == "failed", service.machines.said()
        assert run.asked == []
        assert ran(service) == set()
        assert "has no required reviewers" in service.machines.said()


def test_a_preview_that_nobody_agreed_to_looks_at_no_tenant_and_says_so(
    place: Place, service: Service
) -> None:
    merged = place.change("other", "Pulumi.north.yaml")
    service.refuse("preview")
    run = service.run("preview", 2, reference=merged)
    assert (run.outcomes["tenant"], run.outcomes["comment"]) == ("failed", "failed")
    assert asked_of_pull_requests(run.asked)
    assert ran(service) == set()
    (comment,) = service.comments()
    assert "was not looked at" in comment


def test_nobody_is_asked_when_a_check_fails(place: Place, service: Service) -> None:
    merged = place.change("other", "Pulumi.north.yaml")
    service.machines.fail("make test")
    run = service.run("preview", 1, reference=merged)
    assert run.outcomes["checks"] == "failed"
    assert (run.outcomes["tenant"], run.outcomes["comment"]) == ("skipped", "failed")
    assert not asked_of_pull_requests(run.asked)
    (comment,) = service.comments()
    assert "was not looked at" in comment
    assert "north" not in comment


def test_nobody_is_asked_when_no_customer_changes(place: Place, service: Service) -> None:
    merged = place.change("texts", "docs/ci.md")
    run = service.run("preview", 2, reference=merged)
    assert run.outcomes == {
        name: "skipped" if name == "tenant" else "well" for name in run.outcomes
    }, service.machines.said()
    assert not asked_of_pull_requests(run.asked)
    assert ran(service) == set()
    (comment,) = service.comments()
    assert "This changes no customer" in comment
    assert "Of commit" in comment


def test_code_that_all_share_is_previewed_in_shards_and_told_in_one_comment(
    place: Place, service: Service
) -> None:
    merged = place.change("shared", "components/__init__.py")
    run = service.run("preview", 2, reference=merged)
    assert set(run.outcomes.values()) == {"well"}, service.machines.said()
    assert {name[:9] for name in run.artifacts} == {"preview-1", "preview-2"}
    (comment,) = service.comments()
    assert "east" in comment
    assert "north" in comment


def test_of_a_look_that_is_run_again_the_newest_report_counts(
    place: Place, service: Service
) -> None:
    place.somebody_breaks("north")
    run = service.run("drift", 2)
    assert (run.outcomes["look"], run.outcomes["report"]) == ("failed", "failed")
    ((is_open, _),) = service.issues()
    assert is_open
    place.somebody_repairs("north")
    again = run.again("look", "heal", "report")
    assert again.outcomes == {
        "plan": "well",
        "look": "well",
        "heal": "skipped",
        "report": "well",
    }, service.machines.said()
    assert len([name for name in again.artifacts if name.startswith("look")]) == 4
    ((is_open, _),) = service.issues()
    assert not is_open
