from pathlib import Path

import httpx
import pytest

from sandbox.api.server import TenantServer
from sandbox.tenant.behaviour import Behaviour, knob_from_text
from sandbox.tenant.errors import DocumentError, ServiceError
from tests.support.tenant import http, object_id, running_tenant, small_document

OTHER = "northwind.onmicrosoft.com"


def test_knobs_of_a_document_are_taken_and_the_others_keep_their_defaults() -> None:
    behaviour = Behaviour.from_document({"behaviour": {"readLagSeconds": 7, "randomSeed": 9}})
    assert (behaviour.read_lag_seconds, behaviour.random_seed) == (7, 9)
    assert behaviour.replicas == Behaviour().replicas
    assert Behaviour.from_document(behaviour.to_document()) == behaviour


@pytest.mark.parametrize(
    ("knobs", "named"),
    [
        ({"readLag": 7}, "behaviour.readLag: there is no such knob"),
        ({"readLagSeconds": "soon"}, "behaviour.readLagSeconds: "),
        ({"shortListingShare": 1.5}, "behaviour.shortListingShare: "),
        ({"replicas": 0}, "behaviour.replicas: "),
    ],
)
def test_a_wrong_knob_is_named_and_no_knob_of_its_request_is_turned(
    knobs: dict[str, object], named: str
) -> None:
    with pytest.raises(DocumentError, match=named) as caught:
        Behaviour.from_document({"behaviour": knobs})
    assert "\n" not in str(caught.value)
    behaviour = Behaviour()
    with pytest.raises(ServiceError, match=named):
        behaviour.turn({"randomSeed": 5, **knobs})
    assert behaviour == Behaviour()


def test_the_control_face_turns_knobs_of_one_tenant_all_or_none() -> None:
    documents = [small_document(), small_document("Northwind", OTHER)]
    with TenantServer(documents) as server, http(server) as control:
        query = {"tenant": object_id("tenant", OTHER)}
        path = "/sandbox/behaviour"
        assert control.patch(path, json={"replicas": 2}, params=query).status_code == 204
        assert control.get(path, params=query).json()["replicas"] == 2
        assert control.get(path).json()["replicas"] == Behaviour().replicas
        refused = control.patch(path, json={"replicas": 4, "wings": 2}, params=query)
        assert refused.status_code == 400
        assert "wings" in refused.json()["error"]["message"]
        assert control.get(path, params=query).json()["replicas"] == 2


def test_a_server_s_knobs_win_over_the_document_s() -> None:
    document = small_document() | {"behaviour": {"replicas": 5, "randomSeed": 5}}
    with running_tenant(document, replicas=2) as server:
        behaviour = server.world.default.behaviour
    assert (behaviour.replicas, behaviour.random_seed) == (2, 5)


def test_a_turned_knob_survives_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "tenant.json"
    with TenantServer([small_document()], data=data) as server, http(server) as control:
        control.patch("/sandbox/behaviour", json={"logDelaySeconds": 11, "replicas": 2})
    with TenantServer([small_document()], data=data, knobs={"replicas": 1}) as server:
        behaviour = server.world.default.behaviour
    assert (behaviour.log_delay_seconds, behaviour.replicas) == (11, 1)


def test_a_knob_is_read_at_the_moment_of_use(
    control: httpx.Client, graph_client: httpx.Client
) -> None:
    path = f"/v1.0/users/{object_id('users/ada')}"
    assert graph_client.get(path).status_code == 200
    control.patch("/sandbox/behaviour", json={"directoryUnitsPerTenSeconds": 1})
    assert graph_client.get(path).status_code == 429
    control.patch("/sandbox/behaviour", json={"directoryUnitsPerTenSeconds": 0})
    assert graph_client.get(path).status_code == 200


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("readLagSeconds=2", "readLagSeconds", 2),
        ("read_lag_seconds=0.5", "readLagSeconds", 0.5),
        ("directory-writes-per-150-seconds=5", "directoryWritesPer150Seconds", 5),
        ("directoryWritesPer150Seconds=5", "directoryWritesPer150Seconds", 5),
        ("platformAsksForMultifactor=false", "platformAsksForMultifactor", False),
        ("directoryUnitsPerTenSeconds=null", "directoryUnitsPerTenSeconds", None),
        ("a=some text", "a", "some text"),
    ],
)
def test_a_knob_is_written_as_name_and_value(text: str, name: str, value: object) -> None:
    assert knob_from_text(text) == (name, value)


@pytest.mark.parametrize("text", ["readLagSeconds", "=2", "read lag=2", ""])
def test_a_text_that_is_no_knob_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected name=value"):
        knob_from_text(text)


def test_every_knob_says_what_it_does() -> None:
    silent = [name for name, knob in Behaviour.model_fields.items() if not knob.description]
    assert silent == []


def test_a_replaced_tenant_has_its_document_s_knobs_and_else_the_server_s() -> None:
    with running_tenant(replicas=2, operationSeconds=1) as server, http(server) as control:
        control.patch("/sandbox/behaviour", json={"replicas": 5})
        state = control.get("/sandbox/tenant").json()
        control.put("/sandbox/tenant", json=state).raise_for_status()
        assert control.get("/sandbox/behaviour").json()["replicas"] == 5
        control.put("/sandbox/tenant", json=small_document()).raise_for_status()
        assert control.get("/sandbox/behaviour").json()["operationSeconds"] == 1
