"""The facts of `breakglass up`: what they hold, and that nothing untrue passes as promised."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.facts import UpFacts

GOOD: dict[str, Any] = {
    "engine": {"version": "3.258.0", "source": "cache"},
    "plugins": {"random": "stand-in"},
    "resources": 34,
    "policies": {"total": 17, "excluded": 15, "skipped": 2},
    "breakGlassSignIn": {"decision": "allowed", "policiesApplied": 0, "platformAsks": "a passkey"},
    "adminSignIn": {"decision": "mfa", "policy": "CA001"},
    "alert": {"fired": True, "severity": 0},
    "mail": {"to": ["soc@contoso.com"], "subject": "used"},
    "heal": {"writes": 1, "signInAfter": "allowed"},
    "drift": {"pendingShown": True, "writes": 1, "signInAfter": "allowed"},
    "finalPreviewChanges": 0,
    "caRequests": {"up": 40, "heal": 9},
    "seconds": {"setup": 3.0, "up": 50.0, "preview": 5.0},
}


def facts(**changes: Any) -> UpFacts:
    document = json.loads(json.dumps(GOOD))
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = document
        for key in parents:
            target = target[key]
        target[last] = value
    return UpFacts.model_validate(document)


def test_good_facts_have_no_shortfall() -> None:
    assert facts().shortfalls() == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policies__excluded": 14}, "1 of 17 policies lack the exclusion"),
        ({"policies": {"total": 0, "excluded": 0, "skipped": 0}}, "no Conditional Access policy"),
        ({"breakGlassSignIn__decision": "mfa"}, "the break-glass sign-in is mfa"),
        ({"breakGlassSignIn__policiesApplied": 2}, "2 policies apply"),
        ({"adminSignIn__decision": "allowed"}, "the ordinary administrator is allowed"),
        ({"alert__fired": False}, "the alert did not fire"),
        ({"alert__severity": 3}, "the alert has severity 3"),
        ({"mail__to": []}, "no mail was sent"),
        ({"heal__writes": 0}, "healing took 0 writes"),
        ({"heal__signInAfter": "blocked"}, "after healing the sign-in is blocked"),
        ({"drift__pendingShown": False}, "does not show `pending`"),
        ({"drift__writes": 2}, "healing a lost exclusion took 2 writes"),
        (
            {"drift__signInAfter": "blocked"},
            "after healing a lost exclusion the sign-in is blocked",
        ),
        ({"finalPreviewChanges": 4}, "the last preview shows 4 changes"),
    ],
)
def test_every_broken_promise_is_named(changes: dict[str, Any], said: str) -> None:
    shortfalls = facts(**changes).shortfalls()
    assert len(shortfalls) == 1
    assert said in shortfalls[0]


def test_the_saved_file_holds_the_same_keys(tmp_path: Path) -> None:
    facts().save(tmp_path / "up.json")
    assert json.loads((tmp_path / "up.json").read_text()) == GOOD
    assert [path.name for path in tmp_path.iterdir()] == ["up.json"]
