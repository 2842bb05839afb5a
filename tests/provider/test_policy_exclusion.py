import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.api.server import TenantServer
from tests.provider.dynamic_server import (
    DynamicServer,
    Properties,
    ProviderError,
    dynamic_server,
)
from tests.support.tenant import http, object_id, running_tenant, small_document

TENANT = object_id("tenant")
MFA, REPORT = object_id("policies/mfa"), object_id("policies/report")
IT, STAFF = object_id("groups/it"), object_id("groups/staff")
ADA, BO = object_id("users/ada"), object_id("users/bo")
POLICIES = "/v1.0/identity/conditionalAccess/policies"
Lists = dict[str, list[str]]


@dataclass
class Setting:
    """A tenant, the provider's process, and an administrator at the control face."""

    server: TenantServer
    provider: DynamicServer
    control: httpx.Client
    environment: dict[str, str] = field(repr=False)

    def lists(self, policy_id: str = MFA) -> tuple[list[str], list[str]]:
        """(excludeGroups, excludeUsers) as the tenant has them."""
        found = self.control.get("/sandbox/conditional-access/policies").json()["value"]
        users = next(p for p in found if p["id"] == policy_id)["conditions"]["users"]
        return users["excludeGroups"], users["excludeUsers"]

    def edit(self, policy_id: str = MFA, **users: list[str]) -> None:
        """An administrator's own change."""
        path = f"/sandbox/conditional-access/policies/{policy_id}"
        self.control.patch(path, json={"conditions": {"users": users}}).raise_for_status()

    def delete_policy(self, policy_id: str = MFA) -> None:
        path = f"/sandbox/conditional-access/policies/{policy_id}"
        self.control.delete(path).raise_for_status()

    def fail(self, **fault: Any) -> None:
        self.control.post("/sandbox/faults", json=fault).raise_for_status()

    def calls(self) -> list[str]:
        """Requests for policies so far, ours only; the log is emptied."""
        found = self.control.get("/sandbox/requests").json()["value"]
        self.control.delete("/sandbox/requests").raise_for_status()
        return [
            f"{entry['method']} {entry['path'].removeprefix(POLICIES)}".strip()
            for entry in found
            if entry["path"].startswith(POLICIES)
        ]


def environment(server: TenantServer, cache: Path) -> dict[str, str]:
    pace = {"BREAK_GLASS_CA_INTERVAL_SECONDS": "0", "BREAK_GLASS_CACHE": str(cache)}
    return {**server.environment(), **pace}


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    with running_tenant(small_document()) as server, http(server) as control:
        variables = environment(server, tmp_path)
        with dynamic_server(variables) as provider:
            yield Setting(server, provider, control, variables)


def inputs(
    policy_id: str = MFA,
    wanted: Lists | None = None,
    *,
    pending: tuple[str, ...] = (),
    stack: Lists | None = None,
    **more: Any,
) -> Properties:
    chosen = {"groups": [IT], "users": [ADA]} if wanted is None else wanted
    return {
        "tenantId": TENANT,
        "policyId": policy_id,
        "policyName": "Require MFA for all users",
        "wanted": chosen,
        "stackObjects": stack if stack is not None else chosen,
        "labels": {IT: "group BTG Admins", ADA: "account ada"},
        "reason": "",
        "pending": list(pending),
        **more,
    }


NOTHING: Lists = {"groups": [], "users": []}


def test_create_excludes_with_one_read_and_one_write(setting: Setting) -> None:
    id_, outputs = setting.provider.create(inputs(pending=("exclude group BTG Admins",)))
    assert id_ == MFA
    assert setting.lists() == ([IT], [ADA])
    assert setting.calls() == [f"GET /{MFA}", f"PATCH /{MFA}"]
    assert outputs["pending"] == []
    assert outputs["added"] == {"groups": [IT], "users": [ADA]}


def test_foreign_exclusions_stay_in_their_order(setting: Setting) -> None:
    before_groups, before_users = setting.lists(REPORT)
    assert before_groups
    setting.provider.create(inputs(REPORT, {"groups": [STAFF], "users": [ADA]}))
    assert setting.lists(REPORT) == ([*before_groups, STAFF], [*before_users, ADA])


def test_what_is_right_is_not_written(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(REPORT, {"groups": [IT], "users": [BO]}))
    assert setting.calls() == [f"GET /{REPORT}"]
    assert outputs["added"] == NOTHING


def test_a_skipped_policy_costs_no_request(setting: Setting) -> None:
    setting.provider.create(inputs(wanted=NOTHING, reason="skip"))
    assert setting.calls() == []


def test_a_create_whose_answer_was_lost_goes_on_and_still_knows_what_it_added(
    setting: Setting,
) -> None:
    setting.fail(method="PATCH", path=MFA, drop=True, when="after")
    _, outputs = setting.provider.create(inputs())
    assert outputs["added"] == {"groups": [IT], "users": [ADA]}
    assert setting.lists() == ([IT], [ADA])


def test_a_create_after_a_killed_run_writes_nothing_twice(setting: Setting) -> None:
    setting.provider.create(inputs())
    setting.calls()
    setting.provider.create(inputs())
    assert setting.calls() == [f"GET /{MFA}"]
    assert setting.lists() == ([IT], [ADA])


def test_check_and_diff_ask_nothing(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.calls()
    checked = setting.provider.check({}, inputs())
    assert checked == inputs()
    assert setting.provider.diff(MFA, outputs, inputs()) == (False, [])
    assert setting.calls() == []


def test_diff_is_pending_or_a_changed_wish_and_nothing_else(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(pending=("exclude group BTG Admins",)))

    def changed(**more: Any) -> bool:
        return setting.provider.diff(MFA, outputs, inputs(**more))[0]

    assert not changed()
    assert not changed(policyName="renamed", labels={}, reason="another")
    assert changed(pending=("exclude group BTG Admins",))
    assert changed(wanted={"groups": [IT], "users": []})
    assert changed(wanted=NOTHING)
    assert changed(wanted={"groups": [IT], "users": [ADA, BO]})
    assert not changed(wanted={"groups": [IT.upper()], "users": [ADA]})


@pytest.mark.parametrize("key", ["wanted", "stackObjects", "pending"])
def test_what_is_not_known_yet_is_a_change(setting: Setting, key: str) -> None:
    _, outputs = setting.provider.create(inputs(wanted=NOTHING))
    unknown = {**inputs(wanted=NOTHING), key: "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}
    assert setting.provider.diff(MFA, outputs, unknown) == (True, [])


def test_a_new_account_is_remembered_for_a_skipped_policy_without_a_request(
    setting: Setting,
) -> None:
    skipped = inputs(wanted=NOTHING, stack={"groups": [IT], "users": []})
    _, outputs = setting.provider.create(skipped)
    grown = inputs(wanted=NOTHING, stack={"groups": [IT], "users": [ADA]})
    assert setting.provider.diff(MFA, outputs, grown)[0]
    after = setting.provider.update(MFA, outputs, grown)
    assert after["stackObjects"]["users"] == [ADA]
    assert setting.calls() == []


def test_another_policy_or_tenant_is_another_resource(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    moved = inputs(tenantId=object_id("elsewhere"))
    assert setting.provider.diff(MFA, outputs, moved) == (True, ["tenantId"])


def test_read_sees_drift_and_an_update_heals_it_with_one_write(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.edit(excludeGroups=[STAFF])
    setting.calls()
    seen = setting.provider.read(MFA, outputs)
    assert seen.outputs["missing"] == ["exclude group BTG Admins"]
    assert seen.outputs["pending"] == []
    assert setting.provider.diff(MFA, seen.outputs, inputs())[0]
    healed = setting.provider.update(MFA, seen.outputs, inputs())
    assert setting.calls() == ["GET", f"GET /{MFA}", f"PATCH /{MFA}"]
    assert setting.lists() == ([STAFF, IT], [ADA])
    assert healed["missing"] == []
    assert healed["added"] == {"groups": [IT], "users": [ADA]}


def test_an_edit_between_preview_and_write_is_kept(setting: Setting) -> None:
    setting.provider.read(MFA, {**inputs(), "added": NOTHING})
    setting.edit(excludeUsers=[BO], excludeGroups=[STAFF])
    setting.provider.create(inputs())
    assert setting.lists() == ([STAFF, IT], [BO, ADA])


def test_all_reads_of_a_refresh_share_one_listing(setting: Setting) -> None:
    for policy_id in (MFA, REPORT, object_id("policies/legacy")):
        setting.provider.read(policy_id, {**inputs(policy_id), "added": NOTHING})
    assert setting.calls() == ["GET"]


def test_a_renamed_policy_is_told_by_its_new_name(setting: Setting) -> None:
    path = f"/sandbox/conditional-access/policies/{MFA}"
    setting.control.patch(path, json={"displayName": "CA001"}).raise_for_status()
    seen = setting.provider.read(MFA, {**inputs(), "added": NOTHING})
    assert seen.outputs["policyName"] == "CA001"


def test_a_short_listing_does_not_make_a_policy_gone(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.calls()
    setting.fail(method="GET", path=f"{POLICIES}\\?", truncate=0)
    seen = setting.provider.read(MFA, outputs)
    assert seen.id == MFA
    assert setting.calls() == ["GET", f"GET /{MFA}"]


def test_a_policy_is_gone_when_its_own_request_says_404(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.delete_policy()
    assert setting.provider.read(MFA, outputs).id == ""


@pytest.mark.parametrize("status", [403, 400])
def test_a_doubt_about_one_policy_keeps_its_state(setting: Setting, status: int) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.fail(method="GET", path=f"{POLICIES}\\?", truncate=0)
    setting.fail(method="GET", path=MFA, status=status)
    seen = setting.provider.read(MFA, outputs)
    assert (seen.id, seen.outputs) == (MFA, outputs)


def test_a_listing_that_fails_ends_the_refresh_with_one_line(setting: Setting) -> None:
    setting.fail(method="GET", path=POLICIES, status=403, times=9)
    with pytest.raises(ProviderError) as caught:
        setting.provider.read(MFA, {**inputs(), "added": NOTHING})
    assert "the Conditional Access policies: GET" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_throttling_is_waited_out(setting: Setting) -> None:
    setting.fail(method="PATCH", path=MFA, status=429, code="UnknownError", message="")
    setting.provider.create(inputs())
    assert setting.lists() == ([IT], [ADA])
    assert setting.calls() == [f"GET /{MFA}", f"PATCH /{MFA}", f"PATCH /{MFA}"]


def test_each_policy_is_read_right_before_its_own_write(setting: Setting) -> None:
    names = ("mfa", "legacy", "report", "off")
    wanted: Lists = {"groups": [STAFF], "users": [ADA]}
    with ThreadPoolExecutor(max_workers=4) as pool:
        made = [
            pool.submit(setting.provider.create, inputs(object_id(f"policies/{name}"), wanted))
            for name in names
        ]
    assert all(future.result()[0] for future in made)
    calls = setting.calls()
    pairs = zip(calls[::2], calls[1::2], strict=True)
    assert all(read.replace("GET", "PATCH") == write for read, write in pairs)
    assert len(calls) == 8


def test_a_refused_write_names_policy_and_permissions(setting: Setting) -> None:
    setting.fail(method="PATCH", path=MFA, status=403, message="Insufficient privileges.")
    with pytest.raises(ProviderError) as caught:
        setting.provider.create(inputs())
    told = str(caught.value)
    assert "policy 'Require MFA for all users'" in told
    assert "Insufficient privileges." in told
    assert "Policy.ReadWrite.ConditionalAccess" in told
    assert "\n" not in told
    setting.provider.create(inputs())
    assert setting.lists() == ([IT], [ADA])


def test_a_policy_deleted_before_its_write_needs_no_write(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.delete_policy()
    setting.calls()
    setting.provider.update(MFA, outputs, inputs(pending=("exclude group BTG Admins",)))
    assert setting.calls() == [f"GET /{MFA}"]


def test_a_retired_account_leaves_the_policy(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(wanted={"groups": [IT], "users": [ADA, BO]}))
    after = setting.provider.update(MFA, outputs, inputs())
    assert setting.lists() == ([IT], [ADA])
    assert after["added"] == {"groups": [IT], "users": [ADA]}


def test_a_policy_skipped_later_loses_only_what_we_added(setting: Setting) -> None:
    wanted: Lists = {"groups": [IT, STAFF], "users": []}
    _, outputs = setting.provider.create(inputs(REPORT, wanted))
    skipped = inputs(REPORT, NOTHING, stack=wanted)
    setting.provider.update(REPORT, outputs, skipped)
    assert setting.lists(REPORT)[0] == [IT]


def test_delete_takes_away_what_we_added_and_keeps_what_others_put_there(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.edit(excludeGroups=[STAFF, IT], excludeUsers=[ADA, BO])
    setting.provider.delete(MFA, outputs)
    assert setting.lists() == ([STAFF], [BO])


def test_delete_keeps_a_group_that_stood_there_before_and_is_not_the_stacks(
    setting: Setting,
) -> None:
    _, outputs = setting.provider.create(
        inputs(REPORT, {"groups": [IT], "users": [ADA]}, stack=NOTHING)
    )
    setting.provider.delete(REPORT, outputs)
    assert setting.lists(REPORT) == ([IT], [BO])


def test_delete_always_takes_away_the_objects_that_the_stack_deletes(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs(REPORT, {"groups": [IT], "users": [BO]}))
    assert outputs["added"] == NOTHING
    setting.provider.delete(REPORT, outputs)
    assert setting.lists(REPORT) == ([], [])


def test_delete_of_what_is_gone_is_done(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.delete_policy()
    setting.provider.delete(MFA, outputs)


def test_a_failed_delete_is_told_and_can_be_repeated(setting: Setting) -> None:
    _, outputs = setting.provider.create(inputs())
    setting.fail(method="PATCH", path=MFA, status=403)
    with pytest.raises(ProviderError, match="may not be changed"):
        setting.provider.delete(MFA, outputs)
    setting.provider.delete(MFA, outputs)
    assert setting.lists() == ([], [])


@pytest.mark.parametrize("operation", ["create", "update", "delete", "read"])
def test_credentials_of_another_tenant_change_and_ask_nothing(
    setting: Setting, operation: str
) -> None:
    other = inputs(tenantId=object_id("elsewhere"))
    outputs = {**other, "added": {"groups": [IT], "users": []}}
    calls = {
        "create": lambda: setting.provider.create(other),
        "update": lambda: setting.provider.update(MFA, outputs, other),
        "delete": lambda: setting.provider.delete(MFA, outputs),
        "read": lambda: setting.provider.read(MFA, outputs),
    }
    with pytest.raises(ProviderError, match=f"belong to tenant {TENANT}: nothing was changed"):
        calls[operation]()
    assert setting.calls() == []


def test_a_missing_credential_is_one_line(tmp_path: Path) -> None:
    with (
        dynamic_server({"BREAK_GLASS_CACHE": str(tmp_path)}) as provider,
        pytest.raises(ProviderError) as caught,
    ):
        provider.create(inputs())
    assert "ARM_TENANT_ID is not set" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_client_secret_is_one_line_without_the_secret(tmp_path: Path) -> None:
    with running_tenant() as server:
        wrong = {**environment(server, tmp_path), "ARM_CLIENT_SECRET": "wrong-secret-value"}
        with dynamic_server(wrong) as provider, pytest.raises(ProviderError) as caught:
            provider.create(inputs())
    told = str(caught.value)
    assert "ARM_CLIENT_SECRET is not the secret of application" in told
    assert "wrong-secret-value" not in told
    assert "\n" not in told


def test_no_secret_is_in_the_provider_or_its_answers(setting: Setting) -> None:
    id_, outputs = setting.provider.create(inputs())
    seen = setting.provider.read(id_, outputs)
    told = json.dumps([outputs, seen.outputs]) + setting.provider.pickled
    assert setting.environment["ARM_CLIENT_SECRET"] not in told
    assert len(setting.provider.pickled) < 200


def test_a_stored_provider_is_still_understood(setting: Setting) -> None:
    setting.provider.pickled = STORED
    setting.provider.create(inputs())
    assert setting.lists() == ([IT], [ADA])


STORED = (
    "gASVPgAAAAAAAACMG2NvbXBvbmVudHMucG9saWN5X2V4Y2x1c2lvbpSMF1BvbGljeUV4Y2x1c2lvblByb3ZpZGVylJOUKYGU"
    "Lg=="
)
"""The provider as it is in the state files of stacks that exist: it must never need to change."""
