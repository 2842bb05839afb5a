"""How a customer stands by resources, and that nothing unsaid is taken for good news."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from entra.errors import Forbidden, GraphError, NotFound
from entra.obstacles import KnownAccount, look_for_obstacles
from fleet.events import UNTOLD
from fleet.report import AlarmLine, LastKnown, Money, PolicyCounts
from fleet.standing import ACCOUNTS, EXCLUSION, STACK, Standing, last_known, read_state, standing_of

EXPORTED = Path(__file__).with_name("exported_stack.json").read_text(encoding="utf-8")
WRITTEN = datetime(2026, 11, 20, 3, 12, 5, tzinfo=UTC)


def excluded(children: list[dict[str, Any]], outputs: dict[str, Any]) -> int | None:
    stack = {"type": STACK, "outputs": outputs}
    return standing_of([stack, *({"type": EXCLUSION, **one} for one in children)]).policies.excluded


def ready(
    obstacles: Any, *names: str | None, unanswered: tuple[str, ...] = (), planned: str = ""
) -> list[bool | None]:
    """Of accounts whose components have these names; None for one without a component."""
    listed: list[Any] = [
        {"objectId": f"id-{n}", "userPrincipalName": "u"} for n in range(len(names))
    ]
    components = [
        {"type": ACCOUNTS[0], "urn": f"u::{name}", "outputs": {"objectId": f"id-{number}"}}
        for number, name in enumerate(names)
        if name
    ]
    if planned:
        listed.append("04da6b54-80e4-46f7-96ec-b56ff0331ba9")
        components.append({"type": ACCOUNTS[0], "urn": f"u::{planned}", "outputs": {}})
    outputs = {"accounts": listed} | ({} if obstacles is None else {"obstacles": obstacles})
    found = standing_of([{"type": STACK, "outputs": outputs}, *components[::-1]], unanswered)
    return [one.ready for one in found.accounts or ()]


def of(account: str) -> dict[str, str]:
    return {"account": account, "problem": "has no passkey", "remedy": "register two"}


def test_an_obstacle_is_its_accounts_own_in_whatever_order_the_state_has_them() -> None:
    assert ready([of("account-2")], "account-1", "account-2") == [True, False]
    assert ready([], "account-1", "account-2") == [True, True]


@pytest.mark.parametrize(
    ("obstacles", "names", "expected"),
    [
        (None, ("account-1",), [None]),
        ("secret", ("account-1",), [None]),
        ([], ("account-1", None), [True, None]),
        ([of("account-1")], ("account-1", None), [False, None]),
        ([of("account-9")], ("account-1", "account-2"), [None, None]),
        ([of("account-9"), of("account-1")], ("account-1", "account-2"), [False, None]),
    ],
)
def test_an_account_of_which_nothing_sure_is_said_is_not_ready(
    obstacles: Any, names: tuple[str | None, ...], expected: list[bool | None]
) -> None:
    assert ready(obstacles, *names) == expected


def test_what_could_not_be_found_out_makes_no_account_ready() -> None:
    untold = ("whether a passkey is registered cannot be told",)
    names = ("account-1", "account-2")
    assert ready([of("account-1")], *names, unanswered=untold) == [False, None]


def test_an_account_that_is_only_planned_is_none_and_takes_its_obstacle_with_it() -> None:
    assert ready([of("account-3")], "account-1", planned="account-3") == [True]


class Failing:
    """A directory that answers nothing."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any) -> Any:
            raise self._error

        return fail


@pytest.mark.parametrize(
    "error",
    [
        Forbidden(403, "", "no", "GET", "/"),
        NotFound(404, "", "no", "GET", "/"),
        GraphError(500, "", "no", "GET", "/"),
    ],
)
def test_every_note_of_the_look_at_the_accounts_bears_the_sign_we_look_for(
    error: Exception,
) -> None:
    nobody: Any = Failing(error)
    found = look_for_obstacles(nobody, nobody, [KnownAccount("account-1", "1", "u")], None)
    assert found.notes
    assert [one for one in found.notes if UNTOLD not in one] == []


def test_a_policy_that_the_run_did_not_reach_is_not_counted_as_excluded() -> None:
    planned = {"excludedPolicies": [{"id": "p1"}, {"id": "p2"}]}
    assert excluded([{"outputs": {"policyId": "p1"}}], planned) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"outputs": {"reason": "for agents"}},
        {"inputs": {"reason": "for agents"}},
        {"outputs": {"refused": "kept by Microsoft"}},
        {"outputs": {}, "delete": True},
    ],
)
def test_what_does_not_exclude_the_accounts_is_not_counted(other: dict[str, Any]) -> None:
    assert excluded([{"outputs": {"policyId": "p1"}}, other], {}) == 1


def test_no_policy_and_not_looked_at_are_told_apart() -> None:
    assert excluded([], {"excludedPolicies": []}) == 0
    assert excluded([], {}) is None


def test_a_receiver_that_unsubscribed_hears_nothing() -> None:
    email = [{"name": "a", "status": "Enabled"}, {"name": "b", "status": "Disabled"}]
    group: dict[str, Any] = {"type": "g", "id": "/ag", "inputs": {"emailReceivers": [{}, {}]}}
    monitoring = {"type": "break-glass:index:SignInMonitoring", "outputs": {"actionGroupId": "/AG"}}
    seen: dict[str, Any] = {**group, "outputs": {"emailReceivers": email}}
    assert standing_of([monitoring, seen]).alarm.receivers == 1
    assert standing_of([monitoring, {**seen, "gone": True}]).alarm.receivers == 0


def test_a_state_tells_what_the_last_run_left_and_when() -> None:
    standing, as_of = read_state(EXPORTED)
    assert as_of is not None
    assert as_of.replace(microsecond=0) == WRITTEN
    assert standing.accounts is not None
    assert [one.user_principal_name for one in standing.accounts] == ["a1@fabrikam", "a2@fabrikam"]
    assert [one.ready for one in standing.accounts] == [False, True]
    assert standing.accounts[0].hindrances == ("has no passkey: register two",)
    assert standing.policies == PolicyCounts(excluded=2, skipped=1)
    assert standing.alarm == AlarmLine(enabled=True, receivers=3)
    assert standing.monthly_cost == Money(amount=12.5, currency="EUR")


@pytest.mark.parametrize(
    "manifest", [{}, {"time": "yesterday"}, {"time": "0001-01-01T00:00:00Z"}, {"time": 5}, None]
)
def test_a_state_of_no_known_day_tells_nothing_of_before(manifest: Any) -> None:
    document = json.loads(EXPORTED)
    document["deployment"]["manifest"] = manifest
    standing, as_of = read_state(json.dumps(document))
    assert as_of is None
    assert last_known(standing, Standing(), as_of) is None


@pytest.mark.parametrize("text", ["", "[]", '{"deployment": null}', '{"deployment": {}}'])
def test_what_is_no_state_tells_nothing(text: str) -> None:
    assert read_state(text) == (Standing(), None)


def test_from_before_is_told_what_was_not_looked_at_and_nothing_else() -> None:
    before, as_of = read_state(EXPORTED)
    today = Standing(policies=PolicyCounts(excluded=5, skipped=0, drifted=0))
    known = last_known(before, today, as_of)
    assert known is not None
    assert (known.as_of, known.accounts, known.alarm) == (as_of, before.accounts, before.alarm)
    assert known.policies == PolicyCounts()
    assert as_of is not None
    everything = LastKnown(
        as_of=as_of,
        accounts=before.accounts,
        policies=before.policies,
        alarm=before.alarm,
        monthly_cost=before.monthly_cost,
    )
    assert last_known(before, Standing(), as_of) == everything
    assert last_known(before, before, as_of) is None
