"""A new customer's settings file: made of the template, comments and all, and of nobody's else."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from fleet.customers import APPLICATIONS, Application, find_customers, read_customer
from fleet.errors import FleetError
from fleet.new_customer import add_customer, init_stack
from fleet.state_backend import backend_of, warnings
from tests.fleet.stub import StubProject, stub_project, tenant_of

REPOSITORY = Path(__file__).parents[2]
TENANT = "11111111-2222-4333-8444-555555555555"
SUBSCRIPTION = "66666666-7777-4888-8999-aaaaaaaaaaaa"


@pytest.fixture
def project(tmp_path: Path) -> StubProject:
    made = stub_project(tmp_path, "south")
    shutil.copy2(REPOSITORY / "Pulumi.prod.yaml", made.folder)
    return made


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_the_example_becomes_a_customer_and_keeps_its_comments(project: StubProject) -> None:
    added = add_customer(project.folder, "north-school", TENANT.upper(), SUBSCRIPTION)
    template, mine = lines_of(project.folder / "Pulumi.prod.yaml"), lines_of(added.path)
    differing = [(old, new) for old, new in zip(template, mine, strict=True) if old != new]
    assert [new.strip() for _, new in differing] == [
        f"azuread:tenantId: {TENANT}",
        f"azure-native:subscriptionId: {SUBSCRIPTION}",
        "# domain: contoso.onmicrosoft.com",
        'customer: "north-school"',
    ]
    (north, _) = find_customers(project.folder)
    assert (north.name, north.tenant_id, north.subscription_id) == (
        "north-school",
        TENANT,
        SUBSCRIPTION,
    )


def test_ids_of_its_identities_are_written_below_the_subscription_and_no_others_stay(
    project: StubProject,
) -> None:
    template = project.folder / "template.yaml"
    theirs = {key: tenant_of(number) for number, key in enumerate(APPLICATIONS)}
    text = (project.folder / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    more = "".join(f"  {key}: {value} # south's\n" for key, value in theirs.items())
    template.write_text(text.replace("config:\n", f"config:\n{more}"), encoding="utf-8")
    ids = {"fleet:deploymentClientId": TENANT.upper(), "fleet:reviewClientId": SUBSCRIPTION}
    added = add_customer(project.folder, "north", TENANT, SUBSCRIPTION, template, applications=ids)
    plain = add_customer(project.folder, "east", SUBSCRIPTION, SUBSCRIPTION)
    (below,) = [
        number
        for number, line in enumerate(lines_of(added.path))
        if "azure-native:subscriptionId" in line
    ]
    assert lines_of(added.path)[below + 1 : below + 3] == [
        f"  fleet:deploymentClientId: {TENANT}",
        f"  fleet:reviewClientId: {SUBSCRIPTION}",
    ]
    assert len(lines_of(added.path)) == len(lines_of(plain.path)) + 2
    north = read_customer(project.folder, "north")
    assert (north.deployment, north.review) == (Application(TENANT), Application(SUBSCRIPTION))
    with pytest.raises(FleetError, match="fleet:reviewClientId holds 'x', expected an id"):
        add_customer(
            project.folder, "west", TENANT, SUBSCRIPTION, same_tenant=True,
            applications={"fleet:reviewClientId": "x"},
        )  # fmt: skip
    assert not (project.folder / "Pulumi.west.yaml").exists()


def test_what_is_the_examples_own_is_named_with_its_line(project: StubProject) -> None:
    added = add_customer(project.folder, "north", TENANT, SUBSCRIPTION)
    lines = lines_of(added.path)
    assert [one.split(": ", 1)[1] for one in added.to_change] == [
        "address: security@contoso.com",
        "address: contoso-alarm@example.org",
    ]
    for one in added.to_change:
        number, words = one.removeprefix("line ").split(": ", 1)
        assert lines[int(number) - 1].strip() == words


def test_a_key_of_ones_own_for_each_customer(project: StubProject) -> None:
    template = project.folder / "template.yaml"
    text = (project.folder / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    salt = (
        "secretsprovider: azurekeyvault://v/keys/bg-{customer} # a key each\nencryptionsalt: v1:x\n"
    )
    template.write_text(salt + text, encoding="utf-8")
    added = add_customer(project.folder, "north", TENANT, SUBSCRIPTION, template)
    assert added.secrets_provider == "azurekeyvault://v/keys/bg-north"
    assert not added.shared_key
    assert yaml.safe_load(added.path.read_text(encoding="utf-8"))["secretsprovider"] == (
        "azurekeyvault://v/keys/bg-north"
    )
    assert "encryptionsalt" not in added.path.read_text(encoding="utf-8")
    other = add_customer(
        project.folder, "east", TENANT, SUBSCRIPTION, template,
        secrets_provider="azurekeyvault://v/keys/all", same_tenant=True,
    )  # fmt: skip
    assert other.shared_key
    assert other.init_arguments[-2:] == ["--secrets-provider", "azurekeyvault://v/keys/all"]


@pytest.mark.parametrize(
    ("name", "tenant", "told"),
    [
        ("south", TENANT, "there is a customer south already"),
        ("South", TENANT, "there is a customer south already"),
        ("north", tenant_of(0), "is customer south's already"),
        ("north", "contoso", "--tenant holds 'contoso', expected an id such as"),
        ("a b", TENANT, "'a b' is no name for a customer"),
        ("south_", TENANT, "customers south and south_ would both get the variables"),
    ],
)
def test_what_would_clash_is_refused_and_nothing_is_written(
    project: StubProject, name: str, tenant: str, told: str
) -> None:
    before = sorted(project.folder.iterdir())
    with pytest.raises(FleetError) as caught:
        add_customer(project.folder, name, tenant, SUBSCRIPTION)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sorted(project.folder.iterdir()) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("config:\n  azuread:tenantId: x\n", "has azure-native:subscriptionId 0 times"),
        ("config:\n  a:\n    secure: v1:abc\n", "line 3: `secure:` is encrypted with another"),
        (None, "cannot be read (No such file or directory): name another with --template"),
    ],
)
def test_a_template_that_does_not_serve_is_refused(
    project: StubProject, text: str | None, told: str
) -> None:
    template = project.folder / "template.yaml"
    if text is not None:
        template.write_text(text, encoding="utf-8")
    with pytest.raises(FleetError) as caught:
        add_customer(project.folder, "north", TENANT, SUBSCRIPTION, template)
    assert told in str(caught.value)
    assert not (project.folder / "Pulumi.north.yaml").exists()


def test_the_stack_is_made_with_its_secrets_provider(project: StubProject) -> None:
    added = add_customer(
        project.folder, "north", TENANT, SUBSCRIPTION, secrets_provider="passphrase"
    )
    init_stack(added, project.pulumi, project.folder, {"PATH": "/usr/bin"})
    (call,) = project.calls()
    words = ["stack", "init", "north", "--no-select", "--secrets-provider", "passphrase"]
    assert call["arguments"][:6] == words


def test_a_refused_stack_is_told_with_the_command_to_repeat(project: StubProject) -> None:
    added = add_customer(project.folder, "north", TENANT, SUBSCRIPTION)
    project.plan(**{"": {"stack": {"stderr": "error: no access", "exit": 255}}})
    with pytest.raises(
        FleetError, match=r"could not be made: no access: then `pulumi stack init n"
    ):
        init_stack(added, project.pulumi, project.folder, {"PATH": "/usr/bin"})


BLOB = {"PULUMI_BACKEND_URL": "azblob://state?storage_account=x&key=secret"}
WHERE = "state (azblob://state)"


def az_login(folder: Path, *tenants: str) -> dict[str, str]:
    """The variables of somebody whose Azure CLI is logged in; the last tenant is the default."""
    found = [{"tenantId": one, "isDefault": one == tenants[-1]} for one in tenants]
    text = json.dumps({"installationId": "x", "subscriptions": found})
    (folder / "azureProfile.json").write_text(text, encoding="utf-8-sig")
    return {"AZURE_CONFIG_DIR": str(folder)}


@pytest.mark.parametrize(
    ("variables", "login", "expected"),
    [
        ({"AZURE_TENANT_ID": tenant_of(0).upper()}, [], "protected"),
        ({"AZURE_TENANT_ID": tenant_of(8)}, [tenant_of(0)], "neither"),
        ({}, [tenant_of(8), tenant_of(0)], "protected"),
        ({}, [tenant_of(0), tenant_of(8)], "neither"),
        ({}, [], "unseen"),
        ({"AZURE_STORAGE_KEY": "a key"}, [tenant_of(0)], "unseen"),
        ({"AZURE_CLIENT_ID": "of a managed identity"}, [tenant_of(0)], "unseen"),
        ({"PULUMI_BACKEND_URL": "file://x"}, [tenant_of(0)], "neither"),
    ],
)
def test_a_state_behind_a_protected_tenant_is_warned_of(
    project: StubProject, variables: dict[str, str], login: list[str], expected: str
) -> None:
    everybody = find_customers(project.folder)
    folder = {"AZURE_CONFIG_DIR": str(project.folder)}
    environ = BLOB | folder | (az_login(project.folder, *login) if login else {}) | variables
    found = warnings(everybody, everybody, project.folder, environ)
    told = {"protected": found.protected, "unseen": found.unseen}
    assert {name for name, lines in told.items() if lines} == {expected} - {"neither"}
    for lines in told.values():
        for line, names in lines.items():
            assert line.startswith((WHERE, f"in which tenant {WHERE} lies cannot be seen"))
            assert "secret" not in line
            assert names == ["south"]


def test_many_keys_of_one_vault_are_one_line(tmp_path: Path) -> None:
    project = stub_project(tmp_path, "north", "south")
    for name in ("north", "south"):
        path = project.folder / f"Pulumi.{name}.yaml"
        key = f"secretsprovider: azurekeyvault://kv.vault.azure.net/keys/{name}\n"
        path.write_text(key + path.read_text(encoding="utf-8"), encoding="utf-8")
    everybody = find_customers(project.folder)
    environ = {**BLOB, **az_login(tmp_path, tenant_of(1))}
    ((line, names),) = warnings(everybody, everybody, project.folder, environ).protected.items()
    assert line.startswith(f"{WHERE} and key (azurekeyvault://kv.vault.azure.net) opens with")
    assert names == ["north", "south"]


def test_the_backend_is_the_environments_or_the_projects(project: StubProject) -> None:
    assert backend_of({}, project.folder) == ""
    text = "name: a\nruntime: python\nbackend:\n  url: azblob://b?storage_account=x\n"
    (project.folder / "Pulumi.yaml").write_text(text, encoding="utf-8")
    assert backend_of({}, project.folder) == "azblob://b"
    assert backend_of({"PULUMI_BACKEND_URL": "file://~"}, project.folder) == "file://~"


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"a: 2026-02-30", b"a: [", b"[" * 5000, b"x", b"backend: 1"]
)
def test_a_project_that_cannot_be_read_names_no_backend(
    project: StubProject, content: bytes
) -> None:
    (project.folder / "Pulumi.yaml").write_bytes(content)
    assert backend_of({}, project.folder) == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://u:s3cr3t@db:5432/state?password=s3cr3t", "postgres://db:5432/state"),
        ("s3://bucket/path?awssdk=v2#s3cr3t", "s3://bucket/path"),
        ("azblob://state?storage_account=x", "azblob://state"),
        ("https://s3cr3t@[::1]:80/a@b", "https://[::1]:80/a@b"),
        ("postgres://u:s3cr3t/more@db/state", "postgres://…"),
        ("postgres://u:s3cr3t?more@db/state", "postgres://…"),
        ("postgres://u:p@s3cr3t@db", "postgres://db"),
        ("file:///home/a@b/state?no_tmp_dir=true", "file:///home/a@b/state"),
        ("file://~", "file://~"),
    ],
)
def test_the_address_of_a_state_is_shown_without_credentials(
    tmp_path: Path, url: str, shown: str
) -> None:
    assert backend_of({"PULUMI_BACKEND_URL": url}, tmp_path) == shown
