"""The table of sign-ins: each row is what Microsoft's documentation states, tried on a tenant.

The rows are in `evaluation_table`, by what they are about; each group names its page.
"""

from typing import Any

import pytest

from sandbox.tenant.access.sign_ins import SignInRequest, sign_in
from tests.sandbox.evaluation_table.case import Case, Group
from tests.sandbox.evaluation_table.controls import CONTROLS
from tests.sandbox.evaluation_table.device_filters import DEVICE_FILTERS
from tests.sandbox.evaluation_table.identities import IDENTITIES
from tests.sandbox.evaluation_table.outcomes import OUTCOMES
from tests.sandbox.evaluation_table.signals import SIGNALS
from tests.sandbox.evaluation_table.targets import TARGETS
from tests.sandbox.evaluation_table.tenant import DOMAIN, GUESTS, tenant_of

TABLE: tuple[Group, ...] = (
    *IDENTITIES,
    *TARGETS,
    *SIGNALS,
    *DEVICE_FILTERS,
    *CONTROLS,
    *OUTCOMES,
)
ROWS = [
    pytest.param(case, id=f"{group.source.split(',')[1].split('(')[0].strip()}: {case.says}")
    for group in TABLE
    for case in group.cases
]
EXCHANGE = "Office 365 Exchange Online"


def tried(case: Case) -> dict[str, Any]:
    """The answer to a case's sign-in; Eve signs in to Exchange Online unless it says otherwise."""
    body = {"app": EXCHANGE, **case.sign_in}
    if "servicePrincipal" not in body:
        name = body.get("user", "eve")
        body["user"] = f"{GUESTS.get(name, (name,))[0]}@{DOMAIN}"
    return sign_in(tenant_of(case), SignInRequest.model_validate(body))


def word_for(policy: dict[str, Any]) -> str:
    """A policy's outcome as a case writes it."""
    match policy["result"]:
        case "notApplied" | "disabled":
            return policy["analysisReasons"]
        case "reportOnly":
            return policy["logResult"]
        case result:
            return result


@pytest.mark.parametrize("case", ROWS)
def test_a_sign_in_ends_as_the_page_says(case: Case) -> None:
    answer = tried(case)
    words = [word_for(policy) for policy in answer["policies"]]
    assert (answer["decision"], words) == (case.decision, list(case.results))
    if case.code is not None:
        assert answer["resultType"] == case.code
    if case.policies and words:
        assert case.names in answer["policies"][0]["reason"]
    if case.asks is not None:
        assert case.asks in (answer["platformAsks"] or "")
        assert bool(answer["platformAsks"]) == bool(case.asks)


@pytest.mark.parametrize("case", ROWS)
def test_what_is_not_evaluated_is_listed_and_only_that(case: Case) -> None:
    answer = tried(case)
    undecided = [policy for policy in answer["policies"] if policy["result"] == "notEvaluated"]
    for policy in undecided:
        assert any(policy["displayName"] in sentence for sentence in answer["notEvaluated"])
    if answer["policies"]:
        assert len(answer["notEvaluated"]) == len(undecided)


def test_the_table_is_long_enough_and_every_group_names_its_page() -> None:
    assert len(ROWS) >= 110
    assert all(group.source.startswith("Microsoft ") for group in TABLE)
    sayings = [row.id for row in ROWS]
    assert len(set(sayings)) == len(sayings)
