"""An alert rule made through Azure Resource Manager, seen on the control face."""

import httpx

from tests.sandbox.arm_manager import RULE, SETTINGS, Manager, rule, setting
from tests.support.tenant import object_id


def test_a_rule_made_over_http_rings_over_http(estate: Manager, control: httpx.Client) -> None:
    estate.make(f"{SETTINGS}/export", setting())
    user = f"{object_id('users/ada')}"
    query = f'SigninLogs | where UserId in ("{user}")'
    estate.make(RULE, rule(query=query))
    for name in ("ada@fabrikam.onmicrosoft.com", "eve@fabrikam.onmicrosoft.com"):
        assert control.post("/sandbox/sign-ins", json={"user": name}).is_success
    control.post("/sandbox/clock", json={"advanceSeconds": 900}).raise_for_status()
    alerts = control.get("/sandbox/alerts").json()
    firings = alerts["value"]
    assert {row["UserId"] for firing in firings for row in firing["rows"]} == {user}
    mails = control.get("/sandbox/outbox").json()["value"]
    assert len(mails) == 2 * len(firings) > 0
    assert alerts["failures"] == []


def test_a_rule_that_cannot_run_is_seen_on_the_control_face(
    estate: Manager, control: httpx.Client
) -> None:
    estate.make(RULE, rule(query="SigninLogs | count"))
    control.post("/sandbox/clock", json={"advanceSeconds": 300}).raise_for_status()
    (failure,) = control.get("/sandbox/alerts").json()["failures"]
    assert failure["rule"] == "use-alert"
    assert "SigninLogs" in failure["error"]
