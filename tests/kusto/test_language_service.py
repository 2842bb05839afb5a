"""The judge itself: it refuses what is broken, reads text as Kusto does and says why it is gone."""

import json
from pathlib import Path

import pytest

from sandbox.tenant.monitor.log_tables import TABLES as LOG_TABLES
from tests.kusto import language_service
from tests.kusto.language_service import (
    FOLDER,
    PACKAGE_FILES,
    SCHEMAS,
    TABLES,
    LanguageService,
    LanguageServiceUnavailableError,
    ensure_language_service,
)

ELSEWHERE = (
    "/subscriptions/1/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/w"
)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('SigninLogs | where UserId in ("a"', ""),
        ("SigninLogs | where UserID == 'a'", "UserID"),
        ("SignInLogs | take 1", "SignInLogs"),
        ("SigninLogs | extend city = tostrin(LocationDetails.city)", "tostrin"),
        ("SigninLogs | wher UserId == 'a'", "wher"),
        ("SigninLogs | where UserId has_any", ""),
        ("AuditLogs | project TimeGenerated - OperationName", "-"),
        ("AADNonInteractiveUserSignInLogs | where tostring(Status.errorCode) == ''", "errorCode"),
        (f'workspace("{ELSEWHERE}").SignInLogs', "SignInLogs"),
        (f'workspace("{ELSEWHERE}").SigninLogs | where Foo == 1', "Foo"),
        ('workspace("another").SigninLogs', '"another"'),
        ('union isfuzzy=true (SigninLogs | where UserID == "a"), AuditLogs', "UserID"),
    ],
)
def test_a_broken_query_is_refused_with_its_place(
    kusto: LanguageService, query: str, text: str
) -> None:
    answer = kusto.ask(query, workspaces=[ELSEWHERE])
    assert text in [found.text for found in answer.diagnostics if found.severity == "Error"]


def test_a_union_tells_columns_of_two_types_apart(kusto: LanguageService) -> None:
    query = "union SigninLogs, AADNonInteractiveUserSignInLogs | project LocationDetails"
    answer = kusto.ask(query)
    assert [found.text for found in answer.diagnostics] == ["LocationDetails"]


def test_a_missing_table_is_a_warning_in_a_fuzzy_union_only(kusto: LanguageService) -> None:
    fuzzy = kusto.ask("union isfuzzy=true SigninLogs, AuditLogs", tables=["AuditLogs"])
    assert [(found.severity, found.text) for found in fuzzy.diagnostics] == [
        ("Warning", "SigninLogs")
    ]
    strict = kusto.ask("union SigninLogs, AuditLogs", tables=["AuditLogs"])
    assert [found.severity for found in strict.diagnostics] == ["Error"]


def test_text_is_read_as_kusto_reads_it(kusto: LanguageService) -> None:
    answer = kusto.ask(r"""print "a\"b", 'c\\d', @"e\f", "\u2028g", "h" // "not this" """)
    assert answer.strings == ('a"b', "c\\d", "e\\f", "\u2028g", "h")
    assert answer.diagnostics == ()


def test_the_result_has_the_columns_that_azure_would_give(kusto: LanguageService) -> None:
    query = "SigninLogs | summarize Times = count(), Last = max(TimeGenerated) by UserId"
    assert kusto.ask(query).columns == {"UserId": "string", "Times": "long", "Last": "datetime"}


@pytest.mark.parametrize("table", TABLES)
def test_the_tenant_has_every_column_of_microsofts_page_with_its_type(table: str) -> None:
    page = json.loads((SCHEMAS / f"{table}.json").read_text(encoding="utf-8"))["columns"]
    assert page
    assert {name: LOG_TABLES[table].columns.get(name) for name in page} == page


def test_one_that_ends_says_why(tmp_path: Path) -> None:
    with (
        LanguageService(tmp_path) as service,
        pytest.raises(LanguageServiceUnavailableError, match="Cannot find module"),
    ):
        service.ask("print 1")


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The npm commands that would have been run."""
    found: list[str] = []

    def run(arguments: list[str], _folder: Path) -> None:
        found.append(arguments[0])

    monkeypatch.setattr(language_service, "_npm", run)
    return found


def test_it_is_installed_once_and_anew_when_the_lock_file_changes(
    runs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ensure_language_service(tmp_path) == ensure_language_service(tmp_path)
    assert runs == ["ci"]
    changed = tmp_path / "package.json"
    changed.write_text("{}", encoding="utf-8")
    monkeypatch.setattr(language_service, "PACKAGE_FILES", (changed,))
    other = tmp_path / "other"
    other.mkdir()
    (other / "made-from.txt").write_text("what stood there before", encoding="utf-8")
    ensure_language_service(other)
    assert runs == ["ci", "ci"]


def test_one_that_npm_could_not_install_is_installed_the_next_time(
    runs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_arguments: list[str], _folder: Path) -> None:
        raise LanguageServiceUnavailableError("no registry")

    with monkeypatch.context() as patched:
        patched.setattr(language_service, "_npm", fail)
        with pytest.raises(LanguageServiceUnavailableError):
            ensure_language_service(tmp_path)
    ensure_language_service(tmp_path)
    assert runs == ["ci"]


def test_a_failed_installation_says_what_npm_said_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "package.json"
    broken.write_text("not json", encoding="utf-8")
    monkeypatch.setattr(language_service, "PACKAGE_FILES", (broken,))
    with pytest.raises(LanguageServiceUnavailableError, match="npm_config_registry") as caught:
        ensure_language_service(tmp_path / "folder")
    assert "npm error" in str(caught.value)


def test_the_lock_file_pins_the_hash_and_no_registry() -> None:
    packages = json.loads(PACKAGE_FILES[1].read_text(encoding="utf-8"))["packages"]
    installed = {name: facts for name, facts in packages.items() if name}
    assert installed
    assert all(facts["integrity"].startswith("sha512-") for facts in installed.values())
    assert all("resolved" not in facts for facts in installed.values())
    assert FOLDER.parent.name == ".venv"
