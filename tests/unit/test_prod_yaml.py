"""The committed settings files: complete, valid, and true to the seed tenant."""

import json
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import BaseModel

from settings import Settings, load_settings
from settings_errors import group_of

REPOSITORY = Path(__file__).parents[2]


def config_of(file: str) -> dict[str, Any]:
    return yaml.safe_load((REPOSITORY / file).read_text(encoding="utf-8"))["config"]


def as_the_engine_hands_it_over(config: dict[str, Any]) -> dict[str, str]:
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }


def keys(model: type[BaseModel]) -> dict[str, Any]:
    """Every setting that exists, nested; a list of groups holds one."""
    found: dict[str, Any] = {}
    for field in model.model_fields.values():
        inner = group_of(field)
        found[str(field.alias)] = keys(inner) if inner is not None else None
    return found


def keys_written(value: Any) -> Any:
    if isinstance(value, dict):
        settings = cast("dict[str, Any]", value)
        return {key: keys_written(item) for key, item in settings.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return keys_written(cast("Any", value[0]))
    return None


def test_the_example_names_every_setting_that_exists_and_no_other() -> None:
    assert keys_written(config_of("Pulumi.prod.yaml")) == keys(Settings)


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
