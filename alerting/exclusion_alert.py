"""The exclusion alert: a Conditional Access policy was saved without the exclusion it should have.

Minutes instead of a night until somebody knows that the next emergency would find the door locked.
Sources: Microsoft Learn, "Microsoft Entra audit log categories and activities"; Microsoft Graph,
"conditionalAccessPolicy resource type". That `modifiedProperties` holds the whole policy as JSON
under `ConditionalAccessPolicy` is observed in exported rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from alerting.audit_log import LOOKBACK_MINUTES, audit_rows
from alerting.literals import QueryError, literal, literals
from alerting.query_parts import context, object_ids, one_row
from alerting.schedules import WATCH_EVERY_MINUTES, rule_schedule

EXCLUSION_SCHEDULE = rule_schedule(
    frequency_minutes=WATCH_EVERY_MINUTES, lookback_minutes=LOOKBACK_MINUTES
)
"""Every five minutes, over a day: a row that is late rings when it arrives."""

# A restored policy is in force again as it was when it was deleted.
_SAVED = (
    "Add conditional access policy",
    "Update conditional access policy",
    "Restore conditional access policy",
)
_CUT_OFF = "not in the part of the policy that the log holds: "
_DETAILS = (
    "TimeGenerated",
    "Policy",
    "Missing",
    "State",
    "Activity",
    "By",
    "IPAddress",
    "PolicyId",
)
_TEXTS = {
    "Policies": "Policy",
    "Missing": "Missing",
    "State": "State",
    "By": "By",
    "IPAddress": "IPAddress",
}

EXCLUSION_DIMENSIONS = ("Time", *_TEXTS)
"""What the message says."""


@dataclass(frozen=True)
class ExcludedObjects:
    """What every policy for people should exclude, by object id.

    `mfa_only`: only policies that ask for multifactor authentication. `left_alone`: ids of policies
    that the settings skip.
    """

    group_ids: Sequence[str]
    user_ids: Sequence[str]
    mfa_only: bool = False
    left_alone: Sequence[str] = ()


def exclusion_alert_query(
    excluded: ExcludedObjects,
    *,
    frequency_minutes: int = 5,
    overlap_minutes: int = 1,
    earlier_workspaces: Sequence[str] = (),
    customer: str = "",
    runbook: str = "",
) -> str:
    """KQL that returns one row for all policies that were saved without one of the exclusions.

    Which policies should have them is what `entra.exclusion.skip_reason` says: not those for
    workload or agent identities and not those for nobody. Their state makes no difference. A policy
    whose new value the log cuts off is searched as text. Deleting a policy locks nobody out.

    Raises QueryError for what is no object id, and when there is nothing to exclude.
    """
    groups, users = object_ids(excluded.group_ids), object_ids(excluded.user_ids)
    if not groups and not users:
        raise QueryError("an exclusion alert needs at least one group or user that is excluded")
    saved = " or ".join(f"OperationName =~ {literal(name)}" for name in _SAVED)
    rows = audit_rows(
        f'({saved}) and Result =~ "success"',
        frequency_minutes=frequency_minutes,
        overlap_minutes=overlap_minutes,
        earlier_workspaces=earlier_workspaces,
    )
    wanted = [
        *({"Kind": "group", "Id": one} for one in groups),
        *({"Kind": "user", "Id": one} for one in users),
    ]
    return (
        f"{rows}\n"
        "| mv-expand Target = TargetResources\n"
        "| mv-expand Property = Target.modifiedProperties\n"
        "| extend Policy = tostring(Target.displayName), PolicyId = tostring(Target.id),"
        " Text = tostring(Property.newValue)\n"
        f"{_left_alone(excluded.left_alone)}"
        "| extend Value = parse_json(Text)\n"
        "| extend Whole = isnotempty(tostring(Value.conditions))\n"
        '| where Whole or tostring(Property.displayName) =~ "ConditionalAccessPolicy"\n'
        "| extend Users = Value.conditions.users, State = tostring(Value.state)\n"
        f"| where not(Whole) or ({_for_people()})\n"
        f"{_MFA_ONLY if excluded.mfa_only else ''}"
        "| extend ExcludedGroups = iff(Whole, tostring(Users.excludeGroups), Text),"
        " ExcludedUsers = iff(Whole, tostring(Users.excludeUsers), Text)\n"
        f"| extend Wanted = dynamic({json.dumps(wanted)})\n"
        "| mv-expand One = Wanted\n"
        "| extend Kind = tostring(One.Kind), WantedId = tostring(One.Id)\n"
        '| where iff(Kind == "group", ExcludedGroups, ExcludedUsers) !contains WantedId\n'
        '| summarize Lacking = make_list(strcat(Kind, " ", WantedId))'
        " by TimeGenerated, Id, OperationName, Policy, PolicyId, State, Whole, By, IPAddress\n"
        f'| extend Missing = strcat(iff(Whole, "", {literal(_CUT_OFF)}),'
        ' strcat_array(Lacking, ", "))\n'
        "| extend Activity = OperationName\n"
        f"{one_row(_TEXTS, _DETAILS)}"
        f"{context(customer=customer, runbook=runbook)}"
    )


def _left_alone(policy_ids: Sequence[str]) -> str:
    if not policy_ids:
        return ""
    return f"| where tolower(PolicyId) !in ({literals(one.lower() for one in policy_ids)})\n"


def _for_people() -> str:
    """Somebody is included: a user other than `None` and the literal for all agents' users."""
    included = "tolower(tostring(Users.includeUsers))"
    return (
        f"{included} !in ('', '[]', '[\"none\"]', '[\"allagentidusers\"]')"
        " or array_length(Users.includeGroups) > 0 or array_length(Users.includeRoles) > 0"
        " or tostring(Users.includeGuestsOrExternalUsers) !in ('', '{}')"
    )


_MFA_ONLY = (
    "| extend Controls = Value.grantControls\n"
    '| where not(Whole) or tolower(tostring(Controls.builtInControls)) has "mfa"'
    " or isnotempty(tostring(Controls.authenticationStrength.id))\n"
)
