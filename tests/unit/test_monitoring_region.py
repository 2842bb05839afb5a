"""Where logs and alarms are made when the workspace that they use is in another region."""

from components.monitoring_arguments import Workspace
from tests.unit.harness import Recording
from tests.unit.monitoring_scene import CENTRAL, RULES, make, usual


def regions(run: Recording, *suffixes: str) -> dict[str, str]:
    return {one: run.named(f"monitoring-{one}").inputs["location"] for one in suffixes}


def test_rules_go_to_the_region_of_the_existing_workspace_and_nothing_else_does() -> None:
    run = make(workspace=Workspace(existing=CENTRAL, location="northeurope"))
    assert regions(run, *RULES) == dict.fromkeys(RULES, "northeurope")
    assert regions(run, "resource-group") == {"resource-group": "westeurope"}


def test_without_another_region_everything_is_in_that_of_the_monitoring() -> None:
    places = ("resource-group", "workspace", *RULES)
    assert regions(usual(), *places) == dict.fromkeys(places, "westeurope")
    run = make(workspace=Workspace(existing=CENTRAL))
    assert regions(run, *RULES) == dict.fromkeys(RULES, "westeurope")
