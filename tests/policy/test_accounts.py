"""Rules on accounts, passwords, roles and the group."""

from dataclasses import replace
from typing import Any

import pytest

from entra.built_in_roles import GLOBAL_ADMINISTRATOR
from policies.resource_types import (
    ACCOUNT,
    ADOPTED_ACCOUNT,
    GROUP,
    GROUP_COMPONENT,
    RANDOM_PASSWORD,
    ROLE_ASSIGNMENT,
    ROLE_ELIGIBILITY,
    USER,
    WORKSPACE,
)
from policies.rules import (
    account_enabled,
    cloud_only_domain,
    group_role_assignable,
    permanent_global_administrator,
    strong_password,
    two_accounts,
)
from policies.stack_settings import StackSettings
from tests.policy.pack_scene import (
    IDS,
    LATER,
    NOT_APPLICABLE,
    Thing,
    secret,
    stack_verdict,
    standing_stack,
    texts,
    verdict,
)

OWNER = Thing(ACCOUNT, "account-1")
LONG = "x" * 32


def test_two_accounts_are_enough() -> None:
    assert stack_verdict(two_accounts.RULE, standing_stack().values()) == []


def test_an_adopted_account_counts() -> None:
    stack = standing_stack()
    del stack["account-2"]
    adopted = Thing(ADOPTED_ACCOUNT, "adopted-1", {"retired": False})
    assert stack_verdict(two_accounts.RULE, [*stack.values(), adopted]) == []


def test_one_account_that_stays_is_too_few() -> None:
    stack = standing_stack()
    stack["account-2"] = stack["account-2"].having(retired=True)
    assert stack_verdict(two_accounts.RULE, stack.values()) == [
        "accounts: found 1 that stay (account-1), expected 2 or more; add one under"
        " break-glass:accounts before another leaves"
    ]


def test_an_account_that_is_about_to_be_deleted_does_not_count() -> None:
    stack = standing_stack()
    leaving = stack.pop("account-2")
    (line,) = stack_verdict(two_accounts.RULE, stack.values(), deleted=[leaving])
    assert line.startswith("accounts: found 1 that stay (account-1)")


@pytest.mark.parametrize("left", [["exclusion", "monitoring"], ["group"], ["group", "exclusion"]])
def test_a_program_that_has_lost_its_accounts_is_refused(left: list[str]) -> None:
    stack = standing_stack()
    (line,) = stack_verdict(two_accounts.RULE, [stack[name] for name in left])
    assert line.startswith("accounts: found 0 that stay (none), expected 2")


def test_a_program_that_excludes_a_group_and_nothing_else_needs_no_accounts() -> None:
    stack = standing_stack()
    left = [stack["exclusion"], stack["exclusion-p1"]]
    assert stack_verdict(two_accounts.RULE, left) == NOT_APPLICABLE


def test_the_number_of_accounts_can_be_raised() -> None:
    (line,) = stack_verdict(two_accounts.RULE, standing_stack().values(), {"minimum": 3})
    assert "expected 3 or more" in line


def test_a_stack_with_the_alarm_only_needs_no_accounts() -> None:
    assert stack_verdict(two_accounts.RULE, [standing_stack()["monitoring"]]) == NOT_APPLICABLE


@pytest.mark.parametrize(
    "name",
    ["a@contoso.onmicrosoft.com", "a@Contoso.OnMicrosoft.com", "a@c.onmicrosoft.us", LATER],
)
def test_the_initial_domain_is_cloud_only(name: str) -> None:
    user = Thing(USER, "account-1-user", {"userPrincipalName": name}, OWNER)
    assert verdict(cloud_only_domain.RULE, user) == []


@pytest.mark.parametrize(
    "domain", ["contoso.com", "onmicrosoft.com.example.org", "xonmicrosoft.com"]
)
def test_another_domain_is_refused_unless_it_is_allowed(domain: str) -> None:
    user = Thing(USER, "account-1-user", {"userPrincipalName": f"a@{domain}"}, OWNER)
    (line,) = verdict(cloud_only_domain.RULE, user)
    assert line.startswith(f"account-1-user: found the domain {domain}, expected the tenant's")
    assert verdict(cloud_only_domain.RULE, user, {"allowedDomains": [domain.upper()]}) == []


@pytest.mark.parametrize(
    "accounts",
    [
        {"domain": "contoso.com"},
        {"named": {"account-1": {"domain": "Contoso.com"}}},
        {"domain": "contoso.onmicrosoft.com", "named": {"account-1": {"domain": "contoso.com"}}},
    ],
)
@pytest.mark.parametrize("name", [None, LATER])
def test_while_a_user_name_is_not_known_the_domain_that_is_set_is_judged(
    name: str | None, accounts: dict[str, Any]
) -> None:
    user = Thing(USER, "account-1-user", {"userPrincipalName": name}, OWNER)
    rule = cloud_only_domain.rule(settings(accounts=accounts))
    (line,) = verdict(rule, user)
    assert line.startswith("account-1-user: found the domain contoso.com, expected the tenant's")
    assert verdict(rule, user, {"allowedDomains": ["CONTOSO.com"]}) == []


@pytest.mark.parametrize(
    "accounts",
    [
        {},
        {"domain": "contoso.onmicrosoft.com"},
        {"named": {"account-2": {"domain": "contoso.com"}}},
        {"domain": "contoso.com", "named": {"account-1": {"domain": "contoso.onmicrosoft.com"}}},
    ],
)
def test_a_domain_that_is_set_for_others_or_is_the_initial_one_is_right(
    accounts: dict[str, Any],
) -> None:
    user = Thing(USER, "account-1-user", {"userPrincipalName": LATER}, OWNER)
    assert verdict(cloud_only_domain.rule(settings(accounts=accounts)), user) == []


def settings(**values: Any) -> StackSettings:
    known = StackSettings()
    known.keep(texts(**values))
    return known


@pytest.mark.parametrize("thing", [Thing(USER, "guest"), Thing(WORKSPACE, "logs", {}, OWNER)])
def test_the_domain_of_anything_else_says_nothing(thing: Thing) -> None:
    assert verdict(cloud_only_domain.RULE, thing) == NOT_APPLICABLE


def administrators(**props: Any) -> dict[str, Thing]:
    """The standing stack with the role for both accounts; `props` for the first one's."""
    stack = standing_stack()
    for number in (1, 2):
        given = {
            "roleId": GLOBAL_ADMINISTRATOR,
            "principalObjectId": IDS[number],
            "directoryScopeId": "/",
        }
        owner = stack[f"account-{number}"]
        stack[f"role-{number}"] = Thing(ROLE_ASSIGNMENT, f"role-{number}", given, owner)
    stack["role-1"] = stack["role-1"].having(**props)
    return stack


@pytest.mark.parametrize(
    "props",
    [
        *({"directoryScopeId": scope} for scope in ("/", "", LATER)),
        *({"principalObjectId": principal} for principal in (IDS[1].upper(), LATER)),
    ],
)
def test_an_active_role_for_the_whole_tenant_is_permanent(props: dict[str, str]) -> None:
    stack = administrators(**props)
    assert stack_verdict(permanent_global_administrator.RULE, stack.values()) == []


def test_an_account_that_retires_needs_no_role() -> None:
    stack = administrators()
    del stack["role-1"]
    stack["account-1"] = stack["account-1"].having(retired=True)
    assert stack_verdict(permanent_global_administrator.RULE, stack.values()) == []


@pytest.mark.parametrize(
    ("props", "found"),
    [
        ({"roleId": IDS[9]}, "account-1: found no active assignment of Global Administrator"),
        ({"principalObjectId": IDS[9]}, "account-1: found no active assignment of Global Admin"),
        ({"directoryScopeId": "/administrativeUnits/1"}, "role-1: found the scope /administrative"),
    ],
)
def test_an_account_without_the_whole_role_is_refused(props: dict[str, str], found: str) -> None:
    (line,) = stack_verdict(permanent_global_administrator.RULE, administrators(**props).values())
    assert line.startswith(found)


def test_the_role_of_one_account_is_not_that_of_another() -> None:
    stack = administrators()
    stack["role-1"] = replace(stack["role-1"], parent=stack["account-2"])
    (line,) = stack_verdict(permanent_global_administrator.RULE, stack.values())
    assert line.startswith("account-1: found no active assignment")


def test_an_eligible_administrator_is_refused() -> None:
    eligible = Thing(ROLE_ELIGIBILITY, "pim", {"roleDefinitionId": GLOBAL_ADMINISTRATOR})
    stack = [*administrators().values(), eligible]
    (line,) = stack_verdict(permanent_global_administrator.RULE, stack)
    assert line.startswith("pim: found an eligible Global Administrator, expected active")


def test_a_stack_without_accounts_needs_no_administrator() -> None:
    stack = [standing_stack()["monitoring"]]
    assert stack_verdict(permanent_global_administrator.RULE, stack) == NOT_APPLICABLE


@pytest.mark.parametrize(
    "thing",
    [
        Thing(RANDOM_PASSWORD, "p", {"length": 32.0}, OWNER),
        Thing(RANDOM_PASSWORD, "retiring", {"length": 16.0}, OWNER, ignore_changes=("length",)),
        Thing(USER, "u", {"password": secret(LONG)}, OWNER),
        Thing(USER, "u", {"password": LATER}, OWNER),
        Thing(USER, "kept", {"password": secret("short")}, OWNER, ignore_changes=("password",)),
        Thing(USER, "adopted", {}, OWNER),
    ],
)
def test_a_long_and_secret_password_is_taken(thing: Thing) -> None:
    assert verdict(strong_password.RULE, thing) == []


@pytest.mark.parametrize(
    ("thing", "found"),
    [
        (
            Thing(RANDOM_PASSWORD, "p", {"length": 31.0}, OWNER),
            "p: found a length of 31, expected 32",
        ),
        (Thing(USER, "u", {"password": secret("x" * 31)}, OWNER), "u: found a password of 31 char"),
        (Thing(USER, "u", {"password": LONG}, OWNER), "u: found the password in plain text"),
    ],
)
def test_a_short_or_plain_password_is_refused_and_not_told(thing: Thing, found: str) -> None:
    (line,) = verdict(strong_password.RULE, thing)
    assert line.startswith(found)
    assert "xxx" not in line


def test_the_length_of_passwords_can_be_raised() -> None:
    password = Thing(RANDOM_PASSWORD, "p", {"length": 64.0}, OWNER)
    (line,) = verdict(strong_password.RULE, password, {"minimumLength": 100})
    assert "expected 100 or more" in line


@pytest.mark.parametrize("thing", [Thing(RANDOM_PASSWORD, "other"), Thing(WORKSPACE, "logs")])
def test_other_passwords_are_not_looked_at(thing: Thing) -> None:
    assert verdict(strong_password.RULE, thing) == NOT_APPLICABLE


BTG = Thing(
    GROUP,
    "group-group",
    {"assignableToRole": True, "securityEnabled": True},
    Thing(GROUP_COMPONENT, "group"),
)


def test_a_role_assignable_group_is_taken() -> None:
    assert verdict(group_role_assignable.RULE, BTG) == []


@pytest.mark.parametrize(
    ("props", "found"),
    [
        ({"assignableToRole": False}, "group-group: found assignableToRole false, expected true"),
        ({"assignableToRole": None}, "group-group: found assignableToRole left out, expected true"),
        ({"securityEnabled": False}, "group-group: found securityEnabled false, expected true"),
        ({"types": ["DynamicMembership"]}, "group-group: found a dynamic membership"),
    ],
)
def test_a_group_that_others_could_fill_is_refused(props: dict[str, Any], found: str) -> None:
    (line,) = verdict(group_role_assignable.RULE, BTG.having(**props))
    assert line.startswith(found)


def test_another_group_may_be_ordinary() -> None:
    assert verdict(group_role_assignable.RULE, Thing(GROUP, "team")) == NOT_APPLICABLE


@pytest.mark.parametrize("enabled", [None, True, LATER])
def test_an_account_that_can_sign_in_is_taken(enabled: Any) -> None:
    user = Thing(USER, "account-1-user", {"accountEnabled": enabled}, OWNER)
    assert verdict(account_enabled.RULE, user) == []


def test_a_disabled_account_is_refused_but_for_somebody_elses() -> None:
    user = Thing(USER, "account-1-user", {"accountEnabled": False}, OWNER)
    (line,) = verdict(account_enabled.RULE, user)
    assert line.startswith("account-1-user: found accountEnabled false, expected true")
    guest = Thing(USER, "guest", {"accountEnabled": False})
    assert verdict(account_enabled.RULE, guest) == NOT_APPLICABLE
