"""Where a customer's state lies, shown without credentials, and whose tenant it must not lie in."""

import json
from pathlib import Path

import pytest

from fleet.customers import find_customers
from fleet.state_backend import backend_of, warnings
from tests.fleet.stub import StubProject, stub_project, tenant_of


@pytest.fixture
def project(tmp_path: Path) -> StubProject:
    return stub_project(tmp_path, "south")


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
