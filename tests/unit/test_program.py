"""The whole program on the recording monitor: what it makes, in which order, what stops it."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pulumi
import pytest

from components import ca_exclusion_patch
from components.break_glass_account import GLOBAL_ADMINISTRATOR
from components.kept_monitoring import stack_tags
from components.stack_memory import READ_OUTPUTS
from entra.errors import Forbidden, GraphError, IdentityError
from tests.unit.harness import Recording, run_program
from tests.unit.program_scene import (
    EMAILS,
    FACTS,
    PROGRAM,
    SUBSCRIPTION,
    TENANT,
    Tenant,
    policy,
    roles,
    run,
    stopped_before_anything,
    tenant_in,
)


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch) -> Tenant:
    return tenant_in(monkeypatch)


@pytest.fixture(scope="module")
def usual() -> Iterator[tuple[Recording, Tenant]]:
    """The program with default settings, once for all tests that only look at what it did."""
    with pytest.MonkeyPatch.context() as patched:
        tenant = tenant_in(patched)
        yield run(), tenant


@pytest.fixture(scope="module")
def made(usual: tuple[Recording, Tenant]) -> Recording:
    return usual[0]


def test_the_program_makes_two_accounts_a_group_every_exclusion_and_the_alarm(
    usual: tuple[Recording, Tenant],
) -> None:
    made, tenant = usual

    assert {r.name for r in made.registrations if not r.parent_name} == {
        "account-1",
        "account-2",
        "group",
        "monitoring",
        "exclusion",
    }
    assert len(made.of_type("User")) == len(made.of_type("GroupMember")) == len(roles(made)) == 2
    assert sorted(r.inputs["policyName"] for r in made.children("exclusion")) == [
        "Block legacy",
        "Require MFA",
    ]
    assert sorted(r.name for r in made.of_type("ScheduledQueryRule")) == [
        "monitoring-exclusion-alert",
        "monitoring-silence-alert",
        "monitoring-tamper-alert",
        "monitoring-use-alert",
    ]
    assert tenant.checks[0]["tenant_id"] == TENANT
    assert tenant.checks[0]["subscription_id"] == SUBSCRIPTION


@pytest.mark.parametrize("preview", [True, False])
def test_global_administrator_comes_after_everything_else(
    tenant: Tenant, made: Recording, preview: bool
) -> None:
    del tenant
    made = run(preview=True) if preview else made

    others = [
        *made.of_type("GroupMember"),
        *made.children("exclusion"),
        made.one("DiagnosticSetting"),
        *made.of_type("ActionGroup"),
        *made.of_type("ScheduledQueryRule"),
        *made.of_type("ActivityLogAlert"),
    ]
    for role in roles(made):
        assert role.inputs["roleId"] == GLOBAL_ADMINISTRATOR
        for other in others:
            assert made.waits_for(role, other), other.name
    sealed = [*roles(made), *made.of_type("AccountRoles")]
    assert {r.number for r in made.registrations[-4:]} == {r.number for r in sealed}


def test_exclusions_wait_until_the_group_is_complete(made: Recording) -> None:
    for child in made.children("exclusion"):
        for member in made.of_type("GroupMember"):
            assert made.waits_for(child, member)


def test_one_switch_protects_all_of_it_or_nothing(tenant: Tenant, made: Recording) -> None:
    del tenant
    protected = made
    bare = [r.name for r in protected.registrations if not protected.is_protected(r)]
    accounts = ("account-1", "account-2")
    # What is not protected itself is sealed: something protected depends on it. The component of
    # an account that is yet to be made has nothing to protect. Logs stay in Azure in any case.
    sealed = ("name", "password", "global-administrator")
    logs = ("monitoring-resource-group", "monitoring-workspace")
    rules = ("use-alert", "exclusion-alert", "tamper-alert", "silence-alert")
    guards = ("rules-alert", "health-alert", "watch-action-group")
    alarms = [f"monitoring-{part}" for part in (*rules, *guards)]
    parts = [f"{name}-{part}" for name in accounts for part in sealed]
    assert sorted(bare) == sorted([*accounts, *logs, *alarms, *parts])
    for alarm in alarms:
        seal = protected.named("monitoring-alarms")
        assert protected.waits_for(seal, protected.named(alarm))
    for part in logs:
        assert protected.waits_for(protected.named("monitoring-use-alert"), protected.named(part))
        assert protected.named(part).retain_on_delete
    for name in accounts:
        user, roles = f"{name}-user", f"{name}-roles"
        seals = {"name": user, "password": user, "global-administrator": roles}
        for part, seal in seals.items():
            assert protected.waits_for(protected.named(seal), protected.named(f"{name}-{part}"))

    free = run({"break-glass:protect": "false"})
    assert not any(free.is_protected(r) for r in free.registrations)


def test_settings_reach_the_resources(tenant: Tenant) -> None:
    del tenant
    monitoring = {
        "workspace": {"name": "log-x", "retentionDays": 90},
        "alert": {"severity": 1, "frequencyMinutes": 10, "lookbackMinutes": 120},
        "notify": {"emails": EMAILS, "shortName": "Alarm"},
    }
    made = run(
        {
            "break-glass:accounts": '{"count": 3, "namePrefix": "bg-", "passwordLength": 100}',
            "break-glass:group": '{"name": "Reserve"}',
            "break-glass:exclusion": (
                '{"users": false, "skip": ["Block legacy"], "freshnessSeconds": 9}'
            ),
            "break-glass:monitoring": json.dumps(monitoring),
        }
    )
    assert len(made.of_type("User")) == 3
    assert all(u.inputs["userPrincipalName"].startswith("bg-") for u in made.of_type("User"))
    assert {p.inputs["length"] for p in made.of_type("RandomPassword")} == {100}
    assert made.one("Group").inputs["displayName"] == "Reserve"
    assert made.one("Workspace").inputs["retentionInDays"] == 90
    assert made.named("monitoring-use-alert").inputs["severity"] == 1
    assert made.named("monitoring-use-alert").inputs["windowSize"] == "PT2H"
    assert made.named("monitoring-action-group").inputs["groupShortName"] == "Alarm"
    assert [skipped["name"] for skipped in made.outputs["skippedPolicies"]] == ["Block legacy"]
    wanted = {r.inputs["policyName"]: r.inputs["wanted"] for r in made.children("exclusion")}
    assert {child.inputs["freshnessSeconds"] for child in made.children("exclusion")} == {9}
    assert [len(wanted["Require MFA"][key]) for key in ("groups", "users")] == [1, 0]
    assert {len(r.inputs["stackObjects"]["users"]) for r in made.children("exclusion")} == {3}


def test_mfa_only_leaves_other_policies_alone(tenant: Tenant) -> None:
    tenant.policies = [policy("Require MFA"), policy("Block legacy", "block")]
    made = run({"break-glass:exclusion": '{"scope": "mfa-only"}'})
    assert [skipped["name"] for skipped in made.outputs["skippedPolicies"]] == ["Block legacy"]
    assert [excluded["name"] for excluded in made.outputs["excludedPolicies"]] == ["Require MFA"]


def test_outputs_are_complete_and_only_the_passwords_are_secret(made: Recording) -> None:
    assert list(made.outputs) == [
        "tenant",
        "accounts",
        "passwords",
        "groupId",
        "excludedPolicies",
        "skippedPolicies",
        "workspaceId",
        "watchedWorkspaces",
        "alertQuery",
        "alerts",
        "portalLinks",
        "administratorsTold",
        "estimatedMonthlyCost",
        "leftOut",
        "obstacles",
        "nextSteps",
    ]
    assert made.secret_outputs == {"passwords"}
    names = [account["userPrincipalName"] for account in made.outputs["accounts"]]
    assert set(made.outputs["passwords"]) == set(names)
    assert made.outputs["tenant"] == "Contoso Ltd (contoso.onmicrosoft.com)"
    assert made.outputs["watchedWorkspaces"] == [made.outputs["workspaceId"]]
    assert set(made.outputs["portalLinks"]) == {"query", "rule", "workspace"}
    assert len(made.outputs["alerts"]) == 6


def test_the_tenants_name_is_the_first_thing_said(made: Recording) -> None:
    assert made.said("info")[0] == "Contoso Ltd (contoso.onmicrosoft.com)"


def test_the_preview_says_what_it_costs_a_month(made: Recording) -> None:
    (line,) = [line for line in made.said("info") if line.startswith("estimated cost")]
    cost = made.outputs["estimatedMonthlyCost"]
    assert f"{cost['total']:.2f} USD a month" in line
    assert len([one for one in cost["lines"] if "alert" in one["what"].lower()]) >= 4
    assert cost["total"] > 0


def test_the_state_is_read_once_for_all_questions(made: Recording) -> None:
    """It can be large and far away, and each account, the exclusions and the logs ask of it."""
    assert [token for token, _ in made.invokes].count(READ_OUTPUTS) == 1


@pytest.mark.parametrize("preview", [True, False])
def test_security_defaults_are_told_with_what_they_mean(tenant: Tenant, preview: bool) -> None:
    tenant.facts = replace(FACTS, security_defaults=True)
    made = run(preview=preview)
    assert made.outputs["nextSteps"][0].startswith("Security defaults are on")
    told = made.said("warning")
    assert sum("there is nothing to be excluded from" in line for line in told) == 1


def test_a_tenant_without_policies_still_gets_everything_else(tenant: Tenant) -> None:
    tenant.policies = []
    made = run()
    assert "the tenant has no Conditional Access policy to be excluded from" in made.said("info")
    assert made.outputs["excludedPolicies"] == made.outputs["skippedPolicies"] == []
    assert len(roles(made)) == 2


def test_a_refused_listing_ends_in_one_line_that_says_how_to_grant_it(tenant: Tenant) -> None:
    tenant.policies = Forbidden(403, "AccessDenied", "no", "GET", "/v1.0/policies")
    made = run(expect_error=True)
    (line,) = made.said("error")
    assert "\n" not in line
    assert "answered 403 AccessDenied: no; grant the application permission Policy.Read.All" in line
    assert stopped_before_anything(made)


@pytest.mark.parametrize("ours", [True, False])
def test_a_kept_resource_group_is_taken_in_if_it_is_this_stacks(tenant: Tenant, ours: bool) -> None:
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-break-glass"
    tags: dict[str, str] = run_program(stack_tags).value if ours else {}
    there = {"id": group, "name": "rg-break-glass", "location": "westeurope"}
    tenant.azure = {group: {**there, "tags": tags}}
    made = run(expect_error=not ours)
    if ours:
        assert made.one("ResourceGroup").import_id == group
        assert made.one("Workspace").import_id == ""
    else:
        assert "this stack did not make" in made.said("error")[0]
        assert stopped_before_anything(made)


@pytest.mark.timeout(20)
def test_an_error_between_the_accounts_and_their_gate_ends_the_program(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate that nobody opens once held the run for ever."""
    del tenant

    def fail(*_: object, **__: object) -> None:
        raise GraphError(503, "serviceNotAvailable", "", "GET", "/v1.0/policies")

    monkeypatch.setattr(ca_exclusion_patch, "choose", fail)
    made = run(expect_error=True)
    assert "503" in str(made.error)
    assert roles(made) == []


def test_exclusions_that_cannot_be_proved_leave_no_role(tenant: Tenant) -> None:
    tenant.proof = pulumi.RunError("1 Conditional Access policy would still stop the accounts")
    made = run(expect_error=True)
    assert made.error is tenant.proof
    assert roles(made) == []
    assert len(made.of_type("User")) == 2


def test_nothing_is_registered_for_a_wrong_tenant_or_a_wrong_setting(tenant: Tenant) -> None:
    tenant.facts = IdentityError("the token belongs to another tenant")
    stopped = run(expect_error=True)
    assert stopped.said("error") == [str(tenant.facts)]
    assert stopped_before_anything(stopped)
    assert stopped_before_anything(run({"break-glass:acounts": "{}"}, expect_error=True))


def test_a_missing_variable_is_named(tenant: Tenant) -> None:
    del tenant
    made = run(expect_error=True, ARM_CLIENT_ID="")
    assert "ARM_CLIENT_ID" in made.said("error")[0]
    assert stopped_before_anything(made)


def test_the_table_of_contents_stays_one() -> None:
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) < 60
