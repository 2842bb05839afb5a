"""Settings: what is right is frozen and complete, what is wrong is one clear line each."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest
from pydantic import ValidationError

from settings import Settings, load_settings
from settings_errors import SettingsError
from tests.unit.harness import run_program

TENANT = "5F8E6C1A-6c0f-4b0e-9d5b-2f9b8a7c4e10"
MONITORING: dict[str, Any] = {"notify": {"emails": [{"name": "Desk", "address": "it@contoso.com"}]}}
RIGHT = {
    "azuread:tenantId": TENANT,
    "azure-native:subscriptionId": "9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d",
    "azure-native:location": "westeurope",
    "break-glass:monitoring": json.dumps(MONITORING),
}


def with_monitoring(**changes: Any) -> dict[str, str]:
    return {"break-glass:monitoring": json.dumps(MONITORING | changes)}


def lines(
    changes: Mapping[str, str | None], secret: Sequence[str] = (), *, of: dict[str, str] = RIGHT
) -> tuple[str, ...]:
    """The lines told about a configuration, the right one with changes; None takes a key out."""
    config = {key: value for key, value in {**of, **changes}.items() if value is not None}
    with pytest.raises(SettingsError) as caught:
        load_settings(config, secret)
    assert "\n".join(caught.value.lines) == str(caught.value)
    assert all("\n" not in line for line in caught.value.lines)
    return caught.value.lines


def line(changes: Mapping[str, str | None], secret: Sequence[str] = ()) -> str:
    found = lines(changes, secret)
    assert len(found) == 1, found
    return found[0]


def test_required_settings_are_enough() -> None:
    settings = load_settings(RIGHT)

    assert settings.accounts.count == 2
    assert settings.accounts.password_length == 64
    assert settings.accounts.domain is None
    assert settings.group.name == "BTG Admins"
    assert settings.exclusion.scope == "all"
    assert settings.exclusion.users
    assert settings.exclusion.freshness_seconds == 0
    assert settings.protect
    assert settings.monitoring.alert.severity == 0
    assert settings.monitoring.alert.enabled
    assert not settings.monitoring.delete_logs
    assert settings.monitoring.notify.emails[0].address == "it@contoso.com"


def test_ids_are_lower_case_so_that_they_compare() -> None:
    assert load_settings(RIGHT).tenant_id == TENANT.lower()


def test_settings_do_not_change() -> None:
    settings = load_settings(RIGHT)
    with pytest.raises(ValidationError):
        settings.protect = False


def test_the_running_programs_configuration_is_read() -> None:
    found: list[Settings] = []

    run_program(
        lambda: found.append(load_settings()), config={**RIGHT, "break-glass:protect": "false"}
    )

    assert not found[0].protect


def test_a_secret_of_the_running_program_is_refused() -> None:
    config = {**RIGHT, "break-glass:group": "{}"}
    run = run_program(
        load_settings, config=config, secret_config=["break-glass:group"], expect_error=True
    )
    assert "break-glass:group is marked secret" in str(run.error)


def test_an_error_ends_the_program_without_a_traceback() -> None:
    assert issubclass(SettingsError, pulumi.RunError)


def test_everything_wrong_is_told_at_once() -> None:
    told = lines(
        {
            "azuread:tenantId": "contoso",
            "azure-native:location": "West Europe",
            "break-glass:protect": "perhaps",
            "break-glass:accounts": json.dumps({"count": 11, "domian": "x.example"}),
        }
    )
    assert [text.split(" ")[0] for text in told] == [
        "azuread:tenantId",
        "azure-native:location",
        "break-glass:protect",
        "break-glass:accounts.count",
        "break-glass:accounts.domian",
    ]


def test_a_line_names_key_value_expectation_and_fix() -> None:
    wrong = {"notify": {"emails": [{"name": "Desk", "address": "it@"}]}}
    assert line(with_monitoring(**wrong)) == (
        "break-glass:monitoring.notify.emails[0].address holds 'it@': expected an e-mail address"
        " of at most 64 characters; for example: pulumi config set --path"
        ' "break-glass:monitoring.notify.emails[0].address"'
        ' "security@contoso.com"'
    )


@pytest.mark.parametrize("value", [None, "{}", '{"notify": {}}', '{"notify": {"emails": []}}'])
def test_an_alarm_that_nobody_hears_is_refused(value: str | None) -> None:
    told = line({"break-glass:monitoring": value})
    assert told.startswith("break-glass:monitoring.notify.emails ")
    assert "at least one receiver" in told


@pytest.mark.parametrize(
    ("key", "group", "hint"),
    [
        ("break-glass:acounts", None, "did you mean accounts?"),
        ("break-glass:accounts.passwordLenght", {"passwordLenght": 64}, "passwordLength?"),
        ("break-glass:accounts.xyz", {"xyz": []}, "known here: count, namePrefix, domain"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(
    key: str, group: dict[str, Any] | None, hint: str
) -> None:
    config = {key.split(".")[0]: json.dumps(group or {})}
    told = line({**config})
    assert told.startswith(f"{key} is no setting of this stack: ")
    assert hint in told


def test_misspelt_receivers_do_not_pass() -> None:
    told = lines({"break-glass:monitoring": '{"notify": {"recievers": [], "emials": []}}'})
    assert "did you mean emails?" in told[-1]
    assert any("notify.recievers is no setting" in text for text in told)


def test_keys_of_other_namespaces_are_left_alone() -> None:
    assert load_settings({**RIGHT, "pulumi:tags": "{}", "random:whatever": "1"}).protect


@pytest.mark.parametrize(
    "key",
    [
        "azuread:clientSecret",
        "azuread:clientCertificatePassword",
        "azuread:oidcToken",
        "azure-native:clientSecret",
        "azure-native:oidcRequestToken",
        "break-glass:clientSecret",
    ],
)
def test_a_credential_in_the_configuration_is_refused_unseen(key: str) -> None:
    told = line({key: "hunter2"}, secret=[key])
    assert key in told
    assert "ARM_CLIENT_SECRET" in told
    assert f"pulumi config rm {key}" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("key", ["azuread:clientId", "azuread:environment", "azure-native:useMsi"])
def test_an_identity_of_one_client_alone_is_refused(key: str) -> None:
    told = line({key: "x"})
    assert "the identity comes from the environment alone" in told


def test_a_value_marked_secret_is_refused_unseen() -> None:
    accounts = json.dumps({"namePrefix": "hunter2"})
    told = line({"break-glass:accounts": accounts}, secret=["break-glass:accounts"])
    assert "break-glass:accounts is marked secret" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("group", "key", "value"),
    [
        ("accounts", "count", 11),
        ("accounts", "count", "two"),
        ("accounts", "namePrefix", "Break Glass"),
        ("accounts", "namePrefix", "dot."),
        ("accounts", "domain", "contoso"),
        ("accounts", "passwordLength", 15),
        ("accounts", "passwordLength", 257),
        ("accounts", "recreate", ["somebody"]),
        ("group", "name", ""),
        ("group", "name", "x" * 257),
        ("exclusion", "scope", "some"),
        ("exclusion", "users", "perhaps"),
        ("exclusion", "skip", "Policy"),
        ("exclusion", "freshnessSeconds", -1),
        ("exclusion", "freshnessSeconds", 16),
        ("exclusion", "freshnessSeconds", 1.5),
    ],
)
def test_values_out_of_range_are_refused(group: str, key: str, value: Any) -> None:
    told = line({f"break-glass:{group}": json.dumps({key: value})})
    assert told.startswith(f"break-glass:{group}.{key}")
    assert " holds " in told
    assert "expected " in told


@pytest.mark.parametrize(
    ("group", "key", "value"),
    [
        ("resourceGroup", "name", "ends."),
        ("resourceGroup", "name", "x" * 91),
        ("workspace", "name", "log"),
        ("workspace", "name", "log_break"),
        ("workspace", "retentionDays", 29),
        ("workspace", "retentionDays", 731),
        ("diagnosticSetting", "name", "a/b"),
        ("diagnosticSetting", "categories", ["SignInLogs", "Everything"]),
        ("diagnosticSetting", "categories", ["AuditLogs"]),
        ("diagnosticSetting", "categories", ["SignInLogs", "SignInLogs"]),
        ("alert", "name", "used?"),
        ("alert", "frequencyMinutes", 1),
        ("alert", "frequencyMinutes", 7),
        ("alert", "lookbackMinutes", 4320),
        ("alert", "severity", 5),
        ("alert", "subject", "two\nlines"),
        ("alert", "enabled", "sometimes"),
    ],
)
def test_what_azure_would_refuse_is_refused_before(group: str, key: str, value: Any) -> None:
    told = line(with_monitoring(**{group: {key: value}}))
    assert told.startswith(f"break-glass:monitoring.{group}.{key} holds ")
    assert "expected " in told


def test_an_action_groups_short_name_has_twelve_characters() -> None:
    notify = MONITORING["notify"]
    assert "1 to 12 characters" in line(
        with_monitoring(notify={**notify, "shortName": "BreakGlassing"})
    )
    settings = load_settings(
        {**RIGHT, **with_monitoring(notify={**notify, "shortName": "BreakGlassin"})}
    )
    assert settings.monitoring.notify.short_name == "BreakGlassin"


def test_two_receivers_of_one_name_are_refused() -> None:
    emails = [{"name": "Desk", "address": f"{who}@contoso.com"} for who in ("a", "b")]
    told = line(with_monitoring(notify={"emails": emails}))
    assert told == (
        "break-glass:monitoring.notify.emails holds the name Desk twice: expected a different one"
        " for each, whatever its kind"
    )


def test_a_look_back_shorter_than_the_frequency_is_refused() -> None:
    told = line(with_monitoring(alert={"frequencyMinutes": 60, "lookbackMinutes": 30}))
    assert told.startswith("break-glass:monitoring.alert.lookbackMinutes holds 30")


def test_a_group_of_settings_must_be_one() -> None:
    assert "'BTG Admins'" in line({"break-glass:group": "BTG Admins"})


def test_a_rotation_written_as_a_number_is_taken() -> None:
    config = {**RIGHT, "break-glass:accounts": '{"passwordRotation": 2027}'}
    assert load_settings(config).accounts.password_rotation == "2027"


def test_a_long_value_is_shown_short() -> None:
    assert len(line({"azure-native:location": "West" * 500})) < 400
