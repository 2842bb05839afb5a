"""The tamper alert: somebody touched an account, its group or role, or acted as the account.

Sources: Microsoft Learn, "Microsoft Entra audit log categories and activities".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alerting.audit_log import LOOKBACK_MINUTES, audit_rows
from alerting.literals import QueryError, literals
from alerting.query_parts import context, object_ids, one_row
from alerting.schedules import WATCH_EVERY_MINUTES, rule_schedule

TAMPER_SCHEDULE = rule_schedule(
    frequency_minutes=WATCH_EVERY_MINUTES, lookback_minutes=LOOKBACK_MINUTES
)
"""Every five minutes, over a day: a row that is late rings when it arrives."""

_OF_THE_TENANT = ("Update security defaults", "Delete conditional access policy")
_OF_A_ROLE = ("Update role setting in PIM", "Update role definition", "Delete role definition")
_DETAILS = (
    "TimeGenerated",
    "Activity",
    "Objects",
    "By",
    "IPAddress",
    "Result",
    "ResultReason",
    "ObjectIds",
)
_TEXTS = {
    "Activities": "Activity",
    "Objects": "Objects",
    "By": "By",
    "IPAddress": "IPAddress",
    "Result": "Result",
}

TAMPER_DIMENSIONS = ("Time", *_TEXTS)
"""What the message says."""


@dataclass(frozen=True)
class TamperTargets:
    """What is watched, by object id: accounts, groups, and the directory roles that they hold."""

    account_ids: Sequence[str]
    group_ids: Sequence[str]
    role_ids: Sequence[str] = ()


def tamper_alert_query(
    targets: TamperTargets,
    *,
    frequency_minutes: int = 5,
    overlap_minutes: int = 1,
    earlier_workspaces: Sequence[str] = (),
    customer: str = "",
    runbook: str = "",
) -> str:
    """KQL that returns one row for all audited activities on or by what is watched.

    Any activity counts whose target is an account or a group: passwords, security info, passkeys,
    membership, role assignments, being disabled or deleted. Microsoft renames activities, and a
    list of names would miss the new ones. On a role only a change of its rules counts, not who else
    is given it. Of the tenant, whoever it concerns: `Update security defaults` and `Delete
    conditional access policy`. Names are compared in whatever case; failed attempts count, too.

    Raises QueryError for what is no object id, and when no account is given.
    """
    accounts, groups = object_ids(targets.account_ids), object_ids(targets.group_ids)
    roles = object_ids(targets.role_ids)
    if not accounts:
        raise QueryError("a tamper alert needs at least one account to watch")
    acted, touched = literals(accounts), literals([*accounts, *groups])
    tenant_wide = f"OperationName in~ ({literals(_OF_THE_TENANT)})"
    rows = audit_rows(
        f"{tenant_wide} or tolower(tostring(InitiatedBy.user.id)) in ({acted})"
        f" or tostring(TargetResources) has_any ({literals([*accounts, *groups, *roles])})",
        frequency_minutes=frequency_minutes,
        overlap_minutes=overlap_minutes,
        earlier_workspaces=earlier_workspaces,
    )
    of_a_role = (
        f" or (OperationName in~ ({literals(_OF_A_ROLE)}) and ObjectId in ({literals(roles)}))"
        if roles
        else ""
    )
    return (
        f"{rows}\n"
        "| extend ById = tolower(tostring(InitiatedBy.user.id))\n"
        "| extend Targets = iff(array_length(TargetResources) > 0, TargetResources,"
        " dynamic([{}]))\n"
        "| mv-expand Target = Targets\n"
        "| extend ObjectId = tolower(tostring(Target.id)),"
        " ObjectName = tostring(Target.displayName)\n"
        f"| extend Ours = {tenant_wide} or ById in ({acted}) or ObjectId in ({touched})"
        f"{of_a_role}\n"
        "| extend ObjectName = iff(isempty(ObjectName), ObjectId, ObjectName)\n"
        "| summarize Hits = countif(Ours), Names = make_set(ObjectName), Ids = make_set(ObjectId)"
        " by TimeGenerated, Id, OperationName, By, IPAddress, Result, ResultReason\n"
        "| where Hits > 0\n"
        '| extend Objects = strcat_array(Names, ", "), ObjectIds = strcat_array(Ids, ", ")\n'
        "| extend Activity = OperationName\n"
        f"{one_row(_TEXTS, _DETAILS)}"
        f"{context(customer=customer, runbook=runbook)}"
    )
