"""The alarms' queries parse and bind: every name in them exists in Azure, whatever the settings.

Account and customer names are made up by hypothesis: text that somebody else chose stays text.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerting.exclusion_alert import EXCLUSION_DIMENSIONS, ExcludedObjects, exclusion_alert_query
from alerting.literals import literal
from alerting.silence_alert import silence_alert_query
from alerting.tamper_alert import TAMPER_DIMENSIONS, TamperTargets, tamper_alert_query
from alerting.use_alert import USE_DIMENSIONS, WatchedAccount, use_alert_query
from tests.kusto.alarm_queries import (
    ACCOUNT,
    CUSTOMER,
    EARLIER,
    GROUP,
    QUERIES,
    RUNBOOK,
    SECOND,
    Said,
)
from tests.kusto.language_service import TABLES, LanguageService

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
BREAKING_OUT = st.sampled_from(
    ['"', "'", "\\", '\\"', '") or 1 == 1 //', "{", "`", "```", "|", ";"]
)
NAME = (
    st.lists(TEXT | BREAKING_OUT, min_size=1)
    .map("".join)
    .map(lambda text: "".join(part for part in "".join(text.split()) if part.isprintable()))
    .map(lambda text: text.replace("@", ""))
    .filter(bool)
)


@pytest.mark.parametrize("name", QUERIES)
def test_every_name_in_an_alarms_query_exists_in_azure(kusto: LanguageService, name: str) -> None:
    answer = kusto.ask(QUERIES[name], workspaces=[EARLIER])
    assert answer.diagnostics == ()
    assert not [column for column, kind in answer.columns.items() if kind == "unknown"]


@pytest.mark.parametrize("tables", [(), TABLES[:1], TABLES[1:2], TABLES[2:]])
@pytest.mark.parametrize("name", QUERIES)
def test_no_alarms_query_fails_for_tables_without_a_row_yet(
    kusto: LanguageService, name: str, tables: tuple[str, ...]
) -> None:
    answer = kusto.ask(QUERIES[name], tables=tables, workspaces=[EARLIER])
    assert [found for found in answer.diagnostics if found.severity == "Error"] == []
    assert {found.text for found in answer.diagnostics} <= set(TABLES) - set(tables)


@pytest.mark.parametrize("name", [name for name in QUERIES if name.endswith("after a move")])
def test_another_workspace_that_is_gone_breaks_nothing(kusto: LanguageService, name: str) -> None:
    answer = kusto.ask(QUERIES[name], workspaces=[])
    assert {found.severity for found in answer.diagnostics} == {"Warning"}
    assert {found.text for found in answer.diagnostics} == {literal(EARLIER)}


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        (
            "use of two",
            f"{' '.join(USE_DIMENSIONS)} TimeGenerated Customer",
        ),
        ("use after a move", f"{' '.join(USE_DIMENSIONS)} TimeGenerated Runbook"),
        ("exclusion, mfa only", f"{' '.join(EXCLUSION_DIMENSIONS)} TimeGenerated Customer Runbook"),
        ("tamper with all", f"{' '.join(TAMPER_DIMENSIONS)} TimeGenerated Customer Runbook"),
        ("silence of a customer", "Finding Customer Runbook"),
    ],
)
def test_what_a_message_says_is_text_and_no_more_than_azure_takes(
    kusto: LanguageService, name: str, columns: str
) -> None:
    answer = kusto.ask(QUERIES[name], workspaces=[EARLIER])
    assert max(len(each) for each in (USE_DIMENSIONS, EXCLUSION_DIMENSIONS, TAMPER_DIMENSIONS)) <= 6
    wanted = dict.fromkeys(columns.split(), "string")
    if "TimeGenerated" in wanted:
        wanted["TimeGenerated"] = "datetime"
    assert {column: answer.columns.get(column) for column in wanted} == wanted
    assert CUSTOMER in answer.strings
    assert RUNBOOK in answer.strings


@settings(max_examples=150, deadline=None)
@given(text=TEXT)
def test_a_literal_is_read_as_the_text_that_it_was_made_of(
    kusto: LanguageService, text: str
) -> None:
    answer = kusto.ask(f"print {literal(text)}")
    assert answer.diagnostics == ()
    assert answer.strings == (text,)


@settings(max_examples=25, deadline=None)
@given(names=st.lists(NAME, min_size=1, max_size=4, unique=True), customer=TEXT)
def test_no_account_name_breaks_out_of_the_use_alert(
    kusto: LanguageService, names: list[str], customer: str
) -> None:
    accounts = [
        WatchedAccount(f"0f3e4c1a-0000-4000-8000-{number:012x}", f"{name}@contoso.example")
        for number, name in enumerate(names)
    ]
    answer = kusto.ask(
        use_alert_query(
            accounts, frequency_minutes=5, lookback_minutes=1440, customer=customer, runbook=RUNBOOK
        )
    )
    plain = kusto.ask(QUERIES["use"])
    assert answer.diagnostics == ()
    assert set(answer.strings) - set(plain.strings) <= {
        *(account.object_id for account in accounts),
        *(account.user_principal_name for account in accounts),
        *(account.user_principal_name.lower() for account in accounts),
        customer,
        RUNBOOK,
    }
    assert {account.user_principal_name for account in accounts} <= set(answer.strings)


@settings(max_examples=15, deadline=None)
@given(customer=TEXT.filter(bool), runbook=TEXT.filter(bool))
def test_no_customer_name_breaks_out_of_another_alarm(
    kusto: LanguageService, customer: str, runbook: str
) -> None:
    said = Said(customer=customer, runbook=runbook)
    accounts = [ACCOUNT.object_id, SECOND.object_id]
    for query in (
        exclusion_alert_query(ExcludedObjects([GROUP], accounts), **said),
        tamper_alert_query(TamperTargets(accounts, [GROUP]), **said),
        silence_alert_query(**said),
    ):
        answer = kusto.ask(query)
        assert answer.diagnostics == ()
        assert {customer, runbook} <= set(answer.strings)
