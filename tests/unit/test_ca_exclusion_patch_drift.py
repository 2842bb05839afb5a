"""Somebody took our entries out, or the service does not let us put them there."""

from typing import Any

import pytest

from components.exclusion_drift import PolicyAudit
from components.policy_exclusion import TYPE
from entra.audit_log import AuditLog
from entra.errors import Forbidden
from entra.policy import Policy
from tests.unit.exclusion_program import (
    ACCOUNT,
    EXCLUDE,
    GROUP,
    NOTHING,
    OURS,
    Audit,
    Reader,
    answering,
    arguments,
    excluded,
    failure,
    known,
    outcome,
    policy,
    run,
)
from tests.unit.graph_stub import StubGraph, ok

MANAGED = "Microsoft-managed: Block legacy authentication"
REFUSED = "kept by Microsoft, and the service refuses to change its exclusions (400: no)"
YESTERDAY, TODAY = "2026-11-21T10:00:00Z", "2026-11-22T10:00:00Z"


def logged(by: dict[str, Any], minute: int) -> dict[str, Any]:
    """A record whose values nobody can read."""
    return {
        "activityDisplayName": "Update conditional access policy",
        "activityDateTime": f"2026-11-22T09:{minute}:00Z",
        "initiatedBy": by,
        "targetResources": [{"id": "p1"}],
    }


PUT_IN_BY_US = logged({"app": {"displayName": "Deployment", "servicePrincipalId": "us"}}, 40)
TOUCHED_BEFORE = logged({"user": {"userPrincipalName": "ada@contoso.com"}}, 30)


def told(audit: PolicyAudit | None, *policies: Policy, **state: Any) -> list[tuple[str, str]]:
    """What a preview says of policies that lost our entries, without the sum at its end."""
    remembered = {key: value for p in policies for key, value in known(p.id, **state).items()}
    args = arguments(policies, Reader(*policies), audit=audit)
    messages = run(args, state=remembered, preview=True).messages
    return [message for message in messages if "to write" not in message[1]]


def test_a_loss_is_told_with_who_changed_the_policy_last() -> None:
    audit = Audit("application 'CIPP-SAM'")
    assert told(audit, policy("p1", "Block")) == [
        (
            "info",
            f"Block (p1): {EXCLUDE} (somebody took that out; the policy was changed by"
            " application 'CIPP-SAM' on 2026-11-22 09:30 UTC)",
        )
    ]
    assert audit.asked == [{"p1"}]


def test_a_loss_that_repeats_is_a_warning_with_the_way_to_end_it() -> None:
    ((severity, line),) = told(Audit(), policy("p1", "Block"), healed=2)
    assert severity == "warning"
    assert line.startswith(f"Block (p1): {EXCLUDE} (taken out for the 3rd time; ")
    assert "changed by ada@contoso.com on 2026-11-22 09:30 UTC" in line
    assert "`breakglass exclusion snippet`" in line


@pytest.mark.parametrize(
    ("healed", "ordinal"), [(1, "2nd"), (3, "4th"), (10, "11th"), (20, "21st"), (111, "112th")]
)
def test_losses_are_counted(healed: int, ordinal: str) -> None:
    ((_, line),) = told(None, policy("p1"), healed=healed)
    assert f"taken out for the {ordinal} time). Does" in line


def test_the_audit_log_is_asked_once_for_all_losses_and_not_for_new_policies() -> None:
    audit = Audit()
    lost, new, right = policy("p1"), policy("p2"), excluded("p3")
    state = {**known("p1"), **known("p3")}
    reader = Reader(lost, new, right)
    run(arguments([lost, new, right], reader, audit=audit), state=state, preview=True)
    assert audit.asked == [{"p1"}]


@pytest.mark.parametrize("added", [OURS, NOTHING])
def test_only_what_we_had_put_there_is_a_loss(added: dict[str, list[str]]) -> None:
    audit = Audit()
    told(audit, policy("p1"), added=added)
    assert bool(audit.asked) is (added is OURS)


def test_without_the_permission_it_is_said_once_who_could_see_it_and_how() -> None:
    audit = Audit(error=Forbidden(403, "AccessDenied", "no", "GET", "/v1.0/auditLogs"))
    lines = [text for _, text in told(audit, policy("p1"), policy("p2"))]
    assert lines[0] == f"MFA (p1): {EXCLUDE} (somebody took that out)"
    (asking,) = [line for line in lines if "AuditLog.Read.All" in line]
    assert "grant the application permission" in asking
    assert [severity for severity, _ in told(audit, policy("p1"))] == ["info", "info"]


@pytest.mark.parametrize("records", [[PUT_IN_BY_US, TOUCHED_BEFORE], [TOUCHED_BEFORE]])
def test_a_loss_that_the_log_does_not_hold_yet_accuses_nobody(
    records: list[dict[str, Any]],
) -> None:
    graph = StubGraph(ok({"value": records}))
    ((_, line),) = told(AuditLog(graph.client, "us"), policy("p1", modifiedDateTime=TODAY))
    assert line.endswith(
        "(somebody took that out; who changed it is not in the audit log, which lags some minutes)"
    )


@pytest.mark.parametrize("error", [failure(), RuntimeError("broken\nin two lines")])
def test_an_audit_log_that_fails_stops_nothing(error: Exception) -> None:
    lines = [text for _, text in told(Audit(error=error), policy("p1"))]
    assert lines[0] == f"MFA (p1): {EXCLUDE} (somebody took that out)"
    assert lines[1].startswith("who changed them last is not known: ")
    assert "\n" not in lines[1]


def refused_before(**changes: Any) -> dict[str, Any]:
    return known("p1", added=NOTHING, refused=REFUSED, refusedOf=YESTERDAY, **changes)


def managed(**users: Any) -> Policy:
    return policy("p1", MANAGED, users=users, modifiedDateTime=YESTERDAY)


@pytest.mark.parametrize("preview", [True, False])
def test_a_policy_that_refused_is_not_tried_again_but_told_every_time(preview: bool) -> None:
    reader = Reader(managed())
    seen = run(
        arguments([managed()], reader),
        state=refused_before(),
        preview=preview,
        respond=answering(refused=REFUSED),
    )
    assert seen.one(TYPE).inputs["pending"] == []
    assert seen.one(TYPE).inputs["wanted"] == OURS
    assert seen.said("warning") == [f"{MANAGED} (p1) is not excluded from: {REFUSED}"]
    assert seen.said("info") == []
    assert outcome(seen)["excluded"] == []
    assert outcome(seen)["skipped"] == [{"id": "p1", "name": MANAGED, "reason": REFUSED}]
    assert reader.listings == (0 if preview else 1)
    assert reader.asked == []


def changed() -> Policy:
    return managed().model_copy(update={"modified_date_time": "2026-11-22T10:00:00Z"})


@pytest.mark.parametrize(
    ("listed", "state"),
    [
        (changed(), refused_before()),
        (managed(), refused_before(wanted={"groups": [GROUP], "users": []})),
    ],
    ids=["the policy", "what is wanted"],
)
def test_a_refusal_is_tried_again_when_something_has_changed(
    listed: Policy, state: dict[str, Any]
) -> None:
    seen = run(arguments([listed], Reader(listed)), state=state, preview=True)
    assert seen.one(TYPE).inputs["pending"] == EXCLUDE.split(", ")
    assert seen.said("warning") == []


def test_a_preview_that_tries_again_shows_what_the_last_write_was_answered() -> None:
    seen = run(arguments([changed()], Reader(changed())), state=refused_before(), preview=True)
    assert outcome(seen)["skipped"] == [{"id": "p1", "name": MANAGED, "reason": REFUSED}]
    assert outcome(seen)["excluded"] == []


def test_a_policy_that_refuses_in_this_run_is_skipped_and_the_run_goes_on() -> None:
    seen = run(arguments([managed()], Reader(managed())), respond=answering(refused=REFUSED))
    assert outcome(seen)["skipped"] == [{"id": "p1", "name": MANAGED, "reason": REFUSED}]
    assert outcome(seen)["verified"] is True


def test_a_second_try_that_is_taken_is_excluded_as_any_other() -> None:
    args = arguments([changed()], Reader(excluded("p1", MANAGED)))
    seen = run(args, state=refused_before(), respond=answering(refused=""))
    assert outcome(seen)["excluded"] == [{"id": "p1", "name": MANAGED}]
    assert outcome(seen)["skipped"] == []


def test_a_refusal_that_somebody_did_by_hand_is_excluded_as_any_other() -> None:
    done = managed(excludeGroups=[GROUP], excludeUsers=[ACCOUNT])
    seen = run(
        arguments([done], Reader(done)),
        state=refused_before(),
        respond=answering(refused=REFUSED),
    )
    assert outcome(seen)["excluded"] == [{"id": "p1", "name": MANAGED}]
    assert outcome(seen)["skipped"] == []
    assert seen.messages == []
