"""The types of resources that the rules look at, as the engine names them."""

from typing import Final

ACCOUNT: Final = "break-glass:index:BreakGlassAccount"
ADOPTED_ACCOUNT: Final = "break-glass:index:AdoptedAccount"
ACCOUNT_ROLES: Final = "break-glass:index:AccountRoles"
GIVEN_ROLE: Final = "break-glass:index:GivenRole"
GROUP_COMPONENT: Final = "break-glass:index:BreakGlassGroup"
EXCLUSION_COMPONENT: Final = "break-glass:index:CaExclusionPatch"
MONITORING: Final = "break-glass:index:SignInMonitoring"
ALARMS: Final = "break-glass:index:Alarms"

DYNAMIC: Final = "pulumi-python:dynamic"
"""Every dynamic resource's type begins so."""
EXCLUSION: Final = "pulumi-python:dynamic/break-glass:PolicyExclusion"
GROUP_GUARD: Final = "pulumi-python:dynamic/break-glass:GroupGuard"

STACK: Final = "pulumi:pulumi:Stack"
RANDOM: Final = "random:index/"
"""Every random value's type begins so."""
RANDOM_PASSWORD: Final = "random:index/randomPassword:RandomPassword"  # noqa: S105
USER: Final = "azuread:index/user:User"
GROUP: Final = "azuread:index/group:Group"
MEMBER: Final = "azuread:index/groupMember:GroupMember"
ROLE_ASSIGNMENT: Final = "azuread:index/directoryRoleAssignment:DirectoryRoleAssignment"
ROLE_ELIGIBILITY: Final = (
    "azuread:index/directoryRoleEligibilityScheduleRequest:DirectoryRoleEligibilityScheduleRequest"
)
CONDITIONAL_ACCESS: Final = "azuread:index/conditionalAccessPolicy:ConditionalAccessPolicy"
WORKSPACE: Final = "azure-native:operationalinsights:Workspace"
DIAGNOSTIC_SETTING: Final = "azure-native:aadiam:DiagnosticSetting"
QUERY_RULE: Final = "azure-native:monitor:ScheduledQueryRule"
ACTIVITY_ALERT: Final = "azure-native:monitor:ActivityLogAlert"
ACTION_GROUP: Final = "azure-native:monitor:ActionGroup"
