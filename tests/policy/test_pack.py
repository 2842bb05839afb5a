"""The pack as a whole, and the page that tells of it."""

import re
from pathlib import Path

import yaml
from pulumi_policy import EnforcementLevel, ResourceValidationPolicy

from policies.pack import RULES

ROOT = Path(__file__).parents[2]


def rows() -> dict[str, list[str]]:
    """The table of docs/policies.md: cells by rule."""
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
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


def test_the_pack_runs_in_the_environment_of_the_stack() -> None:
    pack = yaml.safe_load((ROOT / "policies" / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    stack = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
    wanted = stack["runtime"]["options"]
    assert pack["runtime"]["options"] == {**wanted, "virtualenv": f"../{wanted['virtualenv']}"}
