"""What of a customer's settings a simulated tenant can take, and which settings are the same."""

from typing import Any

import pytest

from cli.ci_settings import domains_of, fitted, read_settings, sameness
from cli.failure import CommandFailed

REAL = "3f0c1d2e-0000-4000-8000-00000000000a"
REAL_SUBSCRIPTION = "3f0c1d2e-0000-4000-8000-00000000000b"
SANDBOX = {
    "config": {
        "azuread:tenantId": "simulated",
        "azure-native:subscriptionId": "simulated-subscription",
        "azure-native:location": "westeurope",
    }
}


def customer(tenant: str = REAL, **groups: Any) -> dict[str, Any]:
    config = {
        "azuread:tenantId": tenant,
        "azure-native:subscriptionId": REAL_SUBSCRIPTION,
        "azure-native:location": "germanywestcentral",
        **{f"break-glass:{key}": value for key, value in groups.items()},
    }
    return {"config": config, "encryptionsalt": "v1:salt"}


def fit(**groups: Any) -> tuple[dict[str, Any], list[str]]:
    document = customer(**groups)
    before = repr(document)
    found, left_out = fitted(document, SANDBOX)
    assert repr(document) == before
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


def test_the_customers_own_ids_become_the_simulated_ones_wherever_they_stand() -> None:
    aad = {"tenantId": REAL.upper(), "objectId": "4c1f9a36-7d0b-4b52-9e61-2a8d5f7c3b19"}
    hooks = [{"aad": aad, "uri": f"https://x.example/{REAL_SUBSCRIPTION}/y"}]
    config, _ = fit(monitoring={"notify": {"webhooks": hooks}})
    (hook,) = config["break-glass:monitoring"]["notify"]["webhooks"]
    assert hook["aad"] == {**aad, "tenantId": "simulated"}
    assert hook["uri"] == "https://x.example/simulated-subscription/y"


def test_what_only_the_customers_tenant_has_is_left_out_by_name() -> None:
    config, left_out = fit(
        accounts={"adopt": ["ada@north.example"], "count": 1},
        group={"existing": "7d3e9a14-52c8-4f60-b1d7-8e2f4c6a9b05"},
        monitoring={
            "workspace": {"existing": "/subscriptions/x", "forget": []},
            "watch": {"notify": {"existing": "ag"}, "silence": True},
        },
    )
    assert left_out == [
        "break-glass:accounts.adopt",
        "break-glass:group.existing",
        "break-glass:monitoring.workspace.existing",
        "break-glass:monitoring.watch.notify.existing",
    ]
    assert config["break-glass:accounts"] == {"count": 2}  # two in all are the least
    assert "existing" not in repr(config)
    assert config["break-glass:monitoring"]["watch"]["silence"] is True


def test_a_customers_identities_are_no_settings_of_the_program() -> None:
    document = customer()
    document["config"]["fleet:deploymentClientId"] = "6b1f0a52-0000-4000-8000-00000000000c"
    plain = fitted(customer(), SANDBOX)
    assert fitted(document, SANDBOX) == plain
    assert plain[1] == []


def test_domains_stay_and_are_told_once_each() -> None:
    named = {"account-1": {"domain": "Spare.North.example"}, "account-2": {}}
    config, left_out = fit(accounts={"domain": "north.onmicrosoft.com", "named": named})
    assert left_out == []
    assert domains_of({"config": config}) == ["north.onmicrosoft.com", "spare.north.example"]


@pytest.mark.parametrize("domain", [7, "", "north", "a b.example", ["x.example"], "x" * 300 + ".y"])
def test_a_domain_that_is_none_is_left_to_the_program(domain: Any) -> None:
    config, _ = fit(accounts={"domain": domain, "named": domain})
    assert config["break-glass:accounts"]["domain"] == domain
    assert domains_of({"config": config}) == []


def test_what_only_the_customers_key_opens_is_replaced() -> None:
    hooks = [{"name": "pager", "uri": {"secure": "v1:ciphertext"}}]
    config, left_out = fit(monitoring={"notify": {"webhooks": hooks}})
    assert left_out == ["break-glass:monitoring.notify.webhooks.0.uri"]
    assert "ciphertext" not in repr(config)
    (hook,) = config["break-glass:monitoring"]["notify"]["webhooks"]
    assert hook == {"name": "pager", "uri": "https://example.org/hook"}


@pytest.mark.parametrize(
    "accounts",
    [
        {"adopt": ["x"], "count": "two"},
        {"named": ["a"]},
        {"named": {"account-1": "a"}},
        {"named": "a", "count": [3]},
    ],
)
def test_a_value_of_the_wrong_kind_stays_for_the_program_to_name(accounts: dict[str, Any]) -> None:
    kept = {key: value for key, value in accounts.items() if key != "adopt"}
    assert fit(accounts=accounts)[0]["break-glass:accounts"] == kept


def test_adopted_accounts_without_a_count_become_two_made_ones() -> None:
    config, _ = fit(accounts={"adopt": ["x"], "count": None})
    assert config["break-glass:accounts"] == {"count": 2}


@pytest.mark.parametrize("config", ["abc", ["abc"], 7])
def test_settings_that_are_none_are_told_in_one_line(config: Any) -> None:
    with pytest.raises(CommandFailed, match=r"config is a \w+, expected keys with values"):
        fitted({"config": config}, SANDBOX)


def same(one: dict[str, Any], other: dict[str, Any], *, new: bool = False) -> bool:
    """Whether both have one preview, from no settings of theirs before or the same ones."""
    found = [fitted(each, SANDBOX) for each in (one, other)]
    before = [None if new else settings for settings, _ in found]
    keys = [sameness(was, now, out) for was, (now, out) in zip(before, found, strict=True)]
    return keys[0] == keys[1]


SOUTH = "3f0c1d2e-0000-4000-8000-0000000000ff"


def test_ids_the_order_of_keys_and_the_name_of_the_initial_domain_make_no_difference() -> None:
    north = customer(accounts={"domain": "north.onmicrosoft.com", "count": 2}, group={"name": "x"})
    south = customer(
        SOUTH, group={"name": "x"}, accounts={"count": 2, "domain": "South.onmicrosoft.com"}
    )
    assert same(north, south)


@pytest.mark.parametrize(
    ("north", "south"),
    [
        ({"count": 2}, {"count": 3}),
        ({"count": 2}, {"count": "2"}),
        ({"count": True}, {"count": 1}),
        ({"domain": "north.example"}, {"domain": "south.example"}),
        ({"domain": "north.onmicrosoft.com"}, {"domain": "north.example"}),
        ({"domain": "north.onmicrosoft.com"}, {}),
        ({"adopt": ["x"], "count": 3}, {"count": 3}),
        (
            {"domain": "a.onmicrosoft.com", "named": {"b": {"domain": "a.onmicrosoft.com"}}},
            {"domain": "a.onmicrosoft.com", "named": {"b": {"domain": "c.onmicrosoft.com"}}},
        ),
    ],
)
def test_whatever_the_program_reads_makes_another_preview(
    north: dict[str, Any], south: dict[str, Any]
) -> None:
    assert not same(customer(accounts=north), customer(SOUTH, accounts=south))


def test_settings_from_nothing_are_another_preview_than_unchanged_ones() -> None:
    settings, left_out = fitted(customer(), SANDBOX)
    assert sameness(None, settings, left_out) != sameness(settings, settings, left_out)
    assert same(customer(), customer(SOUTH), new=True)


def test_a_change_of_the_domain_is_not_taken_for_none() -> None:
    def key(before: str, now: str) -> str:
        was, is_now = (fitted(customer(accounts={"domain": d}), SANDBOX)[0] for d in (before, now))
        return sameness(was, is_now, [])

    kept = key("a.onmicrosoft.com", "a.onmicrosoft.com")
    assert kept == key("b.onmicrosoft.com", "b.onmicrosoft.com")
    assert kept != key("a.onmicrosoft.com", "b.onmicrosoft.com")


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
)
NASTY = {
    "no YAML": "config: [\n",
    "a list": "- abc\n",
    "a text": "abc",
    "nothing": "",
    "an anchor inside itself": "config: &a\n  b: *a\n",
    "an anchor in a list inside itself": "config: &a [*a]\n",
    "a hundred million values": BOMB,
    "a deep one": "config: " + "[" * 5000,
    "a deep one that ends": "config: " + "[" * 200 + "]" * 200,
    "a day that there is none of": "config: {a: 2026-13-45}",
    "a number that is none": "config: {a: !!int ''}",
    "a time that is none": "config: {a: !!timestamp abc}",
    "an object": "config: !!python/object/apply:os.system [date]",
    "a key that is a list": "config: {[a]: 1}",
    "two documents": "config: {}\n---\nconfig: {}\n",
    "a tab": "config:\n\ta: 1\n",
    "a control character": "config: {a: \x07}",
}


@pytest.mark.parametrize("kind", NASTY)
def test_a_file_that_holds_no_settings_is_one_line(kind: str) -> None:
    with pytest.raises(CommandFailed, match=r"^Pulumi\.east\.yaml ") as told:
        read_settings(NASTY[kind], "Pulumi.east.yaml")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "text",
    ["config:\n  break-glass:accounts: &a {count: 2}\n  other: *a\n", "config:\n", "{1: 2}"],
)
def test_what_is_only_unusual_is_read(text: str) -> None:
    settings, _ = fitted(read_settings(text, "x"), SANDBOX)
    assert settings["config"]["azuread:tenantId"] == "simulated"
