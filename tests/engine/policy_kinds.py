"""Conditional Access policies of every kind that a tenant may hold, and what shall come of each.

Source: Microsoft Graph reference, conditionalAccessPolicy and its parts; for agents Microsoft
Learn, "Conditional Access for agent identities"; for the names nothing: a display name may hold any
character.
"""

from dataclasses import dataclass
from typing import Any

from tests.support.tenant import GLOBAL_ADMINISTRATOR, JSON, object_id

ADA, EVE, IT, STAFF = (
    object_id(name) for name in ("users/ada", "users/eve", "groups/it", "groups/staff")
)
GUESTS = {
    "guestOrExternalUserTypes": "internalGuest,b2bCollaborationGuest",
    "externalTenants": {
        "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
        "membershipKind": "enumerated",
        "members": [object_id("partner")],
    },
}
MANAGED_NAME = "Microsoft-managed: Multifactor authentication for admins"
TWICE = "Require MFA"
RENAMED = "Guests: MFA"
WORKLOADS, AGENTS, NOBODY = "workload identities", "agent identities", "no users"


@dataclass(frozen=True)
class Kind:
    """A policy, and a word of the reason why nobody is excluded; None when somebody is."""

    document: JSON
    reason: str | None

    @property
    def policy_id(self) -> str:
        """Its object id."""
        return self.document["id"]


def _kind(
    name: str,
    *,
    reason: str | None = None,
    key: str = "",
    state: str = "enabled",
    users: JSON | None = None,
    applications: JSON | None = None,
    grant: JSON | None = None,
    session: JSON | None = None,
    template: str | None = None,
    **conditions: Any,
) -> Kind:
    document: JSON = {
        "id": object_id(f"kinds/{key or name}"),
        "displayName": name,
        "state": state,
        "createdDateTime": "2024-11-02T10:15:00Z",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": applications or {"includeApplications": ["All"]},
            "users": users or {"includeUsers": ["All"]},
            **conditions,
        },
        "grantControls": grant or {"operator": "OR", "builtInControls": ["mfa"]},
    }
    if template:
        document["templateId"] = template
    if session is not None:
        document["sessionControls"] = session
    return Kind(document, reason)


def _crowd(name: str, count: int) -> list[str]:
    return [object_id(f"{name}/{number}") for number in range(count)]


def microsoft_managed() -> Kind:
    """One of the policies that Microsoft put there; only its state and exclusions are editable."""
    return _kind(
        MANAGED_NAME,
        state="enabledForReportingButNotEnforced",
        users={"includeRoles": [GLOBAL_ADMINISTRATOR], "excludeUsers": [EVE]},
        applications={"includeApplications": ["MicrosoftAdminPortals"]},
        template="1de87d4f-6714-4dd2-9172-6e26f2a13976",
    )


def _who() -> list[Kind]:
    """By users, and by identities that are no users."""
    nobody = {"includeUsers": ["None"]}
    return [
        _kind("users: by id", users={"includeUsers": [ADA, EVE], "excludeUsers": [EVE]}),
        _kind("groups", users={"includeGroups": [STAFF], "excludeGroups": [IT]}, state="disabled"),
        _kind("roles", users={"includeRoles": [GLOBAL_ADMINISTRATOR], "excludeRoles": [IT]}),
        _kind(RENAMED, users={"includeUsers": ["GuestsOrExternalUsers"]}),
        _kind(
            "all but guests, in between",
            users={"includeUsers": ["All"], "excludeUsers": [EVE, "GuestsOrExternalUsers", ADA]},
        ),
        _kind(
            "guests of a partner",
            users={"includeGuestsOrExternalUsers": GUESTS, "excludeGroups": [IT]},
        ),
        _kind(
            "all but guests of a partner",
            users={
                "includeUsers": ["All"],
                "excludeUsers": [EVE],
                "excludeGuestsOrExternalUsers": GUESTS,
            },
        ),
        _kind("None", users={**nobody, "excludeUsers": [EVE]}, reason=NOBODY),
        _kind(
            "workloads",
            reason=WORKLOADS,
            users=nobody,
            clientApplications={
                "includeServicePrincipals": ["ServicePrincipalsInMyTenant"],
                "excludeServicePrincipals": [object_id("app/object")],
            },
        ),
        _kind(
            "all agents",
            reason=AGENTS,
            users=nobody,
            applications={"includeApplications": ["AllAgentIdResources"]},
            clientApplications={"includeAgentIdServicePrincipals": ["All"]},
            agentIdRiskLevels="high",
        ),
        _kind(
            "agents by attribute",
            reason=AGENTS,
            users=nobody,
            clientApplications={
                "agentIdServicePrincipalFilter": {
                    "mode": "include",
                    "rule": 'CustomSecurityAttribute.Agents_Country -eq "Canada"',
                }
            },
        ),
        _kind("agents' users", reason=AGENTS, users={"includeUsers": ["AllAgentIdUsers"]}),
        _kind(
            "people at agents' resources",
            applications={"includeApplications": ["AllAgentIdResources"]},
        ),
    ]


def _what() -> list[Kind]:
    """By what they guard and ask for, where they come from, what only beta can write."""
    contexts = {"includeAuthenticationContextClassReferences": ["c1", "c25"]}
    resistant = {"id": "00000000-0000-0000-0000-000000000004"}
    return [
        _kind("authentication contexts", applications=contexts),
        _kind(
            "user action",
            applications={"includeUserActions": ["urn:user:registersecurityinfo"]},
            users={"includeUsers": ["All"], "excludeUsers": ["GuestsOrExternalUsers"]},
        ),
        _kind(
            "authentication strength",
            grant={"operator": "OR", "authenticationStrength": resistant},
            users={"includeRoles": [GLOBAL_ADMINISTRATOR], "excludeUsers": [ADA, EVE]},
        ),
        _kind("from a template", template="a3d0a415-b068-4326-9251-f9cdf9feeb64"),
        microsoft_managed(),
        _kind("preview: times", times={"includedRanges": ["x"]}, users=_excluding(3)),
        _kind(
            "preview: filtering profile",
            session={"globalSecureAccessFilteringProfile": {"isEnabled": True, "profileId": "p"}},
        ),
        _kind("hundreds of exclusions", users=_excluding(400)),
    ]


def _excluding(count: int) -> JSON:
    return {
        "includeUsers": ["All"],
        "excludeUsers": _crowd("crowd/users", count),
        "excludeGroups": _crowd("crowd/groups", count),
    }


def _called() -> list[Kind]:
    """By their names."""
    names = (
        """Quotes: "double" 'single' `back` “typographic” \\ %s {0} <b>&amp;</b>""",
        "Two\nlines\r\nand\ta tab",
        "Emoji 🚒👩‍🚒 und Umlaute äöüß 部署",
        "Red \x1b[31malert\x1b[0m \x1b]0;title\x07 bell",
        "Right to left \u202egnp.exe\u202c \u200f mark",
        "${ARM_CLIENT_SECRET} ${resource.id} $(id) {{ x }} %PATH%",
        " leading and trailing space ",
        "A very long name " + "x" * 1000,
    )
    return [
        *(_kind(name) for name in names),
        _kind(TWICE, key="twice/1", users=_excluding(1)),
        _kind(TWICE, key="twice/2", state="enabledForReportingButNotEnforced"),
    ]


def every_kind() -> list[Kind]:
    """All of them; enabled, disabled and in report-only mode."""
    return [*_who(), *_what(), *_called()]
