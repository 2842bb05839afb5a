"""What the SQL of a query would ask about types is decided beforehand, and answers the same."""

import pytest

from sandbox.tenant.monitor.kql_static_types import ColumnTypes, decided
from sandbox.tenant.monitor.kql_translation import translated
from sandbox.tenant.monitor.log_tables import TABLES
from tests.sandbox.kql_rows import ask

CASE = """CASE typeof({0}) WHEN 'JSON' THEN {0} ->> '$' WHEN 'BOOLEAN' THEN 'b' ELSE 'else' END"""


def types(*found: dict[str, str]) -> ColumnTypes:
    known = ColumnTypes()
    for columns in found:
        known.add(columns)
    return known


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (CASE.format('"D"'), """("D" ->> '$')"""),
        (CASE.format('"S"'), "('else')"),
        (CASE.format("'END it''s'"), CASE.format("'END it''s'")),
        (CASE.format("'text'"), "('else')"),
        (CASE.format('"Both"'), CASE.format('"Both"')),
        (CASE.format('"Never seen"'), CASE.format('"Never seen"')),
        (CASE.format('"List"'), CASE.format('"List"')),
        (CASE.format('x."S"'), CASE.format('x."S"')),
        (CASE.format('"S" || "D"'), CASE.format('"S" || "D"')),
        ("""CASE WHEN typeof("D") = 'JSON' THEN 1 ELSE 2 END""", "(1)"),
        ("""CASE WHEN typeof("s") = 'JSON' THEN 1 ELSE 2 END""", "(2)"),
        (
            """CASE WHEN typeof("D") = 'JSON' AND a THEN 1 ELSE 2 END""",
            """CASE WHEN typeof("D") = 'JSON' AND a THEN 1 ELSE 2 END""",
        ),
        ("""CASE WHEN a THEN 'CASE' END""", """CASE WHEN a THEN 'CASE' END"""),
        (
            f"""CASE WHEN a THEN {CASE.format('"S"')} ELSE ({CASE.format('"D"')}) END, 1""",
            """CASE WHEN a THEN ('else') ELSE (("D" ->> '$')) END, 1""",
        ),
        (
            """CASE typeof("S") WHEN 'JSON' THEN 1 END""",
            """CASE typeof("S") WHEN 'JSON' THEN 1 END""",
        ),
        ("CASE WHEN a THEN 1", "CASE WHEN a THEN 1"),
    ],
)
def test_a_branch_is_chosen_where_the_type_is_known(sql: str, expected: str) -> None:
    known = types(
        {"S": "VARCHAR", "D": "JSON", "Both": "JSON", "List": "INTEGER[]"}, {"both": "VARCHAR"}
    )
    assert decided(sql, known) == expected


def test_a_column_of_two_types_has_none_ever_again() -> None:
    known = types({"a": "JSON"}, {"a": "VARCHAR"}, {"a": "JSON"})
    assert known.of('"a"') is None


def test_a_query_over_columns_of_one_type_asks_for_no_type() -> None:
    text = 'SigninLogs | extend A = tostring(UserId), B = tolower(UserId) == "a", C = pack("a", Id)'
    translation = translated(text, tuple(TABLES))
    assert "typeof" not in translation.statement.query


@pytest.mark.parametrize(
    ("expression", "answers"),
    [
        ("extend X = UserId | extend X = 1d | project tostring(X)", {"1.00:00:00"}),
        (
            'extend X = bag_pack("a", UserId == "a") | project tostring(X.a) == "true"',
            {True, False},
        ),
        ('extend X = DurationMs > 1000000 | project strcat(X, "")', {"False", ""}),
        ("extend X = datetime(2026-11-01) | project strcat(X)", {"2026-11-01T00:00:00.0000000Z"}),
        ("extend X = real(nan) | project strcat(X)", {"NaN"}),
    ],
)
def test_a_name_with_another_type_later_is_read_as_what_it_is_then(
    expression: str, answers: set[object]
) -> None:
    rows = ask(f"SigninLogs | {expression}").rows
    assert {value for row in rows for value in row.values()} == answers
