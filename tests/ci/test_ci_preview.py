"""What of a customer's settings a simulated tenant can take, and what is said of the rest."""

from typing import Any

from cli.ci_preview import fitted

SANDBOX = {
    "config": {
        "azuread:tenantId": "simulated",
        "azure-native:subscriptionId": "simulated-subscription",
        "azure-native:location": "westeurope",
    }
}


def fit(**groups: Any) -> tuple[dict[str, Any], list[str]]:
    config = {
        "azuread:tenantId": "real",
        "azure-native:subscriptionId": "real-subscription",
        "azure-native:location": "germanywestcentral",
        **{f"break-glass:{key}": value for key, value in groups.items()},
    }
    before = repr(config)
    found, left_out = fitted({"config": config, "encryptionsalt": "v1:salt"}, SANDBOX)
    assert repr(config) == before
    assert set(found) == {"config"}
    return found["config"], left_out


def test_tenant_and_subscription_become_the_simulated_ones_and_the_rest_stays() -> None:
    config, left_out = fit(accounts={"count": 3}, exclusion={"scope": "mfa-only"})
    assert config == {
        "azuread:tenantId": "simulated",
        "azure-native:subscriptionId": "simulated-subscription",
        "azure-native:location": "germanywestcentral",
        "break-glass:accounts": {"count": 3},
        "break-glass:exclusion": {"scope": "mfa-only"},
    }
    assert left_out == []


def test_what_only_the_customers_tenant_has_is_left_out_by_name() -> None:
    config, left_out = fit(
        accounts={"domain": "north.example", "adopt": ["ada@north.example"], "count": 1},
        group={"existing": "7d3e9a14-52c8-4f60-b1d7-8e2f4c6a9b05"},
        monitoring={
            "workspace": {"existing": "/subscriptions/x", "forget": []},
            "watch": {"notify": {"existing": "ag"}, "silence": True},
        },
    )
    assert left_out == [
        "break-glass:accounts.domain",
        "break-glass:accounts.adopt",
        "break-glass:group.existing",
        "break-glass:monitoring.workspace.existing",
        "break-glass:monitoring.watch.notify.existing",
    ]
    assert config["break-glass:accounts"] == {"count": 2}  # two in all are the least
    assert "existing" not in repr(config)
    assert config["break-glass:monitoring"]["watch"]["silence"] is True


def test_the_domain_of_a_single_account_is_left_out_too() -> None:
    named = {"account-1": {"domain": "north.example", "userName": "reserve"}, "account-2": {}}
    config, left_out = fit(accounts={"named": named})
    assert left_out == ["break-glass:accounts.named.account-1.domain"]
    assert config["break-glass:accounts"]["named"]["account-1"] == {"userName": "reserve"}
    assert "count" not in config["break-glass:accounts"]


def test_what_only_the_customers_key_opens_is_replaced() -> None:
    hooks = [{"name": "pager", "uri": {"secure": "v1:ciphertext"}}]
    config, left_out = fit(monitoring={"notify": {"webhooks": hooks}})
    assert left_out == ["break-glass:monitoring.notify.webhooks.0.uri"]
    assert "ciphertext" not in repr(config)
    (hook,) = config["break-glass:monitoring"]["notify"]["webhooks"]
    assert hook == {"name": "pager", "uri": "https://example.org/hook"}
