"""The rules of the house, read from the source: who imports whom, and how long a file may be."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LONGEST_FILE = 350
PROGRAM_MODULES = (
    "accounts_survey",
    "administrators_survey",
    "arguments",
    "arguments_monitoring",
    "monitoring_look_ups",
    "monitoring_plan",
    "monitoring_survey",
    "next_steps",
    "outputs",
    "premium",
    "quick_start",
    "settings",
    "settings_accounts",
    "settings_errors",
    "settings_monitoring",
    "settings_named",
    "settings_notices",
    "settings_receivers",
    "settings_types",
    "survey",
)
OWN = (
    "components",
    "entra",
    "alerting",
    "cli",
    "fleet",
    "policies",
    "sandbox",
    "dev",
    "tests",
    *PROGRAM_MODULES,
)


@dataclass(frozen=True)
class Rule:
    """Files under `where` (and not under `but`) import nothing that begins with `forbidden`."""

    where: tuple[str, ...]
    forbidden: tuple[str, ...]
    but: tuple[str, ...] = ()


def others(*allowed: str) -> tuple[str, ...]:
    """All of our packages but these."""
    return tuple(name for name in OWN if name not in allowed)


WEB = ("aiohttp", "httpx", "requests", "http.server", "http.client", "urllib.request")
PROGRAM = (
    "__main__.py",
    *(f"{module}.py" for module in PROGRAM_MODULES),
    "components/",
    "entra/",
    "alerting/",
)

RULES = {
    "entra, alerting and the tenant's rules know nothing of Pulumi": Rule(
        ("entra/", "alerting/", "sandbox/tenant/"), ("pulumi", "pulumi_")
    ),
    "the sandbox imports nothing of ours": Rule(("sandbox/",), others("sandbox")),
    "the sandbox is for the command and the tests": Rule((*PROGRAM, "dev.py"), ("sandbox",)),
    "the tenant's rules carry no HTTP": Rule(("sandbox/tenant/",), (*WEB, "sandbox.api")),
    "the tenant stands alone": Rule(
        ("sandbox/tenant/",), ("sandbox.plugins", "sandbox.engine", "sandbox.api")
    ),
    "the plugins reach the tenant over HTTP only": Rule(
        ("sandbox/plugins/",), ("sandbox.tenant", "sandbox.api")
    ),
    "the engine knows no tenant": Rule(
        ("sandbox/engine/",), ("sandbox.tenant", "sandbox.api", "sandbox.plugins")
    ),
    "components build on entra and alerting": Rule(
        ("components/",), others("components", "entra", "alerting")
    ),
    "entra builds on nothing of ours": Rule(("entra/",), others("entra")),
    "alerting builds on nothing of ours": Rule(("alerting/",), others("alerting")),
    "the policy pack knows what the engine shows it, and constants": Rule(
        ("policies/",), (*others("policies", "entra", "alerting"), "pulumi", *WEB)
    ),
    "the command stays out of the program": Rule(
        ("cli/",), ("components", "tests", *PROGRAM_MODULES)
    ),
    "the fleet builds on entra and alerting": Rule(
        ("fleet/",), others("fleet", "entra", "alerting")
    ),
    "nothing imports the command": Rule(
        (*PROGRAM, "sandbox/", "dev.py"), ("cli",), but=("cli/",)
    ),
    "dev.py needs the standard library only": Rule(
        ("dev.py",), (*others("dev"), "pulumi", "platformdirs", "filelock", "psutil", "rich")
    ),
}  # fmt: skip


def source_files() -> dict[str, str]:
    """Our own Python files by their path, with what they hold."""
    roots = ("components", "entra", "alerting", "cli", "fleet", "policies", "sandbox", "tests")
    paths = [*REPOSITORY.glob("*.py"), *(p for r in roots for p in (REPOSITORY / r).rglob("*.py"))]
    return {
        path.relative_to(REPOSITORY).as_posix(): path.read_text(encoding="utf-8") for path in paths
    }


@cache
def imports(source: str) -> tuple[str, ...]:
    """Every module that a source imports, at any depth, also for type checking only.

    Cached: each rule asks for the same files.
    """
    return tuple(_imports(ast.parse(source)))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every statement below, however deep; an expression, most of a file, holds none."""
    for part in ("body", "handlers", "orelse", "finalbody", "cases"):
        for child in getattr(node, part, ()):
            yield child
            yield from _statements(child)


def is_under(module: str, name: str) -> bool:
    """Whether a module is `name` or in it; a name that ends in `_` is the start of one."""
    return module == name or module.startswith(name if name.endswith("_") else f"{name}.")


@cache
def names_in_imports(modules: tuple[str, ...]) -> re.Pattern[str]:
    """What a source holds that imports one of them; most do not and need no parser."""
    packages = {module.partition(".")[0] for module in modules}
    names = "|".join(name if name.endswith("_") else rf"{name}\b" for name in sorted(packages))
    return re.compile(rf"\bfrom[ \t]+(?:{names})|\bimport[ \t][^\n]*\b(?:{names})")


def broken(rule: Rule, files: dict[str, str]) -> list[str]:
    """What breaks a rule, as `file imports module`."""
    return [
        f"{path} imports {module}"
        for path, source in files.items()
        if path.startswith(rule.where) and not (rule.but and path.startswith(rule.but))
        if names_in_imports(rule.forbidden).search(source)
        for module in imports(source)
        if any(is_under(module, name) for name in rule.forbidden)
    ]


def too_long(files: dict[str, str]) -> list[str]:
    """Files that cannot be read in one sitting."""
    lengths = {path: len(source.splitlines()) for path, source in files.items()}
    return [f"{path}: {length}" for path, length in lengths.items() if length > LONGEST_FILE]


def postponed_annotations(files: dict[str, str]) -> list[str]:
    """Component files whose annotations Pulumi's schema inference could not read."""
    return [
        path
        for path, source in files.items()
        if path.startswith("components/") and "__future__.annotations" in imports(source)
    ]


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return source_files()


def test_imports_point_one_way(files: dict[str, str]) -> None:
    """One test of all rules: each by itself, on a worker of its own, would parse all files anew."""
    found = {name: broken(rule, files) for name, rule in RULES.items()}
    assert {name: breaks for name, breaks in found.items() if breaks} == {}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_finds_what_it_forbids(name: str) -> None:
    rule = RULES[name]
    for start in rule.where:
        path = start if start.endswith(".py") else f"{start}deep/example.py"
        for module in rule.forbidden:
            forbidden = f"{module}azuread" if module.endswith("_") else module
            head, _, tail = forbidden.rpartition(".")
            samples = [
                f"import {forbidden}",
                f"from {forbidden} import something",
                f"def late():\n    import {forbidden}.inner",
                f"try:\n    x\nexcept E:\n    if x: pass\n    else: import {forbidden}",
                f"match x:\n  case 1:\n    try: x\n    finally: import {forbidden}",
            ]
            samples += [f"from {head} import {tail}"] if head else []
            for sample in samples:
                assert broken(rule, {path: sample}) != [], (path, sample)


def test_a_rule_leaves_similar_names_alone() -> None:
    rule = Rule(("entra/",), ("pulumi", "cli"))
    sample = "import pulumiverse\nimport click\nfrom . import client\nfrom clint import x"
    assert broken(rule, {"entra/example.py": sample}) == []
    assert broken(rule, {"components/example.py": "import pulumi"}) == []


def test_the_rules_see_every_folder(files: dict[str, str]) -> None:
    for rule in RULES.values():
        for start in rule.where:
            assert any(path.startswith(start) for path in files), start


def test_no_file_is_too_long_to_read(files: dict[str, str]) -> None:
    assert too_long(files) == []


def test_a_long_file_is_found() -> None:
    assert too_long({"a.py": "x = 1\n" * 350, "b.py": "x = 1\n" * 351}) == ["b.py: 351"]


def test_components_declare_their_arguments_where_pulumi_can_read_them(
    files: dict[str, str],
) -> None:
    assert postponed_annotations(files) == []


def test_postponed_annotations_are_found() -> None:
    sample = {"components/a.py": "from __future__ import annotations", "cli/b.py": "import x"}
    assert postponed_annotations(sample) == ["components/a.py"]
