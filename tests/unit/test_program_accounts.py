"""The program's accounts: each by its settings, adopted ones, those that leave, what stops them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from components.break_glass_account import GLOBAL_ADMINISTRATOR
from components.stack_memory import READ_OUTPUTS
from entra.built_in_roles import ROLES
from entra.directory import Domain, Group
from entra.obstacles import Found, Obstacle
from tests.unit.directories import user
from tests.unit.harness import Recording, object_id
from tests.unit.program_scene import (
    EMAILS,
    FACTS,
    Tenant,
    roles,
    stopped_before_anything,
    tenant_in,
)
from tests.unit.program_scene import run as run_whole_program

USE_ALARM_ALONE = {
    "notify": {"emails": EMAILS},
    "watch": dict.fromkeys(("exclusion", "tamper", "silence", "rules", "health"), False),
}
ADA = "1c2d3e4f-0000-4000-8000-000000000001"
NAME = "k7q2v9x4m3p8t6w5"
ADOPTED = f"adopted-{ADA}"


@pytest.fixture
def tenant(monkeypatch: pytest.MonkeyPatch) -> Tenant:
    found = tenant_in(monkeypatch)
    found.directory.live.append(user(ADA, "ada@contoso.onmicrosoft.com"))
    return found


def run(config: Mapping[str, str] | None = None, **how: Any) -> Recording:
    """Without the alarms that watch something else than the accounts."""
    quiet = {"break-glass:monitoring": json.dumps(USE_ALARM_ALONE)}
    return run_whole_program({**quiet, **(config or {})}, **how)


def settings(**accounts: Any) -> dict[str, str]:
    return {"break-glass:accounts": json.dumps(accounts)}


def standing(tenant: Tenant, *names: str, retired: bool = False) -> dict[str, Any]:
    """A state in which these accounts stand; they are in the tenant as well."""
    resources: dict[str, Any] = {}
    for name in names:
        local_part = f"{NAME[:-1]}{name[-1]}"
        own_id, upn = object_id(f"{name}-user"), f"{local_part}@contoso.onmicrosoft.com"
        tenant.directory.live.append(user(own_id, upn))
        known = {"objectId": own_id, "userPrincipalName": upn}
        secret = f"Password-of-{name}-password!"
        password = {"result": secret, "length": 64, "keepers": {"rotation": ""}}
        state = {
            ("break-glass:index:BreakGlassAccount", name): {
                **known,
                "protected": not retired,
                "retired": retired,
                "passwordChanged": "2026-11-01T08:00:00+00:00",
                "passwordRotation": {"rotation": "", "length": 64},
            },
            ("azuread:index/user:User", f"{name}-user"): {**known, "password": secret},
            ("random:index/randomString:RandomString", f"{name}-name"): {"result": local_part},
            ("random:index/randomPassword:RandomPassword", f"{name}-password"): password,
        }
        for (type_, child), outputs in state.items():
            urn = f"urn:pulumi:unit::break-glass::{type_}::{child}"
            resources[urn] = {"type": type_, "outputs": outputs}

    def read(_: dict[str, Any]) -> dict[str, Any]:
        return {"outputs": resources}

    return {READ_OUTPUTS: read}


def named(made: Recording, *names: str) -> Mapping[str, Any]:
    return {name: made.named(f"{name}-user").inputs for name in names}


def test_each_account_is_as_its_settings_say(tenant: Tenant) -> None:
    other = Domain("fabrikam.example", False, False, True, True)
    tenant.facts = replace(FACTS, domains=(*FACTS.domains, other))
    own = {
        "domain": "fabrikam.example",
        "userName": "reserve",
        "displayName": "Reserve",
        "jobTitle": "Reserve",
        "passwordLength": 100,
        "roles": ["Security Reader"],
    }
    made = run(settings(namePrefix="bg-", named={"account-1": {}, "third": own}))

    users = named(made, "account-1", "third")
    assert users["account-1"]["userPrincipalName"] == f"bg-{NAME}@contoso.onmicrosoft.com"
    assert users["third"]["userPrincipalName"] == "reserve@fabrikam.example"
    assert (users["third"]["displayName"], users["third"]["jobTitle"]) == ("Reserve", "Reserve")
    assert made.named("third-password").inputs["length"] == 100
    assert (
        made.named(f"third-role-{ROLES['Security Reader']}").inputs["roleId"]
        == (ROLES["Security Reader"])
    )
    assert len(roles(made)) == 3


def test_a_wrong_domain_of_one_account_is_told_with_its_place(tenant: Tenant) -> None:
    del tenant
    made = run(
        settings(named={"account-1": {}, "third": {"domain": "x.example"}}), expect_error=True
    )
    (line,) = made.said("error")
    assert line.startswith("break-glass:accounts.named.third.domain holds 'x.example', which the")
    assert stopped_before_anything(made)


@pytest.mark.parametrize("domain", [None, "contoso.onmicrosoft.com", "Contoso.OnMicrosoft.com"])
def test_one_user_name_twice_is_told_however_the_domain_is_written(
    tenant: Tenant, domain: str | None
) -> None:
    del tenant
    named = {
        "one": {"userName": "reserve"},
        "two": {"userName": "reserve", **({"domain": domain} if domain else {})},
    }
    made = run(settings(named=named), expect_error=True)
    (line,) = made.said("error")
    assert line.startswith("break-glass:accounts.named.two.userName holds 'reserve', which makes")
    assert "reserve@contoso.onmicrosoft.com, the name of one already" in line
    assert stopped_before_anything(made)


def test_one_user_name_in_two_domains_makes_two_accounts(tenant: Tenant) -> None:
    other = Domain("fabrikam.example", False, False, True, True)
    tenant.facts = replace(FACTS, domains=(*FACTS.domains, other))
    own = {"userName": "reserve"}
    made = run(settings(named={"one": own, "two": {**own, "domain": "fabrikam.example"}}))
    assert len(made.of_type("User")) == 2


def test_the_name_of_an_adopted_account_is_taken(tenant: Tenant) -> None:
    del tenant
    named = {"one": {"userName": "ada"}, "two": {}}
    made = run(settings(named=named, adopt=[ADA]), expect_error=True)
    (line,) = made.said("error")
    assert f"ada@contoso.onmicrosoft.com, the name of {ADOPTED} already" in line


def test_an_account_that_is_not_excluded_is_watched_and_in_no_group(tenant: Tenant) -> None:
    del tenant
    made = run(settings(named={"account-1": {}, "account-2": {"excluded": False}}, adopt=[ADA]))

    members = {member.name for member in made.of_type("GroupMember")}
    assert members == {"group-member-account-1", f"group-member-{ADOPTED}"}
    excluded = {tuple(child.inputs["wanted"]["users"]) for child in made.children("exclusion")}
    assert [len(users) for users in excluded] == [2]
    assert len(made.outputs["accounts"]) == 3
    assert [role.inputs["roleId"] for role in roles(made)] == [GLOBAL_ADMINISTRATOR] * 3
    for account in made.outputs["accounts"]:
        assert account["objectId"] in made.outputs["alertQuery"]


def test_an_adopted_account_gets_everything_and_its_role_last(tenant: Tenant) -> None:
    del tenant
    made = run(settings(count=1, adopt=[ADA]))

    assert len(made.of_type("User")) == len(made.outputs["passwords"]) == 1
    assert made.named(f"group-member-{ADOPTED}").inputs["memberObjectId"] == ADA
    assert made.named(f"{ADOPTED}-global-administrator").inputs["principalObjectId"] == ADA
    for child in made.children("exclusion"):
        assert ADA in child.inputs["wanted"]["users"]
        # It is not deleted with the stack: entries that stood before it was taken in stay.
        assert ADA not in child.inputs["stackObjects"]["users"]
    assert ADA in made.outputs["alertQuery"]
    assert ADA in [account["objectId"] for account in made.outputs["accounts"]]
    for part in (f"group-member-{ADOPTED}", f"{ADOPTED}-roles"):
        assert made.is_protected(made.named(part))
    role = made.named(f"{ADOPTED}-global-administrator")
    for other in (*made.children("exclusion"), made.named("monitoring-use-alert")):
        assert made.waits_for(role, other), other.name


def test_a_retiring_account_loses_its_roles_and_its_own_protection_alone(tenant: Tenant) -> None:
    state = standing(tenant, "account-1", "account-2", "account-3")
    wanted = {"account-1": {"retire": True}, "account-2": {}, "account-3": {}}
    made = run(settings(named=wanted), calls=state)

    assert {role.name for role in roles(made)} == {
        f"{name}-global-administrator" for name in ("account-2", "account-3")
    }
    assert "group-member-account-1" in made.names
    for child in made.children("exclusion"):
        assert object_id("account-1-user") in child.inputs["wanted"]["users"]
    for name in ("account-1-user", "group-member-account-1", "account-1"):
        assert not made.is_protected(made.named(name)), name
    for name in ("account-2-user", "group-member-account-2", "account-2-roles", "group-group"):
        assert made.is_protected(made.named(name)), name
    assert made.outputs["nextSteps"][-1].startswith("account-1 retires")


def grouped(state: dict[str, Any], *accounts: str) -> dict[str, Any]:
    """A state whose group has these accounts."""
    resources = state[READ_OUTPUTS]({})["outputs"]
    type_ = "break-glass:index:BreakGlassGroup"
    known = {"groupId": "", "accounts": [*accounts]}
    resources[f"urn:pulumi:unit::break-glass::{type_}::group"] = {"type": type_, "outputs": known}
    return state


@pytest.mark.parametrize("was", [True, False])
def test_a_retiring_account_stays_excluded_as_it_was_whatever_the_settings_say(
    tenant: Tenant, was: bool
) -> None:
    names = ("account-1", "account-2", "account-3")
    state = grouped(standing(tenant, *names), *(names if was else names[1:]))
    wanted = {"account-1": {"retire": True, "excluded": not was}, "account-2": {}, "account-3": {}}
    made = run(settings(named=wanted), calls=state)

    assert ("group-member-account-1" in made.names) == was
    for child in made.children("exclusion"):
        assert (object_id("account-1-user") in child.inputs["wanted"]["users"]) == was


def test_a_retiring_account_keeps_its_domain_whatever_became_of_that(tenant: Tenant) -> None:
    state = standing(tenant, "account-1", "account-2", "account-3")
    own = {"domain": "gone.example", "retire": True}
    made = run(settings(named={"account-1": own, "account-2": {}, "account-3": {}}), calls=state)
    name = made.named("account-1-user").inputs["userPrincipalName"]
    assert name == f"{NAME}@contoso.onmicrosoft.com"


def test_an_account_that_was_not_retired_stops_the_run_when_left_out(tenant: Tenant) -> None:
    state = standing(tenant, "account-1", "account-2", "account-3")
    made = run(calls=state, expect_error=True)
    (line,) = made.said("error")
    assert "leaves out account-3" in line
    assert stopped_before_anything(made)


@pytest.mark.parametrize("leaving", [True, False])
def test_exclusions_wait_for_the_alarm_only_when_an_account_leaves(
    tenant: Tenant, leaving: bool
) -> None:
    names = ("account-1", "account-2", *(("account-3",) if leaving else ()))
    made = run(calls=standing(tenant, *names, retired=True))
    for child in made.children("exclusion"):
        assert made.waits_for(child, made.named("monitoring-use-alert")) == leaving


def test_an_existing_group_is_excluded_and_not_the_stacks_to_delete(tenant: Tenant) -> None:
    tenant.directory.groups.append("Reserve")
    made = run({"break-glass:group": json.dumps({"existing": ADA})})
    assert made.of_type("Group") == []
    assert {member.inputs["groupObjectId"] for member in made.of_type("GroupMember")} == {ADA}
    for child in made.children("exclusion"):
        assert child.inputs["wanted"]["groups"] == [ADA]
        assert child.inputs["stackObjects"]["groups"] == []
        assert child.inputs["labels"][ADA] == "group Reserve"


def test_a_foreign_group_of_the_name_is_told_with_the_settings_that_help(tenant: Tenant) -> None:
    tenant.directory.foreign.append(Group(ADA, "BTG Admins"))
    made = run(expect_error=True)
    (line,) = made.said("error")
    assert f'pulumi config set --path "break-glass:group.existing" {ADA}' in line
    assert stopped_before_anything(made)


@pytest.mark.parametrize("preview", [True, False])
def test_obstacles_are_warned_of_and_shown_in_the_outputs(tenant: Tenant, preview: bool) -> None:
    obstacle = Obstacle("account-1", "no passkey is registered", "register one")
    tenant.obstacles = Found((obstacle,), ("whether … cannot be told: grant it",))
    made = run(preview=preview, calls=standing(tenant, "account-1", "account-2"))

    assert str(obstacle) in made.said("warning")
    assert "whether … cannot be told: grant it" in made.said("info")
    assert made.outputs["obstacles"] == [
        {
            "account": "account-1",
            "problem": "no passkey is registered",
            "remedy": "register one",
        }
    ]
    assert "pulumi stack output obstacles" in made.outputs["nextSteps"][-1]


def test_a_long_remedy_is_in_the_outputs_and_does_not_drown_the_other_warnings(
    tenant: Tenant,
) -> None:
    remedy = "1. a step; " * 50
    tenant.obstacles = Found((Obstacle("account-1", "has no passkey", remedy),))
    made = run(calls=standing(tenant, "account-1", "account-2"))

    (line,) = [one for one in made.said("warning") if one.startswith("account-1: has no passkey")]
    assert "pulumi stack output obstacles" in line
    assert "1. a step" not in line
    assert [one["remedy"] for one in made.outputs["obstacles"]] == [remedy]


def test_an_account_that_this_run_makes_has_no_passkey_and_that_is_told(tenant: Tenant) -> None:
    made = run(settings(count=3), calls=standing(tenant, "account-1", "account-2"))
    (new,) = made.outputs["obstacles"]
    assert new["account"] == "account-3"
    assert "no passkey" in new["problem"]
    assert any(line.startswith("account-3: is new") for line in made.said("warning"))


def test_obstacles_are_looked_for_where_an_account_stands_and_stays(tenant: Tenant) -> None:
    state = standing(tenant, "account-1", "account-2")
    wanted = {"account-1": {}, "account-2": {"retire": True}, "account-3": {}}
    run(settings(named=wanted, adopt=[ADA]), calls=state)

    one, adopted = tenant.known
    assert (one.name, one.made) == ("account-1", True)
    assert one.object_id == object_id("account-1-user")
    assert one.password_recorded is not None
    assert one.password_recorded.isoformat() == "2026-11-01T08:00:00+00:00"
    assert (adopted.name, adopted.object_id) == ("ada@contoso.onmicrosoft.com", ADA)
    assert not adopted.made
    assert adopted.password_recorded is None
