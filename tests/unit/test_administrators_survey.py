"""Who is told because of `allAdmins`: a short answer of the directory drops nobody."""

from collections.abc import Collection, Sequence
from typing import Any

import pulumi
import pytest

from administrators_survey import ToldAdministrators, find_administrators
from components.azure_resources import ACTION_GROUP_TYPE
from components.stack_memory import Outputs
from entra.administrators import PREFIX, Administrator, FoundAdministrators
from entra.built_in_roles import GLOBAL_ADMINISTRATOR
from entra.errors import GraphError
from settings_receivers import Notify

KEY = "break-glass:monitoring.notify"
ADA, BO, CY = (
    Administrator(f"{name}@contoso.com", f"{name}.mail@contoso.com") for name in ("ada", "bo", "cy")
)
State = dict[str, dict[str, dict[str, Any]]]


class MemoryAdministrators:
    """A directory with these holders; `alone`: what it says of one person."""

    def __init__(
        self, *found: Administrator, alone: dict[str, bool] | None = None, deaf: Sequence[str] = ()
    ) -> None:
        self.found, self.alone, self.deaf = found, alone or {}, tuple(deaf)
        self.left_out: list[str] = []

    def holders(self, role_ids: Sequence[str], left_out: Collection[str]) -> FoundAdministrators:
        assert role_ids == (GLOBAL_ADMINISTRATOR,)
        self.left_out = [*left_out]
        return FoundAdministrators(self.found, self.deaf)

    def is_administrator(self, user_principal_name: str, role_ids: Collection[str]) -> bool:
        assert role_ids
        if user_principal_name not in self.alone:
            raise GraphError(503, "serviceNotAvailable", "", "GET", "/v1.0/users")
        return self.alone[user_principal_name]


def told_before(*people: Administrator, child: str = "monitoring-action-group") -> State:
    """The state of a stack whose action group tells these people, and somebody of the settings."""
    receivers = [{"name": one.name, "emailAddress": one.address} for one in people]
    receivers.append({"name": "Old desk", "emailAddress": "old@contoso.com"})
    return {ACTION_GROUP_TYPE: {child: {"emailReceivers": receivers}}}


def find(
    directory: MemoryAdministrators,
    state: State | None = None,
    *,
    adopted: Sequence[str] = (),
    emails: int = 0,
) -> ToldAdministrators:
    addresses = [{"name": f"n{n}", "address": f"n{n}@partner.example"} for n in range(emails)]
    notify = Notify.model_validate(
        {"allAdmins": {"roles": ["Global Administrator"]}, "emails": addresses}
    )

    def memory(type_: str) -> dict[str, Outputs]:
        found = (state or {}).get(type_, {})
        return {f"urn:pulumi:prod::p::{type_}::{name}": one for name, one in found.items()}

    return find_administrators(notify, KEY, "monitoring-action-group", directory, adopted, memory)


def many(number: int) -> list[Administrator]:
    return [Administrator(f"a{n:04}@contoso.com", f"a{n:04}@contoso.com") for n in range(number)]


def test_all_administrators_are_told_by_name() -> None:
    told = find(MemoryAdministrators(ADA, BO))
    assert told.administrators == (ADA, BO)
    assert told.notices == ()
    assert told.remarks == (f"{KEY}.allAdmins tells 2 by mail: ada@contoso.com, bo@contoso.com",)


def test_the_emergency_accounts_are_left_out() -> None:
    state: State = {
        "break-glass:index:BreakGlassAccount": {"account-1": {"objectId": "id-1"}, "begun": {}},
        "break-glass:index:AdoptedAccount": {"adopted-1": {"objectId": "id-2"}},
    }
    directory = MemoryAdministrators(ADA)
    find(directory, state, adopted=["old@contoso.com"])
    assert directory.left_out == ["old@contoso.com", "id-1", "id-2"]


def test_whoever_a_short_answer_leaves_out_is_told_on() -> None:
    told = find(MemoryAdministrators(ADA, alone={CY.user_principal_name: True}), told_before(CY))
    assert told.administrators == (ADA, CY)
    assert told.notices == ()


def test_whoever_is_administrator_no_more_is_told_no_longer_and_that_is_said() -> None:
    told = find(MemoryAdministrators(ADA, alone={CY.user_principal_name: False}), told_before(CY))
    assert told.administrators == (ADA,)
    assert any("tells cy@contoso.com no longer: gone, disabled" in line for line in told.remarks)


def test_of_whom_nothing_can_be_told_stays() -> None:
    told = find(MemoryAdministrators(), told_before(CY))
    assert told.administrators == (CY,)
    (notice,) = told.notices
    assert notice.startswith("whether cy@contoso.com is still an administrator cannot be told")


def test_receivers_of_the_settings_and_of_the_other_action_group_are_no_administrators() -> None:
    state = told_before(BO, child="monitoring-watch-action-group")
    assert find(MemoryAdministrators(ADA), state).administrators == (ADA,)
    assert PREFIX not in "Old desk"


@pytest.mark.parametrize(
    ("deaf", "why"),
    [(["ada@contoso.com"], "has a mailbox (ada@contoso.com have none)"), ([], "is there but the")],
)
def test_nobody_to_tell_is_an_error(deaf: list[str], why: str) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        find(MemoryAdministrators(deaf=deaf))
    line = str(caught.value)
    assert line.startswith(f"{KEY}.allAdmins finds nobody to tell: no holder of Global")
    assert why in line
    assert f'pulumi config rm --path "{KEY}.allAdmins"' in line
    assert "\n" not in line


@pytest.mark.parametrize(("people", "emails", "warned"), [(795, 5, 0), (795, 6, 1), (994, 6, 1)])
def test_near_the_services_limit_it_is_warned(people: int, emails: int, warned: int) -> None:
    told = find(MemoryAdministrators(*many(people)), emails=emails)
    assert len(told.notices) == warned
    assert all("an action group takes 1000" in line for line in told.notices)


def test_beyond_the_services_limit_it_is_refused() -> None:
    with pytest.raises(pulumi.RunError, match="would tell 1001 people by mail"):
        find(MemoryAdministrators(*many(996)), emails=5)


def test_of_many_administrators_some_are_named() -> None:
    (remark,) = find(MemoryAdministrators(*many(30))).remarks
    assert "tells 30 by mail: a0000@contoso.com" in remark
    assert remark.endswith("a0019@contoso.com and 10 more")
