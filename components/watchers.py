"""The alarms besides the use alert that read the logs: on the exclusions, the accounts, the logs.

They tell the same people as the use alert. What watches the alarms themselves is in `alarm_guards`.
"""

from collections.abc import Sequence

import pulumi

from alerting.alarm_names import NAMES, SUBJECTS
from alerting.exclusion_alert import (
    EXCLUSION_DIMENSIONS,
    EXCLUSION_SCHEDULE,
    ExcludedObjects,
    exclusion_alert_query,
)
from alerting.schedules import SILENCE_EVERY_MINUTES, WATCH_EVERY_MINUTES
from alerting.silence_alert import SILENCE_SCHEDULE, silence_alert_query
from alerting.tamper_alert import (
    TAMPER_DIMENSIONS,
    TAMPER_SCHEDULE,
    TamperTargets,
    tamper_alert_query,
)
from components.alert_rules import AlertRule, RuleSite
from components.monitoring_arguments import AccountToWatch, Excluded, Watch
from components.plain_arguments import either
from components.rule_reach import Workspaces
from entra.built_in_roles import GLOBAL_ADMINISTRATOR


def exclusion_alert(excluded: Excluded, site: RuleSite) -> AlertRule:
    """Rings when a policy is made or changed that does not exclude what it should."""

    def query(workspaces: Workspaces) -> pulumi.Output[str]:
        groups, users = either(excluded.group_ids, ()), either(excluded.user_ids, ())
        return pulumi.Output.all(_all(groups), _all(users)).apply(
            lambda ids: exclusion_alert_query(
                ExcludedObjects(
                    group_ids=ids[0],
                    user_ids=ids[1],
                    mfa_only=either(excluded.mfa_only, False),
                    left_alone=either(excluded.left_alone, ()),
                ),
                earlier_workspaces=workspaces,
                customer=site.customer,
                runbook=site.runbook,
            )
        )

    return AlertRule(
        suffix="exclusion-alert",
        name=NAMES["exclusion-alert"],
        description="A Conditional Access policy was saved that does not exclude the"
        " emergency-access accounts: it would stop them. Run pulumi up, and find out who did it.",
        subject=SUBJECTS["exclusion-alert"],
        severity=0,
        frequency=WATCH_EVERY_MINUTES,
        schedule=EXCLUSION_SCHEDULE,
        query=query,
        dimensions=EXCLUSION_DIMENSIONS,
    )


def tamper_alert(accounts: Sequence[AccountToWatch], watch: Watch, site: RuleSite) -> AlertRule:
    """Rings when somebody changes the accounts, their group or role, or one of them acts."""
    groups = either(either(watch.excluded, Excluded()).group_ids, ())
    roles = either(watch.role_ids, (GLOBAL_ADMINISTRATOR,))

    def query(workspaces: Workspaces) -> pulumi.Output[str]:
        ids = [account.object_id for account in accounts]
        return pulumi.Output.all(_all(ids), _all(groups)).apply(
            lambda found: tamper_alert_query(
                TamperTargets(account_ids=found[0], group_ids=found[1], role_ids=roles),
                earlier_workspaces=workspaces,
                customer=site.customer,
                runbook=site.runbook,
            )
        )

    return AlertRule(
        suffix="tamper-alert",
        name=NAMES["tamper-alert"],
        description="Somebody changed an emergency-access account, its group or its role, or such"
        " an account changed something. A run of the stack that changes them rings, too.",
        subject=SUBJECTS["tamper-alert"],
        severity=1,
        frequency=WATCH_EVERY_MINUTES,
        schedule=TAMPER_SCHEDULE,
        query=query,
        dimensions=TAMPER_DIMENSIONS,
    )


def silence_alert(site: RuleSite) -> AlertRule:
    """Rings when not one sign-in of the whole tenant has arrived for a day."""

    def query(workspaces: Workspaces) -> pulumi.Output[str]:
        return pulumi.Output.from_input(
            silence_alert_query(
                earlier_workspaces=workspaces, customer=site.customer, runbook=site.runbook
            )
        )

    return AlertRule(
        suffix="silence-alert",
        name=NAMES["silence-alert"],
        description="No sign-in of anybody in the tenant has reached the workspace for a day: the"
        " use of an emergency-access account would go unseen. Check the diagnostic setting.",
        subject=SUBJECTS["silence-alert"],
        severity=1,
        frequency=SILENCE_EVERY_MINUTES,
        schedule=SILENCE_SCHEDULE,
        query=query,
    )


def _all(values: Sequence[pulumi.Input[str]]) -> pulumi.Output[list[str]]:
    return pulumi.Output.all(*values).apply(lambda found: [str(one) for one in found])
