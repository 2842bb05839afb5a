"""The pack as a whole, and the page that tells of it."""

import json
import re
from pathlib import Path

import yaml
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy

from policies.pack import RULES
from policies.rules.alarm_stays import SWITCHES
from tests.docs.fences import fences

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "policies.md"


def rows() -> dict[str, list[str]]:
    """The table of docs/policies.md: cells by rule."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"^\| `([a-z-]+)` \|(.+)\|$", page, re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in found}


def test_each_file_is_one_rule_of_the_pack() -> None:
    files = [one for one in (ROOT / "policies" / "rules").glob("*.py") if one.stem != "__init__"]
    assert len(RULES) == len(files) == len({rule.name for rule in RULES})


def test_the_page_tells_of_every_rule_in_this_order() -> None:
    assert list(rows()) == [rule.name for rule in RULES]


def test_the_page_says_what_a_rule_looks_at_and_how_strict_it_is() -> None:
    for rule in RULES:
        looks_at, level, _, settings = rows()[rule.name]
        by_resource = isinstance(rule, ResourceValidationPolicy)
        assert looks_at.startswith("inputs" if by_resource else "stack"), rule.name
        assert rule.enforcement_level is EnforcementLevel(level), rule.name
        properties = rule.config_schema.properties if rule.config_schema else {}
        assert re.findall(r"`(\w+)`", settings) == list(properties), rule.name


def test_the_page_shows_settings_that_the_rules_have() -> None:
    shown = [json.loads(one.text) for one in fences(PAGE) if one.language == "json"]
    rules = {rule.name: rule for rule in RULES}
    assert shown
    for name, settings in (pair for one in shown for pair in one.items()):
        schema = rules[name].config_schema
        known = schema.properties if schema else {}
        for key, value in settings.items():
            if key == "enforcementLevel":
                EnforcementLevel(value)
            else:
                assert types_of(value) == known[key]["type"], f"{name}.{key}"


def types_of(value: object) -> str:
    """As a schema calls it."""
    return {"int": "integer", "list": "array", "str": "string"}[type(value).__name__]


def test_the_page_names_every_setting_that_lets_go_of_something() -> None:
    chapter = PAGE.read_text(encoding="utf-8").partition("### What the settings may switch off")[2]
    said = chapter.partition("###")[0]
    for switch in SWITCHES.values():
        for word in switch.removesuffix(" to false").removeprefix("watch.").split():
            assert f"`{word}`" in said or f"`watch.{word}`" in said, switch


def test_the_pack_runs_in_the_environment_of_the_stack() -> None:
    pack = yaml.safe_load((ROOT / "policies" / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    stack = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    wanted = stack["runtime"]["options"]
    assert pack["runtime"]["options"] == {**wanted, "virtualenv": f"../{wanted['virtualenv']}"}
