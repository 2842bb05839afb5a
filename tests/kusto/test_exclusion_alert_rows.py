"""The exclusion alert by itself: which saved policies it returns, and what it says is missing."""

import json
from collections.abc import Mapping
from typing import Any

from alerting.exclusion_alert import EXCLUSION_DIMENSIONS, ExcludedObjects, exclusion_alert_query
from tests.kusto.logged import Row, answer, row
from tests.support.findings import findings
from tests.unit.graph_stub import policy_document
from tests.unit.test_exclusion_kinds import MFA, NOT_PEOPLE, PEOPLE

GROUP = "b7e0c1de-0000-4000-8000-000000000001"
USER = "0f3e4c1a-0000-4000-8000-00000000000a"
OTHER = "b7e0c1de-0000-4000-8000-000000000002"
OURS = ExcludedObjects([GROUP], [USER], left_alone=["Left-Alone"])
BOTH = f"group {GROUP}, user {USER}"
UNSEEN = "not in the part of the policy that the log holds: "
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


def rung(rows: list[Row], excluded: ExcludedObjects = OURS) -> dict[str, Row]:
    """What rings by the policy's id."""
    query = exclusion_alert_query(excluded, customer="Contoso", runbook="https://runbook")
    found = findings(answer(query, {"AuditLogs": rows}))
    by_id = {one["PolicyId"]: one for one in found}
    assert len(by_id) == len(found)
    return by_id


def missing(rows: list[Row]) -> dict[str, str]:
    return {policy_id: one["Missing"] for policy_id, one in rung(rows).items()}


def test_a_policy_rings_for_what_its_exclusions_lack() -> None:
    whole = {"excludeGroups": [OTHER, GROUP], "excludeUsers": [USER.upper()]}
    lacking: dict[str, tuple[dict[str, Any], str]] = {
        "user": ({"excludeGroups": [GROUP], "excludeUsers": [OTHER]}, f"user {USER}"),
        "group": ({"excludeUsers": [USER], "excludeGroups": None}, f"group {GROUP}"),
        "both": ({}, BOTH),
        "included": ({"includeGroups": [GROUP], "includeUsers": [USER]}, BOTH),
        "mixed up": ({"excludeUsers": [GROUP], "excludeGroups": [USER]}, BOTH),
    }
    rows = [saved(excluding(**users), policy_id=one) for one, (users, _) in lacking.items()]
    told = missing([*rows, saved(excluding(**whole), policy_id="whole")])
    assert told == {one: text for one, (_, text) in lacking.items()}


def test_what_saves_a_policy_rings_and_its_deletion_does_not() -> None:
    saving = {
        "Add conditional access policy",
        "add CONDITIONAL access policy",
        "Restore conditional access policy",
    }
    others = {"Delete conditional access policy", "Update named location"}
    rows = [saved(excluding(), operation=one, policy_id=one) for one in saving | others]
    refused = saved(excluding(), Result="failure", policy_id="refused")
    assert rung([*rows, refused]).keys() == saving


def test_every_kind_of_policy_for_people_rings_and_no_other_as_the_stack_excludes_them() -> None:
    kinds = {**PEOPLE, **{kind: document for kind, (document, _why) in NOT_PEOPLE.items()}}
    rows = [saved(policy_document(**document), policy_id=kind) for kind, document in kinds.items()]
    assert rung(rows).keys() == PEOPLE.keys()


def test_with_mfa_only_the_policies_ring_that_the_stack_takes_for_asking() -> None:
    rows = [
        saved(policy_document() | {"grantControls": controls}, policy_id=kind)
        for kind, (controls, _asks) in MFA.items()
    ]
    excluded = ExcludedObjects([GROUP], [USER], mfa_only=True)
    assert rung(rows, excluded).keys() == {kind for kind, (_controls, asks) in MFA.items() if asks}


def test_a_policy_that_the_settings_skip_is_left_alone() -> None:
    ids = ("left-alone", "LEFT-ALONE", "another")
    assert [*rung([saved(excluding(), policy_id=one) for one in ids])] == ["another"]


def test_a_value_that_the_log_cuts_off_is_searched_as_text() -> None:
    start = f'{{"conditions":{{"users":{{"excludeGroups":["{GROUP}"],"excl'
    rows = [
        saved(f'{start}udeUsers":["{USER}', policy_id="shows both"),
        saved(start, policy_id="shows the group"),
        saved("", policy_id="shows nothing"),
    ]
    assert missing(rows) == {
        "shows the group": f"{UNSEEN}user {USER}",
        "shows nothing": f"{UNSEEN}{BOTH}",
    }


def test_a_policy_is_known_by_its_conditions_under_whatever_name() -> None:
    rows = [
        saved(excluding(), name="PolicyDetails", policy_id="policy"),
        saved("true", name="PolicyDetails", policy_id="switch"),
    ]
    assert [*rung(rows)] == ["policy"]


def test_a_row_that_is_late_rings_when_it_arrives() -> None:
    rows = [
        saved(excluding(), policy_id=f"{arrived}/{happened}", arrived=arrived, happened=happened)
        for arrived, happened in ((1, 23 * 60), (7, 8), (1, 25 * 60))
    ]
    assert [*rung(rows)] == [f"1/{23 * 60}"]


def test_the_row_names_policy_what_is_missing_and_who_saved_it() -> None:
    pipeline = {"app": {"displayName": "pipeline", "servicePrincipalId": OTHER}}
    rows = [
        saved(excluding(), policy_id="person"),
        saved(excluding(), policy_id="application", InitiatedBy=pipeline),
    ]
    told = rung(rows)
    by = {policy_id: (one["By"], one["IPAddress"]) for policy_id, one in told.items()}
    assert by == {"person": ("ada@contoso.example", "192.0.2.1"), "application": ("pipeline", "")}
    for one in told.values():
        assert (one["Policy"], one["Missing"], one["State"]) == ("Require MFA", BOTH, "enabled")
        assert (one["Customer"], one["Runbook"]) == ("Contoso", "https://runbook")


def test_without_the_table_there_is_no_row_and_no_failure() -> None:
    assert answer(exclusion_alert_query(OURS), {}) == []


def test_any_number_of_accounts_is_looked_for() -> None:
    ids = [f"0f3e4c1a-0000-4000-8000-{number:012}" for number in range(130)]
    rows = [saved(excluding(excludeUsers=ids[:-1]))]
    (told,) = rung(rows, ExcludedObjects([], ids)).values()
    assert told["Missing"] == f"user {ids[-1]}"


def test_a_mass_change_is_one_row_of_texts_that_fit_into_a_message() -> None:
    query = exclusion_alert_query(OURS)
    rows = [saved(excluding(), policy_id=f"p{number}") for number in range(195)]
    for number, one in enumerate(rows):
        one["TargetResources"][0]["displayName"] = f"{number} {'long name ' * 30}"
    (told,) = answer(query, {"AuditLogs": rows})
    assert told["Findings"] == 195
    assert max(len(told[name]) for name in EXCLUSION_DIMENSIONS) == 1000
    assert told["Policies"].count("; ") == 3
    assert told["Missing"] == BOTH
    assert told["Time"] == "2026-11-23 02:55:00 UTC, latest of 195"
    assert told["By"] == "ada@contoso.example"
    assert len(told["Details"]) == 100


def test_what_is_not_known_has_a_word_for_it() -> None:
    (told,) = answer(exclusion_alert_query(OURS), {"AuditLogs": [saved("", InitiatedBy=None)]})
    assert [told[name] for name in ("State", "By", "IPAddress")] == ["unknown"] * 3
