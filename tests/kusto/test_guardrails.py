"""Public guardrails recognise our alarms by regular expressions over the rules' text.

Source: "GUARDRAIL 1", Check-AlertsMonitor of azure-guardrails-solution-accelerator (Shared Services
Canada): it writes blanks around every `|`, makes one blank of many and searches whatever the case.
It asks for an alert on both accounts and for one on changes of Conditional Access policies.
"""

import re

import pytest

from alerting.use_alert import WatchedAccount, use_alert_query
from tests.kusto.alarm_queries import ACCOUNT, QUERIES, SECOND

UPNS = "|".join(re.escape(account.user_principal_name) for account in (ACCOUNT, SECOND))
POLICY = "(Update|Add|Delete) conditional access policy"
BOTH_ACCOUNTS = (
    rf'SigninLogs \| Where.*UserPrincipalName (?:in|has_any) \("({UPNS})", "(?!\1)({UPNS})"\)'
)
ID_OR_NAME = r'UserId in \("[^"]+"(?:, ?"[^"]+")*\) or UserPrincipalName in \("[^"]+"'
POLICY_CHANGES = (
    rf'AuditLogs \| Where.*(?:OperationName|ActivityDisplayName) (?:==|=~|contains) "{POLICY}"'
)


def recognised(pattern: str, query: str) -> bool:
    text = re.sub(r"\s+", " ", query.replace("|", " | "))
    return re.search(pattern, text, re.IGNORECASE) is not None


@pytest.mark.parametrize("name", ["use of two", "use every 60 m", "use after a move"])
@pytest.mark.parametrize("pattern", [BOTH_ACCOUNTS, ID_OR_NAME])
def test_the_use_alert_is_recognised(name: str, pattern: str) -> None:
    assert recognised(pattern, QUERIES[name])


def test_the_order_of_the_accounts_and_other_letters_make_no_difference() -> None:
    other = WatchedAccount(ACCOUNT.object_id, ACCOUNT.user_principal_name.upper())
    query = use_alert_query([SECOND, other], frequency_minutes=5, lookback_minutes=1440)
    assert recognised(BOTH_ACCOUNTS, query)


def test_an_alert_on_one_of_the_accounts_alone_is_not_recognised() -> None:
    assert not recognised(BOTH_ACCOUNTS, QUERIES["use"])


def test_the_form_without_regard_to_case_is_not_recognised() -> None:
    assert not recognised(BOTH_ACCOUNTS, QUERIES["use of two"].replace(" in (", " in~ ("))


@pytest.mark.parametrize("name", ["exclusion", "exclusion, mfa only"])
def test_the_exclusion_alert_is_recognised_as_one_on_policy_changes(name: str) -> None:
    assert recognised(POLICY_CHANGES, QUERIES[name])
