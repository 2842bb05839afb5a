"""The providers' configuration: stack config keys first, then the `ARM_*` environment variables.

Same keys and variables as the real providers (Pulumi registry, "azuread: installation and
configuration", "azure-native: installation and configuration"). Ways to sign in that the sandbox
does not offer are refused by name, so that nobody believes they were tried.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.plugins.errors import PluginError

VARIABLES = {
    "metadataHost": "ARM_METADATA_HOSTNAME",
    "tenantId": "ARM_TENANT_ID",
    "clientId": "ARM_CLIENT_ID",
    "clientSecret": "ARM_CLIENT_SECRET",
    "subscriptionId": "ARM_SUBSCRIPTION_ID",
    "location": "ARM_LOCATION",
}
HARMLESS = frozenset(
    {
        "environment",
        "disableInstanceDiscovery",
        "disableTerraformPartnerId",
        "disablePulumiPartnerId",
        "partnerId",
        "version",
        "pluginDownloadURL",
    }
)
OTHER_WAYS_IN = frozenset({"useCli", "useMsi", "useOidc", "useAksWorkloadIdentity"})


@dataclass(frozen=True)
class Settings:
    """What a stand-in needs to reach the sandbox; empty where a provider does not need it."""

    metadata_host: str
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    subscription_id: str = ""
    location: str = ""
    certificates: str | None = None


def unknown_keys(config: Mapping[str, str]) -> list[str]:
    """The configuration keys that no stand-in can honour, in alphabetical order."""
    found: list[str] = []
    for key, value in config.items():
        if key in VARIABLES or key in HARMLESS or key.startswith("__"):
            continue
        if key in OTHER_WAYS_IN and value.lower() in ("", "false"):
            continue
        found.append(key)
    return sorted(found)


def settings_from(
    config: Mapping[str, str], environ: Mapping[str, str], *, plugin: str, needs: tuple[str, ...]
) -> Settings:
    """The settings of one provider.

    Raises:
        PluginError: a key that cannot be honoured, or a needed one that is nowhere.
    """
    for key in unknown_keys(config):
        raise PluginError(
            f"{plugin}:{key} cannot be honoured in the sandbox: it signs in with a client secret "
            "only; remove the setting"
        )
    values = {
        key: config.get(key) or environ.get(variable, "") for key, variable in VARIABLES.items()
    }
    for key in ("metadataHost", *needs):
        if not values[key]:
            raise PluginError(
                f"{plugin}:{key} is not set: the sandbox's stand-in for the {plugin} provider "
                f"needs it, or the environment variable {VARIABLES[key]} "
                "(`breakglass sandbox env` prints it)"
            )
    return Settings(
        metadata_host=values["metadataHost"],
        tenant_id=values["tenantId"],
        client_id=values["clientId"],
        client_secret=values["clientSecret"],
        subscription_id=values["subscriptionId"],
        location=values["location"],
        certificates=environ.get("SSL_CERT_FILE") or None,
    )
