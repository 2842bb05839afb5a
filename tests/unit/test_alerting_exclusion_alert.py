"""The exclusion alert: which saved policies ring, and what the row says is missing."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from alerting.exclusion_alert import ExcludedObjects, exclusion_alert_query
from alerting.literals import QueryError
from tests.unit.graph_stub import policy_document
from tests.unit.logged import Row, answer, row
from tests.unit.test_exclusion_kinds import MFA, NOT_PEOPLE, PEOPLE

GROUP = "b7e0c1de-0000-4000-8000-000000000001"
USER = "0f3e4c1a-0000-4000-8000-00000000000a"
OTHER = "b7e0c1de-0000-4000-8000-000000000002"
OURS = ExcludedObjects([GROUP], [USER])
BOTH = f"group {GROUP}, user {USER}"
ADA = {"user": {"id": OTHER, "userPrincipalName": "ada@contoso.example", "ipAddress": "192.0.2.1"}}


def saved(
    document: Mapping[str, Any] | str,
    *,
    operation: str = "Update conditional access policy",
    name: str = "ConditionalAccessPolicy",
    policy_id: str = "p1",
    **columns: Any,
) -> Row:
    """The audit row of a policy with this new value."""
    value = document if isinstance(document, str) else json.dumps(document)
    changed = [{"displayName": name, "oldValue": None, "newValue": value}]
    target = {"id": policy_id, "displayName": "Require MFA", "modifiedProperties": changed}
    known: Row = {
        "OperationName": operation,
        "Result": "success",
        "InitiatedBy": ADA,
        "TargetResources": [target],
    }
    return row(**{**known, **columns})


def excluding(**users: Any) -> dict[str, Any]:
    return policy_document(users=users)


def rung(rows: list[Row], excluded: ExcludedObjects = OURS) -> list[Mapping[str, Any]]:
    return answer(exclusion_alert_query(excluded), {"AuditLogs": rows})


def missing(found: Row, excluded: ExcludedObjects = OURS) -> list[str]:
    return [one["Missing"] for one in rung([found], excluded)]


@pytest.mark.parametrize(
    ("users", "lacking"),
    [
        ({"excludeGroups": [OTHER, GROUP], "excludeUsers": [USER.upper()]}, []),
        ({"excludeGroups": [GROUP], "excludeUsers": [OTHER]}, [f"user {USER}"]),
        ({"excludeUsers": [USER], "excludeGroups": None}, [f"group {GROUP}"]),
        ({}, [BOTH]),
        ({"includeGroups": [GROUP], "includeUsers": [USER]}, [BOTH]),
        ({"excludeUsers": [GROUP], "excludeGroups": [USER]}, [BOTH]),
    ],
)
def test_a_policy_rings_for_what_its_exclusions_lack(
    users: dict[str, Any], lacking: list[str]
) -> None:
    assert missing(saved(excluding(**users))) == lacking


@pytest.mark.parametrize(
    ("operation", "rings"),
    [
        ("Add conditional access policy", True),
        ("add CONDITIONAL access policy", True),
        ("Restore conditional access policy", True),
        ("Delete conditional access policy", False),
        ("Update named location", False),
    ],
)
def test_what_saves_a_policy_rings_and_its_deletion_does_not(operation: str, rings: bool) -> None:
    assert bool(missing(saved(excluding(), operation=operation))) is rings


def test_a_refused_change_does_not_ring() -> None:
    assert missing(saved(excluding(), Result="failure")) == []


def test_every_kind_of_policy_for_people_rings_and_no_other_as_the_stack_excludes_them() -> None:
    kinds = {**PEOPLE, **{kind: document for kind, (document, _why) in NOT_PEOPLE.items()}}
    rows = [saved(policy_document(**document), policy_id=kind) for kind, document in kinds.items()]
    assert sorted(one["PolicyId"] for one in rung(rows)) == sorted(PEOPLE)


def test_with_mfa_only_the_policies_ring_that_the_stack_takes_for_asking() -> None:
    rows = [
        saved(policy_document() | {"grantControls": controls}, policy_id=kind)
        for kind, (controls, _asks) in MFA.items()
    ]
    excluded = ExcludedObjects([GROUP], [USER], mfa_only=True)
    asking = sorted(kind for kind, (_controls, asks) in MFA.items() if asks)
    assert sorted(one["PolicyId"] for one in rung(rows, excluded)) == asking


def test_a_policy_that_the_settings_skip_is_left_alone() -> None:
    excluded = ExcludedObjects([GROUP], [USER], left_alone=["P1"])
    rows = [saved(excluding(), policy_id=one) for one in ("p1", "P1", "p2")]
    assert [one["PolicyId"] for one in rung(rows, excluded)] == ["p2"]


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        (f'{{"conditions":{{"users":{{"excludeGroups":["{GROUP}"],"excludeUsers":["{USER}', []),
        (
            f'{{"conditions":{{"users":{{"excludeGroups":["{GROUP}"],"excl',
            [f"not in the part of the policy that the log holds: user {USER}"],
        ),
        ("", [f"not in the part of the policy that the log holds: {BOTH}"]),
    ],
)
def test_a_value_that_the_log_cuts_off_is_searched_as_text(text: str, lacking: list[str]) -> None:
    assert missing(saved(text)) == lacking


@pytest.mark.parametrize(("value", "rings"), [(excluding(), True), ("true", False)])
def test_a_policy_is_known_by_its_conditions_under_whatever_name(value: Any, rings: bool) -> None:
    assert bool(missing(saved(value, name="PolicyDetails"))) is rings


def test_a_row_that_is_late_rings_when_it_arrives() -> None:
    rows = [
        saved(excluding(), policy_id=f"{arrived}/{happened}", arrived=arrived, happened=happened)
        for arrived, happened in ((1, 23 * 60), (7, 8), (1, 25 * 60))
    ]
    assert [one["PolicyId"] for one in rung(rows)] == [f"1/{23 * 60}"]


@pytest.mark.parametrize(
    ("initiated_by", "by", "address"),
    [
        (ADA, "ada@contoso.example", "192.0.2.1"),
        ({"app": {"displayName": "pipeline", "servicePrincipalId": OTHER}}, "pipeline", ""),
    ],
)
def test_the_row_names_policy_what_is_missing_and_who_saved_it(
    initiated_by: dict[str, Any], by: str, address: str
) -> None:
    query = exclusion_alert_query(OURS, customer="Contoso", runbook="https://runbook")
    rows = [saved(excluding(), InitiatedBy=initiated_by)]
    (told,) = answer(query, {"AuditLogs": rows})
    assert (told["Policy"], told["Missing"], told["State"]) == ("Require MFA", BOTH, "enabled")
    assert (told["By"], told["IPAddress"]) == (by, address)
    assert (told["Customer"], told["Runbook"]) == ("Contoso", "https://runbook")


def test_without_the_table_there_is_no_row_and_no_failure() -> None:
    assert answer(exclusion_alert_query(OURS), {}) == []


@pytest.mark.parametrize("count", [1, 130])
def test_any_number_of_accounts_is_looked_for(count: int) -> None:
    ids = [f"0f3e4c1a-0000-4000-8000-{number:012}" for number in range(count)]
    row_ = saved(excluding(excludeUsers=ids[:-1]))
    assert missing(row_, ExcludedObjects([], ids)) == [f"user {ids[-1]}"]


@pytest.mark.parametrize(
    ("excluded", "words"),
    [
        (ExcludedObjects([], []), "at least one group or user"),
        (ExcludedObjects(["BTG Admins"], []), "'btg admins' is not a GUID"),
    ],
)
def test_nothing_to_look_for_is_refused(excluded: ExcludedObjects, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        exclusion_alert_query(excluded)
