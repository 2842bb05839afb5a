"""Twelve customers in twelve tenants on the real engine: five of them in trouble, seven not."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import pytest
import yaml

from fleet.environment import suffix_of
from fleet.report import CustomerReport, FleetReport
from fleet.report_json import read_json
from sandbox.api.server import TenantServer
from sandbox.engine import sandbox_environment
from sandbox.tenant.tenant import Tenant
from tests.engine.standing import AT_SPEED, Snapshot
from tests.support.pulumi_stack import REPOSITORY, session_engine
from tests.support.tenant import AT_ONCE
from tests.support.warm_engine import equip

FINE = tuple(f"customer-{number}" for number in range(1, 8))
CUSTOMERS = (*FINE, "crossed", "drifted", "throttled", "unlicensed", "wrong-secret")
OUTSIDER = "ada@"
WRONG_SECRET = "this-secret-is-wrong-0123456789"


@dataclass(frozen=True)
class Fleet:
    """A project with twelve customers, and the tenants that they are about."""

    project: Path
    environment: Mapping[str, str]
    servers: Mapping[str, TenantServer]
    tenants: Mapping[str, str]
    """Tenant ids by customer."""

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "cli.main", "fleet", *arguments],
            cwd=self.project,
            env={**self.environment, "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", "fleet", *arguments],
            cwd=self.project,
            env={**self.environment, "PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def let_in(self, customer: str) -> None:
        """Put somebody into the group that the policies leave out."""
        world, tenant_id = self.servers[customer].world, self.tenants[customer]
        document = world.tenants[tenant_id].to_document()
        (group,) = (one for one in document["groups"] if one["displayName"] == "BTG Admins")
        (outsider,) = (
            one for one in document["users"] if one["userPrincipalName"].startswith(OUTSIDER)
        )
        group["members"].append(outsider["id"])
        world.tenants[tenant_id] = Tenant.from_document(document, world.tenants[tenant_id].clock)

    def policies(self, customer: str) -> list[dict[str, Any]]:
        tenant = self.servers[customer].world.tenants[self.tenants[customer]]
        return tenant.to_document()["conditionalAccessPolicies"]


def renamed(text: str, customer: str, document: Mapping[str, Any]) -> str:
    """A tenant, a state or settings of one customer made into those of another."""
    ids = [document["tenant"]["id"], document["subscriptions"][0]["subscriptionId"]]
    ids += [app["appId"] for app in document["apps"]]
    for old in ids:
        text = text.replace(old, str(uuid5(NAMESPACE_DNS, f"{customer}/{old}")))
    for mark in ("urn:pulumi:{}::", "break-glass/{}", "break-glass-{}"):
        text = text.replace(mark.format("test"), mark.format(customer))
    return text


def without_resources(state: str) -> str:
    """The state of a stack that was made, and nothing more."""
    document = json.loads(state)
    document["checkpoint"]["latest"]["resources"] = []
    return json.dumps(document)


@pytest.fixture
def fleet(standing: Snapshot, tmp_path: Path) -> Iterator[Fleet]:
    engine = session_engine()
    work, project = tmp_path / "work", tmp_path / "project"
    project.mkdir()
    shutil.copytree(standing.folder / "state", work / "state")
    shutil.copy2(standing.folder / "passphrase", work / "passphrase")
    equip(work / "pulumi", engine)
    committed = (REPOSITORY / "Pulumi.yaml").read_text(encoding="utf-8")
    (project / "Pulumi.yaml").write_text(
        f"main: {REPOSITORY}\n{committed}".replace(".venv", str(REPOSITORY / ".venv")),
        encoding="utf-8",
    )
    stacks = work / "state" / ".pulumi" / "stacks" / "break-glass"
    documents: dict[str, dict[str, Any]] = {}
    state = (stacks / "test.json").read_text(encoding="utf-8")
    for left in stacks.glob("test.json*"):
        left.unlink()  # a stack without a settings file would be told as one
    settings = (standing.folder / "Pulumi.test.yaml").read_text(encoding="utf-8")
    for name in CUSTOMERS:
        mine = renamed(state, name, standing.document)
        (stacks / f"{name}.json").write_text(
            without_resources(mine) if name == "unlicensed" else mine, encoding="utf-8"
        )
        (project / f"Pulumi.{name}.yaml").write_text(
            renamed(settings, name, standing.document), encoding="utf-8"
        )
        documents[name] = json.loads(
            renamed(json.dumps(standing.document), name, standing.document)
        )
    documents["unlicensed"]["subscribedSkus"] = []
    # Who has drifted is asked for one more account as well: that is a change, and no loss.
    grown = project / "Pulumi.drifted.yaml"
    written = yaml.safe_load(grown.read_text(encoding="utf-8"))
    written["config"]["break-glass:accounts"] = {"count": 3}
    grown.write_text(yaml.safe_dump(written), encoding="utf-8")
    (policy, *_) = documents["drifted"]["conditionalAccessPolicies"]
    policy["conditions"]["users"]["excludeGroups"] = []
    with ExitStack() as running:
        alone = [documents.pop("throttled")]
        slow = running.enter_context(TenantServer(alone, knobs=AT_ONCE))
        slow.world.faults.order(
            {"method": "GET", "path": "conditionalAccess/policies", "status": 429, "times": 2}
        )
        quick = running.enter_context(TenantServer(list(documents.values()), knobs=AT_ONCE))
        servers = {name: slow if name == "throttled" else quick for name in CUSTOMERS}
        tenants = {name: one["tenant"]["id"] for name, one in documents.items()}
        tenants["throttled"] = alone[0]["tenant"]["id"]
        variables = sandbox_environment(engine, work, AT_SPEED)
        for name, server in servers.items():
            for key, value in server.environment(tenants[name]).items():
                variables[f"{key}__{suffix_of(name)}"] = value
        variables["ARM_CLIENT_SECRET__WRONG_SECRET"] = WRONG_SECRET
        for key, value in quick.environment(tenants["customer-1"]).items():
            variables[f"{key}__CROSSED"] = value
        yield Fleet(project, variables, servers, tenants)


def test_customers_in_trouble_are_told_and_the_others_are_done(fleet: Fleet) -> None:
    report_file = fleet.project / "report.json"
    ran = fleet.run("preview", "--expect-no-changes", "--report", str(report_file))

    assert ran.returncode == 1, ran.stdout + ran.stderr
    report = read_json(report_file)
    customers = {one.customer: one for one in report.customers}
    assert set(customers) == set(CUSTOMERS)
    assert {one: customers[one].outcome for one in CUSTOMERS} == {
        **dict.fromkeys((*FINE, "throttled"), "done"),
        **dict.fromkeys(("crossed", "drifted", "unlicensed", "wrong-secret"), "failed"),
    }, ran.stdout
    for name in (*FINE, "throttled"):
        assert_all_is_well(customers[name], fleet.tenants[name])
    assert_throttled(fleet)
    assert customers["unlicensed"].licence == "missing"
    assert "no Entra ID P1 licence" in customers["unlicensed"].problems[0].what
    wrong = customers["wrong-secret"]
    assert any("ARM_CLIENT_SECRET is not the secret of" in one.what for one in wrong.problems)
    crossed = " ".join(one.what for one in customers["crossed"].problems)
    assert fleet.tenants["crossed"] in crossed
    assert fleet.tenants["customer-1"] in crossed
    drifted = customers["drifted"]
    assert (drifted.policies.drifted, drifted.policies.excluded) == (1, 3)
    lost = "1 policy has lost the exclusion"
    assert lost in {one.what for one in drifted.problems}, "not the other three"
    assert_planned(drifted)
    for name in ("wrong-secret", "unlicensed"):
        assert_only_last_known(customers[name])
    assert_no_secret(fleet, report)

    healed = fleet.run("up", "--yes", "--only", "drifted", "--report", str(report_file))
    assert healed.returncode == 0, healed.stdout + healed.stderr
    (done,) = read_json(report_file).customers
    assert (done.policies.drifted, done.policies.excluded) == (0, 4)
    assert len(done.accounts or ()) == 3
    assert all(one["conditions"]["users"]["excludeGroups"] for one in fleet.policies("drifted"))

    looked = fleet.run("status", "--only", "drifted,crossed", "--report", str(report_file))
    assert looked.returncode == 1
    told, right = read_json(report_file).customers
    assert (right.outcome, right.problems) == ("done", ()), looked.stdout
    assert (right.policies.excluded, right.policies.drifted) == (4, 0)
    assert (right.alarm.enabled, "no row yet" in right.alarm.first_row) == (True, True)
    assert right.last_verified is not None
    assert (right.accounts, right.monthly_cost) == (None, None), "at which nobody looked"
    assert right.last_known is not None
    assert len(right.last_known.accounts or ()) == 3
    assert told.outcome == "failed"
    assert any("belong to tenant" in one.what for one in told.problems)


def test_an_outsider_in_the_group_is_named_by_every_look_and_by_who_takes_it_out(
    fleet: Fleet,
) -> None:
    fleet.let_in("customer-1")
    report_file = fleet.project / "report.json"
    for operation, words in (
        (("status",), "so every policy lets it past"),
        (("preview",), "so every policy lets it past"),
        (("up", "--yes"), "and was taken out"),
    ):
        fleet.run(*operation, "--only", "customer-1", "--report", str(report_file))
        (customer,) = read_json(report_file).customers
        (problem,) = customer.problems
        assert (OUTSIDER in problem.what, words in problem.what) == (True, True), problem
        assert customer.notes == ()
    right = fleet.run("status", "--only", "customer-1", "--report", str(report_file))
    assert right.returncode == 0, right.stdout


def test_ctrl_c_leaves_no_stack_locked(fleet: Fleet) -> None:
    process = fleet.start("refresh", "--only", "throttled,customer-1", "--parallel", "2")
    locks = fleet.project.parent / "work" / "state" / ".pulumi" / "locks"
    deadline = time.monotonic() + 120
    while not list(locks.rglob("*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert list(locks.rglob("*.json")) == []
    last = read_json(fleet.project / ".fleet" / "last.json")
    assert "cancelled" in {one.outcome for one in last.customers}
    assert {one.customer for one in last.customers} == {"customer-1", "throttled"}


def assert_all_is_well(customer: CustomerReport, tenant_id: str) -> None:
    assert customer.tenant_id == tenant_id
    assert set(customer.changes) == {"same"}
    assert len(customer.accounts or ()) == 2
    for account in customer.accounts or ():
        hindrances = " ".join(account.hindrances)
        assert account.ready is False
        assert f"{account.user_principal_name} has no passkey" in hindrances
        assert "is new" not in hindrances, "as the first `up` said"
    assert (customer.last_known, customer.planned) == (None, ())
    assert (customer.policies.excluded, customer.policies.drifted) == (4, 0)
    assert (customer.alarm.enabled, customer.alarm.receivers) == (True, 2)
    assert customer.licence == "required"
    assert customer.monthly_cost is not None
    assert customer.last_verified is not None
    assert customer.problems == ()


def assert_planned(customer: CustomerReport) -> None:
    """Every change is named, by type and name, and no value of it."""
    counts = Counter(one.operation for one in customer.planned)
    assert counts == {kind: n for kind, n in customer.changes.items() if kind != "same"}
    assert ("create", "account-3") in {(one.operation, one.name) for one in customer.planned}
    told = "".join(one.model_dump_json() for one in customer.planned)
    assert customer.tenant_id not in told
    assert "onmicrosoft.com" not in told


def assert_only_last_known(customer: CustomerReport) -> None:
    """Nothing of an earlier run is told as today's."""
    assert (customer.accounts, customer.policies.excluded, customer.alarm.enabled) == (None,) * 3
    assert customer.last_verified is None
    known = customer.last_known
    assert (known is None) is (customer.customer == "unlicensed"), "which has no resources yet"
    if known is not None:
        assert (len(known.accounts or ()), known.policies.excluded) == (2, 4)
        assert customer.started is not None
        assert known.as_of < customer.started


def assert_throttled(fleet: Fleet) -> None:
    entries = fleet.servers["throttled"].world.requests.entries()
    assert [entry["status"] for entry in entries].count(429) == 2


def assert_no_secret(fleet: Fleet, report: FleetReport) -> None:
    """Neither a credential nor a password is in any file that the run left."""
    secrets = {v for k, v in fleet.environment.items() if k.startswith("ARM_CLIENT_SECRET__")}
    secrets.add((fleet.project.parent / "work" / "passphrase").read_text(encoding="utf-8"))
    assert len(secrets) == len(CUSTOMERS)  # `crossed` has that of another one, all one key
    left = [path for path in (fleet.project / ".fleet").rglob("*") if path.is_file()]
    assert len(left) > len(CUSTOMERS), left
    for path in left:
        text = path.read_text(encoding="utf-8")
        assert not [one for one in secrets if one in text], path
        assert "ciphertext" not in text
    assert "passwords" not in report.model_dump_json()
