"""On a cluster, too, one customer's credential reaches no process of another's."""

import json
from pathlib import Path

from fleet.cluster_worker import do_on_worker
from fleet.job import Job
from fleet.runner import run_fleet
from tests.fleet.cluster_machines import committed, connected, machines
from tests.fleet.pipeline import BEARER, running_pipeline
from tests.fleet.stub import stub_project

NAMES = ("north", "south")
REFUSED = "west"
OTHER = {"north": "south", "south": "north"}


def environments(folder: Path, customer: str) -> dict[str, dict[str, str]]:
    """Of the customer's process, and of the keeper that started it."""
    return json.loads((folder / f"{customer}.environ.json").read_text(encoding="utf-8"))


def test_neither_a_customers_process_nor_its_keeper_has_anothers_variables(
    tmp_path: Path,
) -> None:
    project = stub_project(tmp_path, *NAMES, REFUSED)
    commit = committed(project.folder)
    theirs = {f"ARM_CLIENT_ID__{one.upper()}": f"application of {one}" for one in NAMES}
    theirs |= {f"PULUMI_CONFIG_PASSPHRASE__{one.upper()}": f"key of {one}" for one in NAMES}
    theirs |= {f"ARM_OIDC_AUDIENCE__{one.upper()}": f"api://{one}" for one in (*NAMES, REFUSED)}
    theirs |= {"ARM_CLIENT_SECRET__LEFT": "of a customer that left", "SYSTEM_ACCESSTOKEN": BEARER}
    with (
        running_pipeline() as pipeline,
        machines(
            tmp_path, project, ("one",), encrypted=False, environ={**theirs, **pipeline.environ}
        ) as made,
    ):
        pipeline.answers[f"api://{REFUSED}"] = [403] * 9
        made.allow("go")
        with connected(made) as cluster, cluster.executor() as executor:
            jobs = [Job(name, "up", commit) for name in (*NAMES, REFUSED)]
            reports = run_fleet(jobs, executor, do_on_worker, stop=executor)
    assert [one.outcome for one in reports] == ["done", "done", "failed"], reports
    assert "gave no OIDC token: it answered 403" in reports[-1].problems[0].what
    assert set(pipeline.audiences) == {f"api://{one}" for one in (*NAMES, REFUSED)}
    for name in NAMES:
        for which, given in environments(tmp_path, name).items():
            assert given["ARM_CLIENT_ID"] == f"application of {name}"
            assert given["PULUMI_CONFIG_PASSPHRASE"] == f"key of {name}"
            seen = json.dumps(given)
            for text in (f"of {OTHER[name]}", f"api://{OTHER[name]}", "that left", BEARER):
                assert text not in seen, (name, which)
            assert not [one for one in given if "__" in one.strip("_")], (name, which)
