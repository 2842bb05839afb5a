"""The rule on the use alert: what its query has to be for no sign-in to be lost."""

from typing import Any

import pytest

from alerting.use_alert import SIGN_IN_TABLES, WatchedAccount, use_alert_query
from policies.resource_types import QUERY_RULE
from tests.policy.pack_scene import IDS, LATER, NOT_APPLICABLE, Thing, standing_stack
from tests.policy.use_alert_scene import EARLIER, QUERY, query, said, watched

LOST = "which may lose a sign-in"


def lost(*operators: str) -> list[str]:
    """What the rule says to the product's query with these after it, without the usual words."""
    found = said(watched("\n".join((QUERY, *operators))))
    assert isinstance(found, list)
    assert all(f", {LOST}, expected both tables in one union" in line for line in found)
    return [line.partition("found `")[2].partition("` in the query")[0] for line in found]


@pytest.mark.parametrize(
    "settings",
    [
        {"customer": 'a | take 0 "// x', "runbook": "https://x.example/a|b?c='d'"},
        {"period_minutes": 15, "overlap_minutes": 60},
        {"overlap_minutes": 0},
        {"earlier_workspaces": [EARLIER]},
    ],
)
def test_every_other_option_sees_every_use(settings: dict[str, Any]) -> None:
    assert said(watched(query(1, 2, **settings))) == []


@pytest.mark.parametrize("name", ["o'neil@contoso.com", 'k"1@contoso.com', "a\\b@contoso.com"])
def test_a_name_with_signs_of_the_language_is_found(name: str) -> None:
    text = use_alert_query(
        [WatchedAccount(IDS[1], name)], frequency_minutes=5, lookback_minutes=1440
    )
    stack = standing_stack()
    account = stack["account-1"].having(userPrincipalName=name.upper())
    alert = watched(text)[-1]
    assert said([account, stack["group"], alert]) == []


@pytest.mark.parametrize(
    "stack",
    [
        watched(LATER),
        watched(criteria={"allOf": [{"query": LATER}]}),
        watched(criteria={"allOf": [LATER]}),
        watched(scopes=LATER),
        watched(scopes=[LATER]),
        watched(evaluationFrequency=LATER, windowSize=LATER),
    ],
)
def test_what_is_known_later_is_not_judged(stack: list[Thing]) -> None:
    assert said(stack) == []


@pytest.mark.parametrize("table", SIGN_IN_TABLES)
def test_a_query_that_only_names_a_table_does_not_read_it(table: str) -> None:
    other = next(one for one in SIGN_IN_TABLES if one != table)
    (line,) = said(watched(QUERY.replace(table, other) + f'\n| extend Told = "{table}"'))
    assert line.startswith(f"monitoring-use-alert: found a query without {table}, expected Signin")


def test_a_comment_reads_nothing() -> None:
    text = f"// {' '.join(SIGN_IN_TABLES)} '{IDS[1]}' '{IDS[2]}'\nHeartbeat | take 0"
    assert [line.partition("found ")[2][:36] for line in said(watched(text))] == [
        "`Heartbeat` in the query, which may ",
        "`take 0` in the query, which may los",
        "a query without SigninLogs, expected",
        "a query without AADNonInteractiveUse",
        *["a query that does not ring for every"] * 4,
    ]


@pytest.mark.parametrize("text", ['"http://a"', "@'c:\\'", "'it is \\'// so | take 0'", "```//```"])
def test_slashes_and_bars_in_a_text_are_only_text(text: str) -> None:
    assert lost(f"| extend Told = {text} // | take 0") == []


@pytest.mark.parametrize(
    "operator",
    [
        "take 0",
        "limit 0",
        "top 1 by TimeGenerated",
        "sample 1",
        "where false",
        "where 1 == 2",
        f'where UserId !in ("{IDS[2]}")',
        'where ResultType == "0"',
        "where TimeGenerated >= ago(1d)",
        "join kind=inner (print UserId = '') on UserId",
        "summarize SignIns = count()",
        "distinct AccountId",
        "",
    ],
)
def test_an_operator_that_may_lose_a_row_is_refused(operator: str) -> None:
    assert lost(f"| {operator}") == [operator]


@pytest.mark.parametrize(
    ("tail", "told"),
    [
        ("| extend X = 1; print 0", "; print 0"),
        ("| project A; datatable(a:int)[]", "; datatable(a:int)[]"),
        ("; print 0", "; print 0"),
        ("| order by Time; Heartbeat", "; Heartbeat"),
        ("| extend X = bag(a; b)", "; b)"),
        (";", ";"),
    ],
)
def test_what_follows_a_semicolon_may_answer_in_place_of_the_query(tail: str, told: str) -> None:
    assert told in lost(tail)


@pytest.mark.parametrize("operator", ['extend X = "a; b"', "extend X = 1 // ; print 0"])
def test_a_semicolon_in_a_text_or_a_comment_ends_nothing(operator: str) -> None:
    assert lost(f"| {operator}") == []


def test_operators_that_keep_every_row_are_taken() -> None:
    assert lost("| sort by Time", "| project-away Place", "| extend X = 1") == []


FILTER = next(line for line in QUERY.splitlines() if line.startswith("| where UserId"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (FILTER, f"| take 0\n{FILTER}", "take 0"),
        (FILTER, f'| extend UserId = ""\n{FILTER}', "where UserId in"),
        (FILTER, f'{FILTER} and ResultType == "0"', "where UserId in"),
        (FILTER, f"{FILTER} or true", "where UserId in"),
        ("    | where ingestion_time()", "    | take 0\n    | where ingestion_time()", "take 0"),
        (" UserId, IPAddress", ' UserId = "", IPAddress', "project TimeGenerated"),
        (" UserId, IPAddress", " IPAddress", "project TimeGenerated"),
        (" UserPrincipalName, UserId, IP", " UserId, IP", "project TimeGenerated"),
        ("project TimeGenerated,", "distinct TimeGenerated,", "distinct TimeGenerated"),
        ("(SigninLogs\n", "(print 1), (SigninLogs\n", "print 1"),
        (FILTER, f'{FILTER} or AppDisplayName == "x"', "where UserId in"),
        (FILTER, f"{FILTER} or UserId in (dynamic([]))", "where UserId in"),
        (FILTER, f'{FILTER} or (UserId in ("a")) == ("b")', "where UserId in"),
        ("project TimeGenerated,", "project TimeGenerated = now(),", "project TimeGenerated"),
        ("UserId:string", "UserId:long", "(datatable("),
        ("[])", "[] | take 0)", "(datatable("),
        ("(SigninLogs\n", "(Heartbeat), (SigninLogs\n", "Heartbeat"),
        ("(SigninLogs\n", "(workspace(X).SigninLogs), (SigninLogs\n", "workspace(X).Sign"),
        ("union isfuzzy=true", "union", "union (datatable"),
        ("union isfuzzy=true", "let x = 1; union isfuzzy=true", "let x = 1; union"),
    ],
)
def test_another_way_to_put_the_query_together_is_not_proven(old: str, new: str, told: str) -> None:
    assert old in QUERY
    found = said(watched(QUERY.replace(old, new)))
    assert isinstance(found, list)
    assert found[0].startswith(f"monitoring-use-alert: found `{told}")
    assert LOST in found[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FILTER, f"| where TimeGenerated >= ago(1d)\n{FILTER}"),
        (FILTER, f"{FILTER}\n| where ingestion_time() >= ago(6m)"),
        ("    (datatable", "    SigninLogs, (datatable"),
    ],
)
def test_the_same_in_another_order_is_taken(old: str, new: str) -> None:
    assert old in QUERY
    assert said(watched(QUERY.replace(old, new))) == []


def test_a_long_operator_is_told_in_short() -> None:
    (told,) = lost(f"| where X == '{'x' * 100}'")
    assert len(told) == 60
    assert told.endswith("x…")


def test_a_second_list_of_accounts_must_have_all_of_them_too() -> None:
    first = next(line for line in query(1).splitlines() if line.startswith("| where UserId"))
    assert unseen(QUERY.replace(FILTER, f"{FILTER}\n{first}")) == [
        f"UserId of account-2 ({IDS[2]})",
        "UserPrincipalName of account-2 (k2@contoso.onmicrosoft.com)",
    ]


def unseen(text: str) -> list[str]:
    """For whom the query does not ring."""
    lines = said(watched(text))
    assert isinstance(lines, list)
    assert all("found a query that does not ring for every sign-in with" in one for one in lines)
    return [one.partition(" with the ")[2].partition(", expected")[0] for one in lines]


def test_an_account_that_the_query_lacks_is_told() -> None:
    assert unseen(query(1)) == [
        f"UserId of account-2 ({IDS[2]})",
        "UserPrincipalName of account-2 (k2@contoso.onmicrosoft.com)",
    ]


def only(*terms: str) -> str:
    """The product's query with this list of accounts."""
    return QUERY.replace(FILTER, f"| where {' or '.join(terms)}")


NAMES = 'UserPrincipalName in~ ("K1@contoso.onmicrosoft.com", "k2@contoso.onmicrosoft.com")'
BOTH_IDS = f'tolower(UserId) in ("{IDS[1]}", "{IDS[2]}")'


@pytest.mark.parametrize(
    "text",
    [
        only(BOTH_IDS, NAMES),
        only(f"UserId =~ '{IDS[1]}'", f'tolower(UserId) == "{IDS[2]}"', NAMES),
    ],
)
def test_other_lists_of_accounts_are_understood(text: str) -> None:
    assert unseen(text) == []


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (only(BOTH_IDS), "UserPrincipalName"),
        (only(BOTH_IDS, NAMES.replace("in~", "in")), "UserPrincipalName"),
        (only(BOTH_IDS, NAMES).replace(FILTER, ""), None),
        (only(NAMES), "UserId"),
    ],
)
def test_an_account_is_known_by_both_in_whatever_case(text: str, column: str | None) -> None:
    columns = [one.partition(" ")[0] for one in unseen(text)]
    assert columns == ([] if column is None else [column, column])


def test_a_query_without_accounts_rings_for_none_of_them() -> None:
    assert len(unseen(QUERY.replace(FILTER, ""))) == 4


def test_a_missing_use_alert_is_told_where_sign_ins_are_exported() -> None:
    (line,) = said(watched()[:-1])
    assert line.startswith("alarm: found no alert rule on the use of the accounts")


def test_a_rule_outside_of_the_alarm_is_no_use_alert() -> None:
    own = Thing(QUERY_RULE, "my-use-alert", {"criteria": {"allOf": [{"query": QUERY}]}})
    (line,) = said([*watched()[:-1], own])
    assert line.startswith("alarm: found no alert rule on the use of the accounts")


@pytest.mark.parametrize(
    "left", [("account-1",), ("account-1", "group"), ("account-1", "exclusion")]
)
def test_accounts_without_any_alarm_are_refused(left: tuple[str, ...]) -> None:
    stack = standing_stack()
    (line,) = said(stack[name] for name in left)
    assert line.startswith("alarm: found no alert rule on the use of the accounts")


def test_a_group_tells_that_sign_ins_could_be_exported() -> None:
    (line,) = said(standing_stack().values())
    assert line.startswith("alarm: found no alert rule on the use of the accounts")


def without_premium() -> list[Thing]:
    """Accounts and a frame of the alarm: no group, no exclusions, no sign-ins."""
    stack = standing_stack()
    return [stack["account-1"], stack["account-2"], stack["monitoring"]]


@pytest.mark.parametrize("stack", [without_premium(), without_premium()[2:]])
def test_without_premium_or_accounts_there_is_no_use_to_see(stack: list[Thing]) -> None:
    assert said(stack) == NOT_APPLICABLE
