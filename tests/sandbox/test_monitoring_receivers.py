"""Who is told, found out before a run, against the simulated tenant over HTTP."""

import pytest

from tests.sandbox.surveyed_tenant import (
    INSIDE,
    ON_CALL,
    OTHERS,
    OUTSIDE,
    Scene,
    scene,
    standing,
    stood,
    tenant,
)
from tests.sandbox.watched_tenant import action_group_body
from tests.support.tenant import JSON, small_document

__all__ = ["stood", "tenant"]


# Resource group and action groups


def test_a_resource_group_that_is_not_there_is_answered_with_those_that_are(stood: Scene) -> None:
    for monitoring, key in (
        ({"resourceGroup": {"existing": "rg-x"}}, "resourceGroup.existing"),
        ({"notify": {"emails": [OUTSIDE], "resourceGroup": "rg-x"}}, "notify.resourceGroup"),
    ):
        line = stood.refusal(monitoring)
        assert line.startswith(f"break-glass:monitoring.{key} holds 'rg-x'")
        assert "it has rg-break-glass;" in line


@pytest.mark.parametrize("named", [ON_CALL, "ag-on-call"])
def test_an_existing_action_group_is_found_by_id_and_by_name(tenant: Scene, named: str) -> None:
    tenant.make(OTHERS)
    tenant.make(ON_CALL, action_group_body())
    run = tenant.look({"resourceGroup": {"existing": "rg-logs"}, "notify": {"existing": named}})
    assert run.value.action_group_id.lower() == ON_CALL.lower()
    assert run.value.watch_action_group_id == run.value.action_group_id
    assert len([path for path in tenant.asked() if "ag-on-call" in path]) == 1


def test_a_wrong_action_group_is_answered_with_those_that_exist(tenant: Scene) -> None:
    tenant.make(OTHERS)
    tenant.make(ON_CALL, action_group_body())
    wrong = ON_CALL.replace("on-call", "of-call")
    line = tenant.refusal({"notify": {"existing": wrong}})
    assert line.startswith(f"break-glass:monitoring.notify.existing holds {wrong}: there is no")
    assert "ag-on-call;" in line


@pytest.mark.parametrize(
    ("change", "why"),
    [({"enabled": False}, "is disabled"), ({"emailReceivers": []}, "has no receiver")],
)
def test_an_action_group_that_nobody_hears_is_refused(
    tenant: Scene, change: JSON, why: str
) -> None:
    tenant.make(OTHERS)
    tenant.make(ON_CALL, action_group_body(**change))
    monitoring = {"notify": {"existing": ON_CALL}}
    assert f"{ON_CALL}, which {why}, so that the alarm" in tenant.refusal(monitoring)
    run = tenant.look(monitoring, standing(actionGroupId=ON_CALL))
    assert [line for line in run.value.notices if why in line]


# Who is told


@pytest.mark.parametrize(
    ("more", "inside"),
    [
        ({}, True),
        ({"push": [{"name": "App", "address": "desk@fabrikam.onmicrosoft.com"}]}, True),
        ({"webhooks": [{"name": "Teams", "uri": "https://x.logic.azure.com/?sig=kitten"}]}, True),
        ({"webhooks": [{"name": "Tickets", "uri": "https://desk.example/?key=kitten"}]}, False),
        ({"sms": [{"name": "Call", "countryCode": "49", "phoneNumber": "15123456789"}]}, False),
        ({"emails": [INSIDE, {**OUTSIDE, "name": "Out"}]}, False),
        ({"emails": [{**INSIDE, "address": "desk@new.fabrikam.example"}]}, False),
    ],
)
def test_receivers_that_are_all_inside_the_tenant_are_warned_of(
    stood: Scene, more: JSON, inside: bool
) -> None:
    run = stood.look({"notify": {"emails": [INSIDE], **more}}, standing())
    assert bool(run.value.notices) is inside
    assert all("every receiver is inside the tenant" in line for line in run.value.notices)
    assert "kitten" not in repr((run.value, run.said("warning"), run.said("info")))


def test_an_existing_action_group_that_reaches_nobody_outside_is_warned_of(tenant: Scene) -> None:
    tenant.make(OTHERS)
    receivers = [{"name": "Desk", "emailAddress": "desk@FABRIKAM.example"}]
    tenant.make(ON_CALL, action_group_body(emailReceivers=receivers))
    (notice,) = tenant.look({"notify": {"existing": ON_CALL}}).value.notices
    assert notice.startswith("break-glass:monitoring.notify: every receiver is inside")


def test_all_administrators_are_told_and_shown_in_the_preview() -> None:
    document = small_document()
    for user in document["users"]:
        user["mail"] = f"{user['mailNickname']}@fabrikam.example"
    with scene(document) as tenant:
        run = tenant.look({"notify": {"allAdmins": True, "emails": [OUTSIDE]}})
        graph = [path for path in tenant.asked() if "/v1.0/" in path]
    names = [one.user_principal_name for one in run.value.administrators]
    assert names == ["ada@fabrikam.onmicrosoft.com", "bo@fabrikam.onmicrosoft.com"]
    assert run.value.watch_administrators == run.value.administrators
    assert (
        "break-glass:monitoring.notify.allAdmins tells 2 by mail: ada@fabrikam.onmicrosoft.com,"
        " bo@fabrikam.onmicrosoft.com"
    ) in run.said("info")
    # Both kinds of roles, the users, and what is none of them: the deploying application.
    assert len(graph) == 4, graph
