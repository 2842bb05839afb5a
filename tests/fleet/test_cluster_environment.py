"""On a cluster, too, one customer's credential reaches no process of another's."""

import json
from pathlib import Path

from entra.credentials import OIDC_AUDIENCE as AUDIENCE
from fleet.cluster_worker import do_on_worker
from fleet.job import Job
from fleet.runner import run_fleet
from tests.fleet.cluster_machines import committed, connected, machines
from tests.fleet.pipeline import BEARER, running_pipeline
from tests.fleet.stub import stub_project, tenant_of

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
    for number, name in enumerate((*NAMES, REFUSED)):
        with (project.folder / f"Pulumi.{name}.yaml").open("a", encoding="utf-8") as settings:
            settings.write(f"  fleet:deploymentClientId: {tenant_of(70 + number)}\n")
    commit = committed(project.folder)
    # North's variable comes before its file; the keeper is not to choose once more.
    clients = {"north": "application of north", "south": tenant_of(71)}
    theirs = {"ARM_CLIENT_ID__NORTH": clients["north"], "BREAK_GLASS_IDENTITY": "deployment"}
    theirs |= {f"PULUMI_CONFIG_PASSPHRASE__{one.upper()}": f"key of {one}" for one in NAMES}
    theirs |= {"ARM_CLIENT_SECRET__LEFT": "of a customer that left", "SYSTEM_ACCESSTOKEN": BEARER}
    with (
        running_pipeline() as pipeline,
        machines(
            tmp_path, project, ("one",), encrypted=False, environ={**theirs, **pipeline.environ}
        ) as made,
    ):
        pipeline.answers[f"{AUDIENCE}/{REFUSED}"] = [403] * 9
        made.allow("go")
        with connected(made) as cluster, cluster.executor() as executor:
            jobs = [Job(name, "up", commit) for name in (*NAMES, REFUSED)]
            reports = run_fleet(jobs, executor, do_on_worker, stop=executor)
    assert [one.outcome for one in reports] == ["done", "done", "failed"], reports
    assert "gave no OIDC token: it answered 403" in reports[-1].problems[0].what
    assert set(pipeline.audiences) == {f"{AUDIENCE}/{one}" for one in (*NAMES, REFUSED)}
    for name in NAMES:
        for which, given in environments(tmp_path, name).items():
            assert given["ARM_CLIENT_ID"] == clients[name]
            assert given["PULUMI_CONFIG_PASSPHRASE"] == f"key of {name}"
            seen = json.dumps(given)
            for text in (f"of {OTHER[name]}", clients[OTHER[name]], "that left", BEARER):
                assert text not in seen, (name, which)
            assert not [one for one in given if "__" in one.strip("_")], (name, which)
