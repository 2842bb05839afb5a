"""Which account `adopt` means, and which accounts are not taken in."""

from typing import Any

import pulumi
import pytest

from components.account_arguments import TYPE as MADE_TYPE
from components.account_arguments import USER_TYPE
from components.account_checks import DOUBT_SECONDS
from components.account_roles import GLOBAL_ADMINISTRATOR
from components.adoption import find_adopted
from entra.errors import GraphError
from tests.unit.adoption_scene import (
    ADA,
    ADA_NAME,
    BO,
    DOMAINS,
    NAME,
    Adopt,
    Remembered,
    Tenant,
    adopted_before,
    find,
    person,
)


def refused(
    *settings: Adopt, tenant: Tenant | None = None, memory: Remembered | None = None
) -> str:
    with pytest.raises(pulumi.RunError) as caught:
        find(*settings, tenant=tenant, memory=memory)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("written", [ADA, ADA.upper(), ADA_NAME, "Ada@Contoso.COM"])
def test_an_account_is_found_by_object_id_and_by_name(written: str) -> None:
    (account,) = find(Adopt(written, excluded=False))

    assert (account.name, account.object_id) == (NAME, ADA)
    assert account.user_principal_name == ADA_NAME
    assert (account.excluded, account.retire, account.gone) == (False, False, False)
    assert account.warnings == ()


def test_accounts_come_in_the_order_of_the_settings() -> None:
    tenant = Tenant(live=[person(), person(BO, "bo@contoso.com")])
    assert [a.object_id for a in find(Adopt(BO), Adopt(), tenant=tenant)] == [BO, ADA]


def test_one_account_under_two_names_is_refused() -> None:
    told = refused(Adopt(ADA_NAME), Adopt(ADA))
    assert f"holds one account twice, as {ADA_NAME!r} and as {ADA!r}" in told


def test_an_account_that_is_not_there_is_refused() -> None:
    told = refused(Adopt("eve@contoso.com"))
    assert "break-glass:accounts.adopt[0] holds 'eve@contoso.com', which is no user" in told
    assert "run again in some minutes" in told


def test_an_account_that_was_deleted_before_it_was_taken_in_is_told_as_deleted() -> None:
    told = refused(tenant=Tenant(live=[], deleted=[person()]))
    assert f"(deleted: {ADA}; Entra admin centre → Users → Deleted users → Restore" in told
    # The command knows the accounts of the stack, and this one never was.
    assert "breakglass account restore" not in told


def test_a_user_whom_one_replica_does_not_know_is_there() -> None:
    tenant = Tenant(live=[])
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        tenant.live = [person()]

    found = find_adopted([Adopt()], tenant, DOMAINS, adopted_before(role_given=True), sleep=sleep)
    assert found[0].object_id == ADA
    assert pauses == [DOUBT_SECONDS[0]]


def test_a_renamed_account_is_told_under_its_new_name() -> None:
    tenant = Tenant(live=[person(name="lovelace@contoso.com")])
    told = refused(Adopt(ADA_NAME), tenant=tenant, memory=adopted_before())
    assert f"took in by that name ({ADA}) is called lovelace@contoso.com now" in told
    assert f'pulumi config set --path "break-glass:accounts.adopt[0]" {ADA}' in told


def test_a_renamed_account_whose_name_somebody_else_has_now_is_not_confused_with_it() -> None:
    tenant = Tenant(live=[person(name="lovelace@contoso.com"), person(BO)])
    told = refused(
        Adopt(BO), Adopt(ADA_NAME, allow_synced=True), tenant=tenant, memory=adopted_before()
    )
    assert f"that name belongs to another user now ({BO})" in told
    assert f'pulumi config set --path "break-glass:accounts.adopt[1].account" {ADA}' in told


def test_a_renamed_account_that_is_named_by_its_id_is_followed() -> None:
    tenant = Tenant(live=[person(name="lovelace@contoso.com")])
    (account,) = find(Adopt(ADA), tenant=tenant, memory=adopted_before())
    assert account.user_principal_name == "lovelace@contoso.com"


@pytest.mark.parametrize("written", [ADA, ADA_NAME])
def test_a_deleted_account_stops_the_run_with_the_way_to_restore_it(written: str) -> None:
    tenant = Tenant(live=[], deleted=[person()])
    told = refused(Adopt(written), tenant=tenant, memory=adopted_before())
    assert f"({ADA}) was deleted: restore it within 30 days" in told
    assert f"breakglass account restore {ADA} (or Entra" in told
    assert "nothing was changed" in told


def test_an_account_that_is_gone_for_good_says_how_to_let_go_of_it() -> None:
    told = refused(tenant=Tenant(live=[]), memory=adopted_before())
    assert "is nowhere in the tenant" in told
    assert f"account: {ADA} and retire: true" in told


def test_a_deleted_account_whose_name_somebody_else_has_now_is_not_replaced_by_it() -> None:
    tenant = Tenant(live=[person(BO)], deleted=[person()])
    told = refused(Adopt(ADA_NAME), tenant=tenant, memory=adopted_before())
    assert f"(the name belongs to user {BO} now)" in told
    assert f"({ADA}) was deleted" in told


@pytest.mark.parametrize("written", [ADA, ADA_NAME])
def test_an_account_that_is_gone_can_retire(written: str) -> None:
    (account,) = find(
        Adopt(written, retire=True), tenant=Tenant(live=[]), memory=adopted_before(role_given=True)
    )
    assert account.gone
    assert account.retire
    assert (account.name, account.object_id) == (NAME, ADA)
    assert account.roles_to_give == frozenset()
    assert account.own_roles == {GLOBAL_ADMINISTRATOR}
    assert "is not in the tenant any more" in account.warnings[0]


def test_an_account_that_was_never_taken_in_cannot_retire() -> None:
    told = refused(Adopt(retire=True))
    assert f"is to retire {ADA_NAME}, but this stack never took it in" in told


@pytest.mark.parametrize(
    ("type_", "resource"), [(MADE_TYPE, "account-1"), (USER_TYPE, "account-1-user")]
)
def test_the_stacks_own_account_is_refused(type_: str, resource: str) -> None:
    memory = Remembered().add(type_, resource, objectId=ADA, userPrincipalName=ADA_NAME)
    told = refused(memory=memory)
    assert f"{ADA_NAME} ({ADA}), which this stack made itself (account-1)" in told


def test_a_guest_is_refused() -> None:
    assert "which is a guest" in refused(tenant=Tenant(live=[person(guest=True)]))


def test_a_federated_account_is_refused_with_the_domains_that_would_do() -> None:
    told = refused(tenant=Tenant(live=[person(name="ada@Federated.example")]))
    assert "whose domain federated.example is federated" in told
    assert told.endswith("expected an account in contoso.onmicrosoft.com, contoso.com")


def test_a_domain_that_a_listing_lacks_is_no_managed_one() -> None:
    told = refused(tenant=Tenant(live=[person(name="ada@elsewhere.example")]))
    assert "whose domain elsewhere.example is not among those" in told


@pytest.mark.parametrize("name", [ADA_NAME, "ada@federated.example"])
def test_a_synced_account_is_taken_in_only_when_allowed(name: str) -> None:
    tenant = Tenant(live=[person(name=name, synced=True, enabled=False)])
    told = refused(tenant=tenant)
    assert "comes from an on-premises directory" in told
    assert f"{{account: {ADA}, allowSynced: true}}" in told

    (account,) = find(Adopt(allow_synced=True), tenant=tenant)
    assert account.synced
    assert account.roles_to_give
    assert "can take over the account" in account.warnings[0]


@pytest.mark.parametrize(
    "facts", [{"guest": True}, {"synced": True}, {"name": "ada@federated.example"}]
)
def test_an_account_that_does_not_fit_any_more_can_retire(facts: dict[str, Any]) -> None:
    (account,) = find(
        Adopt(retire=True),
        tenant=Tenant(live=[person(**facts)]),
        memory=adopted_before(role_given=True),
    )
    assert account.roles_to_give == frozenset()


@pytest.mark.parametrize("asks", ["user", "role_assignments"])
def test_a_directory_that_does_not_answer_stops_the_run(
    monkeypatch: pytest.MonkeyPatch, asks: str
) -> None:
    def fail(_self: Tenant, _about: str) -> None:
        raise GraphError(503, "serviceNotAvailable", "", "GET", "/v1.0/somewhere")

    monkeypatch.setattr(Tenant, asks, fail)
    told = refused()
    assert "break-glass:accounts.adopt[0]" in told
    assert "cannot be looked up: GET /v1.0/somewhere answered 503" in told
