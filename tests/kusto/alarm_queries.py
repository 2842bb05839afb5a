"""The queries of the four alarms with many settings, for the tests that put them to the proof."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from alerting.exclusion_alert import ExcludedObjects, exclusion_alert_query
from alerting.silence_alert import silence_alert_query
from alerting.tamper_alert import TamperTargets, tamper_alert_query
from alerting.use_alert import WatchedAccount, use_alert_query

ACCOUNT = WatchedAccount("0f3e4c1a-0000-4000-8000-00000000000a", "quiet-harbor@contoso.example")
SECOND = WatchedAccount("0F3E4C1A-0000-4000-8000-00000000000B", "North.O'Field@contoso.example")
GROUP = "b7e0c1de-0000-4000-8000-000000000001"
SECOND_GROUP = "B7E0C1DE-0000-4000-8000-00000000000F"
ROLE = "62e90394-69f5-4237-9190-012177145e10"
POLICY = "5c1d7b0e-3c52-4e0b-9a7f-0b1f5a3d9e42"
EARLIER = (
    "/subscriptions/0f3e4c1a-0000-4000-8000-0000000000aa/resourceGroups/rg-(old)_1/providers"
    "/Microsoft.OperationalInsights/workspaces/log-before"
)
CUSTOMER = 'Fabrikam "North" \\ Söhne & 株式会社'
RUNBOOK = "https://runbooks.contoso.example/break-glass?a=1#'x'"

_ONE, _TWO = [ACCOUNT], [ACCOUNT, SECOND]
_MANY = [
    WatchedAccount(f"0f3e4c1a-0000-4000-8000-{number:012x}", f"account-{number}@contoso.example")
    for number in range(100)
]


class Said(TypedDict):
    """What every query can say besides its finding."""

    customer: str
    runbook: str


_SAID = Said(customer=CUSTOMER, runbook=RUNBOOK)


def _use(accounts: Sequence[WatchedAccount], frequency: int = 5, period: int = 5) -> str:
    return use_alert_query(
        accounts, frequency_minutes=frequency, lookback_minutes=1440, period_minutes=period, **_SAID
    )


QUERIES: Mapping[str, str] = {
    "use": use_alert_query(_ONE, frequency_minutes=5, lookback_minutes=1440),
    "use of two": _use(_TWO),
    "use of a hundred": _use(_MANY),
    **{f"use every {minutes} m": _use(_TWO, minutes, 1440) for minutes in (10, 60, 1440)},
    "use after a move": use_alert_query(
        _TWO,
        frequency_minutes=5,
        lookback_minutes=2880,
        overlap_minutes=60,
        earlier_workspaces=[EARLIER],
        **_SAID,
    ),
    "exclusion": exclusion_alert_query(ExcludedObjects([GROUP], [])),
    "exclusion of users": exclusion_alert_query(
        ExcludedObjects([], [ACCOUNT.object_id, SECOND.object_id]), **_SAID
    ),
    "exclusion, mfa only": exclusion_alert_query(
        ExcludedObjects([GROUP, SECOND_GROUP], [ACCOUNT.object_id], True, [POLICY]),
        frequency_minutes=60,
        overlap_minutes=0,
        **_SAID,
    ),
    "tamper": tamper_alert_query(TamperTargets([ACCOUNT.object_id], [])),
    "tamper with all": tamper_alert_query(
        TamperTargets([ACCOUNT.object_id, SECOND.object_id], [GROUP, SECOND_GROUP], [ROLE]),
        frequency_minutes=15,
        overlap_minutes=5,
        **_SAID,
    ),
    "exclusion after a move": exclusion_alert_query(
        ExcludedObjects([GROUP], [ACCOUNT.object_id]), earlier_workspaces=[EARLIER], **_SAID
    ),
    "exclusion of a hundred": exclusion_alert_query(
        ExcludedObjects([GROUP], [account.object_id for account in _MANY])
    ),
    "tamper after a move": tamper_alert_query(
        TamperTargets([ACCOUNT.object_id], [GROUP], [ROLE]), earlier_workspaces=[EARLIER]
    ),
    "silence after a move": silence_alert_query(earlier_workspaces=[EARLIER]),
    "silence": silence_alert_query(),
    "silence of a customer": silence_alert_query(**_SAID),
}
