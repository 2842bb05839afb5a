"""Roles that are eligible or end by themselves, as an administrator gives them and Graph shows."""

import pytest

from sandbox.tenant.clock import Clock, iso
from tests.sandbox.dispatched import Dispatched
from tests.support.tenant import GLOBAL_ADMINISTRATOR, JSON, object_id, small_document

NOW = 1_750_000_000.0
ADA, EVE = object_id("users/ada"), object_id("users/eve")
ROLES = "/v1.0/roleManagement/directory"
DAY = 86_400
LATER = {"endDateTime": iso(NOW + DAY)}
READER = "f2ef992c-3afb-46b9-b7cf-a126ee74c451"


def asked(found: JSON | None = None) -> Dispatched:
    knobs = {"readLagSeconds": 0, "directoryLogDelaySeconds": 0}
    return Dispatched(found or small_document(), Clock(source=lambda: NOW), knobs)


def held(tenant: Dispatched, listing: str, user: str = ADA) -> list[JSON]:
    path = f"{ROLES}/{listing}?$filter=principalId eq '{user}'".replace(" ", "%20")
    answer = tenant.ask("GET", path)
    assert answer.status == 200, answer.body
    return answer.body["value"]


def given(tenant: Dispatched, body: JSON, user: str = ADA, role: str = GLOBAL_ADMINISTRATOR) -> int:
    return tenant.ask("PUT", f"/sandbox/users/{user}/roles/{role}", body).status


def test_a_permanent_role_has_a_schedule_without_an_end() -> None:
    (schedule,) = held(asked(), "roleAssignmentSchedules")
    assert schedule["roleDefinitionId"] == GLOBAL_ADMINISTRATOR
    assert (schedule["assignmentType"], schedule["memberType"]) == ("Assigned", "Direct")
    assert schedule["scheduleInfo"]["expiration"]["type"] == "noExpiration"
    (instance,) = held(asked(), "roleAssignmentScheduleInstances")
    assert (instance["endDateTime"], instance["roleAssignmentScheduleId"]) == (None, schedule["id"])


def test_a_role_that_is_made_eligible_is_active_no_more() -> None:
    tenant = asked()
    assert given(tenant, {"state": "eligible"}) == 204
    for active in ("roleAssignments", "roleAssignmentSchedules"):
        assert held(tenant, active) == []
    (schedule,) = held(tenant, "roleEligibilitySchedules")
    assert schedule["scheduleInfo"]["expiration"]["type"] == "noExpiration"
    assert "assignmentType" not in schedule
    (instance,) = held(tenant, "roleEligibilityScheduleInstances")
    assert instance["roleEligibilityScheduleId"] == schedule["id"]
    assert tenant.tenant.directory.roles_of(ADA) == set()


def test_a_role_that_is_made_active_again_is_eligible_no_more() -> None:
    tenant = asked()
    given(tenant, {"state": "eligible"})
    assert given(tenant, {}) == 204
    assert held(tenant, "roleEligibilitySchedules") == []
    assert len(held(tenant, "roleAssignments")) == 1


def test_a_role_for_a_while_is_listed_like_any_other_until_it_ends() -> None:
    tenant = asked()
    before = held(tenant, "roleAssignments")
    assert given(tenant, LATER) == 204
    assert held(tenant, "roleAssignments") == before
    (schedule,) = held(tenant, "roleAssignmentSchedules")
    expiration = schedule["scheduleInfo"]["expiration"]
    assert expiration == {"type": "afterDateTime", "endDateTime": iso(NOW + DAY), "duration": None}
    tenant.world.advance(DAY - 1)
    assert len(tenant.tenant.directory.roles_of(ADA)) == 1
    tenant.world.advance(1)
    assert tenant.tenant.directory.roles_of(ADA) == set()


def test_an_eligibility_ends_too() -> None:
    tenant = asked()
    given(tenant, LATER | {"state": "eligible"})
    tenant.world.advance(DAY)
    assert tenant.tenant.directory.role_eligibilities == {}


def test_a_role_for_a_while_is_made_permanent() -> None:
    tenant = asked()
    given(tenant, LATER)
    given(tenant, {"state": "active", "endDateTime": None})
    tenant.world.advance(2 * DAY)
    assert len(tenant.tenant.directory.roles_of(ADA)) == 1


@pytest.mark.parametrize("state", ["active", "eligible"])
def test_a_role_is_taken_away_whatever_its_state(state: str) -> None:
    tenant = asked()
    given(tenant, {"state": state}, EVE, "Global Reader")
    path = f"/sandbox/users/{EVE}/roles"
    (one,) = tenant.ask("GET", path).body["value"]
    assert one == {
        "role": "Global Reader",
        "roleDefinitionId": READER,
        "state": state,
        "endDateTime": None,
    }
    assert tenant.ask("DELETE", f"{path}/Global%20Reader").status == 204
    assert tenant.ask("GET", path).body["value"] == []
    assert tenant.ask("DELETE", f"{path}/{READER}").status == 404


BODIES: dict[str, tuple[JSON, int]] = {
    "a state that there is not": ({"state": "sleeping"}, 400),
    "another key": ({"until": LATER["endDateTime"]}, 400),
    "an end that is no time": ({"endDateTime": "tomorrow"}, 400),
    "an end that is no text": ({"endDateTime": 5}, 400),
    "an end that has passed": ({"endDateTime": iso(NOW - 1)}, 400),
}


@pytest.mark.parametrize("case", BODIES)
@pytest.mark.parametrize("state", [{}, {"state": "eligible"}])
def test_an_end_that_makes_no_sense_changes_nothing(case: str, state: JSON) -> None:
    body, status = BODIES[case]
    tenant = asked()
    assert given(tenant, state | body) == status
    assert len(held(tenant, "roleAssignments")) == 1


def test_a_role_that_there_is_not_is_told_by_name() -> None:
    answer = asked().ask("PUT", f"/sandbox/users/{ADA}/roles/Emperor", {})
    assert answer.status == 404
    assert "Emperor" in answer.body["error"]["message"]


@pytest.mark.parametrize("segment", ["roleAssignmentSchedules", "roleEligibilitySchedules"])
def test_without_premium_two_nothing_is_scheduled(segment: str) -> None:
    found = small_document()
    found["subscribedSkus"][0]["servicePlans"].pop()
    tenant = asked(found)
    answer = tenant.ask("GET", f"{ROLES}/{segment}")
    assert (answer.status, answer.body["error"]["code"]) == (400, "AadPremiumLicenseRequired")
    assert given(tenant, {"state": "eligible"}) == 400
    assert given(tenant, {}, EVE) == 204


def test_a_document_keeps_ends_and_eligibilities() -> None:
    tenant = asked()
    given(tenant, LATER)
    given(tenant, {"state": "eligible"}, EVE)
    saved = tenant.tenant.to_document()
    again = asked(saved)
    for key in ("roleAssignments", "roleEligibilitySchedules"):
        assert again.tenant.to_document()[key] == saved[key]
    assert len(held(again, "roleEligibilitySchedules", EVE)) == 1


def test_what_is_scheduled_is_gone_with_its_user() -> None:
    tenant = asked()
    given(tenant, {"state": "eligible"}, EVE)
    tenant.ask("DELETE", f"/sandbox/users/{EVE}")
    assert held(tenant, "roleEligibilitySchedules", EVE) == []
    tenant.ask("POST", f"/sandbox/deleted-items/{EVE}/restore")
    assert len(held(tenant, "roleEligibilitySchedules", EVE)) == 1
    tenant.ask("DELETE", f"/sandbox/users/{EVE}")
    assert tenant.ask("DELETE", f"/sandbox/deleted-items/{EVE}").status == 204
    assert tenant.tenant.directory.role_eligibilities == {}


def test_what_changes_a_schedule_is_recorded() -> None:
    tenant = asked()
    given(tenant, LATER)
    given(tenant, {"state": "eligible"})
    tenant.ask("DELETE", f"/sandbox/users/{ADA}/roles/{GLOBAL_ADMINISTRATOR}")
    names = [record["activityDisplayName"] for record in tenant.tenant.directory_log.audits()]
    assert names[::-1] == [
        "Add member to role in PIM completed (timebound)",
        "Remove member from role",
        "Add eligible member to role in PIM completed (permanent)",
        "Remove eligible member from role in PIM completed (permanent)",
    ]
