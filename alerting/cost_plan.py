"""What there is to pay for, read from the monitoring as it is written in a stack's settings.

The names are those of the settings file (``break-glass:monitoring``), so that the program, which
has checked them, and the `breakglass` command, which reads the file, come to the same plan. Lenient
on purpose: the program is what refuses a wrong setting. A test holds the defaults to those of the
settings.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from alerting.cost import FREE_RETENTION_DAYS, CostPlan, PlannedRule
from alerting.log_categories import CATEGORIES_WITHOUT_PREMIUM, DEFAULT_CATEGORIES

WATCH_EVERY_MINUTES: Final = 5
"""Exclusion and tamper alert."""
SILENCE_EVERY_MINUTES: Final = 1440

Item = TypeVar("Item")


def _or_empty(value: Any) -> Any:
    """A key that stands there without a value."""
    return {} if value is None else value


class _Part(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )


Group = Annotated[Item, BeforeValidator(_or_empty)]


class _Number(_Part):
    country_code: str | int


class _Receivers(_Part):
    existing: str | None = None
    emails: Sequence[Any] = ()
    sms: Sequence[_Number] = ()
    voice: Sequence[_Number] = ()
    push: Sequence[Any] = ()
    webhooks: Sequence[Any] = ()


class _Workspace(_Part):
    existing: str | None = None
    retention_days: int = FREE_RETENTION_DAYS


class _DiagnosticSetting(_Part):
    existing: str | None = None
    categories: Sequence[str] = DEFAULT_CATEGORIES


class _Alert(_Part):
    name: str = "Break-glass account used"
    frequency_minutes: int = 5


class _Watch(_Part):
    exclusion: bool = True
    tamper: bool = True
    silence: bool = True
    rules: bool = True
    health: bool = True
    notify: _Receivers | None = None


class _Cost(_Part):
    sign_ins_per_day: int = 1000


class _Monitoring(_Part):
    workspace: Group[_Workspace] = _Workspace()
    diagnostic_setting: Group[_DiagnosticSetting] = _DiagnosticSetting()
    alert: Group[_Alert] = _Alert()
    notify: Group[_Receivers] = _Receivers()
    watch: Group[_Watch] = _Watch()
    cost: Group[_Cost] = _Cost()


def cost_plan(
    monitoring: Mapping[str, Any],
    *,
    premium: bool = True,
    administrators: int = 0,
    licence_missing: bool = False,
) -> CostPlan:
    """The plan of `break-glass:monitoring` (keys in camelCase).

    `administrators`: how many of them `allAdmins` adds to the e-mails. Raises
    pydantic.ValidationError when a value that costs something cannot be read.
    """
    read = _Monitoring.model_validate(monitoring)
    groups = [read.notify, *([read.watch.notify] if read.watch.notify else [])]
    theirs = read.workspace.existing is not None
    return CostPlan(
        rules=tuple(_rules(read, premium=premium)),
        categories=tuple(_categories(read, premium=premium)),
        sign_ins_per_day=read.cost.sign_ins_per_day,
        retention_days=read.workspace.retention_days,
        emails=sum(len(group.emails) for group in groups) + administrators,
        sms=tuple(str(one.country_code) for group in groups for one in group.sms),
        voice=tuple(str(one.country_code) for group in groups for one in group.voice),
        push=sum(len(group.push) for group in groups),
        webhooks=sum(len(group.webhooks) for group in groups),
        activity_alerts=read.watch.rules + read.watch.health,
        licence_missing=licence_missing,
        existing_workspace=theirs,
        existing_action_group=any(group.existing is not None for group in groups),
    )


def _rules(read: _Monitoring, *, premium: bool) -> Iterator[PlannedRule]:
    if premium:
        yield PlannedRule(read.alert.name, read.alert.frequency_minutes)
    if premium and read.watch.exclusion:
        yield PlannedRule("exclusion alert", WATCH_EVERY_MINUTES)
    if read.watch.tamper:
        yield PlannedRule("tamper alert", WATCH_EVERY_MINUTES)
    if premium and read.watch.silence:
        yield PlannedRule("silence alert", SILENCE_EVERY_MINUTES)


def _categories(read: _Monitoring, *, premium: bool) -> Iterator[str]:
    """What this stack adds to the logs that are paid for: nothing when the setting is there."""
    if read.diagnostic_setting.existing is None:
        chosen = read.diagnostic_setting.categories
        yield from (one for one in chosen if premium or one in CATEGORIES_WITHOUT_PREMIUM)
