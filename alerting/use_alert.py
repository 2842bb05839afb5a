"""The use alert: somebody signed in, or tried to, with an emergency-access account.

Pure text: no Pulumi, no requests. Tables and columns: Azure Monitor Logs reference, "SigninLogs"
and "AADNonInteractiveUserSignInLogs".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from alerting.literals import QueryError, literal, literals
from alerting.query_parts import (
    MOST_DETAILS,
    RUNBOOK,
    context,
    everywhere,
    fuzzy_union,
    in_utc,
    known,
    object_ids,
)
from alerting.schedules import RuleSchedule, arrived, rule_schedule
from alerting.sign_in_results import SUCCESS, result_in_words

__all__ = [
    "RUNBOOK",
    "SIGN_IN_TABLES",
    "USE_DIMENSIONS",
    "WatchedAccount",
    "use_alert_query",
    "use_alert_schedule",
]

SIGN_IN_TABLES = ("SigninLogs", "AADNonInteractiveUserSignInLogs")
"""A passkey sign-in that obtains a refresh token is only in the second one (since 2025-04-11)."""

_USER_PRINCIPAL_NAME = re.compile(r"[^\s@\x00-\x1f\x7f-\x9f]+@[^\s@\x00-\x1f\x7f-\x9f]+")
# What both tables have with the same type. LocationDetails is an object in one, text in the other.
_STRINGS = (
    "UserPrincipalName",
    "UserId",
    "IPAddress",
    "Location",
    "AppDisplayName",
    "ResourceDisplayName",
    "ClientAppUsed",
    "ResultType",
    "ResultDescription",
    "ConditionalAccessStatus",
    "CorrelationId",
)
_LEG_COLUMNS = (
    "TimeGenerated",
    *_STRINGS,
    "LocationText = tostring(LocationDetails)",
    "Table = Type",
)
_EMPTY = ", ".join(
    ["TimeGenerated:datetime", *(f"{name}:string" for name in (*_STRINGS, "LocationText", "Table"))]
)
_DETAILS = (
    "TimeGenerated",
    "Result",
    "IPAddress",
    "Place",
    "AppDisplayName",
    "ResourceDisplayName",
    "ClientAppUsed",
    "ConditionalAccessStatus",
    "UserPrincipalName",
    "ResultType",
    "CorrelationId",
    "Table",
)
_MAY_BE_EMPTY = ("IPAddress", "Place", "AppDisplayName")
_OF_THE_ONE_THAT_MATTERS = ("TimeGenerated", "UserPrincipalName", "Result", *_MAY_BE_EMPTY)
_MOST_CORRELATION_IDS = 1000

USE_DIMENSIONS = ("Account", "Time", "IPAddress", "Place", "Application", "Result")
"""What the message says; Azure takes six."""


@dataclass(frozen=True)
class WatchedAccount:
    """An account whose every sign-in rings. Both names are kept: one of them may change."""

    object_id: str
    user_principal_name: str

    def __post_init__(self) -> None:
        """Refuse what is not an object id or a user principal name."""
        object_ids([self.object_id])
        if not _USER_PRINCIPAL_NAME.fullmatch(self.user_principal_name):
            raise QueryError(
                f"user principal name {self.user_principal_name!r} is not of the form "
                "name@domain without spaces and control characters"
            )


def use_alert_schedule(*, frequency_minutes: int, lookback_minutes: int) -> RuleSchedule:
    """The schedule that belongs to `use_alert_query` of the same numbers; raises QueryError."""
    return rule_schedule(frequency_minutes=frequency_minutes, lookback_minutes=lookback_minutes)


def use_alert_query(
    accounts: Sequence[WatchedAccount],
    *,
    frequency_minutes: int,
    lookback_minutes: int,
    period_minutes: int | None = None,
    overlap_minutes: int = 1,
    earlier_workspaces: Sequence[str] = (),
    customer: str = "",
    runbook: str = "",
) -> str:
    """KQL that returns a row for each account with which somebody signed in, or tried to.

    A message carries nothing of a row but its dimensions, and each row is a message: so an attack
    is one row. It tells of the sign-in that matters, the latest successful one, else the latest,
    and in `Result` how many there were; `Details` has them one by one.

    A row counts when it arrived in the workspace within `period_minutes` (default: since the run
    before) or within `overlap_minutes` before that, and is not older than the look-back. Accounts
    are matched by object id or by user principal name in whatever case, in the form `in (…)` that
    assessors recognise. `earlier_workspaces`: ARM ids of workspaces to which the logs went before;
    what is on its way there while the diagnostic setting is switched rings, too.

    Raises QueryError when there is no account, or for a number that Azure does not allow.
    """
    if not accounts:
        raise QueryError("a use alert needs at least one account to watch")
    rule_schedule(frequency_minutes=frequency_minutes, lookback_minutes=lookback_minutes)
    period = frequency_minutes if period_minutes is None else period_minutes
    if not frequency_minutes <= period <= lookback_minutes:
        raise QueryError(
            f"a period of {period} minutes: expected at least the frequency of "
            f"{frequency_minutes} minutes and at most the look-back of {lookback_minutes} minutes"
        )
    arrival = arrived(period_minutes=period, overlap_minutes=overlap_minutes)
    legs = [
        f"{table}\n"
        f"    | where {arrival}\n"
        f"    | where TimeGenerated >= ago({lookback_minutes}m)\n"
        f"    | project {', '.join(_LEG_COLUMNS)}"
        for name in SIGN_IN_TABLES
        for table in everywhere(name, earlier_workspaces)
    ]
    return (
        f"{fuzzy_union(_EMPTY, legs)}\n"
        f"| where {_of_one_of(accounts)}\n"
        f"| extend Result = {result_in_words()}\n"
        "| extend City = tostring(parse_json(LocationText).city)\n"
        '| extend Place = iff(isempty(City), Location, strcat(City, ", ", Location))\n'
        f"| extend {', '.join(f'{name} = {known(name)}' for name in _MAY_BE_EMPTY)}\n"
        f"| extend AccountId = {_account_id(accounts)},"
        f" Success = ResultType == {literal(SUCCESS)}\n"
        # Any success comes after every failure.
        "| extend Weight = iff(Success, TimeGenerated + 3650d, TimeGenerated)\n"
        f"| extend Detail = bag_pack({', '.join(f'{literal(one)}, {one}' for one in _DETAILS)})\n"
        "| order by TimeGenerated desc\n"
        "| summarize SignIns = count(), Successes = countif(Success),"
        " Addresses = dcount(IPAddress),"
        " AllIds = make_set(CorrelationId), All = make_list(Detail),"
        f" arg_max(Weight, {', '.join(_OF_THE_ONE_THAT_MATTERS)}) by AccountId\n"
        '| extend Counted = strcat(SignIns, " attempts from ", Addresses,'
        ' iff(Addresses == 1, " address", " addresses"))\n'
        "| extend Counted = iff(Successes == 0 or Successes == SignIns, Counted,"
        ' strcat(Successes, " of ", Counted))\n'
        "| project TimeGenerated,"
        " Account = coalesce(UserPrincipalName, AccountId),"
        f" Time = {in_utc('TimeGenerated')}, IPAddress, Place, Application = AppDisplayName,"
        ' Result = iff(SignIns == 1, Result, strcat(Result, " (", Counted, ")")),'
        " SignIns, Successes,"
        f" CorrelationIds = array_slice(AllIds, 0, {_MOST_CORRELATION_IDS - 1}),"
        f" Details = array_slice(All, 0, {MOST_DETAILS - 1}), AccountId"
        f"{context(customer=customer, runbook=runbook)}"
    )


def _account_id(accounts: Sequence[WatchedAccount]) -> str:
    """The account's object id in lower case, of a sign-in that has only its name, too."""
    ids = literals(object_ids(account.object_id for account in accounts))
    names = {account.user_principal_name.lower(): account.object_id.lower() for account in accounts}
    cases = "".join(
        f"tolower(UserPrincipalName) == {literal(name)}, {literal(object_id)}, "
        for name, object_id in names.items()
    )
    return f"case(tolower(UserId) in ({ids}), tolower(UserId), {cases}tolower(UserPrincipalName))"


def _of_one_of(accounts: Sequence[WatchedAccount]) -> str:
    """By id or name as written, which assessors read; then by both in whatever case."""
    ids = literals(object_ids(account.object_id for account in accounts))
    names = [account.user_principal_name for account in accounts]
    return (
        f"UserId in ({ids}) or UserPrincipalName in ({literals(names)})"
        f" or tolower(UserId) in ({ids})"
        f" or tolower(UserPrincipalName) in ({literals(name.lower() for name in names)})"
    )
