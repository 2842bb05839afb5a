"""Whatever a body holds, the answer is one that the service has: never a defect of the sandbox."""

from typing import Any

import pytest

from sandbox.api.faces import Faces
from sandbox.api.tokens import Tokens
from sandbox.tenant.clock import Clock
from tests.sandbox.dispatched import BASE_URL, Dispatched
from tests.sandbox.odd_bodies import ODD, Good, cases, variants
from tests.sandbox.permission_table import EVE
from tests.sandbox.test_arm_routes import EXISTING
from tests.sandbox.test_audit_every_write import CASES as GRAPH_WRITES
from tests.sandbox.test_permissions import document
from tests.support.tenant import AT_ONCE, object_id

NOW = 1_750_000_000.0


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.tenant.directory.passwords._COST", {"n": 2, "r": 1, "p": 1})


@pytest.fixture(scope="module")
def everything() -> dict[str, Any]:
    """The document of a tenant in which every object that a path names exists."""
    found = document()
    names = {name for case in GRAPH_WRITES.values() for name in case.names}
    found["apps"][0] |= {
        "graphPermissions": sorted(names),
        "directoryRoles": ["Global Administrator"],
        "azureRoles": [{"scope": "/", "role": "Owner"}],
    }
    knobs = {"deletedItemsDays": 365, "resourceManagerWritesAtOnce": 0}
    limits = {"directoryUnitsPerTenSeconds": 0, "directoryWritesPer150Seconds": 0}
    unlimited = {"tenantWritesPer300Seconds": 0, "resourceManagerReadsAtOnce": 0}
    found["behaviour"] = {**AT_ONCE, **knobs, **limits, **unlimited}
    asked = Dispatched(found, Clock(source=lambda: NOW), {})
    for path, body in EXISTING:
        answer = asked.ask("PUT", path, body)
        assert answer.status in (200, 201), answer.body
    saved = asked.tenant.to_document()
    for resource in saved["azureResources"].values():
        if resource["type"].endswith("/workspaces"):
            resource["properties"]["customerId"] = object_id("workspace")
    return saved


@pytest.mark.parametrize("good", cases(), ids=lambda good: good.name)
def test_an_odd_value_anywhere_is_answered_as_the_service_would(
    good: Good, everything: dict[str, Any]
) -> None:
    asked = Dispatched(everything, Clock(source=lambda: NOW), {})
    defects: list[str] = []

    def check(where: str, method: str, path: str, body: Any = None) -> bool:
        answer = asked.ask(method, path, body)
        if answer.status >= 500 and answer.status != 501:
            defects.append(f"{where}: {method} {path}: {answer.body['error']['message']}")
        return answer.status < 300

    for where, body in variants(good.body):
        if check(where, good.method, good.path, body):
            # What was taken must not break who reads it, signs in, or keeps the tenant.
            check(where, "GET", good.path)
            check(where, "POST", "/sandbox/sign-ins", {"user": EVE, "app": "Azure Portal"})
            check(where, "GET", "/sandbox/tenant")
            check(where, "PUT", "/sandbox/tenant", asked.tenant.to_document())
            asked.world.faults.clear(None)
            asked.load(everything)
    assert defects == []


def test_the_good_bodies_are_taken(everything: dict[str, Any]) -> None:
    refused: list[str] = []
    for good in cases():
        if good.path.endswith("/fido2Methods"):
            # What an authenticator signs is in test_passkeys.py.
            continue
        asked = Dispatched(everything, Clock(source=lambda: NOW), {})
        answer = asked.ask(good.method, good.path, good.body)
        if answer.status >= 300:
            refused.append(f"{good.name}: {answer.status} {answer.body}")
    assert refused == []


def test_every_route_that_takes_a_body_is_in_the_list() -> None:
    faces = Faces(BASE_URL, Tokens())
    missing = [
        f"{route.method} {route.template}"
        for face in (faces.graph, faces.arm, faces.log_analytics, faces.control)
        for router in face.routers
        for route in router.routes
        if route.method in ("POST", "PUT", "PATCH") and not route.template.startswith("/v1.0/")
        if not any(
            good.method == route.method and route.pattern.fullmatch(good.path) for good in cases()
        )
    ]
    assert missing == []


BROKEN = {
    "no JSON": b"{",
    "no number": b'{"displayName": NaN}',
    "a number without end": b'{"displayName": 1e999}',
    "half a character": b'{"displayName": "\\ud800"}',
    "half a character, raw": b'{"displayName": "\xed\xa0\x80"}',
    "no UTF-8": b'{"displayName": "\xff"}',
    "too deep": b'{"a":' * 101 + b"1" + b"}" * 101,
    "much too deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}


@pytest.mark.parametrize("broken", list(BROKEN))
@pytest.mark.parametrize("path", ["/v1.0/users", "/sandbox/sign-ins"])
def test_what_is_no_body_of_json_is_refused(broken: str, path: str) -> None:
    asked = Dispatched(document(), Clock(source=lambda: NOW))
    answer = asked.ask("POST", path, BROKEN[broken])
    assert answer.status == 400
    assert "valid JSON" in answer.body["error"]["message"]


WHOLE = {"a whole pair": b'{"city": "\\ud83d\\ude00"}', "deep enough": b'{"city": "[[["}'}


@pytest.mark.parametrize("whole", list(WHOLE))
def test_what_only_looks_like_it_is_taken(whole: str) -> None:
    asked = Dispatched(document(), Clock(source=lambda: NOW))
    assert asked.ask("PATCH", f"/sandbox/users/{EVE}", WHOLE[whole]).status == 204


def test_the_odd_values_are_odd() -> None:
    assert len(ODD) == len({repr(odd) for odd in ODD}) >= 14
