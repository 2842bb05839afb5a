"""What somebody may do to a tenant so that an assessor has something to find."""

from collections.abc import Callable

from tests.assessors.audited_tenant import OFFICE_LICENCE, eligible
from tests.assessors.chronicle import Chronicle
from tests.support.tenant import GLOBAL_ADMINISTRATOR, JSON, object_id

Change = Callable[[JSON, Chronicle], None]


def account(document: JSON, chronicle: Chronicle) -> JSON:
    """The first of the stack's accounts."""
    return next(user for user in document["users"] if user["id"] == chronicle.users[0])


def group(document: JSON, chronicle: Chronicle) -> JSON:
    """The stack's group."""
    return next(one for one in document["groups"] if one["id"] == chronicle.group)


def licensed(document: JSON, chronicle: Chronicle) -> None:
    """The first account gets a licence with a mailbox."""
    account(document, chronicle)["assignedLicenses"] = [
        {"skuId": OFFICE_LICENCE, "disabledPlans": []}
    ]


def synced(document: JSON, chronicle: Chronicle) -> None:
    """The first account turns out to be one of a directory on premises."""
    account(document, chronicle).update(
        onPremisesSyncEnabled=True, onPremisesImmutableId="c3luY2VkLWFjY291bnQ="
    )


def on_another_domain(document: JSON, chronicle: Chronicle) -> None:
    """The first account leaves the initial domain."""
    account(document, chronicle)["userPrincipalName"] = "ops@fabrikam.example"


def made_eligible(document: JSON, chronicle: Chronicle) -> None:
    """The first account has to activate its role."""
    _without_role(document, chronicle)
    document["roleEligibilitySchedules"].append(eligible(chronicle.users[0], GLOBAL_ADMINISTRATOR))


def given_an_end(document: JSON, chronicle: Chronicle) -> None:
    """The first account's role ends one day."""
    for role in document["roleAssignments"]:
        if role["principalId"] == chronicle.users[0]:
            role["endDateTime"] = "2099-01-01T00:00:00Z"


def role_removed(document: JSON, chronicle: Chronicle) -> None:
    """The first account has no role any more."""
    _without_role(document, chronicle)


def another_administrator(document: JSON, chronicle: Chronicle) -> None:
    """Eve becomes a Global Administrator for good."""
    _more_administrators(document, ["eve"])


def three_more_administrators(document: JSON, chronicle: Chronicle) -> None:
    """Five Global Administrators are active, and two may become it."""
    _more_administrators(document, ["eve", "hal", "kim"])


def five_more_administrators(document: JSON, chronicle: Chronicle) -> None:
    """Nine in all, with those who are eligible."""
    _more_administrators(document, ["eve", "hal", "kim", "fay", "gus"])


def a_third_account_out_of_all_policies(document: JSON, chronicle: Chronicle) -> None:
    """Another administrator with a passkey who passes every policy as ours do."""
    another_administrator(document, chronicle)
    eve = object_id("users/eve")
    for policy in document["conditionalAccessPolicies"]:
        excluded: list[str] = policy["conditions"]["users"].get("excludeUsers") or []
        if chronicle.users[0] in excluded:
            policy["conditions"]["users"]["excludeUsers"] = [*excluded, eve]
    key = next(m for m in document["authenticationMethods"] if m["userId"] == chronicle.users[0])
    document["authenticationMethods"].append(
        key | {"id": object_id("key/eve"), "credentialId": object_id("key/eve"), "userId": eve}
    )


def a_left_over_pass(document: JSON, chronicle: Chronicle) -> None:
    """The Temporary Access Pass with which the passkey was registered is still there."""
    document["authenticationMethods"].append(
        {
            "id": object_id("pass"),
            "@odata.type": "#microsoft.graph.temporaryAccessPassAuthenticationMethod",
            "userId": chronicle.users[0],
            "createdDateTime": "2025-03-01T08:00:00Z",
            "startDateTime": "2025-03-01T08:00:00Z",
            "lifetimeInMinutes": 60,
            "isUsableOnce": True,
        }
    )


def without_passkey(document: JSON, chronicle: Chronicle) -> None:
    """Nobody has registered a passkey for one of the accounts."""
    document["authenticationMethods"].pop()


def not_assignable(document: JSON, chronicle: Chronicle) -> None:
    """The group is one that anybody who manages groups can change."""
    group(document, chronicle)["isAssignableToRole"] = False


def a_stranger_in_the_group(document: JSON, chronicle: Chronicle) -> None:
    """Eve passes every policy through the group."""
    group(document, chronicle)["members"].append(object_id("users/eve"))


def owned_by_a_stranger(document: JSON, chronicle: Chronicle) -> None:
    """Eve may add whom she likes to the group."""
    group(document, chronicle)["owners"] = [object_id("users/eve")]


def disabled(document: JSON, chronicle: Chronicle) -> None:
    """Nobody can sign in to the first account."""
    account(document, chronicle)["accountEnabled"] = False


def deleted(document: JSON, chronicle: Chronicle) -> None:
    """The first account was deleted, and the policies still name it."""
    gone = account(document, chronicle)
    document["users"].remove(gone)
    document["deletedUsers"] = [gone]


def _without_role(document: JSON, chronicle: Chronicle) -> None:
    document["roleAssignments"] = [
        role for role in document["roleAssignments"] if role["principalId"] != chronicle.users[0]
    ]


def _more_administrators(document: JSON, names: list[str]) -> None:
    document["roleAssignments"] += [
        {
            "id": object_id(f"more/{name}"),
            "principalId": object_id(f"users/{name}"),
            "roleDefinitionId": GLOBAL_ADMINISTRATOR,
            "directoryScopeId": "/",
        }
        for name in names
    ]
