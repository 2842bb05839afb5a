"""What a policy guards."""

from tests.sandbox.evaluation_table.case import (
    Case,
    Group,
    Object,
    for_apps,
    passes,
    policy,
    stops,
    thing,
)

AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
COMMAND_LINE = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
PORTAL = {"app": "Azure Portal", "method": "fido2"}
REGISTER = "urn:user:registersecurityinfo"
JOIN = "urn:user:registerdevice"


def for_action(action: str, state: str = "enabled") -> Object:
    return policy("block", apps={"includeUserActions": [action]}, state=state)


def for_context(*references: str) -> Object:
    apps = {"includeAuthenticationContextClassReferences": list(references)}
    return policy("block", apps=apps)


def filtered(mode: str, rule: str, *included: str) -> Object:
    return policy(
        "block",
        apps={
            "includeApplications": list(included),
            "applicationFilter": {"mode": mode, "rule": rule},
        },
    )


WANTS_MFA = 'CustomSecurityAttribute.ConditionalAccessTest_policyRequirement -contains "requireMFA"'
TAGGED = {"ConditionalAccessTest_policyRequirement": ["requireMFA", "blockGuestUsers"]}
UNTAGGED = {"ConditionalAccessTest_policyRequirement": ["legacyAuthAllowed"]}

TARGETS = (
    Group(
        "Microsoft Learn, Conditional Access: Target resources (Microsoft cloud applications)",
        (
            stops("all resources are all applications", for_apps("All")),
            stops("and those of the organization", for_apps("All"), app="Nightly job"),
            stops("an application can be selected", for_apps(EXCHANGE)),
            passes("others are not meant", for_apps(SHAREPOINT), "application"),
            passes("None selects nothing", for_apps("None"), "application"),
            passes(
                "an excluded application is not guarded",
                for_apps("All", excluded=[EXCHANGE]),
                "application",
            ),
            stops(
                "another one is, in spite of the exclusion",
                for_apps("All", excluded=[SHAREPOINT]),
            ),
            stops("the organization's own by its id", for_apps(thing("app")), app="Nightly job"),
            stops("Office 365 includes Exchange Online", for_apps("Office365")),
            stops("and Teams", for_apps("Office365"), app="Microsoft Teams"),
            passes(
                "Office 365 does not include Azure",
                for_apps("Office365"),
                "application",
                app="Microsoft Azure CLI",
            ),
            passes(
                "the entire suite can be excluded",
                for_apps("All", excluded=["Office365"]),
                "application",
            ),
            stops("Azure management covers the portal", for_apps(AZURE_MANAGEMENT), **PORTAL),
            stops(
                "and Azure PowerShell",
                for_apps(AZURE_MANAGEMENT),
                app="Microsoft Azure PowerShell",
            ),
            passes(
                "it does not apply to what calls Microsoft Graph",
                for_apps(AZURE_MANAGEMENT),
                "application",
                app="Graph Explorer",
            ),
            passes(
                "a policy cannot be set on a public client itself",
                for_apps(COMMAND_LINE),
                "application",
                app="Microsoft Azure CLI",
            ),
            stops(
                "Microsoft Admin Portals are the Azure portal",
                for_apps("MicrosoftAdminPortals"),
                **PORTAL,
            ),
            stops(
                "and the Exchange admin center",
                for_apps("MicrosoftAdminPortals"),
                app="Exchange admin center",
            ),
            passes(
                "automation through APIs is not impacted by the admin portals",
                for_apps("MicrosoftAdminPortals"),
                "application",
                app="Microsoft Azure CLI",
            ),
            passes(
                "the admin portals mean interactive sign-ins only",
                for_apps("MicrosoftAdminPortals"),
                "application",
                interactive=False,
                **PORTAL,
            ),
            passes(
                "an application of the organization is no agent's resource",
                for_apps("AllAgentIdResources"),
                "application",
                app="Nightly job",
            ),
            passes("nor is Exchange Online", for_apps("AllAgentIdResources"), "application"),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access: Target resources (User actions; Authentication "
        "context) with Microsoft Graph's example 3 of conditionalAccessRoot: evaluate",
        (
            stops("registering security information", for_action(REGISTER), userAction=REGISTER),
            stops("registering or joining devices", for_action(JOIN), userAction=JOIN),
            passes("no other sign-in is such an action", for_action(REGISTER), "userActions"),
            passes(
                "one action is not the other", for_action(JOIN), "userActions", userAction=REGISTER
            ),
            stops(
                "a policy for all resources applies to an action too",
                for_apps("All"),
                userAction=REGISTER,
            ),
            passes(
                "user actions are not evaluated in report-only mode",
                for_action(REGISTER, "enabledForReportingButNotEnforced"),
                "userActions",
                userAction=REGISTER,
            ),
            stops(
                "data behind an authentication context",
                for_context("c1", "c37"),
                authenticationContext="c37",
            ),
            passes(
                "another context is not meant",
                for_context("c1"),
                "authenticationContext",
                authenticationContext="c2",
            ),
            passes("nor a sign-in that asks for none", for_context("c1"), "authenticationContext"),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access: Filter for applications",
        (
            stops(
                "an application tagged with the attribute is included",
                filtered("include", WANTS_MFA),
                appAttributes=TAGGED,
            ),
            passes(
                "one with other values is not",
                filtered("include", WANTS_MFA),
                "application",
                appAttributes=UNTAGGED,
            ),
            passes(
                "a tagged application can be excluded",
                filtered("exclude", WANTS_MFA, "All"),
                "application",
                appAttributes=TAGGED,
            ),
            stops(
                "which leaves the others in scope",
                filtered("exclude", WANTS_MFA, "All"),
                appAttributes=UNTAGGED,
            ),
            stops(
                "an application selected by name is in beside the filter",
                filtered("include", WANTS_MFA, EXCHANGE),
                appAttributes=UNTAGGED,
            ),
            Case(
                "attributes that are not known cannot be decided",
                [filtered("include", WANTS_MFA)],
                {},
                "allowed",
                ["notEvaluated"],
                names="applicationFilter",
            ),
        ),
    ),
)
