"""A tenant document of any size; the same numbers make the same document."""

from typing import Any
from uuid import NAMESPACE_DNS, uuid5

_DOMAIN = "benchmark.onmicrosoft.com"


def identity(name: str) -> str:
    """The id of a thing in the document, `users/0` for example."""
    return str(uuid5(NAMESPACE_DNS, f"{_DOMAIN}/{name}"))


def document(users: int, policies: int) -> dict[str, Any]:
    """A tenant with so many users and Conditional Access policies; a tenth of them in one group."""
    return {
        "tenant": {"id": identity("tenant"), "displayName": "Benchmark"},
        "domains": [{"id": _DOMAIN, "isInitial": True, "isDefault": True, "isVerified": True}],
        "apps": [
            {
                "appId": identity("app"),
                "objectId": identity("app/object"),
                "displayName": "Load",
                "graphPermissions": ["User.Read.All", "Group.Read.All", "Policy.Read.All"],
            }
        ],
        "users": [_user(number) for number in range(users)],
        "groups": [
            {
                "id": identity("groups/tenth"),
                "displayName": "A tenth",
                "mailNickname": "tenth",
                "members": [identity(f"users/{number}") for number in range(0, users, 10)],
            }
        ],
        "roleAssignments": [],
        "conditionalAccessPolicies": [_policy(number) for number in range(policies)],
        "subscriptions": [{"subscriptionId": identity("subscription"), "displayName": "Benchmark"}],
    }


def _user(number: int) -> dict[str, Any]:
    return {
        "id": identity(f"users/{number}"),
        "displayName": f"User {number}",
        "givenName": "User",
        "surname": str(number),
        "userPrincipalName": f"user{number}@{_DOMAIN}",
        "mailNickname": f"user{number}",
        "mail": f"user{number}@{_DOMAIN}",
        "jobTitle": "Engineer",
        "officeLocation": "Flensburg",
        "accountEnabled": True,
    }


def _policy(number: int) -> dict[str, Any]:
    return {
        "id": identity(f"policies/{number}"),
        "displayName": f"CA{number:03}: require MFA",
        "state": "enabled",
        "conditions": {
            "clientAppTypes": ["all"],
            "applications": {"includeApplications": ["All"]},
            "users": {"includeUsers": ["All"], "excludeGroups": [identity("groups/tenth")]},
        },
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
    }
