"""From a sign-in to the message on somebody's phone, minute by minute."""

from dataclasses import replace
from typing import Any

import pytest

from components.monitoring_arguments import UseAlert
from tests.sandbox.alarm_scene import (
    ADA,
    NOBODY_WATCHES,
    RECEIVERS,
    RUNBOOK,
    WEBHOOK,
    Alarm,
    address,
    arguments,
)

USE_ONLY = arguments(watch=NOBODY_WATCHES)


def test_each_receiver_gets_one_message_that_says_what_happened() -> None:
    alarm = Alarm(arguments(alert=UseAlert(subject="Find out who", runbook=RUNBOOK)))
    alarm.advance(2)
    alarm.sign_in(app="Azure Portal", location={"ip": "203.0.113.9", "country": "NO"})
    alarm.advance(60)
    sent = alarm.messages()
    assert sorted((each["channel"], each["recipient"]) for each in sent) == [
        ("email", "desk@fabrikam.example"),
        ("email", "out@x.example"),
        ("sms", "+49 1701234567"),
        ("webhook", WEBHOOK.partition("?")[0]),
    ]
    assert {each["subject"] for each in sent} == {"[Fabrikam] Find out who"}
    (mail, _) = (each["body"] for each in sent if each["channel"] == "email")
    told = {
        "Account": address("ada"),
        "Time": "2027-01-15 08:02:00 UTC",
        "IPAddress": "203.0.113.9",
        "Place": "Oslo, NO",
        "Application": "Azure Portal",
        "Result": "succeeded",
    }
    assert [name for name, text in told.items() if f" {name} = {text}\n" not in mail] == []
    assert mail.partition("Query:")[0].count(RUNBOOK) == 1
    (payload,) = (each["payload"]["data"] for each in sent if each["channel"] == "webhook")
    (condition,) = payload["alertContext"]["condition"]["allOf"]
    assert {one["name"]: one["value"] for one in condition["dimensions"]} == told
    assert RUNBOOK in payload["essentials"]["description"]
    assert payload["customProperties"] == {"customer": "Fabrikam", "runbook": RUNBOOK}
    assert "kitten" not in str(sent)


def test_an_attack_from_many_places_is_one_message_for_each_account() -> None:
    alarm = Alarm(USE_ONLY)
    alarm.advance(2)
    for number in range(30):
        place = {"ip": f"198.51.100.{number}", "country": "NO"}
        for name in ("ada", "bo") if number < 3 else ("ada",):
            alarm.sign_in(name, success=False, location=place)
    alarm.advance(60)
    assert alarm.minutes() == [10, 10]
    mails = [each["body"] for each in alarm.messages() if each["channel"] == "email"]
    assert len(mails) == 2 * 2
    counts = {
        address("ada"): "(30 attempts from 30 addresses)",
        address("bo"): "(3 attempts from 3 addresses)",
    }
    for account, counted in counts.items():
        (told, _) = (body for body in mails if f"Account = {account}" in body)
        assert counted in told


def test_no_message_for_ordinary_users() -> None:
    alarm = Alarm(USE_ONLY)
    for name in ("hal", "eve", "fay", "gus", "ida", "jon", "kim"):
        alarm.sign_in(name)
        alarm.sign_in(name, success=False)
    alarm.advance(24 * 60 + 2)
    assert alarm.tenant.tenant.outbox.messages() == []
    alarm.sign_in("ada")
    alarm.advance(60)
    assert len(alarm.messages()) == 4


# A rule runs at each multiple of its frequency and takes the rows that arrived since the run
# before, and in the minute before that.
MINUTES: dict[str, tuple[int, float, float, list[float]]] = {
    "in the middle": (5, 2, 4, [10]),
    "as late as Microsoft says": (5, 2, 10, [15]),
    "arrives as the rule runs": (5, 1, 4, [5, 10]),
    "arrives in the shared minute": (5, 1, 3.5, [5, 10]),
    "arrives just before it": (5, 1, 2.9, [5]),
    "hours late": (5, 2, 245, [250]),
    "as late as the look-back": (5, 1, 1435, [1440]),
    "later than the look-back": (5, 1, 1440, []),
    "every quarter of an hour": (15, 2, 4, [15]),
    "every quarter, in the shared minute": (15, 12, 2.5, [15, 30]),
    "once an hour": (60, 2, 4, [60]),
}


@pytest.mark.parametrize(("frequency", "at", "delay", "rings"), MINUTES.values(), ids=list(MINUTES))
def test_the_minute_of_the_message_follows_from_that_of_the_sign_in(
    frequency: int, at: float, delay: float, rings: list[float]
) -> None:
    args = replace(USE_ONLY, alert=UseAlert(frequency_minutes=frequency))
    alarm = Alarm(args, logDelaySeconds=delay * 60)
    alarm.advance(at)
    alarm.sign_in()
    alarm.advance(1440 + 3 * frequency)
    assert alarm.minutes() == rings


@pytest.mark.parametrize(
    "facts",
    [
        {"interactive": False},
        {"success": False},
        {"method": "password", "mfa": False},
        {"client_app": "other"},
        {"app": "Microsoft Graph", "interactive": False, "success": False},
    ],
)
def test_whatever_kind_of_sign_in_it_is_it_rings(facts: dict[str, Any]) -> None:
    alarm = Alarm(USE_ONLY)
    alarm.advance(2)
    alarm.sign_in(**facts)
    alarm.advance(60)
    assert alarm.minutes() == [10]


def test_a_renamed_account_rings_by_its_id() -> None:
    alarm = Alarm(USE_ONLY)
    renamed = {"userPrincipalName": "quiet@fabrikam.onmicrosoft.com"}
    alarm.ask("PATCH", f"/sandbox/users/{ADA}", renamed)
    alarm.advance(2)
    alarm.sign_in("quiet")
    alarm.advance(60)
    assert alarm.minutes() == [10]


def test_every_use_rings_anew_and_nothing_is_muted() -> None:
    alarm = Alarm(replace(USE_ONLY, notify=replace(RECEIVERS, sms=None, webhooks=None)))
    for _ in range(12):
        alarm.advance(2)
        alarm.sign_in()
        alarm.advance(3)
    alarm.advance(60)
    assert alarm.minutes() == [5.0 * run for run in range(2, 14)]
    assert len(alarm.messages()) == 2 * 12


def test_an_alarm_that_is_switched_off_by_the_settings_tells_nobody() -> None:
    alarm = Alarm(replace(USE_ONLY, alert=UseAlert(enabled=False)))
    alarm.sign_in()
    alarm.advance(60)
    assert alarm.messages() == []
