"""`breakglass status`: rows that come no more, and rows of before the logs moved."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerting.alarm_names import NAMES
from cli.failure import CommandFailed
from cli.monitoring_state import COMPONENT_TYPE, QUERY_RULE_TYPE, read_each
from tests.unit import monitoring_stack as stack
from tests.unit.monitored_tenant import MADE, Tenant, told

SIGN_INS, AUDIT = "log-new, SigninLogs", "log-new, AuditLogs"
SILENT = stack.child(
    QUERY_RULE_TYPE, f"{stack.USED.rpartition('/')[0]}/{NAMES['silence-alert']}", inputs={}
)


def moved(changed: datetime, *, made_for: str = stack.OLD) -> list[dict[str, Any]]:
    """A stack whose logs went to another workspace; its alarms were made for one of the two."""
    alarms = stack.alarms()
    for resource in alarms:
        resource.get("inputs", {})["scopes"] = [made_for]
    return [stack.setting(modified=changed.isoformat()), *alarms]


@pytest.mark.parametrize(
    ("hours", "silence", "mark"), [(24, True, "✓"), (25, True, "✗"), (25, False, "✓")]
)
def test_sign_ins_that_come_no_more_are_wrong_where_an_alarm_minds_it(
    hours: int, silence: bool, mark: str
) -> None:
    tenant = Tenant(now=MADE + timedelta(days=20))
    last = tenant.now - timedelta(hours=hours)
    tenant.arrived = {"SigninLogs": (MADE, last), "AuditLogs": (MADE, last)}
    state = [*stack.children(), *([SILENT] if silence else [])]
    words = told(tenant, resources=state)
    assert words[SIGN_INS].startswith(f"{mark} first row arrived")
    assert ("the export is off, or the Entra ID P1 licence lapsed" in words[SIGN_INS]) == (
        mark == "✗"
    )
    assert words[AUDIT].startswith("✓")


def test_of_an_earlier_workspace_nothing_more_is_awaited() -> None:
    tenant = Tenant(now=MADE + timedelta(days=20))
    tenant.arrived["log-old/SigninLogs"] = (MADE, MADE)
    state = [*stack.children(), SILENT]
    assert told(tenant, resources=state, watched=(stack.NEW, stack.OLD))[
        "log-old, SigninLogs"
    ].startswith("✓")


def test_a_change_of_the_setting_long_after_the_move_does_not_begin_the_wait_anew() -> None:
    tenant = Tenant(now=MADE + timedelta(days=34, hours=1))
    state = moved(MADE + timedelta(days=34))
    assert told(tenant, resources=state)[SIGN_INS].startswith(
        "✗ no row yet, awaited for 34 days (the diagnostic setting was changed 60 minutes ago);"
    )
    # The last row where the logs went before says when that came to its end.
    tenant.arrived["log-old/AuditLogs"] = (MADE, MADE + timedelta(days=30))
    assert "awaited for 4 days (the" in told(tenant, resources=state)[SIGN_INS]
    tenant.arrived["log-old/AuditLogs"] = (MADE, MADE + timedelta(days=33))
    assert told(tenant, resources=state)[SIGN_INS].startswith(
        "– no row yet, awaited for 60 minutes;"
    )


def test_where_an_earlier_workspace_cannot_be_asked_the_last_change_is_the_move() -> None:
    tenant = Tenant(now=MADE + timedelta(days=34, hours=1), dark=(stack.OLD,))
    words = told(tenant, resources=moved(MADE + timedelta(days=34)))
    assert words[SIGN_INS].startswith("– no row yet, awaited for 60 minutes;")


@pytest.mark.parametrize(("days", "mark"), [(1, "–"), (4, "✗")])
def test_rows_of_before_a_move_back_are_not_taken_for_arrival(days: int, mark: str) -> None:
    back = MADE + timedelta(days=40)
    tenant = Tenant(now=back + timedelta(days=days))
    tenant.arrived = {
        "log-new/SigninLogs": (MADE, MADE + timedelta(days=10)),
        "log-old/SigninLogs": (MADE + timedelta(days=10), back - timedelta(minutes=2)),
    }
    state = moved(back, made_for=stack.NEW)
    words = told(tenant, resources=state, watched=(stack.NEW, stack.OLD))[SIGN_INS]
    ago, waited = (f"{n} days" if n > 1 else "24 hours" for n in (30 + days, days))
    assert words.startswith(
        f"{mark} no row since the logs go there, the last one arrived {ago} ago, awaited for"
        f" {waited};"
    )
    tenant.arrived["log-new/SigninLogs"] = (MADE, back + timedelta(hours=1))
    words = told(tenant, resources=state, watched=(stack.NEW, stack.OLD))[SIGN_INS]
    assert words.startswith("✓ first row arrived")


def test_an_earlier_workspace_that_somebody_else_fills_does_not_hold_up_anything() -> None:
    tenant = Tenant(now=MADE + timedelta(days=40))
    rows = (MADE, tenant.now - timedelta(minutes=5))
    tenant.arrived = {"log-new/SigninLogs": rows, "log-old/SigninLogs": (MADE, tenant.now)}
    words = told(tenant, resources=moved(MADE + timedelta(days=10)))
    assert words[SIGN_INS].startswith("✓ first row arrived")


@pytest.mark.parametrize(("times", "words"), [(2, "✓ on"), (3, "✗ is gone: `pulumi up` makes it")])
def test_one_answer_that_lags_behind_does_not_make_an_alarm_gone(times: int, words: str) -> None:
    tenant = Tenant(late={stack.USED: times})
    assert told(tenant)["alert Break-glass account used"].startswith(words)


def test_each_component_of_a_program_is_looked_at_by_itself() -> None:
    document = json.loads(stack.exported())
    resources = document["deployment"]["resources"]
    second = json.loads(json.dumps(resources[1:]).replace("log-new", "log-second"))
    for resource in second:
        resource["urn"] = f"{resource['urn']}-second"
        if resource["type"] != COMPONENT_TYPE:
            resource["parent"] = f"{resource['parent']}-second"
    resources += second
    each = read_each(json.dumps(document))
    assert [one.workspace_ids for one in each] == [
        (stack.NEW,),
        (stack.NEW.replace("log-new", "log-second"),),
    ]
    assert [len(one.rules) for one in each] == [2, 2]
    assert each[1].export is not None


def test_a_program_without_any_component_is_one_line() -> None:
    with pytest.raises(CommandFailed, match="Stack prod has made no logs and alarms yet"):
        read_each('{"deployment": {"resources": []}}', "prod")
