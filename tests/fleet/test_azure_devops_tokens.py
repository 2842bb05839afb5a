"""Tokens of Azure DevOps: each customer's process gets those of its own service connection."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from entra.errors import IdentityError
from entra.identity import Identity
from fleet.customers import Application, Customer
from fleet.errors import FleetError
from fleet.federation import own_environment
from tests.fleet.pipeline import (
    AZURE_DEVOPS_AUDIENCE,
    BEARER,
    Pipeline,
    federated,
    running_pipeline,
    subject_of,
)
from tests.support.tenant import object_id, running_tenant, small_document

NORTH, SOUTH = (Customer(one, Path(f"Pulumi.{one}.yaml"), "", "") for one in ("north", "south"))


@pytest.fixture
def pipeline() -> Generator[Pipeline]:
    with running_pipeline() as running:
        yield running


def of_connection(customer: Customer, number: int) -> Customer:
    """With an application of its own that deploys, and its connection."""
    mine = Application(object_id(f"app {number}"), object_id(f"connection {number}"))
    return replace(customer, deployment=mine)


def test_on_azure_devops_each_process_gets_tokens_of_its_own_connection_alone(
    pipeline: Pipeline,
) -> None:
    document = small_document()
    app = document["apps"][0]
    ours, theirs = of_connection(NORTH, 1), of_connection(SOUTH, 2)
    connections = [one.deployment.connection_id for one in (ours, theirs)]
    pipeline.named.update(connections)
    document["apps"] = [
        {
            **app,
            "appId": one.deployment.client_id,
            "objectId": object_id(one.name),
            "federatedCredentials": [
                federated(AZURE_DEVOPS_AUDIENCE, subject_of(one.deployment.connection_id))
            ],
        }
        for one in (ours, theirs)
    ]
    environ = {**pipeline.azure_devops, "BREAK_GLASS_IDENTITY": "deployment"}
    with (
        running_tenant(document) as server,
        own_environment(ours, environ) as north,
        own_environment(theirs, environ) as south,
    ):
        tenant = {**server.environment(), "ARM_CLIENT_SECRET": ""}
        mine = Identity.from_environment({**tenant, **north})
        assert mine.graph_claims()["appid"] == north["ARM_CLIENT_ID"] == ours.deployment.client_id
        assert mine.resource_manager_token()
        crossed = {**tenant, **north, "ARM_CLIENT_ID": south["ARM_CLIENT_ID"]}
        with pytest.raises(IdentityError, match="credential for this token's subject"):
            Identity.from_environment(crossed).graph_token()
        for given in (north, south):
            assert not [name for name, value in given.items() if BEARER in value]
            assert not {"SYSTEM_OIDCREQUESTURI", "BREAK_GLASS_IDENTITY"} & given.keys()
    assert set(pipeline.connections) == set(connections)
    asked_for = pipeline.connections.count(connections[0])
    assert asked_for > 2, "a token is asked for whenever one is needed"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, "names the connection; add the customer to azure-pipelines/connections.yml"),
        ({"SYSTEM_ACCESSTOKEN": "of another job"}, "it answered 401; is that its id"),
        ({"SYSTEM_ACCESSTOKEN": ""}, "`env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)`"),
        ({"BREAK_GLASS_IDENTITY": "review"}, "Pulumi.north.yaml lacks fleet:reviewConnectionId"),
        (
            {"BREAK_GLASS_IDENTITY": "review", "BREAK_GLASS_CONNECTION": "preview"},
            "Pulumi.north.yaml lacks fleet:previewConnectionId",
        ),
    ],
)
def test_what_azure_devops_does_not_give_is_told_in_one_line(
    pipeline: Pipeline, change: dict[str, str], told: str
) -> None:
    reviewer = Application(object_id("app 3"))
    north = replace(of_connection(NORTH, 1), review=reviewer, preview=reviewer)
    environ = {**pipeline.azure_devops, "BREAK_GLASS_IDENTITY": "deployment", **change}
    with pytest.raises(FleetError) as caught, own_environment(north, environ):
        pass
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert BEARER not in str(caught.value)


def test_azure_devops_that_is_busy_is_asked_again(pipeline: Pipeline) -> None:
    north, pauses = of_connection(NORTH, 1), list[float]()
    connection = north.deployment.connection_id
    pipeline.named.add(connection)
    pipeline.answers[connection] = [503, 429]
    environ = {**pipeline.azure_devops, "BREAK_GLASS_IDENTITY": "deployment"}
    with own_environment(north, environ, pauses.append):
        assert pauses == [1, 4]
    pipeline.answers[connection] = [403]
    with pytest.raises(FleetError, match=r"it answered 403 \(not today\)"):
        own_environment(north, environ).__enter__()
