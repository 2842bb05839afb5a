"""What the SDK and the CLI show a rule: marks of secrets, unknown values, the stack's state."""

import json
import sys
from pathlib import Path
from typing import Any

import pulumi_policy.policy as sdk
import pytest
from pulumi.runtime.proto import analyzer_pb2

from policies import stack_settings
from policies.earlier_state import StateError, read_state, state_once
from policies.registered import REGISTERED
from policies.resource_types import WORKSPACE
from policies.rules import retention
from policies.secret_marks import SecretText, keep_marks
from policies.seen import UNKNOWN, known, type_of
from policies.stack_settings import SERVICE, STEP, StackSettings, keep_settings
from tests.policy.pack_scene import LATER, ROOT, Thing, secret, verdict


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The SDK's own step with ours before it; put back at the end."""
    monkeypatch.setattr(sdk, "deserialize_properties", getattr(sdk, "deserialize_properties"))  # noqa: B009
    keep_marks()
    keep_marks()
    return getattr(sdk, "deserialize_properties")  # noqa: B009


def test_every_text_in_a_secret_is_marked_and_no_other(reader: Any) -> None:
    seen = reader({"a": "plain", "b": secret("one"), "c": {"d": secret([{"e": "two"}, 3])}})
    assert seen == {"a": "plain", "b": "one", "c": {"d": [{"e": "two"}, 3]}}
    assert type(seen["a"]) is str
    assert type(seen["b"]) is type(seen["c"]["d"][0]["e"]) is SecretText


def test_a_remediation_keeps_the_marks_of_the_sdk(reader: Any) -> None:
    raw = reader({"a": secret("one")}, True)["__target"]["a"]
    assert type(raw).__name__ == "Secret"


def test_what_is_not_known_yet_is_said_and_not_raised() -> None:
    values = Thing("t", "n", {"a": LATER, "b": [LATER, secret(LATER), 1], "c": {"d": "x"}}).values
    assert known(values) == {"a": UNKNOWN, "b": [UNKNOWN, UNKNOWN, 1], "c": {"d": "x"}}


def test_the_type_of_a_parent_is_the_last_of_its_urn() -> None:
    assert type_of("urn:pulumi:s::p::a:b:C$d:e/f:G::name") == "d:e/f:G"
    assert type_of("") == ""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Tells the SDK's own service of a stack, with ours before it; put back at the end."""
    service: Any = getattr(sdk, SERVICE)
    monkeypatch.setattr(service, STEP, getattr(service, STEP))
    monkeypatch.setattr("policies.stack_settings.SETTINGS", StackSettings())
    keep_settings()
    keep_settings()
    one = service.__new__(service)

    def tell(**config: str) -> StackSettings:
        texts = {f"break-glass:{name}": text for name, text in config.items()}
        request = analyzer_pb2.AnalyzerStackConfigureRequest(config=texts, tags={"a": "b"})
        one.ConfigureStack(request, None)
        return stack_settings.SETTINGS

    return tell


def test_the_settings_of_the_stack_are_those_that_the_engine_tells(told: Any) -> None:
    settings = told(premium="absent", monitoring='{"watch": {"rules": false}}')
    assert settings.text("premium") == "absent"
    assert settings.value("monitoring", "watch") == {"rules": False}
    assert settings.is_off("monitoring", "watch", "rules")
    assert not settings.is_off("monitoring", "watch", "silence")
    assert told().text("premium") == ""


def command(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int = 0) -> Path:
    """A `pulumi` on PATH that writes down its arguments."""
    told, script = folder / "told", folder / "pulumi"
    (folder / "answer").write_text(answer)
    script.write_text(
        f"#!{sys.executable}\nimport sys, pathlib\n"
        f"pathlib.Path({str(told)!r}).write_text(' '.join(sys.argv[1:]))\n"
        f"text = pathlib.Path({str(folder / 'answer')!r}).read_text()\n"
        f"print(text, file=sys.stderr if {code} else sys.stdout)\nsys.exit({code})\n"
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return told


def test_the_state_is_asked_of_the_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stands, doomed = {"urn": "u1", "type": "t"}, {"urn": "u2", "type": "t", "delete": True}
    document = {"deployment": {"resources": [stands, doomed]}}
    told = command(tmp_path, monkeypatch, json.dumps(document))
    assert read_state(ROOT) == {"u1": stands}
    assert told.read_text() == "stack export --stack test --non-interactive"
    read_state(ROOT, "contoso")
    assert "--stack contoso/break-glass/test " in told.read_text()


def test_several_rules_ask_for_the_state_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = command(tmp_path, monkeypatch, '{"deployment": {"resources": [{"urn": "u1"}]}}')
    urn = ROOT.replace("test::", "once::", 1)
    before = state_once(urn, "")
    told.unlink()
    assert state_once(urn, "") == before == {"u1": {"urn": "u1"}}
    assert not told.exists()


def test_a_new_stack_has_no_state_to_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(tmp_path, monkeypatch, '{"version": 3, "deployment": {"resources": null}}')
    assert read_state(ROOT) == {}


@pytest.mark.parametrize(
    ("answer", "code", "why"),
    [
        ("warning: x\nerror: no stack named 'test' found", 255, "no stack named 'test' found"),
        ("not JSON", 0, "something else than JSON"),
    ],
)
def test_a_state_that_cannot_be_read_says_why(
    answer: str, code: int, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(tmp_path, monkeypatch, answer, code)
    with pytest.raises(StateError, match=why):
        read_state(ROOT)


def test_a_cli_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StateError, match="FileNotFoundError"):
        read_state(ROOT)


def test_a_resource_that_a_rule_was_asked_about_is_registered() -> None:
    REGISTERED.forget()
    assert REGISTERED.has("anything")
    asked, other = Thing(WORKSPACE, "asked"), Thing(WORKSPACE, "other")
    verdict(retention.RULE, asked)
    assert REGISTERED.has(asked.urn)
    assert not REGISTERED.has(other.urn)
