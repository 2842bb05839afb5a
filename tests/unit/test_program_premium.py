"""The whole program in a tenant without an Entra ID P1 licence: what it makes, what it leaves."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from components.break_glass_group import GROUP_TYPE, TYPE
from components.stack_memory import READ_OUTPUTS
from premium import LEFT_OUT
from tests.unit.harness import Recording, object_id
from tests.unit.program_scene import FACTS, policy, roles, run, stopped_before_anything, tenant_in

NO_LICENCE = replace(FACTS, has_premium=False)
ABSENT = {"break-glass:premium": "absent"}


@pytest.fixture(scope="module")
def made() -> Iterator[Recording]:
    """The program without the licence, once for all tests that only look at what it did."""
    with pytest.MonkeyPatch.context() as patched:
        tenant = tenant_in(patched)
        tenant.facts, tenant.policies = NO_LICENCE, []
        yield run(ABSENT)


def test_the_accounts_are_made_and_armed_without_a_group(made: Recording) -> None:
    parts = [r.name for r in made.registrations if not r.parent_name]
    assert sorted(parts) == ["account-1", "account-2", "exclusion", "monitoring"]
    assert made.of_type("Group") == made.of_type("GroupMember") == []
    assert len(roles(made)) == 2
    for role in roles(made):
        assert made.waits_for(role, made.one("DiagnosticSetting"))


def test_no_sign_in_log_is_asked_for(made: Recording) -> None:
    logs = made.one("DiagnosticSetting").inputs["logs"]
    assert [log["category"] for log in logs] == ["AuditLogs"]
    rules = [
        r.name for r in (*made.of_type("ScheduledQueryRule"), *made.of_type("ActivityLogAlert"))
    ]
    assert sorted(rules) == [
        "monitoring-health-alert",
        "monitoring-rules-alert",
        "monitoring-tamper-alert",
    ]
    assert made.outputs["alertQuery"] is None


def test_outputs_and_next_steps_say_what_is_missing(made: Recording) -> None:
    assert "groupId" not in made.outputs
    assert made.outputs["leftOut"] == list(LEFT_OUT)
    (told,) = [step for step in made.outputs["nextSteps"] if "No use of the accounts rings" in step]
    assert "every week" in told
    assert all("passkey" in line for line in made.said("warning"))


def test_a_new_stack_that_requires_it_stops_before_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant_in(monkeypatch).facts = NO_LICENCE
    made = run(expect_error=True)
    assert "no Entra ID P1 licence" in made.said("error")[0]
    assert stopped_before_anything(made)


def test_policies_that_cannot_be_changed_stop_it_before_anything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = tenant_in(monkeypatch)
    tenant.facts, tenant.policies = NO_LICENCE, [policy("Require MFA")]
    made = run(ABSENT, expect_error=True)
    assert "Require MFA (id-of-require-mfa)" in made.said("error")[0]
    assert stopped_before_anything(made)


def test_a_licence_that_lapsed_takes_nothing_out_of_the_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = tenant_in(monkeypatch)
    tenant.facts, tenant.directory.groups = NO_LICENCE, ["BTG Admins"]
    group_id = object_id("group-group")
    state: dict[str, Any] = {
        f"urn:pulumi:unit::break-glass::{type_}::{name}": {"type": type_, "outputs": outputs}
        for type_, name, outputs in (
            (TYPE, "group", {"groupId": group_id, "name": "BTG Admins"}),
            (GROUP_TYPE, "group-group", {"objectId": group_id}),
        )
    }
    made = run(calls={READ_OUTPUTS: lambda _: {"outputs": state}})

    assert len(made.of_type("GroupMember")) == len(roles(made)) == 2
    categories = [log["category"] for log in made.one("DiagnosticSetting").inputs["logs"]]
    assert "SignInLogs" in categories
    assert len(made.children("exclusion")) == 2
    assert any("nothing is taken away" in line for line in made.said("warning"))
    assert any(step.startswith("Renew the Entra ID P1") for step in made.outputs["nextSteps"])
    assert made.outputs["leftOut"] == []
