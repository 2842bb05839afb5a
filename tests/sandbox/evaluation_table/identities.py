"""Who a policy is for."""

from typing import Any

from tests.sandbox.evaluation_table.case import (
    Case,
    Group,
    Object,
    for_users,
    passes,
    policy,
    stops,
    thing,
)
from tests.sandbox.evaluation_table.tenant import GLOBAL_ADMINISTRATOR, HELPDESK_ADMINISTRATOR

EVE, FAY, STAFF = thing("users/eve"), thing("users/fay"), thing("groups/Staff")
EUROPE, GLASS = thing("groups/Europe"), thing("groups/Break glass")
PARTNER, STRANGER = thing("tenants/partner"), thing("tenants/stranger")
JOB = "Nightly job"


def guests(types: str, *tenants: str) -> Object:
    """`conditionalAccessGuestsOrExternalUsers` of all tenants, or of those named."""
    kind: Object = {"membershipKind": "all"}
    if tenants:
        kind = {
            "@odata.type": "#microsoft.graph.conditionalAccessEnumeratedExternalTenants",
            "membershipKind": "enumerated",
            "members": list(tenants),
        }
    return {"guestOrExternalUserTypes": types, "externalTenants": kind}


def for_guests(types: str, *tenants: str) -> Object:
    return for_users(includeGuestsOrExternalUsers=guests(types, *tenants))


def but_for_guests(types: str, *tenants: str) -> Object:
    return for_users(includeUsers=["All"], excludeGuestsOrExternalUsers=guests(types, *tenants))


def for_workloads(*included: str, excluded: tuple[str, ...] = (), **conditions: Any) -> Object:
    workloads = {
        "includeServicePrincipals": list(included),
        "excludeServicePrincipals": list(excluded),
    }
    nobody = {"includeUsers": ["None"]}
    return policy("block", users=nobody, clientApplications=workloads, **conditions)


OWN = "ServicePrincipalsInMyTenant"
EVERY_GUEST = (
    "internalGuest,b2bCollaborationGuest,b2bCollaborationMember,b2bDirectConnectUser,"
    "otherExternalUser,serviceProvider"
)

IDENTITIES = (
    Group(
        "Microsoft Learn, Conditional Access: Users, groups, and workload identities (Include "
        "users; Exclude users)",
        (
            stops("All users are all users of the directory", for_users(includeUsers=["All"])),
            stops("All users include B2B guests", for_users(includeUsers=["All"]), user="gus"),
            passes("None selects no user", for_users(includeUsers=["None"]), "users"),
            passes(
                "agents' users are no people", for_users(includeUsers=["AllAgentIdUsers"]), "users"
            ),
            stops("a user can be named", for_users(includeUsers=[EVE])),
            passes("who is not named is not meant", for_users(includeUsers=[FAY]), "users"),
            stops("a group means its members", for_users(includeGroups=[STAFF])),
            passes("and nobody else", for_users(includeGroups=[STAFF]), "users", user="fay"),
            stops("nested groups count", for_users(includeGroups=[EUROPE]), user="fay"),
            passes(
                "the exclude action overrides the include action",
                for_users(includeUsers=["All"], excludeUsers=[EVE]),
                "users",
            ),
            passes(
                "an excluded group overrides a user included by name",
                for_users(includeUsers=[EVE], excludeGroups=[STAFF]),
                "users",
            ),
            passes(
                "an exclusion reaches into nested groups",
                for_users(includeUsers=["All"], excludeGroups=[EUROPE]),
                "users",
                user="fay",
            ),
            stops(
                "an exclusion is for those whom it names",
                for_users(includeUsers=["All"], excludeGroups=[EUROPE]),
            ),
            passes(
                "exclusions are commonly used for break-glass accounts",
                for_users(includeUsers=["All"], excludeGroups=[GLASS]),
                "users",
                user="glass",
            ),
            stops(
                "directory roles determine the assignment",
                for_users(includeRoles=[GLOBAL_ADMINISTRATOR]),
                user="ada",
            ),
            stops(
                "a role held through a role-assignable group counts",
                for_users(includeRoles=[GLOBAL_ADMINISTRATOR]),
                user="bo",
            ),
            passes(
                "administrative unit-scoped roles are not supported",
                for_users(includeRoles=[HELPDESK_ADMINISTRATOR]),
                "users",
                user="una",
            ),
            stops(
                "while the same role for the whole tenant is",
                for_users(includeRoles=[HELPDESK_ADMINISTRATOR]),
                user="hal",
            ),
            passes(
                "a role means its holders, not those of another",
                for_users(includeRoles=[GLOBAL_ADMINISTRATOR]),
                "users",
                user="hal",
            ),
            passes(
                "an excluded role overrides all users",
                for_users(includeUsers=["All"], excludeRoles=[GLOBAL_ADMINISTRATOR]),
                "users",
                user="ada",
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Authentication and Conditional Access for External ID (Assigning "
        "Conditional Access policies to external user types)",
        (
            stops("B2B guests", for_guests("b2bCollaborationGuest"), user="gus"),
            stops("B2B members", for_guests("b2bCollaborationMember"), user="mia"),
            stops("local guests", for_guests("internalGuest"), user="gil"),
            stops(
                "service provider users",
                for_guests("serviceProvider"),
                user="gus",
                guestType="serviceProvider",
            ),
            stops(
                "B2B direct connect users",
                for_guests("b2bDirectConnectUser,otherExternalUser"),
                user="gus",
                guestType="b2bDirectConnectUser",
            ),
            passes(
                "a local guest is no B2B guest",
                for_guests("b2bCollaborationGuest"),
                "users",
                user="gil",
            ),
            passes("an employee is no guest", for_guests(EVERY_GUEST), "users"),
            stops(
                "the older selection means all sub types",
                for_users(includeUsers=["GuestsOrExternalUsers"]),
                user="gus",
                guestType="serviceProvider",
            ),
            passes(
                "the older selection does not mean members",
                for_users(includeUsers=["GuestsOrExternalUsers"]),
                "users",
            ),
            stops(
                "tenants can be specified for the selected types",
                for_guests("b2bCollaborationGuest", PARTNER),
                user="gus",
                homeTenant=PARTNER,
            ),
            passes(
                "guests of other tenants are not meant",
                for_guests("b2bCollaborationGuest", PARTNER),
                "users",
                user="gus",
                homeTenant=STRANGER,
            ),
            Case(
                "a guest whose tenant is not known cannot be decided",
                [for_guests("b2bCollaborationGuest", PARTNER)],
                {"user": "gus"},
                "allowed",
                ["notEvaluated"],
                names="externalTenants",
            ),
            passes(
                "guest types can be excluded",
                but_for_guests("b2bCollaborationGuest"),
                "users",
                user="gus",
            ),
            passes(
                "guests of one tenant can be excluded",
                but_for_guests("b2bCollaborationGuest", PARTNER),
                "users",
                user="gus",
                homeTenant=PARTNER,
            ),
            stops(
                "which leaves those of another in scope",
                but_for_guests("b2bCollaborationGuest", PARTNER),
                user="gus",
                homeTenant=STRANGER,
            ),
        ),
    ),
    Group(
        "Microsoft Learn, Conditional Access for workload identities",
        (
            stops("all own service principals", for_workloads(OWN), servicePrincipal=JOB),
            stops(
                "a service principal by its object id",
                for_workloads(thing("app/object")),
                servicePrincipal=JOB,
            ),
            passes(
                "an excluded service principal",
                for_workloads(OWN, excluded=(thing("app/object"),)),
                "workloadIdentities",
                servicePrincipal=JOB,
            ),
            passes(
                "a policy for service principals is not for users",
                for_workloads(OWN),
                "workloadIdentities",
            ),
            passes(
                "a policy for all users is not for service principals",
                for_users(includeUsers=["All"]),
                "workloadIdentities",
                servicePrincipal=JOB,
            ),
            stops(
                "blocking by the risk of the service principal",
                for_workloads(OWN, servicePrincipalRiskLevels=["high", "medium"]),
                servicePrincipal=JOB,
                servicePrincipalRisk="high",
            ),
            passes(
                "only at the selected levels",
                for_workloads(OWN, servicePrincipalRiskLevels=["high"]),
                "signInRisk",
                servicePrincipal=JOB,
                servicePrincipalRisk="low",
            ),
            passes(
                "any location but the allowed range",
                for_workloads(
                    OWN,
                    locations={
                        "includeLocations": ["All"],
                        "excludeLocations": [thing("places/Office")],
                    },
                ),
                "location",
                servicePrincipal=JOB,
                location={"ip": "203.0.113.8"},
            ),
            Case(
                "filters on custom attributes of service principals cannot be decided",
                [
                    policy(
                        "block",
                        users={"includeUsers": ["None"]},
                        clientApplications={
                            "includeServicePrincipals": [],
                            "servicePrincipalFilter": {"mode": "include", "rule": "x"},
                        },
                    )
                ],
                {"servicePrincipal": JOB},
                "allowed",
                ["notEvaluated"],
                names="servicePrincipalFilter",
            ),
        ),
    ),
)
