"""One customer's variables, and nobody else's."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.customers import _NAME, Customer  # pyright: ignore[reportPrivateUsage]
from fleet.environment import (
    customer_environment,
    own_kinds,
    refuse_same_suffix,
    secret_values,
    suffix_of,
    with_tenant,
    without_secrets,
)
from fleet.errors import FleetError


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("north-school", "NORTH_SCHOOL"), ("a.b--c", "A_B_C"), ("x_", "X"), ("2b", "2B")],
)
def test_the_suffix_is_what_a_secret_of_a_ci_may_be_named(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


def test_a_customer_gets_its_own_under_plain_names_and_nobody_elses() -> None:
    environ = {
        "PATH": "/bin",
        "ARM_CLIENT_SECRET__NORTH_SCHOOL": "north",
        "ARM_CLIENT_SECRET__SOUTH": "south",
        "PULUMI_CONFIG_PASSPHRASE__NORTH_SCHOOL": "key",
        "ARM_CLIENT_SECRET__GONE": "of a customer that left",
        "__CF_USER_TEXT_ENCODING": "0x0",
    }
    assert customer_environment("north-school", environ) == {
        "PATH": "/bin",
        "ARM_CLIENT_SECRET": "north",
        "PULUMI_CONFIG_PASSPHRASE": "key",
        "__CF_USER_TEXT_ENCODING": "0x0",
    }


def test_a_name_that_ends_like_anothers_gets_nothing_of_it() -> None:
    environ = {"ARM_CLIENT_SECRET__NORTH_SCHOOL": "1", "ARM_CLIENT_SECRET__A__SCHOOL": "2"}
    assert customer_environment("school", environ) == {}


@given(st.lists(st.from_regex(_NAME, fullmatch=True), min_size=2, max_size=5, unique_by=suffix_of))
def test_no_value_of_another_customer_is_ever_in_it(customers: list[str]) -> None:
    environ = {f"ARM_CLIENT_SECRET__{suffix_of(one)}": f"secret of {one}" for one in customers}
    refuse_same_suffix(customers)
    for one in customers:
        assert customer_environment(one, environ) == {"ARM_CLIENT_SECRET": f"secret of {one}"}


@pytest.mark.parametrize(
    ("own", "kept_out", "stays"),
    [
        ("ARM_CLIENT_ID", ["ARM_CLIENT_SECRET", "ARM_TENANT_ID", "ARM_OIDC_TOKEN"], "ARM_USE_OIDC"),
        ("PULUMI_CONFIG_PASSPHRASE", ["PULUMI_CONFIG_PASSPHRASE_FILE"], "PULUMI_BACKEND_URL"),
        ("AZURE_STORAGE_KEY", ["AZURE_STORAGE_SAS_TOKEN"], "AZURE_CLIENT_ID"),
        ("AZURE_CLIENT_ID", ["AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"], "AZURE_STORAGE_KEY"),
        ("PULUMI_BACKEND_URL", ["PULUMI_ACCESS_TOKEN"], "PULUMI_HOME"),
    ],
)
def test_no_shared_half_is_mixed_into_a_credential_of_ones_own(
    own: str, kept_out: list[str], stays: str
) -> None:
    shared = dict.fromkeys([*kept_out, own, stays], "shared")
    got = customer_environment("north", {**shared, f"{own}__NORTH": "own"})
    assert got == {own: "own", stays: "shared"}
    assert customer_environment("south", {**shared, f"{own}__NORTH": "own"}) == shared


def test_its_own_tenant_goes_with_an_identity_for_all() -> None:
    shared = {"ARM_CLIENT_ID": "app", "ARM_CLIENT_SECRET": "s", "ARM_TENANT_ID__NORTH": "t"}
    got = customer_environment("north", shared)
    assert got == {"ARM_CLIENT_ID": "app", "ARM_CLIENT_SECRET": "s", "ARM_TENANT_ID": "t"}
    assert own_kinds("north", {**shared, "ARM_CLIENT_ID__NORTH": "x"}) == ["the tenant's identity"]
    assert own_kinds("north", shared) == []


def test_the_settings_file_names_the_tenant_where_nothing_else_does() -> None:
    customer = Customer("north", Path("Pulumi.north.yaml"), "its tenant", "its subscription")
    named = {"ARM_TENANT_ID": "its tenant", "ARM_SUBSCRIPTION_ID": "its subscription"}
    assert with_tenant({}, customer) == named
    assert with_tenant({"ARM_TENANT_ID": "other"}, customer)["ARM_TENANT_ID"] == "other"


def test_two_customers_that_would_share_variables_are_refused() -> None:
    with pytest.raises(FleetError, match="customers north-school and North"):
        refuse_same_suffix(["north-school", "south", "North.School"])


def test_secrets_are_taken_out_of_text() -> None:
    environment = {
        "ARM_CLIENT_SECRET": "tell-nobody",
        "PULUMI_CONFIG_PASSPHRASE": "tell-nobody-2",
        "PULUMI_CONFIG_PASSPHRASE_FILE": "/home/a/key",
        "ARM_CLIENT_ID": "an-id-to-be-seen",
        "EMPTY_SECRET": "",
    }
    secrets = secret_values(environment)
    assert secrets == ["tell-nobody-2", "tell-nobody"]
    line = "tell-nobody-2 tell-nobody /home/a/key an-id-to-be-seen"
    assert without_secrets(line, secrets) == "[secret] [secret] /home/a/key an-id-to-be-seen"
