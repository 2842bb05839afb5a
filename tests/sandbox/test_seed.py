"""The seed tenant looks like a real one, and everything in it hangs together."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sandbox.tenant.access.microsoft_apps import KNOWN
from sandbox.tenant.access.policy_schema import GUID
from sandbox.tenant.access.strengths import built_in_strengths
from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.applications import Applications
from sandbox.tenant.directory.roles import BUILT_IN_ROLES, GLOBAL_ADMINISTRATOR, role_id
from sandbox.tenant.directory.store import Directory
from tests.sandbox.seed_tenant import SEED, conditional_access, seed

LITERALS = {
    *("All", "None", "GuestsOrExternalUsers", "AllTrusted", "ServicePrincipalsInMyTenant"),
    *("Office365", "MicrosoftAdminPortals"),
}
# First-party applications that the seed names and nobody signs in to here.
INTUNE_ENROLLMENT = "d4ebce55-015a-49b5-a083-c84d1797ae8c"


def policies(**wanted: Any) -> list[dict[str, Any]]:
    found = seed()["conditionalAccessPolicies"]
    return [p for p in found if all(p[key] == value for key, value in wanted.items())]


def grant(policy: dict[str, Any]) -> dict[str, Any]:
    return policy["grantControls"] or {}


def controls(policy: dict[str, Any]) -> list[str]:
    return grant(policy).get("builtInControls", [])


def test_the_tenant_has_an_initial_and_a_custom_domain_and_premium_licences() -> None:
    directory = Directory.from_document(seed(), Clock())
    assert directory.display_name == "Contoso Ltd"
    assert directory.initial_domain == "contoso.onmicrosoft.com"
    assert directory.has_domain("contoso.com")
    assert directory.has_premium
    assert directory.security_defaults == {"isEnabled": False}
    plans = {p["servicePlanName"] for s in seed()["subscribedSkus"] for p in s["servicePlans"]}
    assert {"AAD_PREMIUM", "AAD_PREMIUM_P2"} <= plans


def test_there_are_some_forty_users_with_guests_a_disabled_one_and_several_administrators() -> None:
    users = seed()["users"]
    assert 38 <= len(users) <= 45
    assert Counter(u["userType"] for u in users)["Guest"] == 3
    assert sum(not u["accountEnabled"] for u in users) == 1
    directory = Directory.from_document(seed(), Clock())
    holders = [directory.roles_of(u["id"]) for u in users]
    assert sum(GLOBAL_ADMINISTRATOR in roles for roles in holders) == 3
    held = {BUILT_IN_ROLES[role] for roles in holders for role in roles}
    assert held >= {
        "Conditional Access Administrator",
        "Exchange Administrator",
        "Helpdesk Administrator",
        "User Administrator",
        "Security Administrator",
    }
    domains = {u["userPrincipalName"].rpartition("@")[2] for u in users}
    assert domains == {"contoso.com", "contoso.onmicrosoft.com"}


def test_groups_are_nested_and_one_holds_a_role() -> None:
    directory = Directory.from_document(seed(), Clock())
    clerk = directory.user("peter.hughes@contoso.com")["id"]
    names = {directory.group(group)["displayName"] for group in directory.groups_of(clerk)}
    assert names == {"Finance - Accounts Payable", "Finance"}
    analyst = directory.user("hana.novakova@contoso.com")["id"]
    assert directory.roles_of(analyst) == {role_id("Helpdesk Administrator")}


def test_there_are_policies_of_every_kind_in_use() -> None:
    found = policies()
    assert len(found) >= 16
    conditions = [(p, p["conditions"]) for p in found]

    assert any(c["users"]["includeRoles"] and "mfa" in controls(p) for p, c in conditions)
    assert any(
        c["users"]["includeUsers"] == ["All"] and controls(p) == ["mfa"] for p, c in conditions
    )
    assert any(
        set(c["clientAppTypes"]) == {"exchangeActiveSync", "other"} and controls(p) == ["block"]
        for p, c in conditions
    )
    assert sum(bool(c["locations"]) and controls(p) == ["block"] for p, c in conditions) >= 3
    assert any(controls(p) == ["compliantDevice"] for p in found)
    assert any(c["signInRiskLevels"] for _, c in conditions)
    assert any(c["userRiskLevels"] for _, c in conditions)
    assert any(p["sessionControls"] and not p["grantControls"] for p in found)
    assert policies(state="enabledForReportingButNotEnforced")
    assert policies(state="disabled")
    assert any(grant(p).get("authenticationStrength") for p in found)
    (workload,) = (c for _, c in conditions if c["clientApplications"])
    assert workload["users"]["includeUsers"] == ["None"]
    assert any(c["users"]["includeGuestsOrExternalUsers"] for _, c in conditions)
    assert any(c["applications"]["includeUserActions"] for _, c in conditions)
    (managed,) = (p for p in found if p["displayName"].startswith("Microsoft-managed: "))
    assert managed["templateId"]
    assert managed["state"] == "enabledForReportingButNotEnforced"


def test_foreign_exclusions_stand_in_several_policies_incl_the_guest_literal() -> None:
    users = [p["conditions"]["users"] for p in policies()]
    assert any(u["excludeGroups"] and u["excludeUsers"] for u in users)
    assert any(len(u["excludeUsers"]) > 1 for u in users)
    assert any("GuestsOrExternalUsers" in u["excludeUsers"] for u in users)


def test_some_names_have_characters_that_break_careless_code() -> None:
    awkward = [
        p["displayName"]
        for p in policies()
        if re.search(r"[^\x20-\x7e]|[\"<>&%]", p["displayName"])
    ]
    assert len(awkward) >= 2


def test_every_id_is_a_guid_of_its_own() -> None:
    document = seed()
    ids = [
        item["id"]
        for key in (
            *("users", "groups", "roleAssignments", "conditionalAccessPolicies"),
            *("namedLocations", "authenticationStrengths"),
        )
        for item in document[key]
    ]
    ids += [a["objectId"] for a in document["apps"]] + [document["tenant"]["id"]]
    assert all(GUID.fullmatch(identity) for identity in ids)
    assert [i for i, times in Counter(ids).items() if times > 1] == []


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            yield from strings(item)


def test_every_id_that_a_policy_names_exists() -> None:
    document = seed()
    known: dict[str, set[str]] = {
        "Users": {u["id"] for u in document["users"]},
        "Groups": {g["id"] for g in document["groups"]},
        "Roles": set(BUILT_IN_ROLES),
        "Locations": {x["id"] for x in document["namedLocations"]},
        "Applications": {i for a in KNOWN for i in (a.app_id, a.resource_id)} | {INTUNE_ENROLLMENT},
        "ServicePrincipals": {a["objectId"] for a in document["apps"]},
    }
    strengths = {*built_in_strengths(), *(s["id"] for s in document["authenticationStrengths"])}
    checked = Counter[str]()
    for policy in document["conditionalAccessPolicies"]:
        conditions = policy["conditions"]
        for part in ("users", "applications", "locations", "clientApplications"):
            scope: dict[str, Any] = conditions[part] or {}
            for key, value in scope.items():
                kind = re.sub("^(include|exclude)", "", key)
                for entry in strings(value) if kind in known else ():
                    assert entry in known[kind] | LITERALS, (
                        f"{policy['displayName']}: {key} {entry}"
                    )
                    checked[kind] += entry not in LITERALS
        strength = grant(policy).get("authenticationStrength")
        if strength:
            assert strength["id"] in strengths
            checked["strength"] += 1
    assert set(checked) == {*known, "strength"}
    assert all(checked.values())


def test_every_id_that_groups_and_role_assignments_name_exists() -> None:
    document = seed()
    objects = {item["id"] for key in ("users", "groups") for item in document[key]}
    for group in document["groups"]:
        assert {*group["members"], *group["owners"]} <= objects
    for assignment in document["roleAssignments"]:
        assert assignment["principalId"] in objects
        assert assignment["roleDefinitionId"] in BUILT_IN_ROLES


def test_the_deployment_application_has_what_the_stack_needs_and_no_secret() -> None:
    document = seed()
    (app,) = Applications.from_document(document).all()
    assert app.display_name == "break-glass deployment"
    assert set(app.graph_permissions) == {
        "User.ReadWrite.All",
        "Group.ReadWrite.All",
        "RoleManagement.ReadWrite.Directory",
        "Policy.Read.All",
        "Policy.ReadWrite.ConditionalAccess",
        "Application.Read.All",
        "Organization.Read.All",
        "Domain.Read.All",
        "AuditLog.Read.All",
        "UserAuthenticationMethod.Read.All",
        "Directory.Read.All",
    }
    subscription = document["subscriptions"][0]["subscriptionId"]
    assert {(role.scope, role.role) for role in app.azure_roles} == {
        (f"/subscriptions/{subscription}", "Contributor"),
        ("/providers/Microsoft.aadiam", "Contributor"),
    }
    assert app.secret_hash is None
    keys = set(re.findall(r'"(\w*(?:password|secret|hash)\w*)":', SEED.read_text("utf-8"), re.I))
    assert keys == {"passwordPolicies"}


def test_it_reads_into_conditional_access_and_back_without_loss() -> None:
    document = conditional_access().to_document()
    for key, value in document.items():
        assert value == seed().get(key, []), key
