"""`breakglass cost`: from the settings file to the table."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from alerting.price_list import LIST_PRICES, PriceList
from cli import live_prices as prices
from cli.main import app
from tests.unit.monitoring_stack import exported, use_stack
from tests.unit.retail_prices import price_service, rule

Run = Callable[..., Result]
SIGNATURE = "https://teams.example.net/hook?sig=hidden"
SETTINGS = f"""
encryptionsalt: v1:abc
config:
  azure-native:location: West Europe
  break-glass:monitoring:
    notify:
      allAdmins: true
      emails:
        - {{name: Security desk, address: security@contoso.com}}
      webhooks:
        - {{name: Teams, uri: "{SIGNATURE}"}}
        - name: Ticket
          uri:
            secure: v1:encrypted
"""
PROJECT = """
name: break-glass
runtime: python
config:
  break-glass:premium: {type: string, default: required}
  break-glass:protect: {value: true}
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on stack `prod` of a project in `tmp_path`; `state`: what a run left."""

    def run(*arguments: str, settings: str | None = SETTINGS, state: str | None = None) -> Result:
        (tmp_path / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
        if settings is not None:
            (tmp_path / "Pulumi.prod.yaml").write_text(settings, encoding="utf-8")
        use_stack(monkeypatch, tmp_path, state)
        return CliRunner().invoke(app, ["cost", *arguments])

    return run


def document(done: Result) -> dict[str, Any]:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_before_the_first_run_the_table_says_what_is_known(run: Run) -> None:
    done = run()
    assert done.exit_code == 0
    rows = done.stdout.splitlines()
    assert any("Break-glass account used" in row and "1.50" in row for row in rows)
    assert rows[-1] == "6.35 USD a month, prices: the program's own table."
    (line,) = done.stderr.splitlines()
    assert "allAdmins" in line
    assert "licence" in line


def test_prices_and_assumptions_are_in_every_row_of_the_json(run: Run) -> None:
    found = document(run("--json"))
    assert found["total"] == 6.35
    assert [line["quantity"] for line in found["lines"] if line["what"] == "webhooks"] == [40]
    assert all(line["currency"] == "USD" and line["assumption"] for line in found["lines"])


def test_what_a_run_found_out_is_counted(run: Run) -> None:
    told = [f"admin{number}@contoso.com" for number in range(3)]
    licence = {"lines": [{"kind": "licence"}]}
    outputs = {"administratorsTold": told, "estimatedMonthlyCost": licence}
    done = run("--json", state=exported(outputs=outputs))
    assert done.stderr == ""
    lines = {line["what"]: line for line in document(done)["lines"]}
    assert lines["e-mails"]["quantity"] == 80
    assert lines["Entra ID P1 licence"]["monthly"] == 6.0


def test_without_premium_little_is_left_to_pay(run: Run) -> None:
    absent = SETTINGS.replace("config:\n", "config:\n  break-glass:premium: absent\n", 1)
    rules = [
        one for one in document(run("--json", settings=absent))["lines"] if "rule" in one["what"]
    ]
    assert [one["what"] for one in rules] == ["alert rule 'tamper alert', every 5 minutes"]


def test_no_secret_of_the_settings_is_printed(run: Run) -> None:
    for done in (run(), run("--json")):
        assert "sig=" not in done.output
        assert "encrypted" not in done.output


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (None, "has no settings file"),
        ("config: [", "Pulumi.prod.yaml, line 1 cannot be read: expected the node content"),
        ("config:\n  until: 2026-02-30\n", "Pulumi.prod.yaml, line 2 cannot be read: a value"),
        ("config:\n  break-glass:monitoring: sig=hidden\n", "holds str, expected a group"),
        ("config:\n  break-glass:monitoring: {secure: v1:x}\n", "encrypted as a whole"),
        (
            "config:\n  break-glass:monitoring: {cost: {signInsPerDay: sig=hidden}}\n",
            "break-glass:monitoring.cost.signInsPerDay cannot be read",
        ),
    ],
    ids=["none", "no YAML", "no date", "no group", "encrypted", "no number"],
)
def test_settings_that_cannot_be_read_are_one_line(
    run: Run, settings: str | None, words: str
) -> None:
    done = run(settings=settings)
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert words in line
    assert "hidden" not in line


def test_live_prices_are_those_of_the_stacks_region(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with price_service(rule(5, 1.65), rule(5, 7.0, armRegionName="eastus")) as service:
        monkeypatch.setattr(prices, "live_prices", at(service.url))
        found = document(run("--live", "--json"))
    used = next(line for line in found["lines"] if "account used" in line["what"])
    assert used["monthly"] == 1.65
    assert "westeurope" in found["prices"]


def test_without_live_prices_the_table_serves_and_says_so(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prices, "live_prices", at("http://127.0.0.1:9"))
    done = run("--live")
    assert (done.exit_code, "6.35 USD a month" in done.stdout) == (0, True)
    assert f"No live prices, {LIST_PRICES.source} instead" in done.stderr


def at(url: str) -> Callable[..., PriceList]:
    """The command's prices from a service on this machine."""
    real = prices.live_prices

    def live_prices(region: str, *, certificates: str | None) -> PriceList:
        del certificates
        return real(region, service=url, retries=0)

    return live_prices


def test_the_settings_file_of_a_folder_of_its_own_is_found(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PROJECT", f"{PROJECT}stackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.prod.yml").write_text(SETTINGS, encoding="utf-8")
    assert document(run("--json", settings=None))["total"] == 6.35


def test_the_settings_file_can_be_named(run: Run, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(SETTINGS, encoding="utf-8")
    named = ("--config-file", str(elsewhere))
    assert document(run("--json", *named, settings=None))["total"] == 6.35
    elsewhere.unlink()
    done = run(*named, settings=None)
    assert (done.exit_code, "there is no such file" in done.stderr) == (2, True)
