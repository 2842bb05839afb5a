"""What of the settings and of the survey reaches logs and alarms."""

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pulumi
import pytest

from arguments_monitoring import Accounts, monitoring
from components.break_glass_account import GLOBAL_ADMINISTRATOR, BreakGlassAccountArgs
from components.monitoring_arguments import Notify, SignInMonitoringArgs
from entra.administrators import Administrator
from entra.built_in_roles import ROLES
from monitoring_survey import FoundMonitoring
from settings import load_settings
from survey import Survey
from tests.unit.harness import run_program
from tests.unit.program_scene import CONFIG, SUBSCRIPTION, policy

T = TypeVar("T")
EMAILS = [{"name": "Desk", "address": "it@contoso.com"}]
URI = "https://tickets.example/hook?sig=hush"
LOGS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-logs/providers/Microsoft"
WORKSPACE = f"{LOGS}.OperationalInsights/workspaces/log-central"
ACTION_GROUP = f"{LOGS}.Insights/actionGroups/ag-on-call"
ADA = Administrator("ada@contoso.com", "ada@contoso.com")
IT = Administrator("it@contoso.com", "IT@contoso.com")


def arguments(
    wanted: dict[str, Any] | None = None,
    there: FoundMonitoring | None = None,
    *,
    exclusion: dict[str, Any] | None = None,
    premium: str = "required",
    group_id: str | None = "g-1",
) -> SignInMonitoringArgs:
    """Of a stack with one excluded account and one that is not, and `wanted` monitoring."""
    config = {
        "break-glass:monitoring": json.dumps({"notify": {"emails": EMAILS}, **(wanted or {})}),
        "break-glass:exclusion": json.dumps(exclusion or {}),
        "break-glass:premium": premium,
    }
    both = {
        name: SimpleNamespace(object_id=f"id-{name}", user_principal_name=f"{name}@contoso.com")
        for name in ("account-1", "account-2")
    }
    own = BreakGlassAccountArgs(domain="contoso.com", roles=["Security Reader"])
    found = SimpleNamespace(
        monitoring=there or FoundMonitoring(location="westeurope"),
        accounts=SimpleNamespace(excluded=["account-1"], made={"account-1": own}),
        policies=[policy("Require MFA"), policy("Block legacy", "block")],
    )

    def program() -> SignInMonitoringArgs:
        settings = load_settings({**CONFIG, **config})
        group = None if group_id is None else pulumi.Output.from_input(group_id)
        return monitoring(settings, cast("Survey", found), cast("Accounts", both), group)

    kept: list[SignInMonitoringArgs] = []
    run_program(lambda: kept.append(program()))
    return kept[0]


def watch_group(args: SignInMonitoringArgs) -> Notify:
    assert args.watch is not None
    assert args.watch.notify is not None
    return args.watch.notify


def only(receivers: Sequence[T] | None) -> T:
    assert receivers is not None
    (receiver,) = receivers
    return receiver


def addresses(notify: Notify) -> list[str]:
    return [one.address for one in notify.emails or ()]


def test_every_kind_of_receiver_arrives_and_a_webhooks_address_is_a_secret() -> None:
    phone = {"name": "Phone", "countryCode": "49", "phoneNumber": "15123456789"}
    aad = {"objectId": SUBSCRIPTION, "identifierUri": "api://tickets", "tenantId": SUBSCRIPTION}
    args = arguments(
        {
            "notify": {
                "sms": [phone],
                "voice": [{**phone, "name": "Call"}],
                "push": [{"name": "App", "address": "a@contoso.com"}],
                "webhooks": [
                    {"name": "Tickets", "uri": URI, "commonAlertSchema": False, "aad": aad}
                ],
            }
        }
    )
    sms, voice = only(args.notify.sms), only(args.notify.voice)
    push, webhook = only(args.notify.push), only(args.notify.webhooks)
    assert (sms.country_code, sms.phone_number) == ("49", "15123456789")
    assert (voice.name, push.address) == ("Call", "a@contoso.com")
    assert webhook.common_alert_schema is False
    assert webhook.aad is not None
    assert webhook.aad.identifier_uri == "api://tickets"
    assert isinstance(webhook.uri, pulumi.Output)
    assert "sig=hush" not in repr(args)


def test_administrators_are_told_besides_and_nobody_twice() -> None:
    everybody = (IT, ADA)
    there = FoundMonitoring(
        location="westeurope", administrators=everybody, watch_administrators=everybody
    )
    args = arguments({"notify": {"emails": EMAILS, "allAdmins": True}}, there)
    assert addresses(args.notify) == ["it@contoso.com", "ada@contoso.com"]
    names = [one.name for one in args.notify.emails or ()]
    assert names == ["Desk", ADA.name]
    # Without receivers of its own the second action group has those of the first.
    assert addresses(watch_group(args)) == ["it@contoso.com", "ada@contoso.com"]


def test_a_second_action_group_with_receivers_of_its_own_tells_nobody_else() -> None:
    own = {"emails": [{"name": "Owner", "address": "owner@example.org"}], "shortName": "Second"}
    there = FoundMonitoring(location="westeurope", administrators=(ADA,))
    notify = {"emails": EMAILS, "allAdmins": True}
    second = watch_group(arguments({"notify": notify, "watch": {"notify": own}}, there))
    assert addresses(second) == ["owner@example.org"]
    assert (second.name, second.short_name) == ("ag-break-glass-watch", "Second")


@pytest.mark.parametrize("second", [False, True], ids=["both", "the first"])
def test_an_existing_action_group_is_used_as_azure_spells_it(second: bool) -> None:
    own = {"notify": {"emails": [{"name": "Owner", "address": "owner@example.org"}]}}
    there = FoundMonitoring(
        location="westeurope",
        action_group_id=ACTION_GROUP,
        watch_action_group_id=None if second else ACTION_GROUP,
    )
    wanted = {"notify": {"existing": "AG-on-call"}, "watch": own if second else {}}
    args = arguments(wanted, there)
    assert args.notify.existing == ACTION_GROUP
    assert watch_group(args).existing == (None if second else ACTION_GROUP)


def test_what_the_survey_found_in_azure_decides_where_the_logs_go() -> None:
    there = FoundMonitoring(
        location="northeurope", workspace_id=WORKSPACE, earlier_workspaces=(f"{WORKSPACE}-old",)
    )
    args = arguments({"workspace": {"existing": WORKSPACE.lower()}}, there)
    assert args.workspace is not None
    assert args.location == "westeurope"
    assert args.workspace.location == "northeurope"
    assert args.workspace.existing == WORKSPACE
    assert args.workspace.earlier == (f"{WORKSPACE}-old",)


def test_the_alarm_is_as_the_settings_say() -> None:
    alert = {
        "frequencyMinutes": 10,
        "periodMinutes": 15,
        "lookbackMinutes": 120,
        "overlapMinutes": 2,
        "runbook": "https://wiki.example/alarm",
    }
    args = arguments({"alert": alert, "customer": "Fabrikam"})
    assert args.alert is not None
    assert (args.alert.frequency_minutes, args.alert.period_minutes) == (10, 15)
    assert (args.alert.lookback_minutes, args.alert.overlap_minutes) == (120, 2)
    assert args.alert.runbook == "https://wiki.example/alarm"
    assert args.customer == "Fabrikam"


def test_the_watch_knows_what_the_policies_exclude_and_which_roles_the_accounts_hold() -> None:
    args = arguments(
        {"watch": {"silence": False}},
        exclusion={"scope": "mfa-only", "skip": ["block legacy", "gone"]},
    )
    assert args.watch is not None
    assert args.watch.excluded is not None
    assert (args.watch.silence, args.watch.tamper) == (False, True)
    assert args.watch.excluded.mfa_only is True
    assert args.watch.excluded.left_alone == ["id-of-block-legacy"]
    assert args.watch.excluded.user_ids == ["id-account-1"]
    assert len(args.watch.excluded.group_ids or ()) == 1
    assert args.watch.role_ids == [GLOBAL_ADMINISTRATOR, ROLES["Security Reader"]]


def test_accounts_that_are_not_excluded_by_themselves_are_not_looked_for() -> None:
    args = arguments(exclusion={"users": False})
    assert args.watch is not None
    assert args.watch.excluded is not None
    assert args.watch.excluded.user_ids == []


def test_without_the_licence_only_the_audit_log_is_exported() -> None:
    args = arguments(premium="absent", group_id=None)
    assert args.premium is False
    assert args.diagnostics is not None
    assert args.diagnostics.categories == ("AuditLogs",)
    assert args.watch is not None
    assert args.watch.excluded is not None
    assert args.watch.excluded.group_ids == []
