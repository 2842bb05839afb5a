"""Who a policy is for: users, groups, roles, guests; service principals; an exclusion wins.

Source: Microsoft Learn, "Conditional Access: Users, groups, agents, and workload identities",
"Authentication and Conditional Access for External ID", "Conditional Access for workload
identities"; Microsoft Graph reference, conditionalAccessUsers and conditionalAccessExternalTenants.
"""

from collections.abc import Iterable

from sandbox.tenant.access.sign_in_context import NotEvaluated, Object, SignInContext

# "All guest and external users" became all the types that can be chosen one by one.
GUEST_TYPES = frozenset(
    {
        "internalGuest",
        "b2bCollaborationGuest",
        "b2bCollaborationMember",
        "b2bDirectConnectUser",
        "otherExternalUser",
        "serviceProvider",
    }
)
_AGENT_KEYS = ("includeAgentIdServicePrincipals", "agentIdServicePrincipalFilter")


def identities(conditions: Object, context: SignInContext) -> str | None:
    """None when the policy is for this identity, else why not."""
    workloads: Object | None = conditions.get("clientApplications")
    if context.service_principal_id is not None:
        return _service_principals(workloads or {}, context)
    if workloads:
        return "users: the policy is for workload identities, not for users"
    scope: Object = conditions["users"]
    unknown: NotEvaluated | None = None
    try:
        if excluded := _in_scope(scope, "exclude", context):
            return f"users: excluded as {excluded}"
    except NotEvaluated as error:
        unknown = error
    if not _in_scope(scope, "include", context):
        return "users: not among the included users, groups, roles and guests"
    if unknown is not None:
        raise unknown
    return None


def _in_scope(scope: Object, side: str, context: SignInContext) -> str | None:
    listed = [str(entry) for entry in scope.get(f"{side}Users") or ()]
    if "All" in listed:
        return "one of all users"
    if context.user_id.lower() in _lower(listed):
        return "a user named in the policy"
    if "GuestsOrExternalUsers" in listed and context.guest_type in GUEST_TYPES:
        return "a guest or external user"
    for group in scope.get(f"{side}Groups") or ():
        if group.lower() in _lower(context.groups):
            return f"a member of group {context.called(group)}"
    for role in scope.get(f"{side}Roles") or ():
        if role.lower() in _lower(context.roles):
            return f"a holder of the role {context.called(role)}"
    guests: Object | None = scope.get(f"{side}GuestsOrExternalUsers")
    if guests and _is_such_a_guest(guests, side, context):
        return f"a guest or external user ({context.guest_type})"
    return None


def _is_such_a_guest(guests: Object, side: str, context: SignInContext) -> bool:
    types = {kind.strip() for kind in str(guests.get("guestOrExternalUserTypes")).split(",")}
    if context.guest_type not in types:
        return False
    tenants: Object = guests.get("externalTenants") or {}
    # A local guest has no other tenant, so that a list of tenants says nothing of them.
    if tenants.get("membershipKind", "all") == "all" or context.guest_type == "internalGuest":
        return True
    if context.home_tenant is None:
        raise NotEvaluated(
            f"conditions.users.{side}GuestsOrExternalUsers.externalTenants: the guest's home "
            "tenant is not known, so it"
        )
    return context.home_tenant.lower() in _lower(tenants.get("members") or ())


def _service_principals(workloads: Object, context: SignInContext) -> str | None:
    if not any(workloads.values()):
        return "workload identities: the policy is for users, not for workload identities"
    own = str(context.service_principal_id).lower()
    if own in _lower(workloads.get("excludeServicePrincipals") or ()):
        return "workload identities: excluded as a service principal named in the policy"
    if workloads.get("servicePrincipalFilter"):
        raise NotEvaluated("conditions.clientApplications.servicePrincipalFilter")
    included = workloads.get("includeServicePrincipals") or ()
    if "ServicePrincipalsInMyTenant" in included or own in _lower(included):
        return None
    if any(workloads.get(key) for key in _AGENT_KEYS):
        return "workload identities: the policy is for agent identities"
    return "workload identities: not among the included service principals"


def _lower(values: Iterable[str]) -> set[str]:
    return {value.lower() for value in values}
