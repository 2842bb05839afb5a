"""`breakglass sandbox sign-in`: its options reach the tenant, whose answer is explained."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import sandbox_commands
from cli.control_face import ControlFace
from cli.main import app
from tests.support.tenant import object_id, passkey, running_tenant, small_document

EVE = "eve@fabrikam.onmicrosoft.com"


def tried(
    monkeypatch: pytest.MonkeyPatch, document: dict[str, Any], *words: str
) -> tuple[int, str]:
    """The command's exit code, and what it says."""
    with running_tenant(document) as server:

        def face() -> ControlFace:
            return ControlFace(server.url, Path(server.ca_path))

        monkeypatch.setattr(sandbox_commands, "_face", face)
        monkeypatch.setenv("COLUMNS", "200")
        done = CliRunner().invoke(app, ["sandbox", "sign-in", *words])
        return done.exit_code, done.output


def answer(monkeypatch: pytest.MonkeyPatch, *options: str, **document: Any) -> str:
    """What the command says of Eve's sign-in, with these keys in the tenant's document."""
    whole = small_document() | document
    code, said = tried(monkeypatch, whole, EVE, "--app", "OfficeHome", *options)
    assert code == 0, said
    return said


def compliant_device_abroad() -> dict[str, Any]:
    place = object_id("places/office")
    conditions = {
        "clientAppTypes": ["all"],
        "applications": {"includeApplications": ["All"]},
        "users": {"includeUsers": ["All"]},
        "locations": {"includeLocations": ["All"], "excludeLocations": [place]},
    }
    return {
        "namedLocations": [
            {
                "@odata.type": "#microsoft.graph.ipNamedLocation",
                "id": place,
                "displayName": "Office",
                "isTrusted": True,
                "ipRanges": [
                    {
                        "@odata.type": "#microsoft.graph.iPv4CidrRange",
                        "cidrAddress": "203.0.113.0/24",
                    }
                ],
            }
        ],
        "conditionalAccessPolicies": [
            {
                "id": object_id("policies/devices"),
                "displayName": "Compliant devices abroad",
                "state": "enabled",
                "conditions": conditions,
                "grantControls": {"operator": "OR", "builtInControls": ["compliantDevice"]},
            }
        ],
    }


@pytest.mark.parametrize(
    ("options", "decision", "why"),
    [
        ((), "blocked", "this sign-in cannot give it"),
        (("--device", "registered"), "blocked", "this sign-in cannot give it"),
        (("--device", "hybrid"), "blocked", "this sign-in cannot give it"),
        (("--device", "compliant"), "allowed", "requires compliantDevice: satisfied"),
        (("--ip", "203.0.113.5"), "allowed", "network: named location 'Office' is excluded"),
        (("--ip", "203.0.114.5", "--country", "de"), "blocked", "cannot give it"),
    ],
)
def test_a_sign_in_from_a_place_and_a_device(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], decision: str, why: str
) -> None:
    said = answer(monkeypatch, *options, **compliant_device_abroad())
    assert f"{EVE} at OfficeHome: {decision}" in said
    assert why in said


def test_a_sign_in_with_a_method_and_what_the_log_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "with result 50074 Strong Authentication is required." in answer(monkeypatch)
    keys = [passkey(object_id("users/eve"))]
    said = answer(monkeypatch, "--method", "fido2", authenticationMethods=keys)
    assert f"{EVE} at OfficeHome: allowed" in said
    assert "Logged in SigninLogs with result 0." in said


def test_a_passkey_that_is_not_registered_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    said = answer(monkeypatch, "--method", "fido2")
    assert f"{EVE} at OfficeHome: blocked" in said
    assert "result 135010 The key was not found: no such passkey is registered" in said
    assert "why" not in said


def test_what_conditional_access_allows_may_still_be_stopped_by_the_portal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    none: dict[str, Any] = {"conditionalAccessPolicies": []}
    said = answer(monkeypatch, "--app", "Azure Portal", **none)
    headline = "at Azure Portal: Conditional Access: allowed; the portal still asks for MFA\n"
    assert headline in said
    assert "result 50072" in said
    assert "still asks" not in answer(monkeypatch, "--app", "Microsoft Azure CLI", **none)


def test_a_platform_is_known_in_any_case_and_session_controls_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = compliant_device_abroad()["conditionalAccessPolicies"][0]
    policy["conditions"] = policy["conditions"] | {
        "locations": None,
        "platforms": {"includePlatforms": ["macOS"]},
    }
    policy["grantControls"] = None
    policy["sessionControls"] = {"persistentBrowser": {"isEnabled": True, "mode": "never"}}
    for platform in ("MacOS", "macos"):
        said = answer(monkeypatch, "--platform", platform, conditionalAccessPolicies=[policy])
        assert "applies session controls: persistentBrowser (never)" in said
    elsewhere = answer(monkeypatch, "--platform", "Linux", conditionalAccessPolicies=[policy])
    assert "applies session controls" not in elsewhere


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--country", "Germany"), "'GERMANY' is no country code, expected two letters"),
        (("--mfa", "--method", "password"), "method 'password' is none"),
        (("--platform", "beos"), "platform: Input should be 'android', 'iOS'"),
    ],
)
def test_a_wrong_option_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], expected: str
) -> None:
    code, said = tried(monkeypatch, small_document(), EVE, *options)
    assert code == 1
    assert expected in said


def test_an_unknown_user_is_called_one(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = tried(monkeypatch, small_document(), "nobody@fabrikam.example")
    assert code == 1
    assert "Unknown user 'nobody@fabrikam.example'" in said
    assert "reference-property" not in said
