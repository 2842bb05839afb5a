"""The state's policy exclusions as the command reads them."""

import json

import pytest

from cli.failure import CommandFailed
from cli.stack_state import COMPONENT_TYPE, EXCLUSION_TYPE, read_state
from components import ca_exclusion_patch, policy_exclusion
from components.exclusion_state import ExclusionState
from entra.exclusion import Entries, Scope
from tests.unit.exported_stack import LABELS, WANTED, child, exported
from tests.unit.graph_stub import TENANT

OUTPUTS = {"scope": "mfa-only"}


def test_the_command_reads_what_the_component_keeps() -> None:
    entry = child("p1", "Ñame", refused="no", reason="")
    (group,) = read_state(exported([entry], outputs=OUTPUTS)).sets
    (found,) = group.exclusions
    kept = ExclusionState.read(entry["outputs"])
    for name in (
        *("tenant_id", "policy_id", "policy_name", "wanted", "stack_objects", "added"),
        *("labels", "refused"),
    ):
        assert getattr(found, name) == getattr(kept, name), name
    assert (found.reason, kept.refused) == ("", "no")


def test_the_types_are_those_of_the_component() -> None:
    assert EXCLUSION_TYPE == policy_exclusion.TYPE
    assert COMPONENT_TYPE == ca_exclusion_patch.COMPONENT_TYPE


def test_stack_project_scope_and_tenant_are_told() -> None:
    state = read_state(exported([child("p1"), child("p2")], outputs=OUTPUTS))
    assert (state.stack, state.project, state.tenant_ids) == ("prod", "break-glass", {TENANT})
    (group,) = state.sets
    assert (group.name, group.scope, group.wanted, group.labels) == (
        "exclusion",
        Scope.MFA_ONLY,
        WANTED,
        LABELS,
    )
    assert not state.interrupted


@pytest.mark.parametrize(
    ("reason", "scope"),
    [
        ("does not ask for multifactor authentication (scope: mfa-only)", Scope.MFA_ONLY),
        ("applies to no users", Scope.ALL),
    ],
)
def test_after_a_run_that_failed_midway_the_children_tell_the_scope(
    reason: str, scope: Scope
) -> None:
    (group,) = read_state(exported([child("p1", reason=reason)])).sets
    assert group.scope is scope


def test_where_every_policy_is_skipped_the_stacks_own_objects_are_wanted() -> None:
    (group,) = read_state(exported([child("p1", reason="applies to no users")])).sets
    assert group.wanted == WANTED


def test_accounts_that_are_not_excluded_are_not_wanted_where_every_policy_is_skipped() -> None:
    skipped = child("p1", reason="applies to no users")
    outputs = {"wanted": {"groups": ["g1"], "users": []}}
    (group,) = read_state(exported([skipped], outputs=outputs)).sets
    assert group.wanted == Entries(("g1",))
    assert group.ours == WANTED


def test_a_stack_without_a_policy_knows_its_tenant_and_what_it_is_to_exclude() -> None:
    wanted = {"groups": ["g1"], "users": []}
    state = read_state(exported(outputs={"scope": "all", "tenantId": "t", "wanted": wanted}))
    assert (state.tenant_ids, state.wanted) == ({"t"}, Entries(("g1",)))
    assert not state.sets[0].is_unfinished


def test_a_first_run_that_ended_before_any_policy_is_unfinished() -> None:
    (group,) = read_state(exported()).sets
    assert group.is_unfinished


def test_an_empty_stack_is_called_what_the_user_calls_it() -> None:
    with pytest.raises(CommandFailed, match="Stack contoso excludes nobody"):
        read_state(json.dumps({"deployment": {}}), "contoso")


def test_policies_that_want_different_things_were_left_by_an_unfinished_run() -> None:
    other = Entries(("g1",), ("u1", "u2"))
    (group,) = read_state(exported([child("p1"), child("p2", wanted=other)])).sets
    assert group.is_unfinished
    skipped = child("p2", reason="applies to no users")
    (group,) = read_state(exported([child("p1"), skipped])).sets
    assert not group.is_unfinished


def test_a_killed_run_is_told() -> None:
    pending = [{"resource": {"urn": "u"}, "type": "updating"}]
    assert read_state(exported([child("p1")], pending_operations=pending)).interrupted


def test_a_create_that_was_cut_off_counts_until_a_later_run_has_made_the_resource() -> None:
    one = child("p1")
    pending = [{"resource": {"urn": one["urn"]}, "type": "creating"}]
    assert read_state(exported(pending_operations=pending)).interrupted
    assert not read_state(exported([one], pending_operations=pending)).interrupted


def test_what_the_engine_is_about_to_delete_does_not_count() -> None:
    replaced = {**child("old"), "delete": True}
    (group,) = read_state(exported([replaced, child("p1")])).sets
    assert [one.policy_id for one in group.exclusions] == ["p1"]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"deployment": 5}'])
def test_what_is_no_state_is_one_line(text: str) -> None:
    with pytest.raises(CommandFailed, match="stack export"):
        read_state(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (exported(component=False), "Stack prod excludes nobody"),
        (json.dumps({"deployment": {}}), "without resources"),
    ],
)
def test_a_stack_that_excludes_nobody_is_one_line(text: str, words: str) -> None:
    with pytest.raises(CommandFailed, match=words):
        read_state(text)


@pytest.mark.parametrize("where", ["whole", "id"])
def test_ids_that_are_secrets_are_refused_not_taken_for_none(where: str) -> None:
    mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    secret = {**mark, "ciphertext": "v1:hidden"}
    wanted = secret if where == "whole" else {"groups": [secret], "users": []}
    entry = child("p1")
    entry["outputs"]["wanted"] = wanted
    with pytest.raises(CommandFailed, match="'wanted' is a secret") as caught:
        read_state(exported([entry]))
    assert "hidden" not in str(caught.value)
