"""What the providers' libraries try again, and what they take for the last word."""

from typing import Any

import httpx
import pytest

from tests.sandbox.wire import azuread as calls
from tests.sandbox.wire.azure_native import RESOURCE_GROUP, Provider
from tests.sandbox.wire.steps import delete, get, post
from tests.sandbox.wire.wire import Wire


def _order(control: httpx.Client, **fault: Any) -> None:
    control.post("/sandbox/faults", json=fault).raise_for_status()


def _statuses(wire: Wire) -> list[int]:
    return [int(line.split()[0]) for line in wire.log]


@pytest.mark.parametrize("status", [408, 424, 429, 500, 502, 503, 504])
def test_azuread_tries_a_passing_failure_again(
    azuread: Wire, control: httpx.Client, status: int
) -> None:
    _order(control, method="GET", path="/v1.0/domains", times=2, status=status)
    azuread.play(calls.DOMAINS)
    assert _statuses(azuread) == [status, status, 200]
    assert azuread.waited == 1 + 2


def test_azuread_waits_as_long_as_the_answer_says(azuread: Wire, control: httpx.Client) -> None:
    headers = {"Retry-After": "7"}
    _order(control, method="GET", path="/v1.0/domains", status=429, headers=headers)
    azuread.play(calls.DOMAINS)
    assert azuread.waited == 7


def test_azure_native_waits_as_long_as_the_answer_says(
    azure_native: Wire, control: httpx.Client
) -> None:
    headers = {"Retry-After": "3"}
    _order(control, method="PUT", path="/resourcegroups/", status=503, headers=headers)
    Provider(azure_native).create(RESOURCE_GROUP)
    assert _statuses(azure_native) == [404, 503, 201, 200]
    assert azure_native.waited == 3


@pytest.mark.parametrize(
    "message",
    [
        "One or more property values specified are invalid.",
        "Resource 'x' does not exist or one of its queried reference-property objects are not "
        "present.",
    ],
)
def test_azuread_tries_the_two_passing_400s_again(
    azuread: Wire, control: httpx.Client, message: str
) -> None:
    body = {"error": {"code": "Request_BadRequest", "message": message}}
    _order(control, method="POST", path="/v1.0/users", status=400, body=body)
    azuread.play(calls.USER_CREATE)
    assert _statuses(azuread)[:2] == [400, 201]


def test_a_user_whose_name_is_taken_is_refused_at_once(azuread: Wire) -> None:
    azuread.play(calls.USER_CREATE)
    before = len(azuread.log)
    again = calls.USER_CREATE[0]
    azuread.play([post(again.path, again.body, 400, expect={"error.code": "Request_BadRequest"})])
    assert len(azuread.log) == before + 1


def test_a_group_that_is_gone_is_a_404_at_once(azuread: Wire) -> None:
    azuread.values["group"] = "00000000-0000-4000-8000-000000000001"
    azuread.play([get("/beta/groups/{group}", 404), delete("/beta/groups/{group}", 404)])
    assert _statuses(azuread) == [404, 404]


def test_a_query_may_be_form_encoded_or_percent_encoded(azuread: Wire) -> None:
    azuread.play(calls.GROUP_CREATE)
    for query in (
        "%24filter=displayName+eq+%27BTG+Admins%27",
        "$filter=displayName%20eq%20'BTG%20Admins'",
    ):
        found = azuread.send("GET", f"/beta/groups?{query}").json()["value"]
        assert [group["id"] for group in found] == [azuread.values["group"]]


def test_a_listing_is_followed_by_its_next_links_as_they_are(azuread: Wire) -> None:
    seen: list[str] = []
    url = "/v1.0/users?%24select=id&%24top=3"
    while url:
        page = azuread.send("GET", url).json()
        seen += [user["id"] for user in page["value"]]
        url = page.get("@odata.nextLink", "")
    assert len(seen) == len(set(seen)) == 10
