"""The roles of an account: further ones of the settings, and those that somebody else gave."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pytest

from components.account_checks import DOUBT_SECONDS
from components.account_leaving import refuse_privileged_leavers
from components.account_roles import ASSIGNMENT_TYPE, GLOBAL_ADMINISTRATOR
from components.break_glass_account import AccountTools
from entra.directory import RoleAssignment
from entra.errors import GraphError
from tests.unit.account_program import NAME, OBJECT_ID, REMEMBERED, URN, make
from tests.unit.directories import MemoryDirectory, user

SECURITY_READER = "5d6b6bb7-de71-4623-b4af-96380a352509"
UNIT = "/administrativeUnits/1"


def alive(held: Mapping[str, str], scope: str = "/") -> MemoryDirectory:
    return MemoryDirectory(live=[user(OBJECT_ID, NAME)], held=held, scope=scope)


@pytest.mark.parametrize("role", ["security READER", SECURITY_READER])
def test_further_roles_are_given_by_name_or_id_each_once(role: str) -> None:
    run = make(roles=[role, SECURITY_READER.upper(), GLOBAL_ADMINISTRATOR])
    given = {r.name: r.inputs["roleId"] for r in run.of_type("DirectoryRoleAssignment")}
    assert given == {
        "account-global-administrator": GLOBAL_ADMINISTRATOR,
        f"account-role-{SECURITY_READER}": SECURITY_READER,
    }
    for assignment in run.of_type("DirectoryRoleAssignment"):
        assert run.waits_for(run.one("AccountRoles"), assignment)


def test_a_role_that_is_not_built_in_is_refused() -> None:
    run = make(roles=["Grand Vizier"], expect_error=True)
    assert "there is no built-in role 'Grand Vizier'" in str(run.error)


@pytest.mark.parametrize(
    ("role", "scope", "told"),
    [
        (SECURITY_READER, "/", "(Security Reader)"),
        ("11111111-custom", "/", "(11111111-custom)"),
        (GLOBAL_ADMINISTRATOR, UNIT, f"(Global Administrator in {UNIT})"),
    ],
)
@pytest.mark.parametrize(
    ("retired", "way_out"), [(False, "treat it as an attack"), (True, "it has to go before")]
)
def test_a_role_that_somebody_else_gave_is_told_in_every_run_and_never_touched(
    role: str, scope: str, told: str, retired: bool, way_out: str
) -> None:
    run = make(remembered=REMEMBERED, directory=alive({role: "theirs"}, scope), retired=retired)
    (line,) = run.said("warning")
    assert f"{NAME} ({OBJECT_ID}) holds a role that this stack did not give it {told}" in line
    assert way_out in line
    assert f"Users → {NAME} → Assigned roles → {told[1:-1]} → Remove" in line
    assert "\n" not in line
    ours = {r.inputs["roleId"] for r in run.of_type("DirectoryRoleAssignment")}
    assert ours == (set() if retired else {GLOBAL_ADMINISTRATOR})
    assert run.named("account").outputs["retired"] is retired


def in_state(role: str, principal: str = OBJECT_ID) -> Mapping[str, Any]:
    urn = f"{URN}{ASSIGNMENT_TYPE}::account-role"
    return {**REMEMBERED, ASSIGNMENT_TYPE: {urn: {"roleId": role, "principalObjectId": principal}}}


def test_a_role_of_the_settings_or_of_the_state_is_no_stranger() -> None:
    directory = alive({SECURITY_READER: "ours"})
    remembered = in_state(SECURITY_READER)
    assert make(remembered=remembered, directory=directory).said("warning") == []
    wanted = make(remembered=REMEMBERED, directory=directory, roles=["Security Reader"])
    assert wanted.said("warning") == []

    of_another = in_state(SECURITY_READER, "somebody")
    assert make(remembered=of_another, directory=directory).said("warning") != []


def test_an_account_that_holds_a_role_is_not_taken_out() -> None:
    pauses: list[float] = []
    directory = alive({SECURITY_READER: "theirs"})
    tools = AccountTools(
        directory=directory, memory=lambda t: REMEMBERED.get(t, {}), sleep=pauses.append
    )
    with pytest.raises(pulumi.RunError) as caught:
        refuse_privileged_leavers(["account", "adopted-1"], tools)
    line = str(caught.value)
    assert line.startswith(f"break-glass:accounts leaves out account, {NAME} ({OBJECT_ID}), which")
    assert "holds a role still (Security Reader)" in line
    assert "nothing was changed" in line
    assert f"Users → {NAME} → Assigned roles → Security Reader → Remove assignments" in line
    assert "\n" not in line
    assert pauses == list(DOUBT_SECONDS)


def test_a_role_that_a_replica_still_shows_for_a_moment_holds_nobody_back() -> None:
    directory = alive({GLOBAL_ADMINISTRATOR: "gone a moment ago"})
    tools = AccountTools(
        directory=directory,
        memory=lambda t: REMEMBERED.get(t, {}),
        sleep=lambda _: directory.held.clear(),
    )
    refuse_privileged_leavers(["account"], tools)
    refuse_privileged_leavers(["account"], AccountTools(None, lambda t: REMEMBERED.get(t, {})))


GIVEN: dict[str, Any] = {"roleId": GLOBAL_ADMINISTRATOR.upper(), "principalObjectId": OBJECT_ID}
KNOWN = {**REMEMBERED, ASSIGNMENT_TYPE: {f"{URN}{ASSIGNMENT_TYPE}::account-role": GIVEN}}


def ask_before(
    directory: MemoryDirectory,
    *,
    remembered: Mapping[str, Any] = KNOWN,
    inputs: Mapping[str, Any] = GIVEN,
    **tools: Any,
) -> list[float]:
    """What the engine does before it gives the role; the pauses."""
    pauses: list[float] = []
    tools = {"sleep": pauses.append, **tools}
    run = make(remembered=remembered, directory=directory, tools=tools)
    (assignment,) = run.of_type("DirectoryRoleAssignment")
    (name,) = assignment.hooks["before_create"]
    hook = run.hooks[name]
    assert hook.opts
    assert hook.opts.on_dry_run
    hook.callback(pulumi.ResourceHookArgs("urn", "", "account-role", ASSIGNMENT_TYPE, dict(inputs)))
    return pauses


def test_a_role_that_is_given_although_the_refresh_dropped_it_ends_the_run_in_one_line() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        ask_before(alive({GLOBAL_ADMINISTRATOR: "a-1"}))
    line = str(caught.value)
    assert f"give Global Administrator to {OBJECT_ID} once more" in line
    assert "(assignment a-1)" in line
    assert line.endswith("run pulumi up again, which takes it in")
    assert "\n" not in line


@pytest.mark.parametrize(
    ("directory", "how"),
    [
        (alive({}), {}),
        (alive({SECURITY_READER: "a-1"}), {}),
        (alive({GLOBAL_ADMINISTRATOR: "a-1"}, UNIT), {}),
        (alive({GLOBAL_ADMINISTRATOR: "a-1"}), {"remembered": REMEMBERED}),
        (alive({GLOBAL_ADMINISTRATOR: "a-1"}), {"inputs": {}}),
    ],
)
def test_a_role_that_is_gone_or_new_or_not_known_yet_is_given_at_once(
    directory: MemoryDirectory, how: dict[str, Any]
) -> None:
    assert ask_before(directory, **how) == []


def test_a_role_that_was_taken_away_a_moment_ago_is_given() -> None:
    """Whoever deletes first must not be held up: the account would be left without it."""
    directory = alive({GLOBAL_ADMINISTRATOR: "gone a moment ago"})
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == len(DOUBT_SECONDS):
            directory.held.clear()

    ask_before(directory, sleep=sleep)
    assert waited == list(DOUBT_SECONDS)


def test_a_directory_that_does_not_answer_leaves_the_refusal_to_the_service() -> None:
    class Silent(MemoryDirectory):
        """Answers the look-up before the run and no question after it."""

        asked_for_roles = 0

        def role_assignments(self, principal_id: str) -> tuple[RoleAssignment, ...]:
            self.asked_for_roles += 1
            if self.asked_for_roles > 1:
                raise GraphError(503, "ServiceUnavailable", "", "GET", "/roleAssignments")
            return super().role_assignments(principal_id)

    directory = Silent([user(OBJECT_ID, NAME)], held={GLOBAL_ADMINISTRATOR: "a-1"})
    assert ask_before(directory) == []
    assert directory.asked_for_roles == 2


def test_nobody_is_asked_where_there_is_no_directory() -> None:
    (assignment,) = make(tools={"directory": None}).of_type("DirectoryRoleAssignment")
    assert assignment.hooks.get("before_create", ()) == ()
