"""What `breakglass verify` is tested with: a tenant's policies, its audit log, a report on them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cli import verification_text as text
from cli.chosen_stack import ChosenStack
from cli.stack_state import read_state
from cli.verification import Report, Tenant, verify
from entra.exclusion import Entries
from entra.policy import Policy
from entra.policy_change import PolicyChange, PolicyRecord
from tests.unit.exported_stack import WANTED, child, exported
from tests.unit.graph_stub import TENANT, policy_document

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EXCLUDING = {"excludeGroups": ["g1"], "excludeUsers": ["u1"]}
STACK = ChosenStack("prod", Path("pulumi"), Path(), {}, is_sandbox=False)
SANDBOX = ChosenStack("sandbox", Path("pulumi"), Path(), {}, is_sandbox=True)
Documents = Sequence[Mapping[str, Any]]


_WHOLE: Final[Mapping[str, Any]] = {}
"""Stands for the component's outputs after a whole run."""


class StubPolicies:
    """Listings in turn, the last one for ever; single policies from `alone`, else from it too."""

    def __init__(self, *listings: Documents | Exception, alone: Documents | None = None) -> None:
        self.listings = list(listings)
        self.alone = alone
        self.asked: list[str] = []

    def list_policies(self) -> list[Policy]:
        self.asked.append("list")
        listing = self.listings.pop(0) if len(self.listings) > 1 else self.listings[0]
        if isinstance(listing, Exception):
            raise listing
        return [Policy.from_document(document) for document in listing]

    def get_policy(self, policy_id: str) -> Policy | None:
        self.asked.append(policy_id)
        found = self.listings[-1] if self.alone is None else self.alone
        assert not isinstance(found, Exception)
        policies = {document["id"]: Policy.from_document(document) for document in found}
        return policies.get(policy_id)


class StubAudit:
    """Records, or the error that the log answers with."""

    def __init__(self, answer: Sequence[PolicyRecord] | Exception = ()) -> None:
        self.answer = answer
        self.asked: list[datetime] = []

    def changes_since(self, moment: datetime) -> list[PolicyRecord]:
        self.asked.append(moment)
        if isinstance(self.answer, Exception):
            raise self.answer
        return list(self.answer)


def report(
    policies: StubPolicies,
    children: Sequence[Mapping[str, Any]] | None = None,
    audit: StubAudit | None = None,
    *,
    tenant_id: str = TENANT,
    days: int = 7,
    outputs: Mapping[str, Any] | None = _WHOLE,
    **deployment: Any,
) -> Report:
    known = [child("p1")] if children is None else children
    last = {"scope": "all", "tenantId": TENANT} if outputs is _WHOLE else outputs
    state = read_state(exported(known, outputs=last, **deployment))
    tenant = Tenant(tenant_id, policies, audit or StubAudit())
    return verify(state, tenant, days=days, now=NOW)


def right(policy_id: str = "p1", name: str = "MFA for everybody") -> dict[str, Any]:
    return policy_document(policy_id, name, users=EXCLUDING)


def lines(found: Report) -> list[str]:
    return [f"{text.MARKS[one.result]} {one.name}: {words}" for one, words in text.rows(found)]


def record(
    minute: int,
    before: Entries | None,
    after: Entries | None,
    *,
    own: bool = False,
    by: str = "ada@contoso.com",
) -> PolicyRecord:
    at = NOW.replace(hour=11, minute=minute)
    return PolicyRecord(PolicyChange("p1", "Update", by, at), own, before, after)


LOST = [
    record(5, Entries(), Entries(users=("contractor",))),
    record(6, Entries(users=("contractor",)), WANTED, own=True),
]
