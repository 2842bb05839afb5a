"""From a firing to its messages: action groups, receivers, muting, resolving."""

from tests.sandbox.watched_tenant import ACTION_GROUP, WATCHED, WatchedTenant, action_group_body


def test_the_mail_says_how_severe_and_of_the_rows_what_the_rule_is_split_by(
    watched: WatchedTenant,
) -> None:
    dimension = {"name": "Account", "operator": "Include", "values": ["*"]}
    watched.with_rule(description="Call the duty officer.", condition={"dimensions": [dimension]})
    watched.sign_in()
    watched.advance(minutes=10)
    mail = watched.mails[0]
    assert mail["subject"].startswith("Fired:Sev0 Azure Monitor Alert use-alert on log-watch")
    name = WATCHED.user_principal_name
    for part in (f"Account = {name}", "Metric value   1", "Sev0", "Call the duty officer."):
        assert part in mail["body"]
    assert watched.firings[0]["rows"][0]["IPAddress"] == "203.0.113.9"
    assert "203.0.113.9" not in mail["body"]
    assert mail["rule"] == "use-alert"


def test_the_rules_own_subject_is_the_mails_subject(watched: WatchedTenant) -> None:
    actions = {
        "actionGroups": [ACTION_GROUP.text],
        "actionProperties": {"Email.Subject": "BREAK GLASS USED"},
    }
    watched.with_rule(actions=actions)
    watched.sign_in()
    watched.advance(minutes=10)
    assert {mail["subject"] for mail in watched.mails} == {"BREAK GLASS USED"}


def test_a_stateless_rule_rings_for_each_use(watched: WatchedTenant) -> None:
    watched.with_rule()
    for _use in range(3):
        watched.sign_in()
        watched.advance(minutes=30)
    assert len(watched.firings) == 3


def test_a_stateful_rule_rings_for_the_first_use_only_then_resolves(
    watched: WatchedTenant,
) -> None:
    watched.with_rule(autoMitigate=True)
    for _use in range(3):
        watched.sign_in()
        watched.advance(minutes=5)
    watched.advance(minutes=60)
    assert [firing["condition"] for firing in watched.firings] == ["Fired", "Resolved"]
    assert watched.mails[-1]["subject"].startswith("Resolved:Sev0")


def test_muted_actions_are_recorded_but_not_sent(watched: WatchedTenant) -> None:
    watched.with_rule(muteActionsDuration="PT1H")
    for _use in range(2):
        watched.sign_in()
        watched.advance(minutes=20)
    assert [firing["muted"] for firing in watched.firings] == [False, True]
    assert len(watched.mails) == 2
    watched.advance(minutes=60)
    watched.sign_in()
    watched.advance(minutes=20)
    assert len(watched.mails) == 4


def test_a_disabled_action_group_and_a_disabled_receiver_get_nothing(
    watched: WatchedTenant,
) -> None:
    receivers = [
        {"name": "duty", "emailAddress": "duty@contoso.example", "status": "Disabled"},
        {"name": "outside", "emailAddress": "partner@fabrikam.example"},
    ]
    watched.put(ACTION_GROUP, action_group_body(emailReceivers=receivers), "2024-10-01-preview")
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=10)
    assert [mail["recipient"] for mail in watched.mails] == ["partner@fabrikam.example"]
    watched.put(ACTION_GROUP, action_group_body(enabled=False), "2024-10-01-preview")
    watched.sign_in()
    watched.advance(minutes=10)
    assert len(watched.firings) == 2
    assert len(watched.mails) == 1


def test_every_kind_of_receiver_is_recorded_with_its_channel(watched: WatchedTenant) -> None:
    group = action_group_body(
        emailReceivers=[],
        smsReceivers=[{"name": "sms", "countryCode": "49", "phoneNumber": "15112345678"}],
        voiceReceivers=[{"name": "voice", "countryCode": "49", "phoneNumber": "3012345678"}],
        azureAppPushReceivers=[{"name": "push", "emailAddress": "duty@contoso.example"}],
        webhookReceivers=[{"name": "hook", "serviceUri": "https://hook.example/a?key=secret"}],
    )
    watched.put(ACTION_GROUP, group, "2024-10-01-preview")
    watched.with_rule()
    watched.sign_in()
    watched.advance(minutes=10)
    assert [(mail["channel"], mail["recipient"]) for mail in watched.mails] == [
        ("sms", "+49 15112345678"),
        ("voice", "+49 3012345678"),
        ("push", "duty@contoso.example"),
        ("webhook", "https://hook.example/a"),
    ]
