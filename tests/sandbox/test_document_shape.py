"""A document of a wrong shape is one line that names the key, what was found, what is expected."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.__main__ import main
from sandbox.tenant.clock import Clock
from sandbox.tenant.document_shape import KEYS, check_shape
from sandbox.tenant.errors import DocumentError
from sandbox.tenant.tenant import Tenant
from tests.sandbox.arm_manager import ACTION_GROUP, GROUP, SETTINGS, WORKSPACE, setting
from tests.sandbox.dispatched import Dispatched
from tests.sandbox.seed_tenant import StillClock, seed
from tests.sandbox.watched_tenant import action_group_body
from tests.support.tenant import JSON, object_id, small_document

WRONG: list[tuple[JSON, str]] = [
    ({"tenant": 5}, "tenant: expected an object, found a number"),
    ({"tenant": {"id": 5, "displayName": "x"}}, "tenant.id: expected a text, found a number"),
    ({"users": 5}, "users: expected a list, found a number"),
    ({"users": [5]}, "users[0]: expected an object, found a number"),
    (
        {"users": [{"id": "x", "userPrincipalName": "x", "accountEnabled": "no"}]},
        "users[0].accountEnabled: expected true or false, f",
    ),
    (
        {"groups": [{"id": "x", "displayName": "x", "members": "x"}]},
        "groups[0].members: expected a list, found a text",
    ),
    ({"conditionalAccessPolicies": [5]}, "conditionalAccessPolicies[0]: expected an object, f"),
    (
        {"conditionalAccessPolicies": [{}]},
        "conditionalAccessPolicies[0].id is missing from the tenant document",
    ),
    ({"apps": 5}, "apps: expected a list, found a number"),
    ({"behaviour": 5}, "behaviour: expected an object, found a number"),
    ({"subscriptions": [5]}, "subscriptions[0]: expected an object, found a number"),
    ({"domains": None}, "domains: expected a list, found null"),
    ({"outbox": 5}, "outbox: expected a list, found a number"),
    ({"azureOperations": 5}, "azureOperations: expected an object, found a number"),
    (
        {"azureOperations": {"operations": [{}]}},
        "azureOperations.operations[0].id is missing from the tenant document",
    ),
    ({"namedLocations": [5]}, "namedLocations[0]: expected an object, found a number"),
    ({"namedLocations": [{"id": ""}]}, "namedLocations[0].id: expected a text that isn't empty"),
    ({"subscribedSkus": [5]}, "subscribedSkus[0]: expected an object, found a number"),
    ({"logRows": {"w": {"Nope": []}}}, "logRows.w.Nope: there is no such table; expected one of"),
    (
        {"logRows": {"w": {"SigninLogs": [{"TimeGenerated": "x"}]}}},
        "logRows.w.SigninLogs[0].TimeGenerated: expected a time with a zone",
    ),
    (
        {"deletedNamedLocations": [{"id": "x", "@odata.type": "y", "displayName": "z"}]},
        "deletedNamedLocations[0].deletedDateTime is missing from the tenant document",
    ),
    ({"alertState": {"r": {"name": True}}}, "alertState.r.name: expected a text, found true"),
    ({"logs": 5}, "logs: there is no such key; did you mean 'logRows'?"),
    ({"alertRules": 5}, "alertRules: there is no such key"),
    ({"behavior": {}}, "behavior: there is no such key; did you mean 'behaviour'?"),
    ({"conditionalAccessPolicys": []}, "there is no such key; did you mean 'conditionalAccessPol"),
    ({"idsMade": -1}, "idsMade: Input should be greater than or equal to 0, found a number"),
]


@pytest.mark.parametrize(("part", "line"), WRONG, ids=[line for _, line in WRONG])
def test_a_wrong_document_is_named_in_one_line(part: JSON, line: str) -> None:
    with pytest.raises(DocumentError) as refused:
        Tenant.from_document(small_document() | part, StillClock())
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("part", [part for part, _ in WRONG], ids=[line for _, line in WRONG])
def test_the_control_face_refuses_a_wrong_document_and_keeps_the_tenant(part: JSON) -> None:
    here = Dispatched(small_document(), StillClock())
    before = here.ask("GET", "/sandbox/tenant").body
    assert here.ask("PUT", "/sandbox/tenant", small_document() | part).status == 400
    assert here.ask("GET", "/sandbox/tenant").body == before


@pytest.mark.parametrize("document", [small_document(), seed()], ids=["small", "contoso"])
def test_the_state_of_a_tenant_has_the_shape_and_every_key_of_it(document: JSON) -> None:
    state = Tenant.from_document(document, Clock()).to_document()
    check_shape(state)
    assert set(state) == KEYS


def test_a_value_is_never_quoted_since_it_may_be_a_secret() -> None:
    document = small_document()
    document["users"][0]["passwordProfile"] = "hunter2-hunter2"
    with pytest.raises(DocumentError) as refused:
        Tenant.from_document(document, StillClock())
    assert "passwordProfile" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a document, one item of each list."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _places(value[key], (*path, str(key)))  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list) and value:
        yield from _places(value[0], (*path, 0))


def _state() -> JSON:
    """The state of a tenant that has been at work."""
    here = Dispatched(small_document(), StillClock(), {"operationSeconds": 60})
    place = {"location": "westeurope"}
    here.ask("PUT", GROUP, place)
    here.ask("PUT", WORKSPACE, place)
    here.ask("PUT", ACTION_GROUP, action_group_body())
    here.ask("PUT", f"{SETTINGS}/export", setting())
    here.ask("POST", "/sandbox/sign-ins", {"user": "ada@fabrikam.onmicrosoft.com"})
    here.ask("DELETE", f"/v1.0/users/{object_id('users/kim')}")
    here.ask("DELETE", f"/v1.0/groups/{object_id('groups/staff')}")
    return json.loads(json.dumps(here.tenant.to_document()))


@pytest.mark.parametrize("junk", [5, "x", None, True, [], [5], {}, {"a": 1}, -1, ""], ids=repr)
def test_no_document_with_one_wrong_value_ends_in_anything_but_a_line(junk: Any) -> None:
    state = _state()
    failures: list[str] = []
    for path in list(_places(state)):
        changed = json.loads(json.dumps(state))
        holder = changed
        for part in path[:-1]:
            holder = holder[part]
        holder[path[-1]] = junk
        try:
            Tenant.from_document(changed, StillClock()).to_document()
        except DocumentError as error:
            if "\n" in str(error):
                failures.append(f"{path}: {error}")
        except Exception as error:  # noqa: BLE001
            failures.append(f"{path}: {type(error).__name__}: {error}")
    assert failures == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"tenants": 5}', "tenants: expected a list, found a number"),
        ('{"tenants": [5]}', "tenant document: expected an object, found a number"),
        ('{"tenants": [], "clockOffset": "x"}', "clockOffset: expected a number of seconds, f"),
        ('{"tenants": [], "clockOffset": NaN}', "not JSON: NaN is no number of JSON"),
        ("[]", "expected an object, found a list"),
        ("[" * 200_000, "not JSON: nested too deep"),
    ],
)
def test_a_damaged_data_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: str
) -> None:
    data = tmp_path / "data.json"
    data.write_text(text, "utf-8")
    file = str(tmp_path / "environment.json")
    assert main(["serve", "--data", str(data), "--environment-file", file, "--port", "0"]) == 1
    error = capsys.readouterr().err
    assert line in error
    assert error.startswith("error: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--port", "99999"], "--port: expected 0 to 65535, found 99999"),
        (["--port", "-1"], "--port: expected 0 to 65535, found -1"),
        (["--data", "{folder}"], "Is a directory"),
        (["--data", "{folder}/a-file/data.json"], "a-file"),
        (["--seed", "{folder}/a-file"], "not JSON"),
    ],
)
def test_a_wrong_option_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], line: str
) -> None:
    (tmp_path / "a-file").write_text("", "utf-8")
    words = [word.replace("{folder}", str(tmp_path)) for word in options]
    file = str(tmp_path / "environment.json")
    assert main(["serve", *words, "--environment-file", file]) == 1
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
