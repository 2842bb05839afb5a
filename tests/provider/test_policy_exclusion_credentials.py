"""Whose credentials the provider uses, and what of them and of itself it lets into state."""

import json
from pathlib import Path

import pytest

from tests.provider.dynamic_server import ProviderError, dynamic_server
from tests.provider.policy_setting import ADA, IT, MFA, TENANT, Setting, environment, inputs
from tests.support.tenant import object_id, running_tenant

STORED = (
    "gASVPgAAAAAAAACMG2NvbXBvbmVudHMucG9saWN5X2V4Y2x1c2lvbpSMF1BvbGljeUV4Y2x1c2lvblByb3ZpZGVylJOUKYGU"
    "Lg=="
)
"""The provider as it is in the state files of stacks that exist: it must never need to change."""


@pytest.mark.parametrize("operation", ["create", "update", "delete", "read"])
def test_credentials_of_another_tenant_change_and_ask_nothing(
    setting: Setting, operation: str
) -> None:
    other = inputs(tenantId=object_id("elsewhere"))
    outputs = {**other, "added": {"groups": [IT], "users": []}}
    calls = {
        "create": lambda: setting.provider.create(other),
        "update": lambda: setting.provider.update(MFA, outputs, {**other, "pending": ["exclude"]}),
        "delete": lambda: setting.provider.delete(MFA, outputs),
        "read": lambda: setting.provider.read(MFA, outputs),
    }
    with pytest.raises(ProviderError, match=f"belong to tenant {TENANT}: nothing was changed"):
        calls[operation]()
    assert setting.calls() == []


def test_a_missing_credential_is_one_line(tmp_path: Path) -> None:
    with (
        dynamic_server({"BREAK_GLASS_CACHE": str(tmp_path)}) as provider,
        pytest.raises(ProviderError) as caught,
    ):
        provider.create(inputs())
    assert "ARM_TENANT_ID is not set" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_client_secret_is_one_line_without_the_secret(tmp_path: Path) -> None:
    with running_tenant() as server:
        wrong = {**environment(server, tmp_path), "ARM_CLIENT_SECRET": "wrong-secret-value"}
        with dynamic_server(wrong) as provider, pytest.raises(ProviderError) as caught:
            provider.create(inputs())
    told = str(caught.value)
    assert "ARM_CLIENT_SECRET is not the secret of application" in told
    assert "wrong-secret-value" not in told
    assert "\n" not in told


def test_no_secret_is_in_the_provider_or_its_answers(setting: Setting) -> None:
    id_, outputs = setting.provider.create(inputs())
    seen = setting.provider.read(id_, outputs)
    told = json.dumps([outputs, seen.outputs]) + setting.provider.pickled
    assert setting.environment["ARM_CLIENT_SECRET"] not in told
    assert len(setting.provider.pickled) < 200


def test_a_stored_provider_is_still_understood(setting: Setting) -> None:
    setting.provider.pickled = STORED
    setting.provider.create(inputs())
    assert setting.lists() == ([IT], [ADA])
