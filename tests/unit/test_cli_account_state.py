"""Which accounts a stack's state knows, and by which names they can be called."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from cli.account_state import ADOPTED_TYPE, MADE_TYPE, USER_TYPE, AccountsState, read_accounts
from cli.failure import CommandFailed
from cli.stack_state import COMPONENT_TYPE
from components import break_glass_account

ONE, TWO, OLD = (f"{number}1111111-1111-4111-8111-111111111111" for number in "123")


def resource(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:prod::break-glass::{kind}::{name}", "type": kind, **more}


def outputs(object_id: str, name: str) -> dict[str, Any]:
    return {"outputs": {"objectId": object_id, "userPrincipalName": f"{name}@contoso.com"}}


MADE = resource(MADE_TYPE, "account-1", **outputs(ONE, "x1"))
USER = resource(USER_TYPE, "account-1-user", **outputs(ONE, "x1"))
ADOPTED = resource(ADOPTED_TYPE, f"adopted-{TWO}", **outputs(TWO, "ada"))


def read(*resources: Mapping[str, Any]) -> AccountsState:
    return read_accounts(json.dumps({"deployment": {"resources": list(resources)}}), "prod")


def test_the_types_are_those_of_the_components() -> None:
    assert break_glass_account.TYPE == MADE_TYPE
    assert break_glass_account.USER_TYPE == USER_TYPE


@pytest.mark.parametrize("name", ["account-1", "X1@contoso.com", ONE, ONE.upper()])
def test_an_account_is_found_by_its_name_principal_name_and_object_id(name: str) -> None:
    found = read(MADE, USER, ADOPTED).account(name)
    assert (found.name, found.object_id, found.adopted) == ("account-1", ONE, False)


@pytest.mark.parametrize("name", [f"adopted-{TWO}", "ada@contoso.com", TWO])
def test_an_adopted_account_is_found_too(name: str) -> None:
    found = read(MADE, USER, ADOPTED).account(name)
    assert (found.object_id, found.adopted) == (TWO, True)


def test_a_user_that_a_refresh_dropped_is_known_from_its_component() -> None:
    assert read(MADE).account("account-1").object_id == ONE


def test_a_user_that_a_failed_run_left_alone_is_known_without_its_component() -> None:
    assert read(resource(MADE_TYPE, "account-1"), USER).account("account-1").object_id == ONE


@pytest.mark.parametrize("turned", [False, True])
def test_a_user_made_anew_counts_before_what_its_component_put_out_earlier(turned: bool) -> None:
    stale = resource(MADE_TYPE, "account-1", **outputs(OLD, "x1"))
    both = [USER, stale] if turned else [stale, USER]
    assert read(*both).account("account-1").object_id == ONE


def test_a_user_that_waits_to_be_deleted_does_not_count() -> None:
    leaving = resource(USER_TYPE, "account-1-user", delete=True, **outputs(OLD, "x1"))
    assert read(MADE, leaving).account("account-1").object_id == ONE


def test_the_tenant_is_what_the_exclusions_say() -> None:
    exclusions = resource(COMPONENT_TYPE, "exclusion", outputs={"tenantId": "t"})
    assert read(exclusions, MADE).tenant_id == "t"
    assert read(MADE).tenant_id == ""


def test_an_unknown_name_is_one_line_with_the_names_there_are() -> None:
    with pytest.raises(CommandFailed) as raised:
        read(MADE, ADOPTED).account("account-7")
    assert str(raised.value) == (
        "the stack's state has no account 'account-7': expected the name, user principal name or"
        f" object id of one of account-1 (x1@contoso.com), adopted-{TWO} (ada@contoso.com)"
    )


def test_two_accounts_of_one_name_are_told_apart_by_their_object_ids_only() -> None:
    twin = resource(MADE_TYPE, "account-2", **outputs(TWO, "x1"))
    state = read(MADE, twin)
    with pytest.raises(CommandFailed, match="several accounts that are called"):
        state.account("x1@contoso.com")
    assert state.account(TWO).name == "account-2"


@pytest.mark.parametrize("resources", [[], [resource(MADE_TYPE, "account-1", outputs={})]])
def test_a_state_without_accounts_is_one_line(resources: list[dict[str, Any]]) -> None:
    with pytest.raises(CommandFailed, match="Stack prod has made or adopted no account yet"):
        read(*resources)
