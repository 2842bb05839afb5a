"""The committed settings files: complete, valid, and true to the seed tenant."""

import json
import re
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings import Settings, load_settings
from settings_errors import group_of, is_mapping
from settings_receivers import KINDS

REPOSITORY = Path(__file__).parents[2]


SHOWN_BESIDE = (
    "named|adopt|forget|periodMinutes|resourceGroup|allAdmins|sms|voice|push|webhooks|notify"
)
"""Settings that the example shows in comments, and that may all be taken at once."""
EXISTING = "existing"
REPLACED = {"named": ("count",), "existing": None}
"""What such a setting takes the place of; None: of all but what `STAYING` names."""
STAYING = ("existing", "recreate", "forget", "watch")
ADDRESS = "https://prod.example.org/workflows/1?sig=hunter2"


def config_of(file: str, *, alternatives: str = "") -> dict[str, Any]:
    """The settings of a file; those among `alternatives` that it shows in comments instead."""
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    if alternatives:
        text = with_alternatives(text, re.compile(rf"^( *)# ({alternatives}):"))
    return settled(yaml.safe_load(text)["config"])


def with_alternatives(text: str, alternative: re.Pattern[str]) -> str:
    """Takes the '# ' off each such setting that stands in a comment, and off what belongs to it."""
    lines: list[str] = []
    inside = ""
    for line in text.splitlines():
        found = alternative.match(line)
        if found:
            inside = f"{found[1]}#   "
        elif not (inside and line.startswith(inside)):
            inside = ""
        lines.append(line.replace("# ", "", 1) if inside else line)
    return "\n".join(lines)


def settled(value: Any) -> Any:
    """Settings without what an alternative takes the place of; secrets as the engine has them."""
    if isinstance(value, list):
        return [settled(item) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    given = cast("dict[str, Any]", value)
    if set(given) == {"secure"}:
        return ADDRESS
    gone = {
        name
        for key, replaced in REPLACED.items()
        if key in given
        for name in (given.keys() - set(STAYING) if replaced is None else replaced)
    }
    return {key: settled(item) for key, item in given.items() if key not in gone}


def as_the_engine_hands_it_over(config: dict[str, Any]) -> dict[str, str]:
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }


def keys(model: type[BaseModel]) -> dict[str, Any]:
    """Every setting that exists, nested; of a list or mapping of groups what one may hold."""
    found: dict[str, Any] = {}
    for field in model.model_fields.values():
        inner = group_of(field)
        found[str(field.alias)] = keys(inner) if inner is not None else None
    return found


def keys_written(value: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    fields = {str(field.alias): field for field in model.model_fields.values()}
    found: dict[str, Any] = {}
    for key, item in value.items():
        inner = group_of(fields[key])
        if inner is None:
            found[key] = None
            continue
        found[key] = {}
        for one in groups_in(item, fields[key]):
            found[key] |= keys_written(one, inner)
    return found


def groups_in(value: Any, field: FieldInfo) -> list[dict[str, Any]]:
    """The groups of settings that a setting holds."""
    if is_mapping(field):
        value = list(value.values())
    several = cast("list[Any]", value if isinstance(value, list) else [value])
    return [one for one in several if isinstance(one, dict)]


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {**one, **other}
    for key in one.keys() & other.keys():
        if isinstance(one[key], dict) and isinstance(other[key], dict):
            both[key] = merged(one[key], other[key])
    return both


def test_the_example_names_every_setting_that_exists_and_no_other() -> None:
    shown: dict[str, Any] = {}
    for alternatives in ("", SHOWN_BESIDE, EXISTING):
        config = config_of("Pulumi.prod.yaml", alternatives=alternatives)
        shown = merged(shown, keys_written(config, Settings))
    # "It takes all that notify takes": what is shown for the first action group need not be twice.
    monitoring = shown["break-glass:monitoring"]
    monitoring["watch"]["notify"] = merged(monitoring["watch"]["notify"], monitoring["notify"])

    assert shown == keys(Settings)


def test_what_the_example_shows_in_comments_is_valid_too() -> None:
    config = config_of("Pulumi.prod.yaml", alternatives=SHOWN_BESIDE)
    settings = load_settings(as_the_engine_hands_it_over(config), ["break-glass:monitoring"])

    assert [one.name for one in settings.accounts.made] == [f"account-{n}" for n in (1, 2, 3, 4)]
    assert [one.allow_synced for one in settings.accounts.adopted] == [False, True]
    notify = settings.monitoring.notify
    assert all(getattr(notify, kind) for kind in KINDS)
    assert notify.webhooks[0].uri.get_secret_value() == ADDRESS
    assert settings.monitoring.watch_notify.emails != notify.emails


def test_what_exists_already_may_stand_in_place_of_all_that_the_example_makes() -> None:
    config = config_of("Pulumi.prod.yaml", alternatives=EXISTING)
    settings = load_settings(as_the_engine_hands_it_over(config))

    monitoring = settings.monitoring
    assert settings.group.existing
    assert monitoring.resource_group.existing
    assert monitoring.workspace.existing
    assert monitoring.diagnostic_setting.existing
    assert monitoring.notify.existing


def test_the_example_is_valid_and_shows_the_defaults() -> None:
    settings = load_settings(as_the_engine_hands_it_over(config_of("Pulumi.prod.yaml")))

    shown = settings.monitoring.model_dump(exclude={"notify": {"emails"}})
    least = load_settings(as_the_engine_hands_it_over(config_of("Pulumi.sandbox.yaml")))
    assert shown == least.monitoring.model_dump(exclude={"notify": {"emails"}})
    assert settings.group == least.group
    assert settings.exclusion == least.exclusion
    assert settings.protect


def test_each_example_alarms_somebody_outside_the_tenant() -> None:
    for file in ("Pulumi.prod.yaml", "Pulumi.sandbox.yaml"):
        settings = load_settings(as_the_engine_hands_it_over(config_of(file)))
        outside = [
            email
            for email in settings.monitoring.notify.emails
            if not email.address.endswith("@contoso.com")
        ]
        assert len(settings.monitoring.notify.emails) >= 2
        assert outside


def test_the_sandboxs_settings_are_those_of_its_seed() -> None:
    seed = json.loads((REPOSITORY / "sandbox/tenants/contoso.json").read_text(encoding="utf-8"))
    settings = load_settings(as_the_engine_hands_it_over(config_of("Pulumi.sandbox.yaml")))

    assert settings.tenant_id == seed["tenant"]["id"]
    assert settings.subscription_id in {s["subscriptionId"] for s in seed["subscriptions"]}
    assert settings.protect


def test_the_project_refreshes_always_and_describes_every_scalar() -> None:
    project = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text(encoding="utf-8"))

    assert project["options"] == {"refresh": "always"}
    scalars = {
        str(field.alias)
        for field in Settings.model_fields.values()
        if str(field.alias).startswith("break-glass:") and group_of(field) is None
    }
    assert set(project["config"]) == scalars
    assert all({"type", "default", "description"} <= set(v) for v in project["config"].values())
