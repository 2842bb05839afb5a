"""`breakglass status`: who sends the logs when it is not the stack, and who hears the alarms."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cli.failure import CommandFailed
from cli.monitoring_state import QUERY_RULE_TYPE
from entra.resource_manager import DiagnosticSetting
from tests.unit import monitoring_stack as stack
from tests.unit.monitored_tenant import MADE, SENDS, Tenant, told

USED = "alert Break-glass account used"
CHANGED = "alert break-glass-alarm-changed"
THEIRS = DiagnosticSetting(f"{stack.SETTING}-2", "entra-logs", stack.NEW, stack.CATEGORIES)
USE_THEIRS = (
    'pulumi config set --path "break-glass:monitoring.diagnosticSetting.existing" "entra-logs"'
)

# The diagnostic setting


@pytest.mark.parametrize(("sent", "first"), [(3, False), (2, True)])
def test_a_lost_setting_whose_work_another_does_is_told_how_to_use_that_one(
    sent: int, first: bool
) -> None:
    theirs = replace(THEIRS, categories=stack.CATEGORIES[:sent])
    words = told(Tenant(settings=(theirs,)))["diagnostic setting break-glass"]
    assert words.startswith("✗ is gone: entra-logs sends SignInLogs, AuditLogs")
    assert words.endswith(USE_THEIRS)
    assert "`pulumi up` makes it anew" not in words
    assert ("switch NonInteractiveUserSignInLogs on there too" in words) == first


@pytest.mark.parametrize(
    ("settings", "subject", "words"),
    [
        ((THEIRS,), " entra-logs", "✓ sends SignInLogs, AuditLogs, NonInteractiveUserSignInLogs"),
        (
            (replace(THEIRS, workspace_id=stack.NEW.upper()), replace(SENDS, name="other")),
            " entra-logs, other",
            "✓ sends SignInLogs, AuditLogs, NonInteractiveUserSignInLogs",
        ),
        (
            (replace(THEIRS, categories=("AuditLogs",)),),
            " entra-logs",
            "✗ does not send SignInLogs, NonInteractiveUserSignInLogs: switch them on there",
        ),
        (
            (replace(THEIRS, workspace_id=stack.OLD), replace(SENDS, workspace_id=None)),
            "",
            "✗ none sends to log-new (the tenant has entra-logs → log-old; break-glass → no"
            " workspace): ",
        ),
        ((), "", "✗ none sends to log-new (the tenant has none at all): "),
    ],
    ids=["right", "two", "lacks", "elsewhere", "none"],
)
def test_an_existing_setting_is_looked_at_too(
    settings: tuple[DiagnosticSetting, ...], subject: str, words: str
) -> None:
    found = told(Tenant(settings=settings), resources=stack.alarms())
    assert found[f"diagnostic setting{subject}"].startswith(words)


def test_without_a_licence_only_audit_logs_have_to_be_sent() -> None:
    audits = replace(THEIRS, categories=("AuditLogs",))
    tenant = Tenant(settings=(audits,))
    found = told(tenant, resources=stack.alarms(), premium=False)
    assert found["diagnostic setting entra-logs"] == "✓ sends AuditLogs"
    assert tenant.asked == ["log-new/AuditLogs"]


@pytest.mark.parametrize(("hours", "mark"), [(5, "–"), (73, "✗")])
def test_rows_of_an_existing_setting_are_awaited_since_the_alarms_were_made(
    hours: int, mark: str
) -> None:
    tenant = Tenant(settings=(THEIRS,), now=MADE + timedelta(hours=hours))
    words = told(tenant, resources=stack.alarms())["log-new, SigninLogs"]
    length = {5: "5 hours", 73: "3 days"}[hours]
    assert words.startswith(f"{mark} no row yet, awaited for {length}; Microsoft")


def test_alarms_of_an_earlier_workspace_do_not_say_since_when_rows_are_awaited() -> None:
    tenant = Tenant(settings=(THEIRS,))
    moved = stack.alarms()
    for resource in moved:
        resource.get("inputs", {})["scopes"] = [stack.OLD]
    words = told(tenant, resources=moved)["log-new, SigninLogs"]
    assert words == "– no row yet; Microsoft says up to three days"


# The workspace


def test_an_alarm_whose_workspace_is_gone_does_not_work() -> None:
    tenant = Tenant()
    del tenant.resources[stack.NEW]
    found = told(tenant)
    assert found[USED].startswith("✗ on, and does not work: workspace log-new, which it reads, is")
    assert found[CHANGED] == "✓ on"


def test_a_workspace_that_is_gone_is_not_merely_unread() -> None:
    tenant = Reading(there=False)
    found = told(tenant, watched=(stack.NEW, stack.OLD))
    assert found["log-new"].startswith("✗ is gone: find out who did it")
    assert found["log-old"].startswith("– is gone, with what it held")
    assert told(Reading())["log-new"] == "? may not read"


# Who hears it


@pytest.mark.parametrize(
    ("rule", "alarm", "groups", "whom"),
    [
        (stack.USED, USED, [], "nobody"),
        (stack.USED, USED, [stack.SECOND], "ag-watch"),
        (stack.CHANGED, CHANGED, [], "nobody"),
        (stack.CHANGED, CHANGED, [{"actionGroupId": stack.FIRST}], "ag"),
    ],
)
def test_an_alarm_that_tells_somebody_else_or_nobody_is_wrong(
    rule: str, alarm: str, groups: list[Any], whom: str
) -> None:
    tenant = Tenant()
    tenant.resources[rule]["actions"] = {"actionGroups": groups}
    should = "ag" if rule == stack.USED else "ag-watch"
    words = told(tenant)[alarm]
    assert words.startswith(f"✗ on, and tells {whom} instead of {should}: find out who did it")


def test_an_alarm_of_which_the_state_knows_no_action_group_has_to_tell_somebody() -> None:
    tenant = Tenant()
    tenant.resources[stack.USED]["actions"] = {}
    words = told(tenant, resources=[stack.child(QUERY_RULE_TYPE, stack.USED)])[USED]
    assert words.startswith("✗ on, and tells nobody instead of an action group")


def test_an_alarm_may_tell_others_besides() -> None:
    tenant = Tenant()
    tenant.resources[stack.USED]["actions"]["actionGroups"].append(stack.SECOND)
    assert told(tenant)[USED] == "✓ on"


def test_an_action_group_says_how_many_it_tells() -> None:
    found = told(Tenant())
    assert found["action group ag"] == "✓ tells 2 receivers"
    assert found["action group ag-watch"] == "✓ tells 1 receiver"


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize(
    ("properties", "words", "cure"),
    [
        (None, "is gone, and nobody hears its alarms", "makes it anew"),
        ({"enabled": False}, "is off, and nobody hears its alarms", "`pulumi up` switches it on"),
        ({"emailReceivers": []}, "has no receiver, and nobody hears", "puts them back"),
    ],
    ids=["gone", "off", "empty"],
)
def test_an_action_group_that_nobody_hears_is_wrong(
    properties: dict[str, Any] | None, words: str, cure: str, ours: bool
) -> None:
    tenant = Tenant()
    if properties is None:
        del tenant.resources[stack.FIRST]
    else:
        tenant.resources[stack.FIRST] = {"enabled": True, **properties}
    resources = [one for one in stack.children() if ours or one["id"] != stack.FIRST]
    line = told(tenant, resources=resources)["action group ag"]
    assert line.startswith(f"✗ {words}")
    assert (cure in line) == ours


@pytest.mark.parametrize(("deaf", "who"), [(["Desk"], "not Desk"), (["Desk", "On call"], "nobody")])
def test_a_receiver_that_unsubscribed_is_told_with_the_way_back(deaf: list[str], who: str) -> None:
    tenant = Tenant()
    group = tenant.resources[stack.FIRST]
    for receiver in (*group["emailReceivers"], *group["smsReceivers"]):
        receiver["status"] = "Disabled" if receiver["name"] in deaf else "Enabled"
    line = told(tenant)["action group ag"]
    assert line.startswith(f"✗ tells {who}: unsubscribed; az monitor action-group enable-receiver")
    assert all(f'--name "{name}" --action-group "ag"' in line for name in deaf)


def test_nothing_in_azure_is_asked_for_twice() -> None:
    tenant, silent = Tenant(), stack.USED.replace("account used", "logs silent")
    tenant.resources[silent] = {"scopes": [stack.NEW.upper()], "actions": {"actionGroups": ["x"]}}
    told(tenant, resources=[*stack.children(), stack.child(QUERY_RULE_TYPE, silent)])
    assert sorted(tenant.looked_for) == sorted(tenant.resources)


class Reading(Tenant):
    """A tenant whose logs may not be read, with or without its workspaces."""

    def __init__(self, *, there: bool = True) -> None:
        super().__init__()
        if not there:
            del self.resources[stack.NEW]

    def arrival(self, workspace_id: str, table: str) -> Any:
        del workspace_id, table
        raise CommandFailed("may not read")
