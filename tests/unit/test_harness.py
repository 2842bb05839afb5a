"""The harness itself: it must not let a broken program or a lost detail pass."""

import os

import pulumi
import pulumi_azuread as azuread
import pulumi_random as random
import pytest

from tests.unit.harness import UNKNOWN, object_id, run_program


class Pair(pulumi.ComponentResource):
    """A component with a secret child and one that needs it."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("break-glass:index:Pair", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, retain_on_delete=True)
        self.password = random.RandomPassword(f"{name}-password", length=16, opts=child)
        self.user = azuread.User(
            f"{name}-user",
            display_name="d",
            password=self.password.result,
            user_principal_name="a@b",
            opts=pulumi.ResourceOptions(
                parent=self, hooks=pulumi.ResourceHookBinding(before_create=[lambda _: None])
            ),
        )
        self.register_outputs({"objectId": self.user.object_id})


def pair() -> None:
    component = Pair("pair", pulumi.ResourceOptions(protect=True))
    pulumi.export("password", {"user": component.password.result})


def test_every_option_of_a_registration_is_seen() -> None:
    run = run_program(pair)

    user, password = run.one("User"), run.one("RandomPassword")
    assert user.parent_name == "pair"
    assert user.secret_inputs == {"password"}
    assert user.inputs["password"] == "Password-of-pair-password!"
    assert user.hooks.keys() == {"before_create"}
    assert run.waits_for(user, password)
    assert not run.waits_for(password, user)
    assert run.is_protected(user)
    assert password.retain_on_delete
    assert "result" in password.additional_secret_outputs
    assert run.named("pair").outputs == {"objectId": object_id("pair-user")}
    assert run.secret_outputs == {"password"}


def test_a_preview_knows_no_computed_value() -> None:
    run = run_program(pair, preview=True)

    assert run.one("User").inputs["password"] is UNKNOWN
    assert run.outputs["password"] is UNKNOWN


def test_the_error_of_an_apply_is_not_lost() -> None:
    def program() -> None:
        pulumi.Output.from_input(1).apply(lambda value: 1 // (value - 1))

    with pytest.raises(ZeroDivisionError):
        run_program(program)


def test_two_resources_of_one_name_are_refused_as_the_engine_does() -> None:
    def program() -> None:
        random.RandomString("twice", length=4)
        random.RandomString("twice", length=4)

    with pytest.raises(AssertionError, match="two resources"):
        run_program(program)


def test_this_machines_credentials_are_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARM_CLIENT_SECRET", "real")
    seen: list[str] = []

    run_program(lambda: seen.extend(key for key in os.environ if key.startswith("ARM_")))

    assert seen == []
    assert os.environ["ARM_CLIENT_SECRET"] == "real"
