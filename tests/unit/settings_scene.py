"""Settings of the monitoring to be read: the right ones with changes, and what is told of them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from settings import Settings, load_settings
from settings_errors import SettingsError
from settings_monitoring import Monitoring
from tests.unit.harness import run_program

EMAIL = {"name": "Desk", "address": "it@contoso.com"}
SUBSCRIPTION = "9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d"
WORKSPACE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-logs"
    "/providers/Microsoft.OperationalInsights/workspaces/log-central"
)
ACTION_GROUP = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-logs"
    "/providers/Microsoft.Insights/actionGroups/ag-on-call"
)
KEY = "break-glass:monitoring"


def config(*, premium: str = "required", **monitoring: Any) -> dict[str, str]:
    return {
        "azuread:tenantId": "5f8e6c1a-6c0f-4b0e-9d5b-2f9b8a7c4e10",
        "azure-native:subscriptionId": SUBSCRIPTION,
        "azure-native:location": "westeurope",
        "break-glass:premium": premium,
        KEY: json.dumps({"notify": {"emails": [EMAIL]}} | monitoring),
    }


def read(**monitoring: Any) -> Monitoring:
    return load_settings(config(**monitoring)).monitoring


def line(*, premium: str = "required", **monitoring: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(config(premium=premium, **monitoring))
    (told,) = caught.value.lines
    assert "\n" not in told
    return told


def warned(*, secret: bool = False, **monitoring: Any) -> Sequence[str]:
    """What the program that reads these settings is told and runs on."""
    found: list[Settings] = []
    run = run_program(
        lambda: found.append(load_settings()),
        config=config(**monitoring),
        secret_config=[KEY] if secret else [],
    )
    assert found
    return [text for level, text in run.messages if level == "warning"]
