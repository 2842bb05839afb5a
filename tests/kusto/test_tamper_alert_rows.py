"""The tamper alert by itself: what somebody does to, or as, what is watched."""

from collections.abc import Mapping
from typing import Any

import pytest

from alerting.tamper_alert import TAMPER_DIMENSIONS, TamperTargets, tamper_alert_query
from tests.kusto.logged import Row, answer, row
from tests.support.findings import findings

ACCOUNT = "0f3e4c1a-0000-4000-8000-00000000000a"
GROUP = "b7e0c1de-0000-4000-8000-000000000001"
ROLE = "62e90394-69f5-4237-9190-012177145e10"
OTHER = "b7e0c1de-0000-4000-8000-000000000002"
OURS = TamperTargets([ACCOUNT], [GROUP], [ROLE])
ADA = {"id": OTHER, "userPrincipalName": "ada@contoso.example"}


def done(operation: str, *targets: str, by: Mapping[str, Any] = ADA, **columns: Any) -> Row:
    listed = [{"id": one, "displayName": f"name of {one}"} for one in targets]
    known: Row = {
        "Id": "x",
        "OperationName": operation,
        "Result": "success",
        "TargetResources": listed,
        "InitiatedBy": {"user": by},
    }
    return row(**{**known, **columns})


def rung(*rows: Row, targets: TamperTargets = OURS) -> list[Row]:
    query = tamper_alert_query(targets, customer="Contoso", runbook="https://runbook")
    return findings(answer(query, {"AuditLogs": rows}))


TOUCHING: list[tuple[str, list[str]]] = [
    ("Reset user password", [ACCOUNT]),
    ("Reset user password", [ACCOUNT.upper()]),
    ("Change user password", [ACCOUNT]),
    ("Disable account", [ACCOUNT]),
    ("Delete user", [ACCOUNT]),
    ("Add member to role", [ACCOUNT, ROLE]),
    ("Remove member from role", [ACCOUNT, ROLE]),
    ("Remove member from role", [GROUP, ROLE]),
    ("Remove member from role in PIM completed (permanent)", [ROLE, ACCOUNT]),
    ("Add member to group", [OTHER, GROUP]),
    ("Remove member from group", [ACCOUNT, GROUP]),
    ("Update group", [GROUP]),
    ("Delete group", [GROUP]),
    ("Admin registered security info", [ACCOUNT]),
    ("Add Passkey (device-bound)", [ACCOUNT]),
    ("An activity of next year", [ACCOUNT]),
    ("Update role setting in PIM", [ROLE]),
    ("update ROLE setting in pim", [ROLE.upper()]),
    ("Update security defaults", []),
    ("UPDATE security defaults", [OTHER]),
    ("Delete conditional access policy", [OTHER]),
]
LEAVING: list[tuple[str, list[str]]] = [
    ("Reset user password", [OTHER]),
    ("Add member to role", [OTHER, ROLE]),
    ("Add member to group", [OTHER, OTHER]),
    ("Update conditional access policy", [OTHER]),
    ("Update role setting in PIM", [OTHER]),
]


def test_what_touches_accounts_group_role_or_the_tenants_defaults_rings_and_nothing_else() -> None:
    rows = [
        done(operation, *targets, Id=str(number), ResultReason=f"{operation}: {targets}")
        for number, (operation, targets) in enumerate(TOUCHING + LEAVING)
    ]
    told = sorted((one["Activity"], one["ResultReason"]) for one in rung(*rows))
    assert told == sorted((each, f"{each}: {targets}") for each, targets in TOUCHING)


@pytest.mark.parametrize(
    ("operation", "name", "value"),
    [
        ("Update conditional access policy", "ConditionalAccessPolicy", f'["{ACCOUNT}"]'),
        ("Update role definition", "Description", f"Less than {ROLE}"),
    ],
)
def test_what_names_the_account_or_the_role_in_a_value_is_neither(
    operation: str, name: str, value: str
) -> None:
    changed = [{"displayName": name, "newValue": value}]
    target = {"id": OTHER, "displayName": "Helper", "modifiedProperties": changed}
    assert rung(done(operation, TargetResources=[target])) == []


@pytest.mark.parametrize("targets", [[{"id": OTHER, "displayName": "o"}], [], None])
def test_whatever_an_account_does_rings(targets: Any) -> None:
    by = {"id": ACCOUNT.upper(), "userPrincipalName": "quiet@contoso.example"}
    (told,) = rung(done("Add user", by=by, TargetResources=targets))
    assert (told["Activity"], told["By"]) == ("Add user", "quiet@contoso.example")


def test_an_activity_is_one_row_that_names_all_it_touched() -> None:
    (told,) = rung(done("Add member to group", ACCOUNT, GROUP, Result="failure"))
    assert set(told["ObjectIds"].split(", ")) == {ACCOUNT, GROUP}
    assert set(told["Objects"].split(", ")) == {f"name of {ACCOUNT}", f"name of {GROUP}"}
    assert (told["By"], told["Result"]) == ("ada@contoso.example", "failure")
    assert (told["Customer"], told["Runbook"]) == ("Contoso", "https://runbook")


def test_what_has_no_name_is_named_by_its_id() -> None:
    (told,) = rung(done("Delete user", TargetResources=[{"id": ACCOUNT, "displayName": None}]))
    assert told["Objects"] == ACCOUNT


def test_a_row_that_is_late_rings_when_it_arrives() -> None:
    rows = [
        done("Delete user", ACCOUNT, Id=f"{arrived}", arrived=arrived, happened=happened)
        for arrived, happened in ((1, 23 * 60), (7, 8), (2, 25 * 60))
    ]
    assert len(rung(*rows)) == 1


def test_without_roles_and_groups_the_accounts_are_watched_all_the_same() -> None:
    alone = TamperTargets([ACCOUNT], [])
    rows = [done("Delete user", ACCOUNT, Id="a"), done("Delete role definition", ROLE, Id="b")]
    assert [one["ObjectIds"] for one in rung(*rows, targets=alone)] == [ACCOUNT]


def test_without_the_table_there_is_no_row_and_no_failure() -> None:
    assert answer(tamper_alert_query(OURS), {}) == []


def test_an_up_that_makes_two_accounts_is_one_row_of_texts() -> None:
    names = ("Add user", "Update user", "Add member to role", "Add member to group")
    rows = [done(name, ACCOUNT, Id=f"{name}{number}") for name in names for number in (1, 2)]
    (told,) = answer(tamper_alert_query(OURS), {"AuditLogs": rows})
    assert sorted(told["Activities"].split("; ")) == sorted(names)
    assert {name: told[name] for name in TAMPER_DIMENSIONS if name != "Activities"} == {
        "Time": "2026-11-23 02:55:00 UTC, latest of 8",
        "Objects": f"name of {ACCOUNT}",
        "By": "ada@contoso.example",
        "IPAddress": "unknown",
        "Result": "success",
    }
