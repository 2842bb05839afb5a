"""The cloud metadata: where a client that knows one host name finds everything else.

Source: `/metadata/endpoints` of Azure Resource Manager, whose shape is a matter of its api-version;
Azure CLI, "Manage clouds" (`ARM_CLOUD_METADATA_URL` reads 2019-05-01). Services that are not
simulated are named at addresses that nobody answers.
"""

from typing import Any
from urllib.parse import urlsplit

from sandbox.api.routing import Request, Response, Router
from sandbox.api.tokens import LOG_ANALYTICS_AUDIENCE, RESOURCE_MANAGER_AUDIENCE
from sandbox.tenant.azure.types import invalid_api_version, required_api_version

router = Router()

CLOUD = "BreakGlassSandbox"
_NOWHERE = "https://{service}.sandbox.invalid"
_OF_LISTS = ("2018-01-01", "2018-05-01", "2019-05-01", "2019-10-01", "2020-06-01", "2020-09-01")
_OF_ONE = ("2021-01-01", "2022-09-01", "2023-01-01", "2023-12-01")
_FIRST_AUTHENTICATION = ("loginEndpoint", "audiences")


@router.route("GET", "/metadata/endpoints")
def endpoints(request: Request) -> Response:
    """This cloud: alone since 2021, in a list of clouds before, in the first shape in 2015."""
    version = required_api_version(request.query.get("api-version"))
    cloud = _cloud(request.base_url)
    if version in _OF_ONE:
        return Response(body=cloud)
    if version in _OF_LISTS:
        return Response(body=[cloud])
    if version == "2015-01-01":
        authentication = {name: cloud["authentication"][name] for name in _FIRST_AUTHENTICATION}
        return Response(
            body={
                "galleryEndpoint": cloud["gallery"],
                "graphEndpoint": cloud["graph"],
                "portalEndpoint": cloud["portal"],
                "authentication": authentication,
            }
        )
    raise invalid_api_version(version, ("2015-01-01", *_OF_LISTS, *_OF_ONE))


def _cloud(base: str) -> dict[str, Any]:
    host = urlsplit(base).netloc
    return {
        "name": CLOUD,
        "portal": base,
        "resourceManager": base,
        "microsoftGraphResourceId": base,
        "logAnalyticsResourceId": LOG_ANALYTICS_AUDIENCE,
        # Not in Azure's document, where the audience above is the address too.
        "logAnalyticsEndpoint": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [RESOURCE_MANAGER_AUDIENCE],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "graph": _nowhere("graph"),
        "graphAudience": _nowhere("graph"),
        "gallery": _nowhere("gallery"),
        "batch": _nowhere("batch"),
        "media": _nowhere("media"),
        "sqlManagement": _nowhere("sql-management"),
        "vmImageAliasDoc": _nowhere("vm-images"),
        "activeDirectoryDataLake": _nowhere("data-lake"),
        "appInsightsResourceId": _nowhere("application-insights"),
        "appInsightsTelemetryChannelResourceId": _nowhere("telemetry"),
        "synapseAnalyticsResourceId": _nowhere("synapse"),
        "ossrDbmsResourceId": _nowhere("databases"),
        "attestationResourceId": _nowhere("attestation"),
        "suffixes": {
            "storage": f"storage.{host}",
            "keyVaultDns": f"vault.{host}",
            "acrLoginServer": f"registry.{host}",
            "sqlServerHostname": f"sql.{host}",
            "mhsmDns": f"managedhsm.{host}",
            "azureDataLakeStoreFileSystem": f"datalakestore.{host}",
            "azureDataLakeAnalyticsCatalogAndJob": f"datalakeanalytics.{host}",
            "azureFrontDoorEndpointSuffix": f"frontdoor.{host}",
            "storageSyncEndpointSuffix": f"storagesync.{host}",
            "mysqlServerEndpoint": f"mysql.{host}",
            "postgresqlServerEndpoint": f"postgres.{host}",
            "mariadbServerEndpoint": f"mariadb.{host}",
            "synapseAnalytics": f"synapse.{host}",
            "attestationEndpoint": f"attest.{host}",
        },
    }


def _nowhere(service: str) -> str:
    return _NOWHERE.format(service=service)
