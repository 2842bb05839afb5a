"""What there is to pay for, read from the monitoring as it is written in a stack's settings.

The names are those of the settings file (``break-glass:monitoring``), so that the program, which
has checked them, and the `breakglass` command, which reads the file, come to the same plan. Lenient
on purpose: the program is what refuses a wrong setting. A test holds the defaults to those of the
settings.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from alerting.cost import FREE_RETENTION_DAYS, CostPlan, PlannedRule
from alerting.log_categories import CATEGORIES_WITHOUT_PREMIUM, DEFAULT_CATEGORIES
from alerting.schedules import SILENCE_EVERY_MINUTES, WATCH_EVERY_MINUTES

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
    all_admins: Any = None
    emails: Sequence[Any] = ()
    sms: Sequence[_Number] = ()
    voice: Sequence[_Number] = ()
    push: Sequence[Any] = ()
    webhooks: Sequence[Any] = ()

    @property
    def tells_all(self) -> bool:
        """Whether administrators are told besides."""
        return self.all_admins is not None and self.all_admins is not False

    @property
    def is_of_its_own(self) -> bool:
        """Whether it says who is told."""
        named = (self.emails, self.sms, self.voice, self.push, self.webhooks)
        return self.existing is not None or self.tells_all or any(named)


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
    watch_administrators: int | None = None,
    licence_missing: bool = False,
) -> CostPlan:
    """The plan of `break-glass:monitoring` (keys in camelCase).

    `administrators`: how many of them `allAdmins` adds to the e-mails of the first action group;
    `watch_administrators`: to those of the second one, None for as many. Raises
    pydantic.ValidationError when a value that costs something cannot be read.
    """
    read = _Monitoring.model_validate(monitoring)
    rules = tuple(_rules(read, premium=premium))
    # Where there is no rule there is nothing to guard, and no second action group.
    guards = read.watch.rules + read.watch.health if rules else 0
    groups = [read.notify, *([_second(read)] if guards else [])]
    told = [
        administrators,
        administrators if watch_administrators is None else watch_administrators,
    ]
    theirs = read.workspace.existing is not None
    return CostPlan(
        rules=rules,
        categories=tuple(_categories(read, premium=premium)),
        sign_ins_per_day=read.cost.sign_ins_per_day,
        retention_days=read.workspace.retention_days,
        emails=sum(
            len(group.emails) + (people if group.tells_all else 0)
            for group, people in zip(groups, told, strict=False)
        ),
        sms=tuple(str(one.country_code) for group in groups for one in group.sms),
        voice=tuple(str(one.country_code) for group in groups for one in group.voice),
        push=sum(len(group.push) for group in groups),
        webhooks=sum(len(group.webhooks) for group in groups),
        activity_alerts=guards,
        licence_missing=licence_missing,
        existing_workspace=theirs,
        existing_action_group=any(group.existing is not None for group in groups),
    )


def _second(read: _Monitoring) -> _Receivers:
    """The second action group: the receivers of the first one, unless it names some."""
    named = read.watch.notify
    return named if named is not None and named.is_of_its_own else read.notify


def _rules(read: _Monitoring, *, premium: bool) -> Iterator[PlannedRule]:
    if premium:
        yield PlannedRule(read.alert.name, read.alert.frequency_minutes, split=True)
    if premium and read.watch.exclusion:
        yield PlannedRule("exclusion alert", WATCH_EVERY_MINUTES, split=True)
    if read.watch.tamper:
        yield PlannedRule("tamper alert", WATCH_EVERY_MINUTES, split=True)
    if premium and read.watch.silence:
        yield PlannedRule("silence alert", SILENCE_EVERY_MINUTES)


def _categories(read: _Monitoring, *, premium: bool) -> Iterator[str]:
    """What this stack adds to the logs that are paid for: nothing when the setting is there."""
    if read.diagnostic_setting.existing is None:
        chosen = read.diagnostic_setting.categories
        yield from (one for one in chosen if premium or one in CATEGORIES_WITHOUT_PREMIUM)
