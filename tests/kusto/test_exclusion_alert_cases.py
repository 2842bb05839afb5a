"""The exclusion alert on rows: which policy, saved without what, how late → rings or not.

A policy is in a row as Entra writes it: JSON text under `ConditionalAccessPolicy`.
"""

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from alerting.exclusion_alert import EXCLUSION_SCHEDULE, ExcludedObjects, exclusion_alert_query
from entra.exclusion import Scope, skip_reason
from entra.policy import Policy
from tests.kusto.alarm_queries import ACCOUNT, GROUP, POLICY, SECOND
from tests.kusto.watch import Json, audit_row, later, rung, target, watch
from tests.sandbox.seed_tenant import seed
from tests.sandbox.watched_tenant import WatchedTenant

OTHER = "b7e0c1de-0000-4000-8000-000000000002"
ADD, UPDATE = "Add conditional access policy", "Update conditional access policy"
OURS = {"excludeGroups": [OTHER, GROUP], "excludeUsers": [ACCOUNT.object_id, SECOND.object_id]}
EXCLUDED = ExcludedObjects([GROUP], [ACCOUNT.object_id, SECOND.object_id])
MFA_ONLY = ExcludedObjects([GROUP], [], mfa_only=True, left_alone=[POLICY.upper()])
NOBODY = {"includeUsers": ["None"]}
MFA = {"operator": "OR", "builtInControls": ["mfa"]}
STRENGTH: Json = {"operator": "OR", "builtInControls": [], "authenticationStrength": {"id": OTHER}}
COMPLIANT = {"operator": "OR", "builtInControls": ["compliantDevice"]}


def policy(users: Mapping[str, Any] | None = None, **document: Any) -> Json:
    """A policy for all users with our exclusions, changed."""
    whole = {"includeUsers": ["All"], **OURS, **(users or {})}
    return {
        "id": POLICY,
        "displayName": "Require MFA",
        "state": "enabled",
        "conditions": {"users": whole},
        "grantControls": MFA,
        **document,
    }


def saved(
    value: Json | str | None, name: str = "Require MFA", operation: str = UPDATE, **columns: Any
) -> Json:
    text = json.dumps(value) if isinstance(value, dict) else value
    properties: Iterable[Json] = (
        {"displayName": "Name", "oldValue": None, "newValue": json.dumps(name)},
        {"displayName": "ConditionalAccessPolicy", "oldValue": "{}", "newValue": text},
    )
    identity = value["id"] if isinstance(value, dict) else POLICY
    return audit_row(operation, target(identity, name, *properties), **columns)


def watched(excluded: ExcludedObjects = EXCLUDED) -> WatchedTenant:
    return watch(exclusion_alert_query(excluded, customer="Fabrikam"), EXCLUSION_SCHEDULE)


def ring(tenant: WatchedTenant, rows: Iterable[Json], *, minutes: float = 10) -> list[str]:
    """The names of the policies that ring."""
    for row in rows:
        tenant.tenant.logs.emit("AuditLogs", row)
    return sorted(row["Policy"] for row in rung(tenant, minutes=minutes))


RINGS = {
    "no group": policy({"excludeGroups": []}),
    "another group": policy({"excludeGroups": [OTHER]}),
    "no list of groups": policy({"excludeGroups": None}),
    "no user": policy({"excludeUsers": []}),
    "one user only": policy({"excludeUsers": [ACCOUNT.object_id]}),
    "nothing at all": policy({"excludeGroups": [], "excludeUsers": []}),
    "the group among the users": policy({"excludeGroups": [], "excludeUsers": [GROUP]}),
    "report-only": policy({"excludeGroups": []}, state="enabledForReportingButNotEnforced"),
    "disabled": policy({"excludeGroups": []}, state="disabled"),
    "blocks": policy({"excludeGroups": []}, grantControls={"builtInControls": ["block"]}),
    "session only": policy({"excludeGroups": []}, grantControls=None),
    "for a group": policy({"includeUsers": [], "includeGroups": [OTHER], "excludeGroups": []}),
    "for a role": policy({"includeUsers": [], "includeRoles": [OTHER], "excludeGroups": []}),
    "for guests": policy(
        {
            "includeUsers": [],
            "includeGuestsOrExternalUsers": {"guestOrExternalUserTypes": "internalGuest"},
            "excludeGroups": [],
        }
    ),
    "for one user": policy({"includeUsers": [OTHER], "excludeGroups": []}),
}
SILENT = {
    "as it should be": policy(),
    "in capitals": policy(
        {
            "excludeGroups": [GROUP.upper()],
            "excludeUsers": [ACCOUNT.object_id.upper(), SECOND.object_id.upper(), "x"],
        }
    ),
    "for nobody": policy(NOBODY | {"excludeGroups": [], "excludeUsers": []}),
    "for agents' users": policy({"includeUsers": ["AllAgentIdUsers"], "excludeGroups": []}),
    "for workloads": policy(
        None,
        conditions={
            "clientApplications": {"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]}
        },
    ),
    "for workloads, users None": policy(
        None,
        conditions={
            "users": {**NOBODY, "excludeGroups": []},
            "clientApplications": {"includeServicePrincipals": [OTHER]},
        },
    ),
}


def test_a_policy_saved_without_one_of_the_exclusions_rings() -> None:
    rows = [
        saved(value, f"{name}, {operation}", operation)
        for name, value in (RINGS | SILENT).items()
        for operation in (ADD, UPDATE, UPDATE.upper())
    ]
    assert ring(watched(), rows) == sorted(
        f"{name}, {operation}" for name in RINGS for operation in (ADD, UPDATE, UPDATE.upper())
    )


@pytest.mark.parametrize("scope", Scope)
def test_the_alert_and_the_exclusion_agree_on_which_policies_are_meant(scope: Scope) -> None:
    policies = [
        copy.deepcopy(found) for found in [*seed()["conditionalAccessPolicies"], *RINGS.values()]
    ]
    for number, found in enumerate(policies):
        users = found["conditions"].get("users")
        if users is not None:
            users |= {"excludeGroups": [], "excludeUsers": []}
        found |= {"id": f"5c1d7b0e-0000-4000-8000-{number:012x}", "displayName": f"{number:02}"}
    meant = [
        found["displayName"]
        for found in policies
        if skip_reason(Policy.model_validate(found), scope=scope, skip=()) is None
    ]
    assert 0 < len(meant) < len(policies)
    tenant = watched(MFA_ONLY if scope is Scope.MFA_ONLY else EXCLUDED)
    assert ring(tenant, [saved(found, found["displayName"]) for found in policies]) == meant


def test_with_mfa_only_other_policies_are_silent_and_those_that_the_settings_skip() -> None:
    lost = policy({"excludeGroups": []}, id=OTHER)
    controls: dict[str, Json | None] = {
        "mfa": MFA,
        "mfa or device": {"builtInControls": ["compliantDevice", "mfa"]},
        "strength": STRENGTH,
        "device": COMPLIANT,
        "nothing": None,
        "nothing chosen": {**COMPLIANT, "authenticationStrength": None},
    }
    rows = [saved(lost | {"grantControls": chosen}, name) for name, chosen in controls.items()]
    skipped = saved(lost | {"id": POLICY}, "skipped")
    assert ring(watched(MFA_ONLY), [*rows, skipped]) == ["mfa", "mfa or device", "strength"]


def test_what_saves_no_policy_is_silent() -> None:
    lost = policy({"excludeGroups": []})
    rows = [
        saved(lost, "deleted", "Delete conditional access policy"),
        saved(lost, "of something else", "Update named location"),
        saved(lost, "refused", Result="failure"),
        audit_row(UPDATE, target(POLICY, "without values")),
        audit_row(UPDATE),
    ]
    assert ring(watched(), rows) == []


def test_a_value_that_the_log_cuts_off_rings_unless_it_shows_the_exclusions() -> None:
    whole = json.dumps(policy() | {"padding": "x" * 50})
    bare = json.dumps(policy({"excludeGroups": [], "excludeUsers": []}) | {"padding": "x" * 50})
    rows = [saved(whole[:-20], "kept"), saved(bare[:-20], "lost"), saved(None, "not told")]
    assert ring(watched(), rows) == ["lost", "not told"]


def test_the_row_says_which_policy_who_and_what_is_missing() -> None:
    tenant = watched()
    lost = policy({"excludeGroups": [OTHER], "excludeUsers": [SECOND.object_id.lower()]})
    by_application = {"app": {"displayName": "terraform"}, "user": None}
    tenant.tenant.logs.emit("AuditLogs", saved(lost))
    tenant.tenant.logs.emit("AuditLogs", saved(lost, "second", InitiatedBy=by_application))
    first, second = sorted(rung(tenant), key=lambda row: row["Policy"])
    assert (first["Policy"], first["PolicyId"]) == ("Require MFA", POLICY)
    assert (first["By"], first["IPAddress"]) == ("ada@contoso.example", "198.51.100.7")
    assert GROUP in first["Missing"]
    assert ACCOUNT.object_id in first["Missing"]
    assert SECOND.object_id.lower() not in first["Missing"]
    assert (second["Policy"], second["By"]) == ("second", "terraform")
    assert first["Customer"] == "Fabrikam"


def test_late_rows_ring_once_or_twice_and_many_at_once_in_one_message() -> None:
    tenant = watched()
    lost = policy({"excludeGroups": []})
    lates = (61, 23 * 60 + 50)
    for late in lates:
        later(tenant, late)
        for copy_of in "ab":
            tenant.tenant.logs.emit("AuditLogs", saved(lost, f"{late}{copy_of}"))
    names = [row["Policy"] for row in rung(tenant, minutes=24 * 60 + 10)]
    assert set(names) == {f"{late}{copy_of}" for late in lates for copy_of in "ab"}
    assert max(names.count(name) for name in names) <= 2
    assert {len(firing["rows"]) for firing in tenant.firings} == {1}
