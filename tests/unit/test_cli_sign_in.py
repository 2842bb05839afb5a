"""`breakglass sandbox sign-in`: its options reach the tenant, whose answer is explained."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import sandbox_commands
from cli.control_face import ControlFace
from cli.main import app
from tests.support.tenant import object_id, running_tenant, small_document

EVE = "eve@fabrikam.onmicrosoft.com"


def answer(monkeypatch: pytest.MonkeyPatch, *options: str, **document: Any) -> str:
    """What the command says, with a tenant that has a policy for compliant devices outside DE."""
    whole = small_document() | document
    with running_tenant(whole) as server:

        def face() -> ControlFace:
            return ControlFace(server.url, Path(server.ca_path))

        monkeypatch.setattr(sandbox_commands, "_face", face)
        monkeypatch.setenv("COLUMNS", "200")
        done = CliRunner().invoke(app, ["sandbox", "sign-in", EVE, "--app", "OfficeHome", *options])
        assert done.exit_code == 0, done.output
        return done.output


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
    said = answer(monkeypatch, "--method", "fido2")
    assert f"{EVE} at OfficeHome: allowed" in said
    assert "Logged in SigninLogs with result 0." in said
