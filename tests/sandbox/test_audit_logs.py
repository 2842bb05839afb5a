"""The directory's own log through Graph: filters, pages, permissions, licences, retention."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.support.tenant import graph, http, object_id, running_tenant, small_document

AUDITS, SIGN_INS = "/v1.0/auditLogs/directoryAudits", "/v1.0/auditLogs/signIns"
EVE = object_id("users/eve")


def document(**changes: Any) -> dict[str, Any]:
    made = small_document()
    made["apps"][0]["graphPermissions"].append("AuditLog.Read.All")
    return made | changes


@contextmanager
def audited(**knobs: Any) -> Generator[tuple[TenantServer, httpx.Client, httpx.Client]]:
    """A tenant in which the application renamed eve, and hal and then somebody disabled her."""
    with (
        running_tenant(document(), **{"directoryLogDelaySeconds": 0, **knobs}) as server,
        graph(server) as client,
        http(server) as control,
    ):
        client.patch(f"/v1.0/users/{EVE}", json={"jobTitle": "Chief"}).raise_for_status()
        path = f"/sandbox/users/{EVE}"
        for name, enabled in (("hal@fabrikam.onmicrosoft.com", False), (None, True)):
            query = {} if name is None else {"as": name}
            control.patch(path, params=query, json={"accountEnabled": enabled}).raise_for_status()
        yield server, client, control


def test_an_audit_record_has_graphs_shape() -> None:
    with audited() as (_server, client, _control):
        body = client.get(AUDITS).raise_for_status().json()
        record = client.get(f"{AUDITS}/{body['value'][0]['id']}").raise_for_status().json()
    assert body["@odata.context"].endswith("/v1.0/$metadata#auditLogs/directoryAudits")
    assert set(record) == {
        *("@odata.context", "id", "category", "correlationId", "result", "resultReason"),
        *("activityDisplayName", "activityDateTime", "loggedByService", "operationType"),
        *("initiatedBy", "targetResources", "additionalDetails"),
    }


FILTERS = {
    "activityDisplayName eq 'Disable account'": 1,
    "activityDisplayName eq 'update USER'": 3,
    "category eq 'UserManagement' and loggedByService eq 'Core Directory'": 5,
    "category eq 'Policy' or activityDisplayName eq 'Enable account'": 1,
    f"targetResources/any(t: t/id eq '{EVE}')": 5,
    f"targetResources/any(t:t/id eq '{object_id('users/ada')}')": 0,
    "initiatedBy/user/userPrincipalName eq 'hal@fabrikam.onmicrosoft.com'": 2,
    "initiatedBy/app/displayName eq 'Break-glass deployment'": 1,
    "startswith(activityDisplayName,'Disable')": 1,
    "activityDateTime ge 2001-01-01T00:00:00Z": 5,
    "activityDateTime le 2001-01-01": 0,
    "not(result eq 'success')": 0,
    "category ge 'z'": 0,
}


@pytest.mark.parametrize(("text", "count"), FILTERS.items())
def test_a_filter_chooses_records(text: str, count: int) -> None:
    with audited() as (_server, client, _control):
        found = client.get(AUDITS, params={"$filter": text}).raise_for_status().json()["value"]
    assert len(found) == count


@pytest.mark.parametrize("text", ["activityDisplayName", "a eq", "any(t: t)", "a has 'b'", "a @ b"])
def test_a_filter_that_is_not_understood_is_refused(text: str) -> None:
    with audited() as (_server, client, _control):
        assert client.get(AUDITS, params={"$filter": text}).status_code == 400


def test_records_come_newest_first_in_pages_or_in_the_order_asked_for() -> None:
    with audited() as (_server, client, _control):
        first = client.get(AUDITS, params={"$top": "3"}).json()
        second = client.get(str(first["@odata.nextLink"])).json()
        oldest = client.get(AUDITS, params={"$orderby": "activityDateTime asc"}).json()["value"]
    newest = [record["id"] for record in (*first["value"], *second["value"])]
    assert [record["id"] for record in oldest] == newest[::-1]
    assert len(newest) == 5
    assert "@odata.nextLink" not in second


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("$filter=activty eq 'x'", "Could not find a property named 'activty' on type"),
        ("$filter=nope/any(t: t/id eq 'x')", "Could not find a property named 'nope' on type"),
        ("$filter=initiatedBy/person/id eq 'x'", "property 'initiatedBy/person/id' of resource"),
        ("$filter=category eq 5", "operand types 'Edm.String' and 'Edm.Int32'"),
        ("$filter=activityDateTime ge '2026-01-01'", "operator kind 'GreaterThanOrEqual'"),
        ("$filter=startswith(activityDateTime,'2026')", "No function signature for the function"),
        ("$select=nope", "named 'nope' on type 'microsoft.graph.directoryAudit'"),
        ("$count=maybe", "Invalid value 'maybe' for $count"),
        ("$filter=" + "not " * 1200 + "id eq 'x'", "Recursion depth"),
        ("$filter=" + "(" * 500 + "id eq 'x'" + ")" * 500, "Recursion depth"),
        ("$filter=" + "a/any(a:" * 500, "Could not find"),
        ("$filter=" + "additionalDetails/any(a:" * 200, "Recursion depth"),
    ],
)
def test_a_query_that_a_record_cannot_answer_is_refused(query: str, words: str) -> None:
    with audited() as (_server, client, _control):
        answer = client.get(f"{AUDITS}?{query}")
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["error"]["message"]


def test_who_last_changed_a_policy_can_be_asked() -> None:
    policy = object_id("policies/mfa")
    with audited() as (_server, client, control):
        control.patch(
            f"/sandbox/conditional-access/policies/{policy}",
            params={"as": "bo@fabrikam.onmicrosoft.com"},
            json={"state": "disabled"},
        ).raise_for_status()
        wanted = f"targetResources/any(t: t/id eq '{policy}')"
        query = {"$filter": wanted, "$top": "1", "$select": "initiatedBy,activityDisplayName"}
        (record,) = client.get(AUDITS, params=query).raise_for_status().json()["value"]
    assert record["initiatedBy"]["user"]["id"] == object_id("users/bo")
    assert record["activityDisplayName"] == "Update conditional access policy"


def test_an_administrator_who_does_not_exist_changes_nothing() -> None:
    with audited() as (_server, client, control):
        answer = control.patch(f"/sandbox/users/{EVE}", params={"as": "x@y.example"}, json={})
        assert answer.status_code == 404
        assert len(client.get(AUDITS).json()["value"]) == 5


def test_records_can_be_read_a_little_later() -> None:
    with audited(directoryLogDelaySeconds=60) as (_server, client, control):
        assert client.get(AUDITS).json()["value"] == []
        control.post("/sandbox/clock", json={"advanceSeconds": 90}).raise_for_status()
        assert len(client.get(AUDITS).json()["value"]) == 5


@pytest.mark.parametrize(("licensed", "days"), [(True, 30), (False, 7)])
def test_records_are_kept_as_long_as_the_licence_says(licensed: bool, days: int) -> None:
    with audited() as (server, client, control):
        if not licensed:
            server.world.default.directory.subscribed_skus.clear()
        for passed, left in ((days - 0.01, True), (0.02, False)):
            control.post(
                "/sandbox/clock", json={"advanceSeconds": passed * 86400}
            ).raise_for_status()
            client.headers["Authorization"] = graph(server).headers["Authorization"]
            assert bool(client.get(AUDITS).raise_for_status().json()["value"]) is left


@pytest.mark.parametrize("missing", ["AuditLog.Read.All", "Directory.Read.All"])
@pytest.mark.parametrize("path", [AUDITS, SIGN_INS])
def test_both_permissions_are_needed(missing: str, path: str) -> None:
    changed = document()
    changed["apps"][0]["graphPermissions"].remove(missing)
    with running_tenant(changed) as server, graph(server) as client:
        answer = client.get(path)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "Authentication_MSGraphPermissionMissing"
    assert missing in answer.json()["error"]["message"]


def sign_in(control: httpx.Client, **values: Any) -> None:
    body = {"user": "ada@fabrikam.onmicrosoft.com", "app": "Azure Portal", **values}
    control.post("/sandbox/sign-ins", json=body).raise_for_status()


def test_a_sign_in_can_be_read_without_any_diagnostic_setting() -> None:
    with audited() as (_server, client, control):
        sign_in(control, mfa=True)
        sign_in(control, interactive=False)
        (record,) = client.get(SIGN_INS).raise_for_status().json()["value"]
        one = client.get(f"{SIGN_INS}/{record['id']}").raise_for_status().json()
        query = {"$filter": "signInEventTypes/any(t: t eq 'nonInteractiveUser')"}
        (silent,) = client.get(SIGN_INS, params=query).raise_for_status().json()["value"]
        ada = {"$filter": f"userId eq '{object_id('users/ada')}' and status/errorCode eq 0"}
        (own,) = client.get(SIGN_INS, params=ada).raise_for_status().json()["value"]
    assert record["userPrincipalName"] == "ada@fabrikam.onmicrosoft.com"
    assert own["id"] == one["id"] == record["id"]
    assert {"appliedConditionalAccessPolicies", "status", "location"} <= set(one)
    assert silent["isInteractive"] is False


def test_sign_ins_need_a_licence() -> None:
    with running_tenant(document(subscribedSkus=[])) as server, graph(server) as client:
        answer = client.get(SIGN_INS)
        assert client.get(AUDITS).status_code == 200
    assert answer.status_code == 403
    code = answer.json()["error"]["code"]
    assert code == "Authentication_RequestFromNonPremiumTenantOrB2CTenant"


def test_the_log_survives_a_restart() -> None:
    with audited() as (_server, client, control):
        sign_in(control)
        before = client.get(AUDITS).json()["value"], client.get(SIGN_INS).json()["value"]
        saved = control.get("/sandbox/tenant").json()
        control.put("/sandbox/tenant", json=saved).raise_for_status()
        after = client.get(AUDITS).json()["value"], client.get(SIGN_INS).json()["value"]
    assert before == after
