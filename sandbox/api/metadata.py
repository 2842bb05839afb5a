"""The cloud metadata: where a client that knows one host name finds everything else."""

from urllib.parse import urlsplit

from sandbox.api.routing import Request, Response, Router
from sandbox.api.tokens import RESOURCE_MANAGER_AUDIENCE

router = Router()


@router.route("GET", "/metadata/endpoints")
def endpoints(request: Request) -> Response:
    """The shape that pulumi-azuread and pulumi-azure-native read with api-version 2022-09-01."""
    base = request.base_url
    host = urlsplit(base).netloc
    return Response(
        body={
            "name": "BreakGlassSandbox",
            "portal": base,
            "resourceManager": base,
            "microsoftGraphResourceId": base,
            "authentication": {
                "loginEndpoint": base,
                "audiences": [RESOURCE_MANAGER_AUDIENCE],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "suffixes": {
                "storage": f"storage.{host}",
                "keyVaultDns": f"vault.{host}",
                "acrLoginServer": f"registry.{host}",
                "sqlServerHostname": f"sql.{host}",
            },
        }
    )
