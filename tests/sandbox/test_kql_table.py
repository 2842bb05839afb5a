"""KQL over a few rows: each answer worked out by hand from Microsoft's reference of the construct.

The groups name pages of "Kusto Query Language" on Microsoft Learn.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.tenant.monitor.kql import KqlError, NotSimulatedError
from tests.sandbox.kql_rows import ask

# Conditions on sign-ins, and whose they let through.
CONDITIONS = {
    # "String operators": == is case-sensitive, =~ is not.
    'AppDisplayName == "azure portal"': "b",
    'AppDisplayName != "azure portal"': "ac",
    'AppDisplayName =~ "AZURE PORTAL"': "ab",
    'AppDisplayName !~ "AZURE PORTAL"': "c",
    'UserId in ("A", "b")': "b",
    'UserId in~ ("A", "b")': "ab",
    'UserId !in ("a", "b")': "c",
    'UserId !in~ ("A", "b")': "c",
    'UserId in (dynamic(["a", "b"]))': "ab",
    'UserId == h"a"': "a",
    # "has operator": whole terms, without regard to case.
    'AppDisplayName has "PORTAL"': "ab",
    'AppDisplayName has "port"': "",
    'AppDisplayName has "exchange"': "c",
    'AppDisplayName !has "portal"': "c",
    'AppDisplayName has_cs "portal"': "b",
    'AppDisplayName has_any ("portal", "exchange")': "abc",
    'AppDisplayName has_all ("azure", "portal")': "ab",
    'AppDisplayName hasprefix "exch"': "c",
    'IPAddress has "203.0.113.1"': "",
    'UserPrincipalName has "contoso"': "abc",
    'UserPrincipalName has "oso.example"': "",
    # "contains operator" and its relatives: any part, without regard to case.
    'AppDisplayName contains "PORT"': "ab",
    'AppDisplayName !contains "PORT"': "c",
    'AppDisplayName contains_cs "Port"': "a",
    'AppDisplayName contains "%"': "",
    'AppDisplayName startswith "AZ"': "ab",
    'AppDisplayName startswith_cs "az"': "b",
    'AppDisplayName startswith "_"': "",
    'AppDisplayName endswith "ONLINE"': "c",
    # "matches regex operator"
    'AppDisplayName matches regex "^[Aa]zure"': "ab",
    r'IPAddress matches regex @"^203\.0\.113\.\d$"': "a",
    # "between operator": both ends belong to it.
    "DurationMs between (10 .. 15)": "a",
    "DurationMs between (10 .. 20)": "ab",
    "DurationMs !between (10 .. 15)": "b",
    "TimeGenerated between (datetime(2026-11-01 11:30) .. 1h)": "bc",
    "TimeGenerated between (ago(1h) .. now())": "abc",
    # "ago()", "now()", "datetime"
    "TimeGenerated > ago(45m)": "bc",
    "TimeGenerated > now(-45m)": "bc",
    "TimeGenerated > datetime(2026-11-01T11:30:00Z)": "c",
    "TimeGenerated < startofday(now())": "",
    # "ingestion_time()"
    "ingestion_time() >= ago(6m)": "bc",
    "ingestion_time() > TimeGenerated + 5m": "b",
    # "Null values": no null strings; a null number is unequal to every number.
    "isempty(ResultDescription)": "ab",
    "isnotempty(ResultDescription)": "c",
    "isnull(ResultDescription)": "",
    'ResultDescription == ""': "ab",
    'ResultDescription != "MFA done"': "ab",
    'ResultDescription !has "mfa"': "ab",
    "isnull(DurationMs)": "c",
    "isnotnull(DurationMs)": "ab",
    "DurationMs != 10": "bc",
    "DurationMs > 10": "b",
    "not(DurationMs == 10)": "bc",
    # "The dynamic data type"
    "Status.errorCode == 0": "a",
    "Status.errorCode > 9": "b",
    "toint(Status.errorCode) == 0": "a",
    'Status["errorCode"] == 50126': "b",
    "isempty(Status.failureReason)": "ac",
    "isnull(Status.failureReason)": "ac",
    "isnotnull(Status.failureReason)": "b",
    "Status.ErrorCode == 0": "",
    'Status has "password"': "b",
    "IsInteractive": "a",
    "not(IsInteractive)": "b",
    'UserId == "a" or UserId == "b" and ResultType == "0"': "a",
    'UserId == "a" // or UserId == "b"': "a",
    # "in operator", "has_any operator": tabular expressions
    'UserId in ((SigninLogs | where ResultType == "0" | project UserId))': "ac",
    "toscalar(AuditLogs | count) == 2": "abc",
}

# What follows the name of the table, and the rows that it gives.
SIGN_INS: dict[str, list[dict[str, Any]]] = {
    "| count": [{"Count": 3}],
    "| summarize n = count(), d = dcount(ResultType), z = countif(DurationMs > 10)": [
        {"n": 3, "d": 2, "z": 1}
    ],
    '| where UserId == "x" | summarize count()': [{"count_": 0}],
    '| where UserId == "x" | summarize count() by UserId': [],
    "| summarize count() by bin(TimeGenerated, 1h)": [
        {"TimeGenerated": datetime(2026, 11, 1, 11, tzinfo=UTC), "count_": 3}
    ],
    "| summarize arg_max(TimeGenerated, UserId) by ResultType | project ResultType, UserId "
    "| order by UserId asc": [
        {"ResultType": "50126", "UserId": "b"},
        {"ResultType": "0", "UserId": "c"},
    ],
    "| summarize arg_max(TimeGenerated, *) | project UserId": [{"UserId": "c"}],
    '| summarize s = make_set(ResultType) | project n = array_length(s), h = s has "50126"': [
        {"n": 2, "h": True}
    ],
    "| summarize make_list(DurationMs)": [{"list_DurationMs": [10, 20]}],
    "| summarize max(DurationMs), avg(DurationMs), sum(DurationMs)": [
        {"max_DurationMs": 20, "avg_DurationMs": 15.0, "sum_DurationMs": 30}
    ],
    "| extend l = tolower(AppDisplayName) | distinct l | order by l asc": [
        {"l": "azure portal"},
        {"l": "office 365 exchange-online"},
    ],
    "| project UserId, ResultType | project-away ResultType | take 1": [{"UserId": "a"}],
    "| project UserId | project-rename who = UserId | where who == 'b'": [{"who": "b"}],
    "| order by DurationMs | project UserId": [{"UserId": "b"}, {"UserId": "a"}, {"UserId": "c"}],
    "| order by DurationMs asc | project UserId": [
        {"UserId": "c"},
        {"UserId": "a"},
        {"UserId": "b"},
    ],
    "| top 1 by TimeGenerated | project UserId": [{"UserId": "c"}],
    "| take 2 | count": [{"Count": 2}],
    '| project c = coalesce(ResultDescription, "none") | distinct c | order by c asc': [
        {"c": "MFA done"},
        {"c": "none"},
    ],
    '| top 1 by UserId asc | project x = iff(ResultType == "0", "ok", "bad"), '
    'y = case(DurationMs > 10, "slow", DurationMs > 5, "fair", "quick"), '
    'z = strcat(UserId, "-", DurationMs)': [{"x": "ok", "y": "fair", "z": "a-10"}],
    '| top 1 by UserId asc | project e = extract("@(.*)$", 1, UserPrincipalName), '
    'n = extract("x(y)z", 1, UserId), s = split(UserPrincipalName, "@")[1]': [
        {"e": "contoso.example", "n": "", "s": "contoso.example"}
    ],
    '| top 1 by UserId asc | project a = parse_json("no JSON"), b = todynamic("[7]")[0]': [
        {"a": "no JSON", "b": 7}
    ],
    "| top 1 by UserId asc | project now() - TimeGenerated, bin(17, 5), 7 / 2, "
    'datetime_diff("minute", now(), TimeGenerated)': [
        {"Column1": timedelta(hours=1), "Column2": 15, "Column3": 3, "Column4": 60}
    ],
    "| top 1 by UserId asc | project tostring(TimeGenerated)": [
        {"TimeGenerated": "2026-11-01T11:00:00.0000000Z"}
    ],
}

# Whole queries, and the rows that they give.
QUERIES: dict[str, list[dict[str, Any]]] = {
    "AuditLogs | project Id, who = tostring(InitiatedBy.user.id)": [
        {"Id": "1", "who": "a"},
        {"Id": "2", "who": ""},
    ],
    "AuditLogs | project InitiatedBy.user.id": [
        {"InitiatedBy_user_id": "a"},
        {"InitiatedBy_user_id": None},
    ],
    "AuditLogs | project Id, t = tostring(TargetResources[-1].id)": [
        {"Id": "1", "t": "p1"},
        {"Id": "2", "t": "r1"},
    ],
    "AuditLogs | mv-expand t = TargetResources | project Id, t = tostring(t.id)": [
        {"Id": "1", "t": "p1"},
        {"Id": "2", "t": "u1"},
        {"Id": "2", "t": "r1"},
    ],
    "AuditLogs | mv-expand t = TargetResources | mv-expand p = t.modifiedProperties "
    "| where isempty(p.oldValue) | project n = p.displayName": [{"n": "Role.DisplayName"}],
    "SigninLogs | join kind=inner (AuditLogs | project Id, UserId = tostring(InitiatedBy.user.id))"
    " on UserId | project UserId, UserId1, Id1": [{"UserId": "a", "UserId1": "a", "Id1": "1"}],
    "SigninLogs | join kind=leftouter (AuditLogs | project N = Id, UserId = "
    'tostring(InitiatedBy.user.id)) on UserId | where N == "" | project UserId': [
        {"UserId": "b"},
        {"UserId": "c"},
    ],
    "SigninLogs | join kind=leftanti (AuditLogs | project U = tostring(InitiatedBy.user.id)) "
    "on $left.UserId == $right.U | project UserId": [{"UserId": "b"}, {"UserId": "c"}],
    "SigninLogs | join kind=leftsemi (AuditLogs | project U = tostring(InitiatedBy.user.id)) "
    "on $left.UserId == $right.U | project UserId": [{"UserId": "a"}],
    "SigninLogs | join (SigninLogs | project ResultType) on ResultType | count": [{"Count": 3}],
    "union SigninLogs, AuditLogs | count": [{"Count": 5}],
    "union withsource=T SigninLogs, AuditLogs | summarize n = count() by T | order by T asc": [
        {"T": "AuditLogs", "n": 2},
        {"T": "SigninLogs", "n": 3},
    ],
    "union kind=outer (SigninLogs | project UserId | take 1), (AuditLogs | project Id | take 1)": [
        {"UserId": "a", "Id": ""},
        {"UserId": "", "Id": "1"},
    ],
    'union (SigninLogs | where UserId == "a" | project X = UserId), '
    "(AuditLogs | take 1 | project X = 1)": [
        {"X_string": "a", "X_long": None},
        {"X_string": "", "X_long": 1},
    ],
    "union isfuzzy=true SigninLogs, Missing | count": [{"Count": 3}],
    "union isfuzzy=true (Missing | project x), (SigninLogs | project UserId) | count": [
        {"Count": 3}
    ],
    # "IngestionTime policy": the hidden column has a name of its own.
    "SigninLogs | take 1 | project ingestion_time()": [
        {"$IngestionTime": datetime(2026, 11, 1, 11, 4, tzinfo=UTC)}
    ],
    "SigninLogs | summarize max(ingestion_time())": [
        {"max_$IngestionTime": datetime(2026, 11, 1, 11, 59, 30, tzinfo=UTC)}
    ],
    "AuditLogs | summarize by bin(ingestion_time(), 1h)": [
        {"$IngestionTime": datetime(2026, 11, 1, 11, tzinfo=UTC)}
    ],
    "AuditLogs | extend ingestion_time() | where ['$IngestionTime'] > datetime(2026-11-01 11:20) "
    "| project Id": [{"Id": "2"}],
    "AuditLogs | summarize by bin(TimeGenerated, 6h)": [
        {"TimeGenerated": datetime(2026, 11, 1, 6, tzinfo=UTC)}
    ],
    "let n = 15; SigninLogs | where DurationMs > n | project UserId": [{"UserId": "b"}],
    "let w = 45m; SigninLogs | where TimeGenerated > ago(w) | count": [{"Count": 2}],
    'let ids = dynamic(["a", "b"]); SigninLogs | where UserId in (ids) | count': [{"Count": 2}],
    'let ok = SigninLogs | where ResultType == "0" | project UserId; '
    "SigninLogs | where UserId !in (ok) | project UserId": [{"UserId": "b"}],
    'let words = dynamic(["portal"]); SigninLogs | where AppDisplayName has_any (words) | count': [
        {"Count": 2}
    ],
    'let T = SigninLogs | where ResultType == "0"; T | count': [{"Count": 2}],
    'let same = (x: string) { x == "a" }; SigninLogs | where same(UserId) | count': [{"Count": 1}],
}

# What Azure refuses too, with the words that the error must have.
REFUSED = {
    "SigninLogs | where userid == 'a'": "'userid'.*the name is 'UserId'",
    "SigninLogs | where ['userid'] == 'a'": "the name is 'UserId'",
    "SigninLogs | where Nope == 'a'": "'Nope'",
    "SigninLogs | summarize count() | where Count_ > 0": "the name is 'count_'",
    "SigninLogs | extend Foo = 1 | where foo == 1": "the name is 'Foo'",
    "SigninLogs | where ToLower(UserId) == 'a'": "'ToLower'",
    "signinLogs | count": "the name is 'SigninLogs'",
    "Missing | count": "'Missing'",
    "union SigninLogs, Missing": "'Missing'",
    "union isfuzzy=true (Missing), (Gone)": "'Missing'",
    "SigninLogs | summarize count() by Status.errorCode": "'summarize'.*dynamic.*tostring",
    "SigninLogs | distinct Status": "'distinct'.*dynamic",
    "SigninLogs | order by Status": "'order'.*dynamic",
    "SigninLogs | join AuditLogs on $left.Status == $right.InitiatedBy": "'join'.*dynamic",
    "SigninLogs | join AuditLogs on $left.DurationMs == $right.Id": "'join'.*long.*string",
    "SigninLogs | where": "could not parse",
    "SigninLogs | Where UserId == 'a'": "could not parse",
}

# "String operators" have no order; values of different types have no equality.
UNLIKE = {
    f"SigninLogs | where {condition}": f"Cannot compare values of types {types}. Try adding"
    for condition, types in {
        'TimeGenerated > "2026-11-01"': "datetime and string",
        '"2026-11-01" < TimeGenerated': "string and datetime",
        'TimeGenerated == "2026-11-01"': "datetime and string",
        'ingestion_time() > "2026-11-01"': "datetime and string",
        'UserId < "b"': "string and string",
        'tolower(UserId) >= strcat(UserId, "b")': "string and string",
        '"a" < "b"': "string and string",
        'Status.errorCode > "1"': "dynamic and string",
        "ResultType == 0": "string and long",
        "ResultType != 0": "string and long",
        "toint(ResultType) == '0'": "int and string",
        'DurationMs == "10"': "long and string",
        'UserId == "a" and (isempty(UserId) or not(ResultType > 5))': "string and long",
    }.items()
}
UNLIKE_ELSEWHERE = {
    f"SigninLogs | {rest}": "Cannot compare values of types string and long"
    for rest in (
        "extend failed = ResultType != 0",
        "summarize countif(ResultType != 0)",
        "project x = iff(ResultType == 0, 1, 2)",
        "join (SigninLogs | where ResultType == 0) on UserId",
    )
}

# What Azure may run and the sandbox does not, with the construct that the error must name.
NOT_SIMULATED = {
    "SigninLogs | summarize count() by bin(TimeGenerated, 1h) | render timechart": "render",
    "SigninLogs | project-away User*, Id": "project-away",
    "SigninLogs | project-reorder Id": "ProjectReorder",
    "SigninLogs | project-keep Id": "ProjectKeep",
    "SigninLogs | distinct *": r"distinct \*",
    "SigninLogs | evaluate bag_unpack(Status)": "Evaluate",
    "SigninLogs | mv-apply Status on (take 1)": "Mvapply",
    "SigninLogs | make-series count() on TimeGenerated step 1h": "MakeSeries",
    "SigninLogs | search 'ada'": "Search",
    "search 'ada'": "Search",
    "find where UserId == 'a'": "Find",
    "SigninLogs | getschema": "getschema",
    "SigninLogs | where * has 'ada'": "StringStar",
    "SigninLogs | sample 1": "Sample",
    "externaldata(a: string)['https://x.example/a.csv']": "ExternalData",
    "let w = 'x'; workspace(w).SigninLogs | count": "workspace",
    "workspace('x') | count": "workspace",
    "SigninLogs | summarize count() by bin(TimeGenerated, 7d)": "'bin' of a datetime by 7d",
    "SigninLogs | extend w = floor(startofday(TimeGenerated), 5h)": "'floor' of a datetime by 5h",
    "SigninLogs | extend age = bin(now() - TimeGenerated, 1h)": "'bin' of a timespan",
    "let w = 7d; SigninLogs | where bin(ingestion_time(), w) > ago(1d)": "'bin'.* by 7d",
    "database('x').SigninLogs | count": "database",
    "SigninLogs | project ipv4_is_in_range(IPAddress, '10.0.0.0/8')": "ipv4_is_in_range",
    "SigninLogs | count; AuditLogs | count": "multi-statement",
    "set truncationmaxrecords=5; SigninLogs | count": "truncationmaxrecords",
    ".create table T (a: string)": "control command",
    "union withsource=T (SigninLogs | project X = Id), (AuditLogs | project X = 1)": "withsource",
    "let f = (T: (UserId: string)) { T }; f(SigninLogs)": "cannot run this KQL",
}


@pytest.mark.parametrize(("condition", "users"), CONDITIONS.items())
def test_a_condition_lets_through_what_it_should(condition: str, users: str) -> None:
    found = ask(f"SigninLogs\n| where {condition}\n| project UserId, TimeGenerated")
    assert "".join(row["UserId"] for row in found.rows) == users


@pytest.mark.parametrize(("rest", "rows"), SIGN_INS.items())
def test_operators_give_the_documented_rows(rest: str, rows: list[dict[str, Any]]) -> None:
    assert list(ask(f"SigninLogs {rest}").rows) == rows


@pytest.mark.parametrize(("text", "rows"), QUERIES.items())
def test_queries_give_the_documented_rows(text: str, rows: list[dict[str, Any]]) -> None:
    assert list(ask(text).rows) == rows


@pytest.mark.parametrize(("text", "words"), (REFUSED | UNLIKE | UNLIKE_ELSEWHERE).items())
def test_what_azure_refuses_is_refused_with_its_reason(text: str, words: str) -> None:
    with pytest.raises(KqlError, match=words) as refusal:
        ask(text)
    assert not isinstance(refusal.value, NotSimulatedError)


@pytest.mark.parametrize(("text", "construct"), NOT_SIMULATED.items())
def test_what_the_sandbox_cannot_run_is_refused_by_name(text: str, construct: str) -> None:
    with pytest.raises(NotSimulatedError, match=construct):
        ask(text)


def test_over_empty_tables_the_same_is_refused() -> None:
    with pytest.raises(KqlError, match="the name is 'UserId'"):
        ask("SigninLogs | where userid == 'a'", now=0)
