"""`breakglass cost` of a program with settings of its own: from what the last run made."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from cli.monitoring_state import ACTION_GROUP_TYPE, DIAGNOSTIC_SETTING_TYPE, QUERY_RULE_TYPE
from cli.standing_cost import standing_cost
from tests.unit import monitoring_stack as stack

Run = Callable[..., Result]
RULES = [
    {"name": "Break-glass account used", "frequencyMinutes": 5},
    {"name": "Break-glass account or role changed", "frequencyMinutes": 5},
    {"name": "Break-glass logs silent", "frequencyMinutes": 1440},
]
MAILS = [{"name": "Desk", "emailAddress": "desk@contoso.com"}]
SIGNATURE = "sig=hidden"
TICKET = {"name": "Ticket", "serviceUri": {"4dabf18193072939515e22adb298388d": SIGNATURE}}
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def watching(rules: list[dict[str, Any]] | None = None, **receivers: Any) -> str:
    """The state of a program that uses the component and has no outputs of our names."""
    logs = [{"category": one, "enabled": True} for one in stack.CATEGORIES]
    state = json.loads(
        stack.exported(
            resources=[
                stack.child("azure-native:operationalinsights:Workspace", stack.NEW),
                stack.child(DIAGNOSTIC_SETTING_TYPE, stack.SETTING, inputs={"logs": logs}),
                stack.child(
                    ACTION_GROUP_TYPE, stack.FIRST, inputs={"emailReceivers": MAILS, **receivers}
                ),
                stack.child(ACTION_GROUP_TYPE, stack.SECOND, inputs={"emailReceivers": MAILS}),
                stack.child(
                    QUERY_RULE_TYPE,
                    stack.USED,
                    inputs={
                        "location": "West Europe",
                        "actions": {"actionGroups": [stack.FIRST.upper()]},
                    },
                ),
            ]
        )
    )
    state["deployment"]["resources"][1]["outputs"]["rules"] = RULES if rules is None else rules
    return json.dumps(state)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command on stack `prod` of a program that has settings of its own."""

    def run(*arguments: str, state: str | None) -> Result:
        (tmp_path / "Pulumi.yaml").write_text("name: mine\nruntime: python\n", encoding="utf-8")
        settings = "config:\n  mine:location: northeurope\n"
        (tmp_path / "Pulumi.prod.yaml").write_text(settings, encoding="utf-8")
        stack.use_stack(monkeypatch, tmp_path, state)
        return CliRunner().invoke(app, ["cost", *arguments])

    return run


def test_what_the_last_run_made_is_counted_and_nothing_else(run: Run) -> None:
    done = run("--json", state=watching())
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["total"] == 3.5
    lines = {line["what"]: line["quantity"] for line in found["lines"]}
    assert [one for one in lines if "exclusion" in one] == []
    assert lines["e-mails"] == 20
    (line,) = done.stderr.splitlines()
    assert line.startswith("– Pulumi.prod.yaml has no break-glass:monitoring: counted is what the")
    assert line.endswith("1,000 sign-ins a day are assumed.")


@pytest.mark.parametrize(
    ("webhooks", "counted", "remarks"), [([TICKET, TICKET], 2, 0), (SECRET, 0, 1)]
)
def test_webhooks_are_counted_where_the_state_shows_how_many(
    run: Run, webhooks: Any, counted: int, remarks: int
) -> None:
    state = watching(webhookReceivers=webhooks)
    standing = standing_cost(state)
    assert standing.plan.webhooks == counted
    assert not standing.plan.existing_action_group
    assert len(standing.remarks) == remarks
    done = run(state=state)
    assert ("webhooks, which the state keeps as secrets" in done.stderr) == bool(remarks)
    assert SIGNATURE not in done.output


def test_a_rule_that_is_split_by_dimensions_pays_for_its_messages() -> None:
    state = json.loads(watching())
    rule = next(
        one for one in state["deployment"]["resources"] if one.get("type") == QUERY_RULE_TYPE
    )
    rule["inputs"] |= {
        "displayName": RULES[0]["name"],
        "criteria": {"allOf": [{"dimensions": [{"name": "Account"}]}]},
    }
    plan = standing_cost(json.dumps(state)).plan
    assert [one.split for one in plan.rules] == [True, False, False]


def test_telephones_are_counted_by_country() -> None:
    phones = [{"countryCode": "49"}, {"countryCode": "1"}]
    plan = standing_cost(watching(smsReceivers=phones, voiceReceivers=phones[:1])).plan
    assert (plan.sms, plan.voice) == (("49", "1"), ("49",))


def test_what_is_somebody_elses_is_not_counted_as_ours() -> None:
    state = json.loads(watching())
    others = (stack.FIRST, stack.SECOND, stack.NEW)
    resources = state["deployment"]["resources"]
    state["deployment"]["resources"] = [one for one in resources if one.get("id") not in others]
    plan = standing_cost(json.dumps(state)).plan
    assert (plan.existing_action_group, plan.existing_workspace, plan.emails) == (True, True, 0)


def test_live_prices_are_those_of_the_alarms_region(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def live_prices(region: str, **_: object) -> Any:
        from alerting.price_list import LIST_PRICES

        asked.append(region)
        return LIST_PRICES

    monkeypatch.setattr("cli.live_prices.live_prices", live_prices)
    assert run("--live", state=watching()).exit_code == 0
    assert asked == ["westeurope"]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "the state of stack prod cannot be read"),
        ('{"deployment": {"resources": []}}', "Stack prod has made no logs and alarms yet"),
        (watching(rules=[]), "the last run did not get as far as the alarms"),
    ],
    ids=["no state", "nothing made", "half made"],
)
def test_where_there_is_nothing_to_count_no_sum_is_made_up(
    run: Run, state: str | None, words: str
) -> None:
    done = run(state=state)
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "Pulumi.prod.yaml has no break-glass:monitoring" in line
    assert words in line
