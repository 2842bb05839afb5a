"""The text of the use alert."""

import re

import pytest

from alerting.queries import (
    FREQUENCIES_MINUTES,
    QueryError,
    WatchedAccount,
    iso_duration,
    use_alert_query,
    use_alert_schedule,
)

FIRST = WatchedAccount("0f3e4c1a-0000-4000-8000-00000000000a", "Quiet-Harbor@contoso.example")
SECOND = WatchedAccount("0F3E4C1A-0000-4000-8000-00000000000B", "north.o'field@contoso.example")


def query(**changes: int) -> str:
    numbers = {"frequency_minutes": 5, "lookback_minutes": 1440} | changes
    return use_alert_query([FIRST, SECOND], **numbers)


def test_both_sign_in_tables_are_read_even_while_one_of_them_does_not_exist() -> None:
    text = query()
    assert text.startswith("union isfuzzy=true")
    assert re.findall(r"\((\w+)\n", text) == ["SigninLogs", "AADNonInteractiveUserSignInLogs"]


def test_each_table_is_read_by_arrival_with_an_overlap_of_one_minute() -> None:
    assert query().count("| where ingestion_time() >= ago(6m)") == 2
    assert query(overlap_minutes=3).count("| where ingestion_time() >= ago(8m)") == 2
    assert query().count("| where TimeGenerated >= ago(1440m)") == 2


def test_accounts_are_matched_in_the_form_that_assessors_recognise() -> None:
    recognised = (
        f'UserId in ("{FIRST.object_id}", "{SECOND.object_id.lower()}")'
        " or UserPrincipalName in "
        f'("{FIRST.user_principal_name}", "{SECOND.user_principal_name}")'
    )
    assert query().count(f"| where {recognised}") == 1
    assert "in~" not in query()


def test_a_user_principal_name_is_matched_whatever_its_case() -> None:
    lowered = '"quiet-harbor@contoso.example", "north.o\'field@contoso.example"'
    assert query().count(f"or tolower(UserPrincipalName) in ({lowered})") == 1


def test_the_reader_of_the_mail_gets_account_time_place_application_and_result() -> None:
    for column in ("TimeGenerated", "UserPrincipalName", "UserId", "IPAddress", "Location"):
        assert column in query().split("| project ")[-1]
    for column in ("AppDisplayName", "ResultType", "ResultDescription", "ClientAppUsed", "Type"):
        assert column in query().split("| project ")[-1]


def test_failed_attempts_are_not_filtered_out() -> None:
    conditions = [line for line in query().splitlines() if "| where" in line]
    assert not [line for line in conditions if "ResultType" in line]


@pytest.mark.parametrize(
    ("object_id", "name"),
    [
        ('" or 1 == 1 //', "a@contoso.example"),
        ("", "a@contoso.example"),
        (FIRST.object_id, "a\\@contoso.example"),
        (FIRST.object_id, "a b@contoso.example"),
        (FIRST.object_id, "a\n@contoso.example"),
        (FIRST.object_id, "a@contoso.example\n"),
        (FIRST.object_id, "no-domain"),
    ],
)
def test_what_is_no_id_or_no_name_is_refused(object_id: str, name: str) -> None:
    with pytest.raises(QueryError, match="is not"):
        WatchedAccount(object_id, name)


@pytest.mark.parametrize("minutes", [0, 1, 7, 20, 2880])
def test_a_frequency_that_azure_does_not_allow_names_those_it_does(minutes: int) -> None:
    with pytest.raises(QueryError, match=f"every {minutes} minutes: Azure allows 5, 10, 15"):
        query(frequency_minutes=minutes)


@pytest.mark.parametrize("minutes", FREQUENCIES_MINUTES)
def test_every_allowed_frequency_makes_a_query_and_a_schedule(minutes: int) -> None:
    assert f"ago({minutes + 1}m)" in query(frequency_minutes=minutes)
    schedule = use_alert_schedule(frequency_minutes=minutes, lookback_minutes=1440)
    assert schedule.evaluation_frequency == iso_duration(minutes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lookback_minutes": 90}, "look-back of 90 minutes: Azure allows"),
        ({"frequency_minutes": 60, "lookback_minutes": 30}, "shorter than the frequency"),
        ({"overlap_minutes": -1}, "expected 0 to 60"),
    ],
)
def test_numbers_that_would_miss_a_sign_in_are_refused(changes: dict[str, int], words: str) -> None:
    with pytest.raises(QueryError, match=words):
        query(**changes)


def test_no_account_is_an_error_and_not_an_empty_list() -> None:
    with pytest.raises(QueryError, match="at least one account"):
        use_alert_query([], frequency_minutes=5, lookback_minutes=1440)


@pytest.mark.parametrize(
    ("minutes", "text"), [(5, "PT5M"), (60, "PT1H"), (90, "PT90M"), (1440, "P1D"), (2880, "P2D")]
)
def test_durations_are_written_as_azure_writes_them(minutes: int, text: str) -> None:
    assert iso_duration(minutes) == text


def test_the_window_of_the_rule_is_the_whole_look_back() -> None:
    schedule = use_alert_schedule(frequency_minutes=5, lookback_minutes=1440)
    assert (schedule.evaluation_frequency, schedule.window_size) == ("PT5M", "P1D")
