"""The KQL of the alarms, as text. Pure: no Pulumi, no requests.

ValueError
└── QueryError    a value cannot be put into a query or a schedule that Azure accepts
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

FREQUENCIES_MINUTES = (5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440)
"""How often a use alert can run. Azure's 1 minute is left out: a rule that runs every minute may
contain neither `union` nor `ingestion_time()` (Azure Monitor, Optimize log search alert queries).
"""

WINDOWS_MINUTES = (5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880)
"""The spans of time that a log search alert rule can look at; two days at most."""

SIGN_IN_TABLES = ("SigninLogs", "AADNonInteractiveUserSignInLogs")
"""A passkey sign-in that obtains a refresh token is only in the second one (since 2025-04-11)."""

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_USER_PRINCIPAL_NAME = re.compile(r"[^\s\"\\@\x00-\x1f\x7f]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

# Every column has the same type in both tables, so the union keeps its name.
_COLUMNS = (
    "TimeGenerated",
    "UserPrincipalName",
    "UserDisplayName",
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
    "Table = Type",
)


class QueryError(ValueError):
    """A value that has no place in an alert's query or schedule; the message says which and why."""


@dataclass(frozen=True)
class WatchedAccount:
    """An account whose every sign-in rings. Both names are kept: one of them may change."""

    object_id: str
    user_principal_name: str

    def __post_init__(self) -> None:
        """Refuse what is not an object id or a user principal name: both become query text."""
        if not _OBJECT_ID.fullmatch(self.object_id):
            raise QueryError(f"object id {self.object_id!r} is not a GUID")
        if not _USER_PRINCIPAL_NAME.fullmatch(self.user_principal_name):
            raise QueryError(
                f"user principal name {self.user_principal_name!r} is not of the form "
                "name@domain without spaces, quotes and backslashes"
            )


@dataclass(frozen=True)
class RuleSchedule:
    """When a scheduled query rule runs and what it looks at, as ISO 8601 durations.

    The window is the whole look-back. A short window under a longer `overrideQueryTimeRange` would
    leave it to Azure whether a row older than the window counts; this way a late row always does.
    """

    evaluation_frequency: str
    window_size: str


def use_alert_schedule(*, frequency_minutes: int, lookback_minutes: int) -> RuleSchedule:
    """The schedule that belongs to `use_alert_query` of the same numbers; raises QueryError."""
    _check_schedule(frequency_minutes, lookback_minutes)
    return RuleSchedule(iso_duration(frequency_minutes), iso_duration(lookback_minutes))


def use_alert_query(
    accounts: Sequence[WatchedAccount],
    *,
    frequency_minutes: int,
    lookback_minutes: int,
    overlap_minutes: int = 1,
) -> str:
    """KQL that returns a row for every sign-in, successful or not, of one of the accounts.

    A row is taken by the time at which it *arrived* in the workspace, not by the time of the
    sign-in: logs are minutes late, at times hours. Runs overlap by `overlap_minutes`, so that a
    row on the border rings twice rather than never. `isfuzzy` lets the query run while one of the
    tables does not exist yet. Accounts are matched by object id or by user principal name, with
    `in (…)`: the form that assessors recognise.

    Raises QueryError when there is no account, or for a number that Azure does not allow.
    """
    if not accounts:
        raise QueryError("a use alert needs at least one account to watch")
    _check_schedule(frequency_minutes, lookback_minutes)
    if not 0 <= overlap_minutes <= 60:
        raise QueryError(f"overlap of {overlap_minutes} minutes: expected 0 to 60")
    names = [account.user_principal_name for account in accounts]
    arrival = f"{frequency_minutes + overlap_minutes}m"
    condition = (
        f"UserId in ({_literals([account.object_id.lower() for account in accounts])})"
        f" or UserPrincipalName in ({_literals(names)})"
        f" or tolower(UserPrincipalName) in ({_literals([name.lower() for name in names])})"
    )
    legs = ",\n".join(
        f"    ({table}\n"
        f"    | where ingestion_time() >= ago({arrival})\n"
        f"    | where TimeGenerated >= ago({lookback_minutes}m)\n"
        f"    | where {condition}\n"
        f"    | project {', '.join(_COLUMNS)})"
        for table in SIGN_IN_TABLES
    )
    return f"union isfuzzy=true\n{legs}\n| order by TimeGenerated desc"


def iso_duration(minutes: int) -> str:
    """Whole minutes as the ISO 8601 duration that Azure Monitor writes: PT5M, PT1H, P1D."""
    if minutes <= 0:
        raise QueryError(f"a duration of {minutes} minutes: expected at least one minute")
    if minutes % 1440 == 0:
        return f"P{minutes // 1440}D"
    if minutes % 60 == 0:
        return f"PT{minutes // 60}H"
    return f"PT{minutes}M"


def _check_schedule(frequency_minutes: int, lookback_minutes: int) -> None:
    if frequency_minutes not in FREQUENCIES_MINUTES:
        raise QueryError(
            f"a use alert cannot run every {frequency_minutes} minutes: Azure allows "
            f"{_listed(FREQUENCIES_MINUTES)} (every minute only for queries without union)"
        )
    if lookback_minutes not in WINDOWS_MINUTES:
        raise QueryError(
            f"a look-back of {lookback_minutes} minutes: Azure allows {_listed(WINDOWS_MINUTES)}"
        )
    if lookback_minutes < frequency_minutes:
        raise QueryError(
            f"a look-back of {lookback_minutes} minutes is shorter than the frequency of "
            f"{frequency_minutes} minutes: sign-ins between two runs would be missed"
        )


def _literals(values: Sequence[str]) -> str:
    return ",".join(f'"{value}"' for value in values)


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)
