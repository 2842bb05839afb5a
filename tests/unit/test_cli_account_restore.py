"""`breakglass account restore`: which requests it sends, when it waits, what it says."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from typer.testing import CliRunner

import cli.account_restore as module
from cli.account_restore import PAUSES, TIMES_SEEN, Restored, connect, restore
from cli.account_state import MADE_TYPE, AccountsState, StackAccount
from cli.chosen_stack import ChosenStack
from cli.failure import CommandFailed
from cli.main import app
from entra.client import GraphClient
from entra.errors import IdentityError
from tests.unit.graph_stub import TENANT, Answer, StubGraph, StubIdentity, ok, refusal

ID = "11111111-1111-4111-8111-111111111111"
ACCOUNT = StackAccount("account-1", ID, "x1@contoso.com", adopted=False)
USER, DELETED = f"GET /v1.0/users/{ID}", "GET /v1.0/directory/deletedItems/microsoft.graph.user"
ORDER = f"POST /v1.0/directory/deletedItems/{ID}/restore"
T = TypeVar("T")
STACK = ChosenStack("prod", Path("pulumi"), Path(), {}, is_sandbox=False)


def live() -> httpx.Response:
    return ok({"id": ID, "userPrincipalName": "x1@contoso.com"})


def gone() -> httpx.Response:
    return refusal(404, "Request_ResourceNotFound", "nobody")


def listed(*ids: str) -> httpx.Response:
    return ok({"value": [{"id": one, "userPrincipalName": f"{one}x"} for one in ids]})


def answering(value: T) -> Callable[..., T]:
    """A function that gives the value, whatever it is asked."""

    def answer(*_: object, **__: object) -> T:
        return value

    return answer


class Scene:
    """A Graph that answers in turn, and what `restore` made of it."""

    def __init__(self, *answers: Answer) -> None:
        self.graph = StubGraph(*answers)
        self.waited: list[float] = []

    def restore(self, account: StackAccount = ACCOUNT) -> Restored:
        return restore(account, self.graph.client, sleep=self.waited.append)

    def refused(self, account: StackAccount = ACCOUNT) -> str:
        with pytest.raises(CommandFailed) as raised:
            self.restore(account)
        assert "\n" not in str(raised.value)
        return str(raised.value)


def test_a_deleted_account_is_restored_and_seen_twice_before_it_is_said_to_be_there() -> None:
    scene = Scene(gone(), listed("other", ID), live(), gone(), live(), gone(), live(), live())
    assert scene.restore() is Restored.NOW
    assert scene.graph.calls == [USER, DELETED, ORDER, *[USER] * 5]
    assert scene.waited == list(PAUSES[:4])


def test_an_account_that_is_there_is_left_alone() -> None:
    scene = Scene(live())
    assert scene.restore() is Restored.ALIVE
    assert scene.graph.calls == [USER]


def test_an_account_that_is_nowhere_is_looked_for_twice_and_told_how_to_go_on() -> None:
    scene = Scene(gone(), listed(), gone(), listed("other"))
    line = scene.refused()
    assert scene.graph.calls == [USER, DELETED] * 2
    assert scene.waited == [PAUSES[0]]
    assert "neither among the users nor among the deleted ones" in line
    assert f'"break-glass:accounts.recreate[0]" {ID}' in line


def test_an_account_between_two_listings_is_found_at_the_second_look() -> None:
    assert Scene(gone(), listed(), live()).restore() is Restored.ALIVE
    assert Scene(gone(), listed(), gone(), listed(ID), ok(), *[live()] * 2).restore() is (
        Restored.NOW
    )


def test_an_adopted_account_that_is_nowhere_is_not_made_anew() -> None:
    line = Scene(gone(), listed(), gone(), listed()).refused(replace(ACCOUNT, adopted=True))
    assert "take it out of break-glass:accounts.adopt" in line
    assert "recreate" not in line


def test_a_refusal_names_the_role_and_where_it_is_given() -> None:
    scene = Scene(gone(), listed(ID), refusal(403, "Authorization_RequestDenied", "Insufficient"))
    line = scene.refused()
    assert "User.ReadWrite.All" in line
    assert "Privileged Authentication Administrator or Global Administrator" in line
    assert "Roles & admins" in line
    assert scene.graph.calls[-1] == ORDER


def test_a_name_that_somebody_took_meanwhile_is_told() -> None:
    conflict = refusal(400, "Request_BadRequest", "Another object with the same value")
    line = Scene(gone(), listed(ID), conflict).refused()
    assert "Another object with the same value" in line
    assert "if another user has its name by now, rename or delete that one" in line


@pytest.mark.parametrize("lost", [httpx.ReadError("cut"), refusal(500, "generalException")])
def test_a_lost_answer_is_made_good_by_looking(lost: Answer) -> None:
    assert Scene(gone(), listed(ID), lost, live(), live()).restore() is Restored.NOW


def test_a_lost_answer_and_no_account_after_it_is_not_called_restored() -> None:
    scene = Scene(gone(), listed(ID), httpx.ReadError("cut"), *[gone() for _ in (*PAUSES, None)])
    assert "is not known" in scene.refused()
    assert scene.waited == list(PAUSES)
    assert scene.graph.calls.count(ORDER) == 1


def test_an_account_that_was_deleted_for_good_meanwhile_is_told() -> None:
    scene = Scene(gone(), listed(ID), gone(), *[gone() for _ in (*PAUSES, None)])
    assert "neither among the users nor among the deleted ones" in scene.refused()


def test_what_somebody_else_restored_meanwhile_is_there() -> None:
    assert Scene(gone(), listed(ID), gone(), live(), live()).restore() is Restored.NOW


def test_replicas_that_do_not_show_it_for_long_are_told_and_nothing_failed() -> None:
    answers = [live() if number % TIMES_SEEN else gone() for number, _ in enumerate((*PAUSES, 0))]
    assert Scene(gone(), listed(ID), live(), *answers).restore() is Restored.SLOW


def test_an_error_while_waiting_is_one_more_look() -> None:
    denied = refusal(403, "Authorization_RequestDenied")
    scene = Scene(gone(), listed(ID), live(), live(), denied, live(), live())
    assert scene.restore() is Restored.NOW


def test_a_directory_that_cannot_be_asked_is_one_line_and_nothing_is_sent() -> None:
    scene = Scene(gone(), refusal(403, "Authorization_RequestDenied", "no"))
    assert "account-1 (x1@contoso.com) cannot be looked up" in scene.refused()
    assert ORDER not in scene.graph.calls


def test_credentials_of_another_tenant_ask_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "identity_of", answering(Identity(TENANT)))
    with pytest.raises(CommandFailed, match=f"belong to tenant {TENANT}: use those of elsewhere"):
        connect(STACK, AccountsState((ACCOUNT,), "elsewhere"))
    assert isinstance(connect(STACK, AccountsState((ACCOUNT,), TENANT.upper())), GraphClient)
    assert isinstance(connect(STACK, AccountsState((ACCOUNT,), "")), GraphClient)


def test_a_missing_identity_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: object) -> None:
        raise IdentityError("ARM_TENANT_ID is not set")

    monkeypatch.setattr(module, "identity_of", missing)
    with pytest.raises(CommandFailed, match="ARM_TENANT_ID is not set"):
        connect(STACK, AccountsState((ACCOUNT,), TENANT))


class Identity(StubIdentity):
    """Of one tenant."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id

    def graph_claims(self) -> dict[str, Any]:
        return {"tid": self.tenant_id}


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        (Restored.NOW, ["restored.", "Now run `pulumi up --stack prod`"]),
        (Restored.ALIVE, ["was not deleted.", "Now run `pulumi up --stack prod`"]),
        (Restored.SLOW, ["not every replica", "In some minutes run `pulumi up --stack prod`"]),
    ],
)
def test_the_command_says_what_it_did_and_what_to_run_next(
    result: Restored, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {"objectId": ID, "userPrincipalName": "x1@contoso.com"}
    made = {"urn": f"a::b::{MADE_TYPE}::account-1", "type": MADE_TYPE, "outputs": outputs}
    exported = json.dumps({"deployment": {"resources": [made]}})
    asked: list[StackAccount] = []

    def bring_back(account: StackAccount, graph: object) -> Restored:
        del graph
        asked.append(account)
        return result

    monkeypatch.setattr("cli.chosen_stack.choose_stack", answering(STACK))
    monkeypatch.setattr("cli.chosen_stack.exported_state", answering(exported))
    monkeypatch.setattr(module, "connect", answering(None))
    monkeypatch.setattr(module, "restore", bring_back)

    done = CliRunner().invoke(app, ["account", "restore", "account-1", "--stack", "prod"])

    assert done.exit_code == 0, done.output
    assert asked == [ACCOUNT]
    said = done.stdout.splitlines()
    assert said[0].startswith(f"account-1 (x1@contoso.com), object id {ID}: ")
    assert len(said) == len(lines)
    for line, words in zip(said, lines, strict=True):
        assert words in line
