"""Nothing of the alarm is deleted while an account lives, unless the settings say so.

No rule is asked about a deletion, so the plan is compared with the stack's state. What the settings
switch off by its name, in the file that reviewers read, may go: `alarm-complete` tells of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pulumi_policy import StackValidationPolicy

from policies.earlier_state import ORGANIZATION, StateReader, earlier, leaves_accounts, state_once
from policies.resource_types import (
    ACTION_GROUP,
    ACTIVITY_ALERT,
    DIAGNOSTIC_SETTING,
    MONITORING,
    QUERY_RULE,
)
from policies.rule import Config, stack_rule
from policies.seen import Seen, living, mapping, of_type, type_of
from policies.stack_settings import SETTINGS, StackSettings

KEPT: Final = (DIAGNOSTIC_SETTING, ACTION_GROUP, QUERY_RULE, ACTIVITY_ALERT)
"""Who sees, and who is told."""
SWITCHES: Final = {
    "-use-alert": "",
    "-exclusion-alert": "watch.exclusion to false",
    "-tamper-alert": "watch.tamper to false",
    "-silence-alert": "watch.silence to false",
    "-rules-alert": "watch.rules to false",
    "-health-alert": "watch.health to false",
    "-watch-action-group": "watch.notify.existing",
    "-action-group": "notify.existing",
    "-diagnostic-setting": "diagnosticSetting.existing",
}
"""By how a resource's name ends: the setting that lets go of it. The longer ending comes first."""

RECEIVERS: Final = ("allAdmins", "emails", "sms", "voice", "push", "webhooks")
"""Settings of a second action group without which an existing first one is the second, too."""


def rule(
    state: StateReader = state_once, settings: StackSettings = SETTINGS
) -> StackValidationPolicy:
    """The rule, with what reads the state, and the settings."""

    def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
        before, trouble = earlier("alarm", stack, config, state)
        yield from trouble
        planned = {one.urn for one in stack}
        let_go = switched_off(settings) | {f"-{one}" for one in config.get("mayGo", [])}
        for urn, resource in sorted(before.items()):
            name = urn.rpartition("::")[2]
            ours = (
                resource.get("type") in KEPT and type_of(str(resource.get("parent"))) == MONITORING
            )
            if ours and urn not in planned and _ending(name) not in let_go:
                yield None, _told(name, resource)

    return stack_rule(
        "alarm-stays",
        "No alert, export or action group of the alarm goes while an account lives.",
        judge,
        applies=lambda stack: living(stack) or bool(of_type(stack, MONITORING)),
        # A program that registers none of them leaves accounts behind that live on.
        also=lambda stack, config: leaves_accounts(stack, config, state),
        config={
            **ORGANIZATION,
            "mayGo": {
                "type": "array",
                "items": {"enum": [one.removeprefix("-") for one in SWITCHES]},
                "default": [],
            },
        },
    )


def switched_off(settings: StackSettings) -> set[str]:
    """How the names of those end that the settings let go of."""
    found = {
        f"-{name}-alert"
        for name in ("exclusion", "tamper", "silence", "rules", "health")
        if settings.is_off("monitoring", "watch", name)
    }
    if settings.text("premium") == "absent":
        found |= {"-use-alert", "-exclusion-alert", "-silence-alert"}
    if {"-use-alert", "-tamper-alert"} <= found:  # No rule is left that could be watched.
        found |= {"-rules-alert", "-health-alert"}
    if settings.value("monitoring", "diagnosticSetting", "existing"):
        found.add("-diagnostic-setting")
    first = bool(settings.value("monitoring", "notify", "existing"))
    if first:
        found.add("-action-group")
    second = mapping(settings.value("monitoring", "watch", "notify"))
    same = first and not any(second.get(kind) for kind in RECEIVERS)
    if second.get("existing") or same or {"-rules-alert", "-health-alert"} <= found:
        found.add("-watch-action-group")
    return found


def _ending(name: str) -> str:
    return next((one for one in SWITCHES if name.endswith(one)), "")


def _told(name: str, resource: Mapping[str, Any]) -> str:
    switch = SWITCHES.get(_ending(name), "")
    way = f", or set break-glass:monitoring.{switch}" if switch else ""
    return (
        f"{name}: found that {resource.get('id') or 'it'} would be deleted, expected it to stay as"
        f" long as an account lives; put it back into the program{way}"
    )


RULE = rule()
