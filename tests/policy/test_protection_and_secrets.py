"""Rules on the protection of all resources, on plain secrets, and on dynamic resources."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from components.group_guard import GroupGuardProvider
from components.policy_exclusion import PolicyExclusionProvider
from entra.credential_variables import CREDENTIALS
from policies.resource_types import (
    ACCOUNT_ROLES,
    ACTION_GROUP,
    ALARMS,
    EXCLUSION,
    QUERY_RULE,
    ROLE_ASSIGNMENT,
    STACK,
    WORKSPACE,
)
from policies.rules import dynamic_without_credentials, no_plain_secrets, protected_together
from tests.policy.pack_scene import (
    NOT_APPLICABLE,
    Thing,
    dynamic_verdict,
    pickled,
    secret,
    stack_verdict,
    standing_stack,
    verdict,
)

PASSWORD = "correct-horse-battery-staple"


def sealed_stack() -> dict[str, Thing]:
    """The standing stack with a role and an alert, and what holds them."""
    stack = standing_stack()
    owner, frame = stack["account-1"], stack["monitoring"]
    role = Thing(ROLE_ASSIGNMENT, "role", parent=owner, protect=False)
    alert = Thing(QUERY_RULE, "alert", parent=frame, protect=False)
    told = Thing(ACTION_GROUP, "action-group", parent=frame)
    second = Thing(ACTION_GROUP, "watch-action-group", parent=frame, protect=False)
    seals = [
        Thing(ACCOUNT_ROLES, "account-1-roles", parent=owner, depends_on=(role,)),
        Thing(ALARMS, "monitoring-alarms", parent=frame, depends_on=(alert, second)),
    ]
    return stack | {one.name: one for one in (role, alert, told, second, *seals)}


def unprotected(stack: Mapping[str, Thing], *names: str) -> list[Thing]:
    return [replace(one, protect=False) if one.name in names else one for one in stack.values()]


def test_all_of_it_protected_or_nothing_is_right() -> None:
    stack = sealed_stack()
    assert stack_verdict(protected_together.RULE, stack.values()) == []
    assert stack_verdict(protected_together.RULE, unprotected(stack, *stack)) == []


@pytest.mark.parametrize(
    "name",
    [
        "account-1-user",
        "group",
        "group-member-account-2",
        "exclusion-p1",
        "monitoring",
        "account-1-roles",
        "monitoring-alarms",
    ],
)
def test_one_that_is_left_without_protection_is_refused(name: str) -> None:
    (line,) = stack_verdict(protected_together.RULE, unprotected(sealed_stack(), name))
    assert f"found no protection on {name}, expected all of them to have it or none" in line


@pytest.mark.parametrize(
    ("name", "seal"),
    [("role", "AccountRoles"), ("alert", "Alarms"), ("watch-action-group", "Alarms")],
)
def test_what_no_seal_holds_is_refused(name: str, seal: str) -> None:
    stack = [replace(one, depends_on=()) for one in sealed_stack().values()]
    found = stack_verdict(protected_together.RULE, stack)
    assert [line for line in found if line.startswith(f"{name}: ") and f"a {seal}" in line]


def test_an_action_group_without_protection_is_refused() -> None:
    (line,) = stack_verdict(protected_together.RULE, unprotected(sealed_stack(), "action-group"))
    assert line.startswith("action-group: found neither protection nor a protected resource")


def test_an_account_that_retires_may_be_without_protection() -> None:
    stack = sealed_stack()
    stack["account-1"] = stack["account-1"].having(retired=True)
    loose = ("account-1", "account-1-user", "account-1-roles", "group-member-account-1")
    assert stack_verdict(protected_together.RULE, unprotected(stack, *loose)) == []


def test_a_stack_with_nothing_of_ours_needs_no_protection() -> None:
    assert stack_verdict(protected_together.RULE, [Thing(WORKSPACE, "logs")]) == NOT_APPLICABLE


def with_password(**props: Any) -> list[Thing]:
    """The standing stack, whose first account has a secret password; `props` of another one."""
    stack = standing_stack()
    stack["account-1"] = stack["account-1"].having(password=secret(PASSWORD))
    return [*stack.values(), Thing(WORKSPACE, "logs", props)]


@pytest.mark.parametrize(
    "props",
    [
        {},
        {"copy": secret([PASSWORD])},
        {"adminPassword": secret("anything")},
        {"adminPassword": ""},
        {"adminPassword": True},
        {"primaryKey": secret("anything"), "keyVaultName": "kv", "primaryKeyId": "k1"},
        {"note": base64.b64encode(b"nothing of a secret in here").decode()},
        {"passwordChanged": "2026-01-01", "description": "the password is in the safe"},
    ],
)
def test_secrets_that_are_marked_are_right(props: dict[str, Any]) -> None:
    assert stack_verdict(no_plain_secrets.RULE, with_password(**props)) == []


@pytest.mark.parametrize(
    ("props", "where"),
    [
        (
            {"tags": {"note": f"it is {PASSWORD}!"}},
            "a text that is a secret elsewhere in the stack",
        ),
        ({"clientSecret": "abc"}, "a property with a secret's name in plain text in clientSecret"),
        *(
            ({"note": f"Basic {encode(text.encode()).decode()}"}, "that is a secret elsewhere")
            for text in (PASSWORD, f"a:{PASSWORD}", f"ab:{PASSWORD}>", f"abc:{PASSWORD}?x")
            for encode in (base64.b64encode, base64.urlsafe_b64encode)
        ),
        *(
            ({name: "abc"}, f"a property with a secret's name in plain text in {name}")
            for name in (
                "primaryKey",
                "secondary_key",
                "storageAccountKey",
                "pwd",
                "adminPasswordValue",
                "client_secret_text",
                "api-key",
                "signingKey",
                "masterKey",
                "passcode",
            )
        ),
        ({"webhooks": [{"serviceUri": "https://x"}]}, "in plain text in webhooks.0.serviceUri"),
        ({"passwords": {"a@b": "x"}}, "a property with a secret's name in plain text in passwords"),
    ],
)
def test_a_plain_secret_is_refused_and_not_told(props: dict[str, Any], where: str) -> None:
    (line,) = stack_verdict(no_plain_secrets.RULE, with_password(**props))
    assert line.startswith("logs: found ")
    assert where in line
    assert PASSWORD not in line


@pytest.mark.parametrize("variable", [*CREDENTIALS, "ARM_CLIENT_SECRET__NORTH", "MY_API_TOKEN"])
def test_the_outputs_of_the_stack_are_looked_at(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "a-client-secret-of-ours")
    root = Thing(STACK, "break-glass-test", {"told": "x a-client-secret-of-ours x"})
    (line,) = stack_verdict(no_plain_secrets.RULE, [root])
    assert line.startswith(f"break-glass-test: found the value of {variable} in plain text")
    assert "of-ours" not in line


def test_a_password_in_an_address_is_a_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "postgres://us:a-password-of-ours@host.example/state")
    root = Thing(STACK, "break-glass-test", {"told": "a-password-of-ours"})
    (line,) = stack_verdict(no_plain_secrets.RULE, [root])
    assert "found the value of PULUMI_BACKEND_URL (password) in plain text in told" in line


def test_a_short_value_of_the_environment_may_stand_anywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_API_TOKEN", "westeurope1")
    assert stack_verdict(no_plain_secrets.RULE, with_password(location="westeurope1")) == []


def test_a_stack_with_no_property_at_all_holds_no_secret() -> None:
    assert stack_verdict(no_plain_secrets.RULE, [Thing(WORKSPACE, "logs")]) == NOT_APPLICABLE


SIGNS = 'a "quoted" & <signed> pass/word'


@pytest.mark.parametrize(
    "text",
    [
        "https://u:a%20%22quoted%22%20%26%20%3Csigned%3E%20pass%2Fword@host/x",
        "a=a+%22quoted%22+%26+%3Csigned%3E+pass%2Fword",
        "/a%20%22quoted%22%20%26%20%3Csigned%3E%20pass/word",
        '{"password": "a \\"quoted\\" & <signed> pass/word"}',
    ],
)
def test_a_secret_in_an_address_or_in_json_is_found(text: str) -> None:
    stack = [Thing(STACK, "s", {"kept": secret(SIGNS)}), Thing(WORKSPACE, "logs", {"note": text})]
    (line,) = stack_verdict(no_plain_secrets.RULE, stack)
    assert line.startswith("logs: found a text that is a secret elsewhere in the stack")


@pytest.mark.parametrize("lead", ["", "x", "xy"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_secret_with_signs_of_its_own_is_found_in_both_kinds_of_base64(
    encode: Callable[[bytes], bytes], lead: str
) -> None:
    code = "?>?>~~~o>?>?>~~~o"
    written = encode(f"{lead}{code}".encode()).decode()
    assert set("+/-_") & set(written)
    note = {"note": written}
    stack = [Thing(STACK, "s", {"kept": secret(code)}), Thing(WORKSPACE, "logs", note)]
    (line,) = stack_verdict(no_plain_secrets.RULE, stack)
    assert line.startswith("logs: found a text that is a secret elsewhere in the stack")


def test_an_id_among_secrets_is_none() -> None:
    tenant = "5f8e6c1a-6c0f-4b0e-9d5b-2f9b8a7c4e10"
    stack = with_password(webhook=secret({"tenantId": tenant}), tenantId=tenant)
    assert stack_verdict(no_plain_secrets.RULE, stack) == []


class WithClientSecret:
    """A provider that keeps what it should read from the environment."""

    def __init__(self) -> None:
        self.client_secret = PASSWORD


def dynamic(provider: str | None, **props: Any) -> list[str] | str:
    """What the rule says to an exclusion with these inputs."""
    return dynamic_verdict(provider, Thing(EXCLUSION, "exclusion-p1", props))


@pytest.mark.parametrize("provider", [PolicyExclusionProvider(), GroupGuardProvider()])
def test_our_own_providers_carry_nothing(provider: object) -> None:
    assert dynamic(pickled(provider), policyId="p1") == []


@pytest.mark.parametrize("provider", [pickled(WithClientSecret()), "no pickle at all", "AAAA"])
def test_a_provider_that_carries_values_is_refused(provider: str) -> None:
    (line,) = dynamic(provider)
    assert line.startswith("exclusion-p1: found values in its provider object")
    assert PASSWORD not in line


def test_a_provider_that_was_not_seen_is_no_clean_bill() -> None:
    (line,) = dynamic(None)
    assert line.startswith("exclusion-p1: found its provider object hidden")


@pytest.mark.parametrize(
    ("props", "found"),
    [
        ({"note": secret("anything")}, "found a secret in note"),
        ({"auth": {"clientSecret": "x"}}, "found a property with a secret's name, auth.client"),
        ({"note": "= a-client-secret-of-ours"}, "found a credential of the environment in note"),
    ],
)
def test_a_credential_in_a_dynamic_resource_is_refused(
    props: dict[str, Any], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARM_CLIENT_SECRET", "a-client-secret-of-ours")
    (line,) = dynamic(pickled(PolicyExclusionProvider()), **props)
    assert line.startswith(f"exclusion-p1: {found}")
    assert "of-ours" not in line


def test_other_resources_are_not_dynamic() -> None:
    rule = dynamic_without_credentials.rule()
    assert verdict(rule, Thing(WORKSPACE, "logs")) == NOT_APPLICABLE
