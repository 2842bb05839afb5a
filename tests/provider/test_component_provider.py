# pyright: basic
# The SDK's `construct` carries no types.
"""Components as a program in another language makes them: a dict, and the `ARM_*` variables."""

from typing import Any

import pulumi
import pytest
from pulumi.provider.server import ComponentInitError

from components.policy_exclusion import TYPE
from sandbox.api.server import TenantServer
from tests.support.tenant import object_id
from tests.unit.harness import Recording, run_program
from tests.unit.published_components import inferred, provider

STAFF = object_id("groups/staff")
ADA = object_id("users/ada")
INPUTS: dict[str, dict[str, Any]] = {
    "BreakGlassAccount": {
        "domain": "fabrikam.onmicrosoft.com",
        "passwordLength": 32.0,
        "roles": ["Security Reader"],
    },
    "AdoptedAccount": {"account": ADA},
    "BreakGlassGroup": {"memberIds": {"ada": ADA}, "name": "Spare"},
    "CaExclusionPatch": {
        "groupIds": [STAFF],
        "groupNames": ["Staff"],
        "scope": "mfa-only",
        "freshnessSeconds": 5.0,
    },
    "SignInMonitoring": {
        "accounts": [{"objectId": ADA, "userPrincipalName": "ada@fabrikam.onmicrosoft.com"}],
        "location": "westeurope",
        "notify": {"emails": [{"name": "Desk", "address": "it@fabrikam.example"}]},
        "alert": {"severity": 1.0},
    },
}
"""By the schema's names and with its numbers, which are floats."""


def constructed(
    server: TenantServer, component: str, inputs: dict[str, Any], **options: Any
) -> Recording:
    def program() -> None:
        made = provider().construct("spare", f"break-glass:index:{component}", inputs)
        for key, value in made.state.items():
            pulumi.export(key, value)

    return run_program(program, environment=server.environment(), **options)


@pytest.mark.parametrize("component", INPUTS)
def test_every_component_is_made_of_plain_values_and_hands_out_what_its_schema_says(
    tenant_server: TenantServer, component: str
) -> None:
    seen = constructed(tenant_server, component, INPUTS[component], preview=True)
    found = inferred()["resources"][f"break-glass:index:{component}"]
    assert set(found["required"]) <= set(seen.outputs) <= set(found["properties"])
    assert seen.named("spare").type == f"break-glass:index:{component}"
    assert seen.children("spare")


def test_arguments_arrive_as_what_they_are(tenant_server: TenantServer) -> None:
    account = constructed(tenant_server, "BreakGlassAccount", INPUTS["BreakGlassAccount"])
    assert account.one("RandomPassword").inputs["length"] == 32
    assert {"password"} <= account.secret_outputs
    alarm = constructed(tenant_server, "SignInMonitoring", INPUTS["SignInMonitoring"])
    assert alarm.named("spare-use-alert").inputs["severity"] == 1
    assert ADA in alarm.outputs["query"]


def test_values_that_are_known_later_are_waited_for(tenant_server: TenantServer) -> None:
    def program() -> None:
        key = pulumi.Output.from_input(ADA)
        name = pulumi.Output.from_input("ada@fabrikam.onmicrosoft.com")
        accounts = [{"objectId": key, "userPrincipalName": name}]
        inputs = INPUTS["SignInMonitoring"] | {"accounts": accounts}
        made = provider().construct("spare", "break-glass:index:SignInMonitoring", inputs)
        pulumi.export("query", made.state["query"])

    seen = run_program(program, environment=tenant_server.environment())
    assert ADA in seen.outputs["query"]


def test_the_exclusion_lists_the_policies_by_itself(tenant_server: TenantServer) -> None:
    seen = constructed(tenant_server, "CaExclusionPatch", INPUTS["CaExclusionPatch"], preview=True)
    with_us = [child for child in seen.of_type(TYPE) if child.inputs["pending"]]
    assert [child.inputs["pending"] for child in with_us] == [["exclude group Staff"]] * len(
        with_us
    )
    assert with_us
    assert {child.inputs["tenantId"] for child in seen.of_type(TYPE)} == {object_id("tenant")}


def test_an_identity_of_another_tenant_is_refused_before_anything_is_registered(
    tenant_server: TenantServer,
) -> None:
    other = "99999999-9999-4999-8999-999999999999"
    inputs = INPUTS["CaExclusionPatch"] | {"tenantId": other}
    seen = constructed(tenant_server, "CaExclusionPatch", inputs, expect_error=True)
    assert isinstance(seen.error, ComponentInitError)
    assert f"the exclusion is for tenant {other}" in str(seen.error)
    assert "ARM_TENANT_ID" in str(seen.error)
    assert seen.registrations == []


@pytest.mark.parametrize(
    ("component", "inputs", "told"),
    [
        ("BreakGlassAccount", {"domain": "x.com", "roles": "all"}, "roles is a str"),
        ("CaExclusionPatch", {"groupIds": ["g"], "scope": "mfa"}, "scope is 'mfa'"),
    ],
)
def test_a_wrong_argument_is_one_line(
    tenant_server: TenantServer, component: str, inputs: dict[str, Any], told: str
) -> None:
    seen = constructed(tenant_server, component, inputs, expect_error=True)
    assert told in str(seen.error)
    assert "\n" not in str(seen.error)
