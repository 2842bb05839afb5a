"""What is found out about logs and alarms before a run, against the simulated tenant over HTTP."""

import pytest

from entra.preflight import check_tenant
from tests.sandbox.surveyed_tenant import (
    CATEGORIES,
    CENTRAL,
    GROUP,
    OTHERS,
    SETTINGS,
    SUBSCRIPTION,
    WORKSPACE,
    Scene,
    scene,
    standing,
    stood,
    tenant,
)
from tests.sandbox.watched_tenant import action_group_body
from tests.support.tenant import small_document

__all__ = ["stood", "tenant"]


def test_a_standing_stack_costs_two_reads_of_azure_and_none_of_the_directory(stood: Scene) -> None:
    run = stood.look(state=standing())
    assert sorted(stood.asked()) == [f"GET {SETTINGS}", f"GET {WORKSPACE}"]
    assert run.value.kept == {}
    assert run.value.location == "westeurope"
    assert run.value.notices == ()
    assert run.value.workspace_id is None


def test_who_we_are_and_what_stands_is_known_after_three_reads_of_azure(stood: Scene) -> None:
    """What a refresh reads is not told to the program, so that a daily cap has to be asked for."""
    stood.look(state=standing())
    check_tenant(
        stood.identity, tenant_id=stood.tenant.id, subscription_id=SUBSCRIPTION, permissions=()
    )
    azure = [one for one in stood.asked() if "/v1.0/" not in one]
    assert sorted(azure) == sorted(
        [f"GET {SETTINGS}", f"GET /subscriptions/{SUBSCRIPTION}", f"GET {WORKSPACE}"]
    )


def test_a_new_stack_costs_five_reads(tenant: Scene) -> None:
    run = tenant.look()
    assert len(tenant.asked()) == 5, tenant.asked()
    assert run.value.kept == {}
    assert run.value.notices == ()


# What is taken in again


def test_what_a_destroy_left_behind_is_taken_in_again(tenant: Scene) -> None:
    tenant.make(GROUP, ours=True)
    tenant.make(WORKSPACE, ours=True)
    run = tenant.look()
    assert run.value.kept == {"resource-group": GROUP, "workspace": WORKSPACE}


def test_what_a_killed_run_left_behind_is_taken_in_again(stood: Scene) -> None:
    """Made in Azure, lost to the state: each resource by its own tag, the setting by its target."""
    action_group = f"{GROUP}/providers/Microsoft.Insights/actionGroups/ag-break-glass-watch"
    stood.make(action_group, action_group_body() | {"location": "Global"}, ours=True)
    state = standing()
    del state["azure-native:aadiam:DiagnosticSetting"]
    del state["azure-native:monitor:ActionGroup"]["monitoring-watch-action-group"]
    run = stood.look(state=state)
    kept = dict(run.value.kept)
    assert kept.pop("watch-action-group").lower() == action_group.lower()
    assert kept == {"diagnostic-setting": f"{SETTINGS}/break-glass"}


def test_somebody_elses_action_group_of_our_name_is_left_alone(stood: Scene) -> None:
    action_group = f"{GROUP}/providers/Microsoft.Insights/actionGroups/ag-break-glass-watch"
    stood.make(action_group, action_group_body())
    state = standing()
    del state["azure-native:monitor:ActionGroup"]["monitoring-watch-action-group"]
    line = stood.refusal(state=state)
    assert line.startswith(
        "break-glass:monitoring.watch.notify.name holds 'ag-break-glass-watch', and Azure has one"
    )
    assert "this stack did not make" in line


# The diagnostic setting


def test_a_setting_of_our_name_that_sends_elsewhere_is_somebody_elses(tenant: Scene) -> None:
    tenant.make(OTHERS)
    tenant.make(CENTRAL)
    tenant.make_setting("Break-Glass", CENTRAL)
    line = tenant.refusal()
    assert line.startswith("break-glass:monitoring.diagnosticSetting.name holds 'break-glass'")
    assert f" to {CENTRAL})" in line
    assert "choose another name" in line


def test_a_category_that_goes_to_the_workspace_already_names_the_setting(tenant: Scene) -> None:
    tenant.make(OTHERS)
    tenant.make(CENTRAL)
    tenant.make_setting("siem", CENTRAL, *CATEGORIES, "RiskyUsers")
    existing = {"workspace": {"existing": CENTRAL}}
    line = tenant.refusal(existing)
    assert line.startswith(
        "diagnostic setting 'siem' sends AuditLogs, NonInteractiveUserSignInLogs, SignInLogs to"
        f" workspace {CENTRAL} already"
    )
    assert 'set --path "break-glass:monitoring.diagnosticSetting.existing" "siem"' in line
    run = tenant.look({**existing, "diagnosticSetting": {"existing": "SIEM"}})
    assert run.value.notices == ()
    assert run.value.kept == {}


def test_a_setting_with_one_of_the_categories_is_to_get_the_others_first(tenant: Scene) -> None:
    tenant.make(OTHERS)
    tenant.make(CENTRAL)
    tenant.make_setting("siem", CENTRAL, "AuditLogs")
    line = tenant.refusal({"workspace": {"existing": CENTRAL}})
    assert "switch NonInteractiveUserSignInLogs, SignInLogs on there too" in line


def test_an_existing_setting_that_lacks_categories_is_refused(tenant: Scene) -> None:
    tenant.make(OTHERS)
    tenant.make(CENTRAL)
    tenant.make_setting("siem", CENTRAL, "AuditLogs", "SignInLogs")
    monitoring = {"workspace": {"existing": CENTRAL}, "diagnosticSetting": {"existing": "siem"}}
    line = tenant.refusal(monitoring)
    assert "holds 'siem', which does not send NonInteractiveUserSignInLogs" in line
    assert "nothing was changed" in line
    state = standing(workspaceId=CENTRAL, watchedWorkspaces=[CENTRAL])
    del state["azure-native:aadiam:DiagnosticSetting"]
    warned = tenant.look(monitoring, state)
    assert [one for one in warned.value.notices if "does not send" in one]
    assert [one for one in warned.said("warning") if "does not send" in one]


def test_an_existing_setting_that_sends_elsewhere_is_refused(tenant: Scene) -> None:
    tenant.make(OTHERS)
    tenant.make(CENTRAL)
    tenant.make_setting("siem", CENTRAL)
    line = tenant.refusal({"diagnosticSetting": {"existing": "siem"}})
    assert f"holds 'siem', which sends to {CENTRAL} and not to {WORKSPACE}" in line


def test_an_existing_setting_that_is_not_there_is_answered_with_those_that_are(
    stood: Scene,
) -> None:
    line = stood.refusal({"diagnosticSetting": {"existing": "siem"}})
    assert "the tenant has no such diagnostic setting; it has break-glass;" in line


def test_a_sixth_setting_is_refused_with_the_names_of_the_five(tenant: Scene) -> None:
    tenant.make(OTHERS)
    for number in range(5):
        workspace = f"{CENTRAL}-{number}"
        tenant.make(workspace)
        tenant.make_setting(f"export-{number}", workspace)
    line = tenant.refusal()
    assert line.startswith("the tenant has 5 diagnostic settings already, and Azure takes 5")
    assert "export-0, export-1, export-2, export-3, export-4" in line


def test_five_settings_with_ours_among_them_are_enough(stood: Scene) -> None:
    stood.make(OTHERS)
    for number in range(4):
        workspace = f"{CENTRAL}-{number}"
        stood.make(workspace)
        stood.make_setting(f"export-{number}", workspace)
    assert stood.look(state=standing()).value.notices == ()
    assert stood.look(state={}).value.kept["diagnostic-setting"] == f"{SETTINGS}/break-glass"


# Rights and resource providers


def test_who_may_read_diagnostic_settings_and_not_change_them_is_told_so() -> None:
    document = small_document()
    document["apps"][0]["azureRoles"][1]["role"] = "Reader"
    with scene(document) as tenant:
        line = tenant.refusal()
    assert line.startswith("the application may read the tenant's diagnostic settings and not")
    assert "--scope /providers/Microsoft.aadiam" in line


def test_who_may_not_read_diagnostic_settings_is_told_so() -> None:
    document = small_document()
    del document["apps"][0]["azureRoles"][1]
    with scene(document) as tenant:
        line = tenant.refusal()
    assert "may not manage the tenant's diagnostic settings: give it the role 'Contributor'" in line


def test_a_resource_provider_that_is_not_registered_is_told() -> None:
    document = small_document()
    document["subscriptions"][0]["registeredProviders"] = ["Microsoft.OperationalInsights"]
    with scene(document) as tenant:
        (notice,) = tenant.look().value.notices
        assert tenant.look(state=standing()).value.notices == ()
    assert notice.startswith("resource provider Microsoft.Insights is not registered")
    assert "az provider register --namespace Microsoft.Insights --subscription" in notice


# The workspace


def test_an_existing_workspace_gives_the_alarms_their_region(tenant: Scene) -> None:
    tenant.make(OTHERS)
    tenant.make(CENTRAL, {"location": "northeurope"})
    run = tenant.look({"workspace": {"existing": CENTRAL}})
    assert run.value.location == "northeurope"
    assert run.value.workspace_id == CENTRAL
    (remark,) = [line for line in run.said("info") if "northeurope" in line]
    assert f"workspace {CENTRAL} is in northeurope" in remark
    assert run.value.notices == ()


def test_an_existing_workspace_of_a_standing_stack_costs_five_reads(stood: Scene) -> None:
    stood.make(OTHERS)
    stood.make(CENTRAL)
    stood.make_setting("break-glass", CENTRAL)
    state = standing(workspaceId=CENTRAL, watchedWorkspaces=[CENTRAL])
    for rule in state["azure-native:monitor:ScheduledQueryRule"].values():
        rule["scopes"] = [CENTRAL]
    run = stood.look({"workspace": {"existing": CENTRAL}}, state)
    assert len(stood.asked()) == 5, stood.asked()
    assert run.value.notices == ()


def test_a_workspace_that_is_not_there_is_answered_with_those_that_are(stood: Scene) -> None:
    line = stood.refusal({"workspace": {"existing": CENTRAL}})
    assert line.startswith(
        f"break-glass:monitoring.workspace.existing holds {CENTRAL}: there is no such workspace"
    )
    assert f"has {WORKSPACE};" in line


@pytest.mark.parametrize("existing", [True, False])
def test_a_daily_cap_is_warned_of(tenant: Scene, existing: bool) -> None:
    tenant.make(GROUP, ours=True)
    capped = {"location": "westeurope", "properties": {"workspaceCapping": {"dailyQuotaGb": 0.5}}}
    tenant.make(WORKSPACE, capped, ours=True)
    tenant.make_setting("break-glass", WORKSPACE)
    monitoring = {"workspace": {"existing": WORKSPACE}} if existing else {}
    run = tenant.look(monitoring, standing())
    (notice,) = run.value.notices
    assert notice.startswith("workspace log-break-glass has a daily cap of 0.5 GB")
    assert notice in run.said("warning")
