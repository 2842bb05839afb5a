"""One customer's variables, and nobody else's."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entra.credential_variables import CREDENTIALS
from entra.credentials import choose_method
from fleet.customers import (
    _NAME,  # pyright: ignore[reportPrivateUsage]
    Application,
    Customer,
    read_customer,
)
from fleet.environment import (
    BY,
    GROUPS,
    IDENTITY,
    OF_THE_PIPELINE,
    application_of,
    customer_environment,
    identity_environment,
    own_kinds,
    refuse_same_suffix,
    secret_values,
    suffix_of,
    with_tenant,
    without_secrets,
)
from fleet.errors import FleetError

NORTH = Customer("north", Path("Pulumi.north.yaml"), "", "")


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


@pytest.mark.parametrize("kept", ["ARM_CLIENT_SECRET", "ARM_CLIENT_CERTIFICATE_PATH"])
def test_a_customer_with_a_secret_or_certificate_of_its_own_signs_in_by_that_alone(
    kept: str, tmp_path: Path
) -> None:
    file = tmp_path / "certificate.pem"
    file.touch()
    federation = {
        "ARM_USE_OIDC": "true",
        "ARM_USE_MSI": "true",
        "ARM_OIDC_TOKEN": "a token",
        "ARM_OIDC_TOKEN_FILE_PATH": "a file",
        "ARM_OIDC_AUDIENCE": "api://all",
        "ARM_CLIENT_ID": "the others' application",
    }
    pipeline = dict.fromkeys(OF_THE_PIPELINE, "the pipeline's")
    environ = {**federation, **pipeline, f"{kept}__NORTH": str(file)}
    north = customer_environment("north", environ)
    assert north == {kept: str(file)}
    assert choose_method(north, "tenant", "application").variable == kept
    assert customer_environment("south", environ) == federation


def test_a_pipelines_way_to_ask_for_tokens_goes_to_nobody() -> None:
    pipeline = dict.fromkeys(OF_THE_PIPELINE, "good for every customer")
    own = {"ARM_OIDC_REQUEST_URL__NORTH": "its own", "ARM_OIDC_REQUEST_TOKEN__NORTH": "its own"}
    environ = {"PATH": "/bin", **pipeline, **own}
    assert customer_environment("south", environ) == {"PATH": "/bin"}
    assert "good for every customer" not in customer_environment("north", environ).values()
    assert customer_environment("north", environ)["ARM_OIDC_REQUEST_URL"] == "its own"


def test_a_process_of_a_process_has_the_same_variables() -> None:
    environ = {"ARM_CLIENT_ID__NORTH": "app", "ARM_USE_OIDC": "true", "ARM_CLIENT_ID": "other"}
    once = customer_environment("north", environ)
    assert customer_environment("north", once) == once == {
        "ARM_CLIENT_ID": "app",
        "ARM_USE_OIDC": "true",
    }  # fmt: skip


def test_its_own_tenant_goes_with_an_identity_for_all() -> None:
    shared = {"ARM_CLIENT_ID": "app", "ARM_CLIENT_SECRET": "s", "ARM_TENANT_ID__NORTH": "t"}
    got = customer_environment("north", shared)
    assert got == {"ARM_CLIENT_ID": "app", "ARM_CLIENT_SECRET": "s", "ARM_TENANT_ID": "t"}
    assert own_kinds(NORTH, {**shared, "ARM_CLIENT_ID__NORTH": "x"}) == ["the tenant's identity"]
    assert own_kinds(NORTH, shared) == []


def test_the_settings_file_names_the_tenant_where_nothing_else_does() -> None:
    customer = Customer("north", Path("Pulumi.north.yaml"), "its tenant", "its subscription")
    named = {"ARM_TENANT_ID": "its tenant", "ARM_SUBSCRIPTION_ID": "its subscription"}
    assert with_tenant({}, customer) == named
    assert with_tenant({"ARM_TENANT_ID": "other"}, customer)["ARM_TENANT_ID"] == "other"


DEPLOYER, REVIEWER, SOMEBODY = (f"00000000-0000-4000-8000-00000000000{one}" for one in "def")


def identified(folder: Path, *lines: str) -> Customer:
    """North, with these lines in its settings file."""
    path = folder / "Pulumi.north.yaml"
    path.write_text("".join(["config:\n", *(f"  {one}\n" for one in lines)]), encoding="utf-8")
    return read_customer(folder, "north")


@pytest.mark.parametrize(("which", "client"), [("deployment", DEPLOYER), ("review", REVIEWER)])
def test_a_run_takes_the_identity_of_the_settings_file_that_it_names(
    tmp_path: Path, which: str, client: str
) -> None:
    north = identified(
        tmp_path, f"fleet:deploymentClientId: {DEPLOYER}", f"fleet:reviewClientId: {REVIEWER}"
    )
    shared = {"ARM_CLIENT_ID": "all", "ARM_OIDC_TOKEN": "all", "ARM_TENANT_ID": "all"}
    environ = {"ARM_USE_OIDC": "true", **shared, IDENTITY: which}
    once = identity_environment(north, environ)
    assert once == {"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": client}
    assert own_kinds(north, environ) == ["the tenant's identity"]
    own = {"ARM_CLIENT_ID__NORTH": "its own"}
    twice = identity_environment(north, identity_environment(north, environ | own))
    assert twice == {"ARM_USE_OIDC": "true", "ARM_CLIENT_ID": "its own"}
    assert identity_environment(north, shared) == shared
    assert identity_environment(NORTH, environ)["ARM_CLIENT_ID"] == "all"


def test_an_identity_that_cannot_be_is_told_in_one_line(tmp_path: Path) -> None:
    north = identified(tmp_path, f"fleet:deploymentClientId: {DEPLOYER}")
    with pytest.raises(FleetError, match="'deploy': expected deployment or review"):
        identity_environment(north, {IDENTITY: "deploy"})
    with pytest.raises(FleetError, match=r"^Pulumi\.north\.yaml lacks fleet:reviewClientId"):
        identity_environment(north, {IDENTITY: "review"})
    for wrong in ({IDENTITY: "review", BY: "look"}, {IDENTITY: "deployment", BY: "preview"}):
        with pytest.raises(FleetError, match="expected preview, with review as BREAK_GLASS_IDE"):
            identity_environment(north, wrong)


def test_a_pull_request_is_previewed_by_a_connection_of_its_own(tmp_path: Path) -> None:
    lines = {"reviewClientId": REVIEWER, "reviewConnectionId": DEPLOYER}
    lines |= {"previewConnectionId": SOMEBODY}
    north = identified(tmp_path, *(f"fleet:{key}: {value}" for key, value in lines.items()))
    environ = {IDENTITY: "review", BY: "preview"}
    assert application_of(north, environ) == Application(REVIEWER, SOMEBODY)
    assert application_of(north, {IDENTITY: "review"}) == Application(REVIEWER, DEPLOYER)
    assert application_of(north, {BY: "preview"}) == Application()
    assert identity_environment(north, environ) == {"ARM_CLIENT_ID": REVIEWER}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("fleet:reviewClientId: app", "fleet:reviewClientId holds 'app', expected an id such as"),
        ("fleet:reviewClientId: {secure: x}", "fleet:reviewClientId holds {'secure': 'x'}"),
        ("fleet:deploymentConnectionId: 12", "fleet:deploymentConnectionId holds 12"),
        ("fleet:reviewerClientId: x", "no setting: did you mean fleet:reviewClientId?"),
        ("fleet:parallel: 3", "fleet:parallel is no setting: expected fleet:deploymentClientId"),
    ],
)
def test_a_wrong_id_of_an_identity_is_named_in_one_line(
    tmp_path: Path, line: str, told: str
) -> None:
    with pytest.raises(FleetError) as caught:
        identified(tmp_path, line)
    assert str(caught.value).startswith("Pulumi.north.yaml: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_customers_that_would_share_variables_are_refused() -> None:
    with pytest.raises(FleetError, match="customers north-school and North"):
        refuse_same_suffix(["north-school", "south", "North.School"])


NO_SECRETS = {
    "ARM_CLIENT_ID", "ARM_TENANT_ID", "ARM_SUBSCRIPTION_ID", "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_OIDC_TOKEN_FILE_PATH", "ARM_OIDC_AUDIENCE", "ARM_OIDC_REQUEST_URL", "ARM_USE_MSI",
    "ARM_USE_OIDC", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_ID", "AZURE_TENANT_ID",
    "AZURE_FEDERATED_TOKEN_FILE", "AZURE_STORAGE_ACCOUNT", "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
}  # fmt: skip
"""Of what makes up a credential: ids, paths, addresses and switches."""


def test_what_makes_up_a_credential_and_is_no_id_path_or_address_is_a_secret() -> None:
    known = {name for group in GROUPS for name in (*group.begun_by, *group.with_it)}
    values = {name: f"value of {name}" for name in known}
    secrets = set(secret_values(values))
    assert {name for name in known if values[name] in secrets} == known - NO_SECRETS
    assert known >= NO_SECRETS


@pytest.mark.parametrize("name", CREDENTIALS)
def test_every_credential_that_is_known_by_name_is_a_secret(name: str) -> None:
    assert secret_values({name: "tell-nobody", f"{name}__NORTH": "nor-this-one"}) == [
        "nor-this-one",
        "tell-nobody",
    ]


def test_what_is_secret_in_an_address_is_a_secret_and_the_rest_is_not() -> None:
    environ = {
        "PULUMI_BACKEND_URL": "postgres://breakglass:p%40ssword-1@db.internal/state",
        "HTTPS_PROXY": "http://proxy.internal:3128",
        "GIT_URL": "https://ghp_0123456789abcdefghij@github.com/a/b",
        "STATE_URL": "https://a.blob.core.windows.net/b?sv=2024&sig=c2lnbmF0dXJl&se=2026",
    }
    assert set(secret_values(environ)) == {
        "p%40ssword-1",
        "p@ssword-1",
        "ghp_0123456789abcdefghij",
        "c2lnbmF0dXJl",
    }
    told = without_secrets(environ["PULUMI_BACKEND_URL"], secret_values(environ))
    assert told == "postgres://breakglass:[secret]@db.internal/state"


def test_an_accounts_key_is_taken_out_without_the_rest_of_its_connection_string() -> None:
    key = "a2V5LW9mLXRoZS1hY2NvdW50=="
    text = f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={key};EndpointSuffix=x"
    secrets = secret_values({"AZURE_STORAGE_CONNECTION_STRING": text})
    assert secrets == [text, key]


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
