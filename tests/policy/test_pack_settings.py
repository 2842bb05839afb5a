"""The pack's own settings, beside its rules."""

from pathlib import Path

import pytest
from pulumi_policy import EnforcementLevel

from policies.pack import RULES
from policies.pack_settings import FILE, PackSettingsError, settings_of

ROOT = Path(__file__).parents[2]


def read(folder: Path, text: str) -> object:
    (folder / FILE).write_text(text, encoding="utf-8")
    return settings_of(folder, RULES)


def test_a_project_that_keeps_none_has_the_rules_as_they_are(tmp_path: Path) -> None:
    assert settings_of(tmp_path, RULES) is None
    assert not (ROOT / "policies" / FILE).exists()


def test_values_and_levels_are_handed_to_the_rules(tmp_path: Path) -> None:
    text = """{
      "cloud-only-domain": {"allowedDomains": ["rescue.contoso.net"]},
      "alarm-complete": {"enforcementLevel": "mandatory"},
      "log-retention": {}
    }"""
    assert read(tmp_path, text) == {
        "cloud-only-domain": {"allowedDomains": ["rescue.contoso.net"]},
        "alarm-complete": {"enforcementLevel": EnforcementLevel.MANDATORY},
        "log-retention": {},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "cannot be read"),
        ("[]", " is a list, expected names with values"),
        ('{"all": "disabled"}', ": no rule is called 'all'"),
        ('{"cloud-only": {}}', ": no rule is called 'cloud-only'"),
        ('{"log-retention": "disabled"}', ": log-retention is a str, expected names"),
        ('{"log-retention": {"days": 1}}', "has no 'days'; it has enforcementLevel, minimumDays"),
        ('{"account-enabled": {"x": 1}}', "account-enabled has no 'x'; it has enforcementLevel"),
        ('{"log-retention": {"enforcementLevel": "off"}}', "is 'off', expected one of advisory"),
    ],
)
def test_what_no_rule_has_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(PackSettingsError) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(f"{tmp_path.name}/{FILE}")
    assert told in str(refused.value)
