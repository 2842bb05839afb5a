"""The cloud's metadata, as pulumi-azuread, pulumi-azure-native and Azure CLI read it."""

from typing import Any

import httpx
import pytest

from sandbox.api.metadata import CLOUD
from sandbox.api.server import TenantServer
from sandbox.api.tokens import LOG_ANALYTICS_AUDIENCE, RESOURCE_MANAGER_AUDIENCE


def asked(control: httpx.Client, version: str) -> Any:
    answer = control.get("/metadata/endpoints", params={"api-version": version})
    return answer.raise_for_status().json()


def test_the_providers_find_every_service_in_one_object(
    control: httpx.Client, tenant_server: TenantServer
) -> None:
    found = asked(control, "2022-09-01")
    here = tenant_server.url
    assert {found[name] for name in ("resourceManager", "microsoftGraphResourceId")} == {here}
    assert found["authentication"] == {
        "loginEndpoint": here,
        "audiences": [RESOURCE_MANAGER_AUDIENCE],
        "tenant": "common",
        "identityProvider": "AAD",
    }
    assert found["logAnalyticsResourceId"] == LOG_ANALYTICS_AUDIENCE
    assert {"storage", "keyVaultDns", "sqlServerHostname"} < set(found["suffixes"])
    assert not any(str(value).endswith("/") for value in found.values())


@pytest.mark.parametrize("version", ["2019-05-01", "2020-06-01"])
def test_azure_cli_finds_a_list_of_clouds(control: httpx.Client, version: str) -> None:
    (cloud,) = asked(control, version)
    assert cloud == asked(control, "2022-09-01")
    assert cloud["name"] == CLOUD
    for name in ("sqlManagement", "batch", "gallery", "graphAudience", "vmImageAliasDoc", "media"):
        assert cloud[name].endswith(".sandbox.invalid")


def test_the_first_version_has_a_shape_of_its_own(
    control: httpx.Client, tenant_server: TenantServer
) -> None:
    found = asked(control, "2015-01-01")
    assert found["authentication"] == {
        "loginEndpoint": tenant_server.url,
        "audiences": [RESOURCE_MANAGER_AUDIENCE],
    }
    assert {"galleryEndpoint", "graphEndpoint", "portalEndpoint"} < set(found)


@pytest.mark.parametrize(
    ("query", "code"),
    [({}, "MissingApiVersionParameter"), ({"api-version": "1"}, "InvalidApiVersionParameter")],
)
def test_a_version_is_needed(control: httpx.Client, query: dict[str, str], code: str) -> None:
    answer = control.get("/metadata/endpoints", params=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
