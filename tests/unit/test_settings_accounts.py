"""Settings of the accounts and their group: by number, by name, adopted."""

import json
from typing import Any

import pytest

from entra.built_in_roles import ROLES
from settings import load_settings
from settings_accounts import Accounts, Group
from tests.unit.test_settings import RIGHT, line

ADA = "ada@contoso.com"
ID = "3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"
NOTHING: dict[str, Any] = {}
TWO: dict[str, Any] = {"account-1": {}, "account-2": {}}


def accounts(**settings: Any) -> Accounts:
    return load_settings({**RIGHT, "break-glass:accounts": json.dumps(settings)}).accounts


def group(**settings: Any) -> Group:
    return load_settings({**RIGHT, "break-glass:group": json.dumps(settings)}).group


def refused(**settings: Any) -> str:
    return line({"break-glass:accounts": json.dumps(settings)})


def test_two_accounts_are_made_unless_said_otherwise() -> None:
    found = load_settings(RIGHT).accounts
    assert [one.name for one in found.made] == ["account-1", "account-2"]
    assert found.adopted == ()
    for one in found.made:
        assert (one.domain, one.name_prefix, one.user_name, one.roles) == (None, "", None, ())
        assert (one.password_length, one.password_rotation) == (64, "")
        assert one.excluded
        assert not one.retire


def test_what_an_account_does_not_say_is_as_for_all() -> None:
    one, other = accounts(
        domain="contoso.example",
        namePrefix="bg-",
        passwordLength=100,
        passwordRotation="2027",
        roles=["Security Reader"],
        named={
            "account-1": None,
            "reserve": {
                "domain": "fabrikam.example",
                "namePrefix": "",
                "passwordLength": 32,
                "passwordRotation": "x",
                "roles": [],
                "displayName": "Reserve",
                "usageLocation": "DE",
                "excluded": False,
            },
        },
    ).made

    assert (one.name, one.domain, one.name_prefix) == ("account-1", "contoso.example", "bg-")
    assert (one.password_length, one.password_rotation) == (100, "2027")
    assert one.roles == (ROLES["Security Reader"],)
    assert one.domain_key == "break-glass:accounts.domain"
    assert (other.name, other.domain, other.name_prefix) == ("reserve", "fabrikam.example", "")
    assert (other.password_length, other.password_rotation, other.roles) == (32, "x", ())
    assert (other.display_name, other.usage_location) == ("Reserve", "DE")
    assert other.domain_key == "break-glass:accounts.named.reserve.domain"
    assert not other.excluded


@pytest.mark.parametrize(
    "role", ["Security Reader", "security  reader", ROLES["Security Reader"].upper()]
)
def test_a_role_is_given_by_name_or_template_id(role: str) -> None:
    for one in accounts(roles=[role, "Security Reader", "Global Administrator"]).made:
        assert one.roles == (ROLES["Security Reader"],)


@pytest.mark.parametrize("role", ["Security Readr", ID, ""])
def test_an_unknown_role_is_refused(role: str) -> None:
    told = refused(roles=[role])
    assert told.startswith(f"break-glass:accounts.roles[0] holds {role!r}: expected a list of")
    assert 'config set --path "break-glass:accounts.roles[0]" "Security Reader"' in told


def test_an_adopted_account_is_a_text_or_a_group_of_settings() -> None:
    one, other = accounts(adopt=[ADA, {"account": ID, "allowSynced": True, "retire": True}]).adopted
    assert (one.account, one.allow_synced, one.excluded, one.retire) == (ADA, False, True, False)
    assert (other.account, other.allow_synced, other.retire) == (ID, True, True)


@pytest.mark.parametrize(
    "settings",
    [
        {"count": 1, "adopt": [ADA]},
        {"count": 0, "adopt": [ADA, ID]},
        {"named": {}, "adopt": [ADA, ID]},
        {"named": {**TWO, "account-3": {"retire": True}}},
        {"named": {f"account-{n}": {"retire": n == 11} for n in range(1, 12)}},
        {"named": {"account-1": {"excluded": False}, "account-2": {}}},
    ],
)
def test_two_to_ten_that_stay_are_enough(settings: dict[str, Any]) -> None:
    found = accounts(**settings)
    assert 2 <= sum(not one.retire for one in (*found.made, *found.adopted)) <= 10


@pytest.mark.parametrize(
    "settings",
    [
        {"count": 1},
        {"count": 0, "adopt": [ADA]},
        {"named": {"account-1": {}}},
        {"named": {"account-1": {}, "account-2": {"retire": True}}},
        {"count": 1, "adopt": [{"account": ADA, "retire": True}]},
    ],
)
def test_one_account_alone_is_refused_with_the_reason(settings: dict[str, Any]) -> None:
    told = refused(**settings)
    assert "leaves one account that does not retire: expected 2 to 10" in told
    assert "one alone is no rescue" in told


RM = 'pulumi config rm --path "break-glass:accounts.count"'


def staying(*numbers: int) -> str:
    """The commands that name accounts which do not retire."""
    path = "break-glass:accounts.named.account-"
    return "; ".join(f'pulumi config set --path "{path}{n}.retire" false' for n in numbers)


@pytest.mark.parametrize(
    ("settings", "commands"),
    [
        ({"named": {"account-1": {"retire": True}}}, staying(2, 3)),
        ({"named": {"account-1": {"retire": True}, "account-2": {}}}, staying(3)),
        ({"named": {"account-1": {"retire": True}}, "adopt": [ADA]}, staying(2)),
        ({"count": 2, "named": {"account-1": {"retire": True}}}, f"{RM}; {staying(2, 3)}"),
        ({"count": 3, "named": {"account-1": {"retire": True}}}, f"{RM}; {staying(2, 3)}"),
        ({"count": 2, "named": {"account-1": {"retire": True}}, "adopt": [ADA]}, staying(2)),
        ({"count": 3, "named": {f"account-{n}": NOTHING for n in (1, 2, 3)}}, RM),
        ({"count": 1}, 'pulumi config set --path "break-glass:accounts.count" 2'),
    ],
)
def test_whoever_retires_one_of_two_is_told_to_write_a_third_first(
    settings: dict[str, Any], commands: str
) -> None:
    told = refused(**settings)
    assert commands in told
    assert told.count("pulumi config set") == commands.count("pulumi config set")


def test_the_settings_that_the_line_asks_for_are_good() -> None:
    named = {"account-1": {"retire": True}, **{f"account-{n}": {"retire": False} for n in (2, 3)}}
    assert [one.retire for one in accounts(named=named).made] == [True, False, False]


@pytest.mark.parametrize(
    ("settings", "number"),
    [
        ({"count": 0}, 0),
        ({"count": 10, "adopt": [ADA]}, 11),
        ({"named": {f"account-{n}": NOTHING for n in range(1, 12)}}, 11),
    ],
)
def test_none_and_more_than_ten_are_refused(settings: dict[str, Any], number: int) -> None:
    assert f"leaves {number} accounts that do not retire" in refused(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"named": {"account-1": {"excluded": False}, "account-2": {"excluded": False}}},
        {
            "named": {
                "account-1": {"excluded": False},
                "account-2": {"excluded": False},
                "account-3": {"retire": True},
            }
        },
        {"count": 0, "adopt": [{"account": one, "excluded": False} for one in (ADA, ID)]},
    ],
)
def test_one_that_stays_is_let_through_by_every_policy(settings: dict[str, Any]) -> None:
    assert "excludes no account that stays: expected at least one" in refused(**settings)


def test_a_count_beside_names_is_refused_with_what_to_write() -> None:
    told = refused(count=3, named=TWO)
    assert told.startswith("break-glass:accounts.count holds 3 beside named: expected one of them")
    assert "named: {account-1: {}, account-2: {}, account-3: {}}" in told


def test_retiring_is_said_of_a_named_account() -> None:
    told = refused(count=3, retire=True)
    assert told.startswith("break-glass:accounts.retire says of no account that it is meant")
    assert "named in place of count" in told
    assert "{account-1: {}, account-2: {}, account-3: {}}" in told


@pytest.mark.parametrize("name", ["Account", "-a", "a-", "a_b", "a" * 33, ""])
def test_names_of_accounts_are_short_and_plain(name: str) -> None:
    told = refused(named={**TWO, name: {}})
    assert told.startswith(f"break-glass:accounts.named holds {name!r}: expected accounts by name")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("domain", "contoso"),
        ("namePrefix", "Break"),
        ("userName", "dot."),
        ("userName", "u" * 65),
        ("userName", "a@b"),
        ("displayName", " blank"),
        ("displayName", "x" * 257),
        ("givenName", "x" * 65),
        ("surname", "two\nlines"),
        ("jobTitle", "x" * 129),
        ("department", ""),
        ("companyName", "x" * 65),
        ("usageLocation", "Germany"),
        ("usageLocation", "de"),
        ("passwordLength", 15),
        ("passwordRotation", "x" * 257),
        ("excluded", "perhaps"),
        ("retire", "soon"),
    ],
)
def test_a_wrong_value_of_one_account_is_told_with_its_place(key: str, value: Any) -> None:
    told = refused(named={**TWO, "reserve": {key: value}})
    assert told.startswith(f"break-glass:accounts.named.reserve.{key} holds ")
    assert "expected " in told
    assert f'config set --path "break-glass:accounts.named.reserve.{key}"' in told


def test_a_user_name_that_yaml_takes_for_a_number_is_to_be_put_in_quotes() -> None:
    """Taken as it comes it could be another one: YAML reads 12e3 as 12000."""
    told = refused(named={**TWO, "reserve": {"userName": 123456}})
    assert "holds '123456': expected" in told
    assert "in quotes when there is no letter in it" in told


def test_a_misspelt_setting_of_one_account_is_told_with_the_nearest() -> None:
    told = refused(named={**TWO, "reserve": {"usrName": "x"}})
    assert told == (
        "break-glass:accounts.named.reserve.usrName is no setting of this stack: did you mean"
        " userName?"
    )


def test_a_prefix_of_a_name_of_ones_own_is_refused() -> None:
    told = refused(named={**TWO, "reserve": {"userName": "x", "namePrefix": "bg-"}})
    assert told.startswith(
        "break-glass:accounts.named.reserve.userName holds 'x' beside namePrefix"
    )


def test_a_prefix_for_all_leaves_names_of_ones_own_alone() -> None:
    found = accounts(namePrefix="bg-", named={**TWO, "reserve": {"userName": "k7q2"}})
    assert found.made[2].user_name == "k7q2"


@pytest.mark.parametrize("account", ["ada", "ada@", "a b@contoso.com", 7, f"x{ID}", f"{ID}x"])
def test_who_is_adopted_is_told_by_id_or_name(account: Any) -> None:
    told = refused(adopt=[{"account": account}])
    assert told.startswith("break-glass:accounts.adopt[0].account holds ")
    assert "object id or user principal name" in told


def test_a_guests_name_passes_so_that_the_look_up_can_say_why_not() -> None:
    name = "eve_fabrikam.example#EXT#@contoso.onmicrosoft.com"
    assert accounts(adopt=[name]).adopted[0].account == name


def test_one_account_is_adopted_once() -> None:
    assert refused(adopt=[ADA, {"account": ADA.upper()}]) == (
        f"break-glass:accounts.adopt holds {ADA.upper()} twice: expected each account once"
    )


def test_a_group_is_made_or_existing() -> None:
    assert group(existing=ID.upper()).existing == ID
    assert group(name="Reserve", recreate=[ID]).recreate == (ID,)
    told = line({"break-glass:group": json.dumps({"name": "Reserve", "existing": ID})})
    assert told.startswith(f"break-glass:group.existing holds {ID} beside name (Reserve)")
    told = line({"break-glass:group": json.dumps({"existing": "BTG Admins"})})
    assert told.startswith("break-glass:group.existing holds 'BTG Admins': expected the object id")
