"""Settings of the action groups: every kind of receiver, no webhook's address in any line."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from entra.built_in_roles import GLOBAL_ADMINISTRATOR, ROLES
from settings import Settings, load_settings
from settings_errors import SettingsError
from settings_monitoring import Monitoring
from settings_receivers import KINDS, Notify
from tests.unit.harness import run_program
from tests.unit.settings_scene import ACTION_GROUP, EMAIL, KEY, config, line, read, warned

ADDRESS = "https://prod.example.org/workflows/1?sig=hunter2"
SECRET = "hunter2"
PHONE = {"name": "Phone", "countryCode": "49", "phoneNumber": "0151234567"}
ONE_OF_EACH: dict[str, dict[str, Any]] = {
    "emails": EMAIL,
    "sms": PHONE,
    "voice": PHONE,
    "push": {"name": "App", "address": "oncall@contoso.com"},
    "webhooks": {"name": "Teams", "uri": ADDRESS},
}
MOST = {"emails": 1000, "sms": 10, "voice": 10, "push": 10, "webhooks": 10}


def several(kind: str, number: int) -> list[dict[str, Any]]:
    """So many receivers of a kind, each with a name and an address of its own."""
    differing = {"phoneNumber": "15{:07}", "address": "desk{}@contoso.com"}
    found: list[dict[str, Any]] = []
    for one in range(number):
        receiver = {**ONE_OF_EACH[kind], "name": f"{kind} {one}"}
        found.append(
            receiver | {key: text.format(one) for key, text in differing.items() if key in receiver}
        )
    return found


def lines(monitoring: Any, *, secret: bool = False) -> Sequence[str]:
    text = monitoring if isinstance(monitoring, str) else json.dumps(monitoring)
    with pytest.raises(SettingsError) as caught:
        load_settings(config() | {KEY: text}, [KEY] if secret else [])
    assert caught.value.__context__ is None
    return caught.value.lines


@pytest.mark.parametrize("kind", KINDS)
def test_one_receiver_of_any_kind_is_enough(kind: str) -> None:
    notify = read(notify={kind: [ONE_OF_EACH[kind]]}).notify
    assert [receiver.name for receiver in getattr(notify, kind)] == [ONE_OF_EACH[kind]["name"]]


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_group_holds_as_many_as_azure_lets_it(kind: str) -> None:
    assert len(getattr(read(notify={kind: several(kind, MOST[kind])}).notify, kind)) == MOST[kind]
    told = line(notify={kind: several(kind, MOST[kind] + 1)})
    assert told.startswith(f"{KEY}.notify.{kind} holds ")
    assert f"expected at most {MOST[kind]} receivers" in told


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "emails"])
def test_a_name_stands_once_whatever_the_kind(kind: str) -> None:
    told = line(notify={"emails": [EMAIL], kind: [ONE_OF_EACH[kind] | {"name": "DESK"}]})
    assert told == (
        f"{KEY}.notify.{kind} holds the name DESK twice: expected a different one for each,"
        " whatever its kind"
    )


@pytest.mark.parametrize(
    ("kind", "what"), [("emails", "address"), ("push", "address"), ("sms", "number")]
)
def test_nobody_is_told_twice_the_same_way(kind: str, what: str) -> None:
    told = line(notify={kind: [ONE_OF_EACH[kind], ONE_OF_EACH[kind] | {"name": "Another"}]})
    assert told.startswith(f"{KEY}.notify.{kind} holds the {what} ")
    assert "twice" in told


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("emails", {"address": "it@"}),
        ("emails", {"address": f"{'x' * 60}@contoso.com"}),
        ("emails", {"name": ""}),
        ("sms", {"countryCode": "+49"}),
        ("sms", {"countryCode": "0049"}),
        ("sms", {"phoneNumber": "0151 234567"}),
        ("voice", {"phoneNumber": "123"}),
        ("voice", {"phoneNumber": 151234567}),
        ("push", {"address": "app"}),
        ("webhooks", {"uri": "http://prod.example.org/?sig=hunter2"}),
        ("webhooks", {"uri": "https:///?sig=hunter2"}),
        ("webhooks", {"uri": "https://prod.example.org/ ?sig=hunter2"}),
        ("webhooks", {"commonAlertSchema": "hunter2"}),
    ],
)
def test_a_receiver_that_nothing_reaches_is_refused(kind: str, change: dict[str, Any]) -> None:
    (key,) = change
    told = line(notify={kind: [ONE_OF_EACH[kind] | change]})
    assert told.startswith(f"{KEY}.notify.{kind}[0].{key} holds ")
    assert "expected " in told
    assert SECRET not in told


def test_the_command_for_a_phone_number_keeps_it_a_text() -> None:
    told = line(notify={"sms": [PHONE | {"phoneNumber": 151234567}]})
    assert told.endswith(
        f'pulumi config set --type string --path "{KEY}.notify.sms[0].phoneNumber" "15123456789"'
    )


def test_a_country_code_may_be_written_as_a_number() -> None:
    assert read(notify={"sms": [PHONE | {"countryCode": 49}]}).notify.sms[0].country_code == "49"


@pytest.mark.parametrize(("kind", "told"), [("sms", True), ("voice", False)])
def test_a_country_without_such_messages_is_told(kind: str, told: bool) -> None:
    found = warned(notify={kind: [PHONE | {"countryCode": "46"}]})
    assert [text.startswith(f"{KEY}.notify.{kind}[0].countryCode") for text in found] == [
        True
    ] * told


def test_all_administrators_are_holders_of_stated_roles() -> None:
    every = read(notify={"allAdmins": True}).notify.all_admins
    some = read(notify={"allAdmins": {"roles": ["Helpdesk Administrator"]}}).notify.all_admins

    assert every is not None
    assert GLOBAL_ADMINISTRATOR in every.roles
    assert set(every.roles) < set(ROLES.values())
    assert some is not None
    assert some.roles == (ROLES["Helpdesk Administrator"],)
    assert read(notify={"emails": [EMAIL], "allAdmins": False}).notify.all_admins is None


@pytest.mark.parametrize(
    "notify", [{"allAdmins": False}, {"emails": [], "sms": []}, {"allAdmins": None}]
)
def test_an_alarm_that_nobody_hears_is_refused(notify: dict[str, Any]) -> None:
    told = line(notify=notify)
    assert told.startswith(f"{KEY}.notify.emails ")
    assert "expected at least one receiver" in told
    assert f'"{KEY}.notify.emails[0].address"' in told


@pytest.mark.parametrize(
    ("wrong", "start"),
    [
        ({"roles": []}, "allAdmins.roles holds"),
        ({"roles": ["Chief"]}, "allAdmins.roles[0] holds 'Chief'"),
        ("perhaps", "allAdmins holds 'perhaps': expected true, false, or a group of settings"),
    ],
)
def test_administrators_who_are_none_are_refused(wrong: Any, start: str) -> None:
    assert line(notify={"allAdmins": wrong}).startswith(f"{KEY}.notify.{start}")


def test_the_second_action_group_has_the_same_receivers_unless_told_otherwise() -> None:
    notify = {"emails": [EMAIL], "allAdmins": True, "name": "ag-soc", "resourceGroup": "rg-alarms"}
    first, second = both(read(notify=notify))

    assert (second.name, second.short_name) == ("ag-soc-watch", "BGlassWatch")
    assert second.short_name != first.short_name
    assert (second.emails, second.all_admins) == (first.emails, first.all_admins)
    assert second.resource_group == "rg-alarms"


def test_the_second_action_group_has_receivers_of_its_own() -> None:
    watch = {"notify": {"name": "ag-owner", "sms": [PHONE], "resourceGroup": "rg-owner"}}
    _, second = both(read(notify={"emails": [EMAIL], "allAdmins": True}, watch=watch))

    assert (second.name, second.resource_group) == ("ag-owner", "rg-owner")
    assert (second.emails, second.all_admins, len(second.sms)) == ((), None, 1)


def test_the_second_action_group_may_exist_already() -> None:
    _, second = both(read(watch={"notify": {"existing": ACTION_GROUP}}))
    assert second.existing == ACTION_GROUP
    assert not second.tells_somebody


def test_an_existing_action_group_serves_both_where_no_other_is_named() -> None:
    first, second = both(read(notify={"existing": "ag-on-call"}, watch={"notify": {}}))
    assert second == first


def test_a_long_name_leaves_room_for_the_second_ones() -> None:
    _, second = both(read(notify={"emails": [EMAIL], "name": "x" * 260}))
    assert len(second.name) == 260
    assert second.name.endswith("x-watch")


def test_the_second_action_group_is_another_one() -> None:
    told = line(watch={"notify": {"name": "AG-Break-Glass"}})
    assert told.startswith(f"{KEY}.watch.notify.name holds AG-Break-Glass, the name of the first")
    elsewhere = {"notify": {"name": "ag-break-glass", "resourceGroup": "rg-owner"}}
    assert read(watch=elsewhere).watch_notify.name == "ag-break-glass"


def both(monitoring: Monitoring) -> tuple[Notify, Notify]:
    return monitoring.notify, monitoring.watch_notify


def test_the_address_of_a_webhook_may_be_a_secret() -> None:
    found: list[Settings] = []
    run = run_program(
        lambda: found.append(load_settings()),
        config=config(notify={"webhooks": [ONE_OF_EACH["webhooks"]]}),
        secret_config=[KEY],
    )

    assert found[0].monitoring.notify.webhooks[0].uri.get_secret_value() == ADDRESS
    assert SECRET not in f"{found[0]!r} {found[0]} {run.messages} {found[0].model_dump()}"
    assert [text for level, text in run.messages if level == "warning"] == []


def test_an_address_that_everybody_can_read_is_told_unseen() -> None:
    webhooks = [ONE_OF_EACH["webhooks"]]
    (told,) = warned(notify={"webhooks": webhooks})
    assert f'pulumi config set --secret --path "{KEY}.notify.webhooks[0].uri"' in told
    assert "in the settings file and in the state's copy of the settings" in told
    assert SECRET not in told
    (told,) = warned(watch={"notify": {"webhooks": webhooks}})
    assert f'"{KEY}.watch.notify.webhooks[0].uri"' in told


def test_a_webhook_that_entra_protects_needs_no_secret() -> None:
    aad = {"objectId": "3B1F7C52-0c51-4c3e-9a53-6f0a4e3f8d11", "identifierUri": "api://x"}
    webhook = ONE_OF_EACH["webhooks"] | {"aad": aad | {"tenantId": aad["objectId"]}}
    assert warned(notify={"webhooks": [webhook]}) == []
    assert line(notify={"webhooks": [ONE_OF_EACH["webhooks"] | {"aad": aad}]}).startswith(
        f"{KEY}.notify.webhooks[0].aad.tenantId is not set"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        ADDRESS,
        json.dumps([ADDRESS]),
        {"notify": ADDRESS},
        {"notify": {"webhooks": ADDRESS}},
        {"notify": {"webhooks": [ADDRESS]}},
        {"notify": {"webhooks": {"uri": ADDRESS}}},
        {"notify": {"webhooks": [{"name": "x", "uri": {"secure": SECRET}}]}},
        {"notify": {"webhooks": [{"name": "x", "uri": [ADDRESS]}]}},
        {"notify": {"webhooks": [{"uri": ADDRESS}]}},
        {"notify": {"webhooks": [{"name": ADDRESS * 9, "uri": ADDRESS}]}},
        {"notify": {"webhooks": [{"name": "x", "uri": ADDRESS, "aad": ADDRESS}]}},
        {"notify": {"webhooks": [{"name": "x", "url": ADDRESS}]}},
        {"notify": {"webhooks": several("webhooks", 11)}},
        {"notify": {"emails": [EMAIL]}, "watch": ADDRESS},
        {"notify": {"emails": [EMAIL]}, "watch": {"notify": ADDRESS}},
        {"notify": {"emails": [EMAIL]}, "watch": {"notify": {"webhooks": [ADDRESS]}}},
    ],
)
def test_an_address_in_the_wrong_place_is_refused_unseen(wrong: Any) -> None:
    told = "\n".join(lines(wrong))
    assert SECRET not in told
    assert "expected " in told


@pytest.mark.parametrize(
    "wrong",
    [
        {"notify": {"emails": [EMAIL]}, "customer": f"{SECRET}\n"},
        {"notify": {"emails": [EMAIL | {"address": SECRET}]}},
        {"notify": {"emails": [{**EMAIL, "name": SECRET}, EMAIL | {"name": SECRET}]}},
        {"notify": {"emails": [EMAIL], "name": SECRET}, "watch": {"notify": {"name": SECRET}}},
        {"notify": {"emails": [EMAIL]}, "workspace": {"retentionDays": SECRET}},
    ],
)
def test_of_what_is_marked_secret_no_value_is_shown(wrong: dict[str, Any]) -> None:
    assert SECRET in "\n".join(lines(wrong))
    (told,) = lines(wrong, secret=True)
    assert SECRET not in told
    assert told.startswith(f"{KEY}.")
    assert "expected " in told


def test_a_webhook_without_address_is_told_how_to_give_it() -> None:
    told = line(notify={"webhooks": [{"name": "Teams"}]})
    assert told == (
        f"{KEY}.notify.webhooks[0].uri is not set: expected an address that begins with https://;"
        f' then: pulumi config set --secret --path "{KEY}.notify.webhooks[0].uri" (it asks for the'
        " value)"
    )
