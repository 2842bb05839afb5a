"""The alarms beside the use alert stand, too (advisory: the settings may switch each off)."""

from collections.abc import Iterable, Sequence
from typing import Final

from pulumi_policy import EnforcementLevel

from policies.resource_types import ACTIVITY_ALERT, DIAGNOSTIC_SETTING, MONITORING, QUERY_RULE
from policies.rule import Config, stack_rule
from policies.rules.alarm_sees_every_use import SIGN_INS, exports, has_premium
from policies.seen import Seen, accounts, of_type

WATCH: Final = {
    "exclusion": "a policy that is saved without the exclusion",
    "tamper": "a change of accounts, group or role",
    "silence": "logs that do not come any more",
    "rules": "an alarm that somebody changes or deletes",
    "health": "an alarm that does not work",
}
"""What nobody would be told of, by the setting, with which the alert's name ends, too."""
OF_PREMIUM: Final = ("exclusion", "silence")
PASSKEYS: Final = "NonInteractiveUserSignInLogs"
"""A passkey sign-in that obtains a refresh token is in this category only."""


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Looks for each alert by the end of its name."""
    del config
    names = [one.name for one in of_type(stack, QUERY_RULE, ACTIVITY_ALERT)]
    for setting, unseen in WATCH.items():
        if setting in OF_PREMIUM and not has_premium(stack):
            continue
        if not any(name.endswith(f"-{setting}-alert") for name in names):
            yield (
                None,
                f"alarm: found no {setting} alert, expected one: nobody would be told of {unseen};"
                f" set break-glass:monitoring.watch.{setting} to true, or put it back into the"
                " program",
            )
    for one in of_type(stack, DIAGNOSTIC_SETTING):
        if one.has_parent(MONITORING) and exports(one, SIGN_INS) and not exports(one, PASSKEYS):
            yield (
                one,
                f"{one.name}: found that {PASSKEYS} are not exported, expected them: a sign-in with"
                " a passkey may be in no other log; add the category to"
                " break-glass:monitoring.diagnosticSetting.categories",
            )


RULE = stack_rule(
    "alarm-complete",
    "Exclusions, accounts, logs and the alarms themselves are watched.",
    judge,
    applies=lambda stack: bool(of_type(stack, MONITORING) and accounts(stack)),
    level=EnforcementLevel.ADVISORY,
)
