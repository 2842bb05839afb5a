"""The audit log of Conditional Access: who changed a policy last, and what a change did."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from entra.audit_log import MOST_RECORDS, AuditLog
from entra.errors import Forbidden
from entra.exclusion import Entries
from entra.policy_change import Loss, PolicyChange, told_change
from tests.unit.graph_stub import StubGraph, ok, policy_document, refusal

OWN = "0f0f0f0f-0000-4000-8000-000000000001"
ADA = {"user": {"id": "u1", "userPrincipalName": "ada@contoso.com"}, "app": None}
CIPP = {"user": None, "app": {"appId": None, "displayName": "CIPP-SAM", "servicePrincipalId": "s"}}
OURS = {"user": None, "app": {"displayName": "Deployment", "servicePrincipalId": OWN.upper()}}
UPDATE = "Update conditional access policy"


def record(
    policy_id: str = "p1",
    by: Mapping[str, Any] | None = ADA,
    minute: int = 0,
    activity: str = UPDATE,
    old: Any = None,
    new: Any = None,
    **more: Any,
) -> dict[str, Any]:
    values = [{"displayName": "ConditionalAccessPolicy", "oldValue": old, "newValue": new}]
    return {
        "activityDisplayName": activity,
        "activityDateTime": f"2026-11-22T10:{minute:02}:00.1234567Z",
        "result": "success",
        "loggedByService": "Conditional Access",
        "initiatedBy": by,
        "targetResources": [{"id": policy_id, "type": "Policy", "modifiedProperties": values}],
        **more,
    }


def page(*records: dict[str, Any], link: str | None = None) -> httpx.Response:
    more = {"@odata.nextLink": link} if link else {}
    return ok({"value": list(records), **more})


def log(*answers: httpx.Response) -> tuple[AuditLog, StubGraph]:
    graph = StubGraph(*answers)
    return AuditLog(graph.client, OWN), graph


def losses(*policy_ids: str) -> dict[str, Loss]:
    return {policy_id: Loss(Entries(("g",)), "") for policy_id in policy_ids}


def last_change(**values: Any) -> PolicyChange:
    audit, _graph = log(page(record(**values)))
    return audit.last_changes(losses("p1"))["p1"]


def test_the_change_behind_each_loss_is_told_by_the_ids_as_they_were_given() -> None:
    audit, graph = log(
        page(
            record("p2", OURS, 9),
            record("P1", CIPP, 8),
            record("p1", ADA, 7),
            record("p2", ADA, 6),
            record("other", ADA, 5),
        )
    )
    found = audit.last_changes(losses("p1", "p2", "p3"))
    assert {key: change.by for key, change in found.items()} == {"p1": "application 'CIPP-SAM'"}
    assert found["p1"].at.replace(microsecond=0) == datetime(2026, 11, 22, 10, 8, tzinfo=UTC)
    assert len(graph.calls) == 1


def test_the_newest_records_of_the_service_come_first_in_large_pages() -> None:
    audit, graph = log(page())
    audit.last_changes(losses("p1", "p2"))
    query = graph.requests[0].url.params
    assert dict(query) == {
        "$filter": "loggedByService eq 'Conditional Access'",
        "$orderby": "activityDateTime desc",
        "$top": "999",
    }


def test_one_policy_alone_is_asked_for_by_its_id() -> None:
    audit, graph = log(page(record("it's")))
    assert list(audit.last_changes(losses("it's"))) == ["it's"]
    assert (
        graph.requests[0]
        .url.params["$filter"]
        .endswith(" and targetResources/any(t:t/id eq 'it''s')")
    )


def test_no_policy_is_no_request() -> None:
    audit, graph = log()
    assert audit.last_changes(losses()) == {}
    assert graph.calls == []


def test_pages_are_followed_until_every_policy_has_its_change() -> None:
    link = "https://graph.microsoft.com/v1.0/auditLogs/directoryAudits?$skiptoken=x"
    audit, graph = log(page(record("p1"), link=link), page(record("p2"), link=link))
    assert set(audit.last_changes(losses("p1", "p2"))) == {"p1", "p2"}
    assert len(graph.calls) == 2


def test_months_of_records_are_not_read() -> None:
    link = "https://graph.microsoft.com/v1.0/auditLogs/directoryAudits?$skiptoken=x"
    full = [record("other")] * 999
    audit, graph = log(*[page(*full, link=link)] * 9)
    assert audit.last_changes(losses("p1", "p2")) == {}
    assert len(graph.calls) * 999 == MOST_RECORDS


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (ADA, "ada@contoso.com"),
        ({"user": {"id": "u9"}}, "user u9"),
        (CIPP, "application 'CIPP-SAM'"),
        ({"app": {"displayName": "", "appId": "a1"}}, "application a1"),
        ({"app": {"displayName": "\x1b[31mred\n"}}, r"application '\x1b[31mred\n'"),
        ({"user": {"userPrincipalName": "a\u202eb@c"}}, r"a\u202eb@c"),
        ({"user": None, "app": None}, "somebody whom the log does not name"),
        (None, "somebody whom the log does not name"),
    ],
)
def test_who_it_was_is_one_harmless_line(by: Mapping[str, Any] | None, words: str) -> None:
    assert last_change(by=by).by == words


def test_a_change_is_told_with_its_moment() -> None:
    assert told_change(last_change(minute=5)) == "by ada@contoso.com on 2026-11-22 10:05 UTC"


@pytest.mark.parametrize(
    "unusable",
    [
        record(activity="Update named location"),
        record(activity="Update policy"),
        record(result="failure"),
        record(targetResources=None),
        record(targetResources=[{"id": None}]),
        record(activityDateTime="yesterday"),
        {},
    ],
    ids=lambda document: str(sorted(document.items()))[:40],
)
def test_what_is_no_change_of_a_policy_is_passed_over(unusable: dict[str, Any]) -> None:
    audit, _graph = log(page(unusable, record(by=CIPP)))
    assert audit.last_changes(losses("p1"))["p1"].by == "application 'CIPP-SAM'"


@pytest.mark.parametrize("activity", ["Add", "Update", "Delete", "UPDATE", "Hard Delete"])
def test_the_activities_of_a_policy_are_known_in_any_spelling(activity: str) -> None:
    assert last_change(activity=f"{activity} Conditional Access policy").policy_id == "p1"


def excluding(*users: str) -> dict[str, Any]:
    return policy_document("p1", users={"excludeUsers": list(users)})


@pytest.mark.parametrize("nested", [False, True])
def test_a_record_tells_what_was_excluded_before_and_after(nested: bool) -> None:
    old, new = (json.dumps(excluding(*users)) for users in (("a",), ("a", "b")))
    if nested:
        old, new = json.dumps(old), json.dumps(new)
    audit, graph = log(page(record(old=old, new=new, by=OURS)))
    (found,) = audit.changes_since(datetime(2026, 11, 20, 8, tzinfo=UTC))
    assert (found.before, found.after, found.own) == (
        Entries(users=("a",)),
        Entries(users=("a", "b")),
        True,
    )
    assert graph.requests[0].url.params["$filter"] == (
        "activityDateTime ge 2026-11-20T08:00:00Z and loggedByService eq 'Conditional Access'"
    )


@pytest.mark.parametrize(
    "value", [None, "", '{"conditions": {"us', "[]", '{"conditions": {"users": 5}}', 7]
)
def test_a_value_that_cannot_be_read_is_no_entry_and_no_error(value: Any) -> None:
    audit, _graph = log(page(record(old=value, new=value)))
    (found,) = audit.changes_since(datetime(2026, 11, 20, tzinfo=UTC))
    assert (found.before, found.after) == (None, None)


def test_without_the_permission_the_refusal_reaches_the_caller() -> None:
    audit, _graph = log(refusal(403, "Authentication_MSGraphPermissionMissing", "no"))
    with pytest.raises(Forbidden):
        audit.last_changes(losses("p1"))
