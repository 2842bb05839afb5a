"""A new customer's settings file: made of the template, comments and all, and of nobody's else."""

import shutil
from pathlib import Path

import pytest
import yaml

from fleet.customers import APPLICATIONS, Application, find_customers, read_customer
from fleet.errors import FleetError
from fleet.new_customer import add_customer, init_stack
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


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"to be set"', "{}"),
        ("'it''s to be set' # whose", "{} # whose"),
        ('"a \\" b"', "{}"),
        ("to be set  # whose", "{}  # whose"),
        ("a#b", "{}"),
        ("# whose", "{} # whose"),
        ("", "{}"),
    ],
)
def test_whatever_value_stands_in_the_template_is_replaced_whole(
    project: StubProject, old: str, new: str
) -> None:
    template = project.folder / "template.yaml"
    text = f"config:\n  azuread:tenantId: {old}\n  azure-native:subscriptionId: {old}\n"
    template.write_text(text, encoding="utf-8")
    added = add_customer(project.folder, "north", TENANT, SUBSCRIPTION, template)
    assert lines_of(added.path) == [
        "config:",
        f"  azuread:tenantId: {new.format(TENANT)}",
        f"  azure-native:subscriptionId: {new.format(SUBSCRIPTION)}",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("chosen", [None, "azurekeyvault://w/keys/{customer}"])
def test_the_provider_stands_once_in_the_file_whatever_the_template_begins_with(
    project: StubProject, encoding: str, chosen: str | None
) -> None:
    template = project.folder / "template.yaml"
    text = (project.folder / "Pulumi.south.yaml").read_text(encoding="utf-8")
    provider = "secretsprovider: 'azurekeyvault://v/keys/{customer}#1' # a key each\n"
    template.write_text(provider + text, encoding=encoding)
    added = add_customer(
        project.folder, "north", TENANT, SUBSCRIPTION, template, secrets_provider=chosen
    )
    key = "azurekeyvault://w/keys/north" if chosen else "azurekeyvault://v/keys/north#1"
    assert (added.secrets_provider, lines_of(added.path)[0]) == (
        key,
        f"secretsprovider: {key} # a key each",
    )
    assert added.path.read_text(encoding="utf-8").count("secretsprovider") == 1


IDS = "  azuread:tenantId: x\n  azure-native:subscriptionId: y\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('"secretsprovider": passkey\nconfig:\n' + IDS, "template.yaml: secretsprovider cannot"),
        (f"config:\n{IDS}config:\n  a: 1\n", "azuread:tenantId and azure-native:subscriptionId"),
        ("other:\n" + IDS, "azuread:tenantId and azure-native:subscriptionId cannot be put in"),
        (f"config:\n{IDS}    more\n", "template.yaml: azure-native:subscriptionId cannot be put"),
        (f'config:\n{IDS}  "fleet:reviewClientId": {TENANT}\n', "fleet:…Id cannot be put in"),
        (f"config:\n{IDS}  a: 2026-02-30\n", "template.yaml, line 4 cannot be read: a value is"),
        (f"config:\n{IDS}  fleet:reviewer: a\n", "template.yaml: fleet:reviewer is no setting"),
    ],
)
def test_a_file_that_would_not_say_what_was_asked_for_is_not_written(
    project: StubProject, text: str, told: str
) -> None:
    template = project.folder / "template.yaml"
    template.write_text(text, encoding="utf-8")
    with pytest.raises(FleetError) as caught:
        add_customer(project.folder, "north", TENANT, SUBSCRIPTION, template)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
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
        FleetError,
        match=r"made: no access: then `breakglass fleet exec north -- pulumi stack init north --no",
    ):
        init_stack(added, project.pulumi, project.folder, {"PATH": "/usr/bin"})
