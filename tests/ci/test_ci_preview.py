"""What of a customer's settings a simulated tenant can take, and what is said of the rest."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli import ci_preview, tenant_process
from cli.ci_preview import fitted
from cli.failure import CommandFailed
from cli.fleet_run import Selection
from cli.pulumi_run import Outcome
from cli.workspace import SandboxFolder

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


@pytest.fixture
def looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What was put on a simulated tenant: the settings before by customer."""
    seen: dict[str, Any] = {}

    def on_the_sandbox(place: SandboxFolder, before: Any, *_: Any) -> tuple[Outcome, list[Any]]:
        seen[place.path.name] = before
        return Outcome(0, 0.0, 0, 0, ()), []

    home = SandboxFolder(tmp_path / "home", tmp_path / "project")
    home.project.mkdir()
    (home.project / "Pulumi.yaml").write_text("name: break-glass\n")
    monkeypatch.chdir(home.project)
    monkeypatch.setattr(ci_preview, "sandbox_folder", lambda: home)
    monkeypatch.setattr(ci_preview, "_on_the_sandbox", on_the_sandbox)
    monkeypatch.setattr(tenant_process, "start", lambda *_, **__: None)  # pyright: ignore
    monkeypatch.setattr(tenant_process, "stop", lambda *_: None)  # pyright: ignore
    return seen


def git(*arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (b"config: abc\n", "config is a str"),
        (b"config: [\n", "Pulumi.east.yaml cannot be read"),
        (b"- abc\n", "Pulumi.east.yaml holds no settings"),
        (b"config: &a\n  b: *a\n", "its values have no end"),
        (b"config: " + b"[" * 5000, "Pulumi.east.yaml cannot be read"),
        (b"config:\n  a: \xff\n", "can't decode"),
        (b"config:\n  azuread:tenantId: 7\n", "azuread:tenantId is a int"),
    ],
)
def test_settings_that_cannot_be_read_are_one_line_and_the_others_are_looked_at(
    looked_at: dict[str, Any], settings: bytes, told: str
) -> None:
    Path("Pulumi.east.yaml").write_bytes(settings)
    Path("Pulumi.north.yaml").write_text("config: {}\n")
    report = ci_preview.preview_all(Selection(), since=None, policy_pack=None)
    east, north = report.customers
    assert (east.outcome, north.outcome) == ("failed", "done")
    (problem,) = east.problems
    assert told in problem.what
    assert set(looked_at) == {"north"}


def test_the_settings_before_are_those_where_the_branch_began(looked_at: dict[str, Any]) -> None:
    git("init", "-q", "-b", "main")
    Path("Pulumi.east.yaml").write_text("config: [\n")
    Path("Pulumi.north.yaml").write_text("config: {a: Zürich}\n", encoding="utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "base")
    git("checkout", "-q", "-b", "change")
    for name in ("east", "north", "west"):
        Path(f"Pulumi.{name}.yaml").write_text("config: {a: new}\n")
    git("add", ".")
    git("commit", "-q", "-m", "change")

    report = ci_preview.preview_all(Selection(), since="main", policy_pack=None)

    assert [one.outcome for one in report.customers] == ["failed", "done", "done"]
    assert (
        "Pulumi.east.yaml as it was at main cannot be read" in report.customers[0].problems[0].what
    )
    assert looked_at == {"north": {"config": {"a": "Zürich"}}, "west": None}


def test_who_is_not_there_is_a_wrong_call(looked_at: dict[str, Any]) -> None:
    Path("Pulumi.east.yaml").write_text("config: abc\n")
    with pytest.raises(CommandFailed, match="names no customer"):
        ci_preview.preview_all(Selection(only=["north"]), since=None, policy_pack=None)
    assert looked_at == {}
