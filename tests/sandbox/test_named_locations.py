"""Named locations: what Graph keeps, what it refuses, when one can be deleted."""

from typing import Any

import pytest

from sandbox.tenant.access.named_locations import COMPLIANT_NETWORK, COUNTRY, IP
from sandbox.tenant.access.policies import ConditionalAccess
from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Changes
from sandbox.tenant.errors import ServiceError
from tests.sandbox.seed_tenant import StillClock, conditional_access, seed
from tests.support.tenant import graph, running_tenant

LOCATIONS = "/v1.0/identity/conditionalAccess/namedLocations"
LONDON = "a3c10bcb-7098-4e5b-91b0-15dad8187212"
OPERATING_COUNTRIES = "8bd5fc00-3099-4bf4-ba47-6e58bbd942f9"


def ip_location(*ranges: str, **changes: Any) -> dict[str, Any]:
    return {
        "@odata.type": IP,
        "displayName": "Office",
        "ipRanges": [
            {
                "@odata.type": f"#microsoft.graph.iPv{6 if ':' in text else 4}CidrRange",
                "cidrAddress": text,
            }
            for text in ranges or ("198.51.100.0/24", "2001:db8:1::/48")
        ],
    } | changes


def countries(*codes: str, **changes: Any) -> dict[str, Any]:
    body = {"@odata.type": COUNTRY, "displayName": "Ours", "countriesAndRegions": list(codes)}
    return body | changes


def refusal(action: Any, *arguments: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        action(*arguments)
    return caught.value


def test_locations_are_made_changed_and_deleted_over_graph() -> None:
    with running_tenant(seed()) as server, graph(server) as client:
        made = client.post(LOCATIONS, json=ip_location(id=LONDON))
        assert made.status_code == 201
        location = made.json()
        assert location["id"] != LONDON
        assert (location["@odata.type"], location["isTrusted"]) == (IP, False)
        address = f"{LOCATIONS}/{location['id']}"
        trusted = {"@odata.type": IP, "isTrusted": True}
        assert client.patch(address, json=trusted).status_code == 204
        assert client.get(address).json()["isTrusted"] is True
        assert client.get(address).json()["ipRanges"] == ip_location()["ipRanges"]
        assert client.delete(address).status_code == 400
        client.patch(address, json=trusted | {"isTrusted": False}).raise_for_status()
        assert client.delete(address).status_code == 204
        assert client.get(address).status_code == 404

        deleted = LOCATIONS.replace("namedLocations", "deletedItems/namedLocations")
        assert [item["id"] for item in client.get(deleted).json()["value"]] == [location["id"]]
        assert "deletedDateTime" in client.get(f"{deleted}/{location['id']}").json()
        restored = client.post(f"{deleted}/{location['id']}/restore")
        assert restored.json()["displayName"] == "Office"
        assert client.get(address).status_code == 200
        client.delete(address).raise_for_status()
        assert client.delete(f"{deleted}/{location['id']}").status_code == 204
        assert client.get(f"{deleted}/{location['id']}").status_code == 404


def test_a_country_location_has_its_defaults() -> None:
    made = conditional_access().locations.create(countries("DE", "AT"))
    assert made["includeUnknownCountriesAndRegions"] is False
    assert made["countryLookupMethod"] == "clientIpAddress"
    assert made["createdDateTime"] == made["modifiedDateTime"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (ip_location() | {"@odata.type": ""}, "'@odata.type'"),
        (ip_location() | {"@odata.type": COMPLIANT_NETWORK}, "Global Secure Access"),
        (ip_location(displayName=" "), "displayName"),
        (ip_location(ipRanges=[]), "ipRanges"),
        (ip_location("198.51.100.1"), "198.51.100.1"),
        (ip_location("10.0.0.0/7"), "10.0.0.0/7"),
        (ip_location("300.0.0.0/24"), "300.0.0.0/24"),
        (ip_location(ipRanges=[{"cidrAddress": "10.0.0.0/8"}]), "iPv4CidrRange"),
        (ip_location(*[f"10.0.{n // 256}.{n % 256}/32" for n in range(2001)]), "2000 at most"),
        (ip_location(isTrusted="yes"), "isTrusted"),
        (ip_location(colour="red"), "colour"),
        (countries(), "countriesAndRegions"),
        (countries("Germany"), "Germany"),
        (countries("DE", countryLookupMethod="guess"), "countryLookupMethod"),
        (countries("DE", isTrusted=True), "isTrusted"),
    ],
)
def test_what_graph_does_not_take_is_refused_by_name(body: dict[str, Any], named: str) -> None:
    area = conditional_access()
    error = refusal(area.locations.create, body)
    assert (error.status, error.code) == (400, "BadRequest")
    assert named in error.message
    assert area.named_locations() == seed()["namedLocations"]


def test_a_patch_replaces_the_ranges_and_needs_the_type() -> None:
    area = conditional_access()
    before = area.named_location(LONDON)
    ranges = ip_location("192.0.2.0/24")["ipRanges"]
    assert "'@odata.type'" in refusal(area.locations.update, LONDON, {"ipRanges": ranges}).message
    wrong = {"@odata.type": COUNTRY, "countriesAndRegions": ["DE"]}
    assert refusal(area.locations.update, LONDON, wrong).status == 400
    area.locations.update(LONDON, {"@odata.type": IP, "ipRanges": ranges})
    after = area.named_location(LONDON)
    assert after["ipRanges"] == ranges
    assert (after["displayName"], after["isTrusted"]) == (before["displayName"], True)
    assert after["modifiedDateTime"] > before["modifiedDateTime"]


def test_a_location_that_a_policy_names_cannot_be_deleted_until_no_policy_does() -> None:
    with running_tenant(seed()) as server, graph(server) as client:
        address = f"{LOCATIONS}/{OPERATING_COUNTRIES}"
        refused = client.delete(address)
        assert refused.status_code == 400
        policies = LOCATIONS.replace("namedLocations", "policies")
        (using,) = (
            policy["id"]
            for policy in client.get(policies).json()["value"]
            if OPERATING_COUNTRIES
            in (policy["conditions"]["locations"] or {}).get("excludeLocations", [])
        )
        assert using in refused.json()["error"]["message"]
        client.delete(f"{policies}/{using}").raise_for_status()
        assert client.delete(address).status_code == 204


def test_the_compliant_network_can_lose_its_trust_but_is_deleted_by_nobody() -> None:
    document = seed()
    network = "3d46dbda-8382-466a-856d-eb00cbc6b910"
    location = {
        "@odata.type": COMPLIANT_NETWORK,
        "id": network,
        "displayName": "All Compliant Network Locations",
        "compliantNetworkType": "allTenantCompliantNetworks",
        "isTrusted": True,
    }
    document["namedLocations"].append(location)
    area = ConditionalAccess.from_document(document, StillClock(), Behaviour())
    change = {"@odata.type": COMPLIANT_NETWORK, "isTrusted": False}
    area.locations.update(network, change)
    assert area.named_location(network)["isTrusted"] is False
    assert refusal(area.locations.delete, network, []).status == 400


def test_a_tenant_takes_195_locations_and_no_more() -> None:
    area = ConditionalAccess(StillClock(), Behaviour())
    for _ in range(195):
        area.locations.create(countries("DE"))
    assert "195" in refusal(area.locations.create, countries("DE")).message


def test_every_change_of_a_location_is_recorded() -> None:
    changes = Changes(StillClock())
    area = ConditionalAccess.from_document(seed(), StillClock(), Behaviour(), changes)
    heard: list[tuple[str, bool, bool]] = []
    changes.listen(
        lambda request: heard.extend(
            (c.kind, c.before is None, c.after is None) for c in request.changes
        )
    )
    made = area.locations.create(countries("DE"))["id"]
    area.locations.update(made, countries("AT"))
    area.locations.delete(made, [])
    area.locations.restore(made)
    assert heard == [
        ("namedLocation", True, False),
        ("namedLocation", False, False),
        ("deletedNamedLocation", True, False),
        ("namedLocation", False, True),
        ("deletedNamedLocation", False, True),
        ("namedLocation", True, False),
    ]


def test_a_kept_tenant_has_its_locations_and_the_deleted_ones() -> None:
    clock = StillClock()
    area = conditional_access(clock)
    made = area.locations.create(countries("DE"))["id"]
    area.locations.delete(made, [])
    again = ConditionalAccess.from_document(area.to_document(), clock, Behaviour())
    assert again.named_locations() == area.named_locations()
    assert again.locations.restore(made)["countriesAndRegions"] == ["DE"]
    clock.advance(31 * 86_400)
    assert area.locations.deleted.all() == []
