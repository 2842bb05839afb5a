"""`breakglass verify`: what is asked of the tenant, what is told, and as what."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli import verification_text as text
from cli.chosen_stack import ChosenStack
from cli.failure import CommandFailed
from cli.policy_check import Result
from cli.stack_state import read_state
from cli.verification import MOST_ASKED_ALONE, Report, Tenant, verify
from entra.audit_log import PolicyChange, PolicyRecord
from entra.errors import Forbidden, GraphError
from entra.exclusion import Entries
from entra.policy import Policy
from tests.unit.exported_stack import WANTED, child, exported
from tests.unit.graph_stub import TENANT, policy_document

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EXCLUDING = {"excludeGroups": ["g1"], "excludeUsers": ["u1"]}
STACK = ChosenStack("prod", Path("pulumi"), Path(), {}, is_sandbox=False)
SANDBOX = ChosenStack("sandbox", Path("pulumi"), Path(), {}, is_sandbox=True)
Documents = Sequence[Mapping[str, Any]]


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
    **deployment: Any,
) -> Report:
    known = [child("p1")] if children is None else children
    state = read_state(exported(known, outputs={"scope": "all"}, **deployment))
    tenant = Tenant(tenant_id, policies, audit or StubAudit())
    return verify(state, tenant, days=days, now=NOW)


def right(policy_id: str = "p1", name: str = "MFA for everybody") -> dict[str, Any]:
    return policy_document(policy_id, name, users=EXCLUDING)


def lines(found: Report) -> list[str]:
    return [f"{text.MARKS[one.result]} {one.name}: {words}" for one, words in text.rows(found)]


def record(
    minute: int, before: Entries, after: Entries, *, own: bool = False, by: str = "ada@contoso.com"
) -> PolicyRecord:
    at = NOW.replace(hour=11, minute=minute)
    return PolicyRecord(PolicyChange("p1", "Update", by, at), own, before, after)


def test_where_all_is_right_one_listing_is_all_that_is_asked() -> None:
    policies = StubPolicies([right(), right("p2", "Second")])
    found = report(policies, [child("p1"), child("p2")])
    assert policies.asked == ["list"]
    assert (found.is_right, found.stack, found.tenant_id) == (True, "prod", TENANT)
    assert lines(found) == ["✓ MFA for everybody: excluded", "✓ Second: excluded"]
    assert text.closing_line(found) == "Every Conditional Access policy is right: 2 exclude."
    assert text.to_do(found, STACK) == []


def test_a_listing_that_lags_condemns_nobody() -> None:
    policies = StubPolicies([policy_document()], alone=[right()])
    found = report(policies, [child("p1")])
    assert found.is_right
    assert policies.asked == ["list", "p1"]


def test_a_listing_that_is_short_makes_no_policy_gone() -> None:
    policies = StubPolicies([], alone=[right()])
    assert lines(report(policies)) == ["✓ MFA for everybody: excluded"]
    gone = report(StubPolicies([]))
    assert lines(gone) == ["– MFA for everybody: deleted by its owner"]
    assert gone.is_right


@pytest.mark.parametrize("more", [0, 1])
def test_many_that_seem_wrong_are_listed_once_more_instead(more: int) -> None:
    ids = [f"p{number}" for number in range(MOST_ASKED_ALONE + more)]
    lagging = [policy_document(policy_id) for policy_id in ids]
    policies = StubPolicies(lagging, [right(policy_id) for policy_id in ids])
    found = report(policies, [child(policy_id) for policy_id in ids])
    assert found.is_right
    assert sorted(policies.asked) == (["list", "list"] if more else ["list", *ids])


def test_a_policy_that_lacks_us_says_what_and_who_changed_it_last() -> None:
    records = [
        record(9, WANTED, WANTED, own=True),
        record(7, WANTED, Entries(), by="application 'CIPP-SAM'"),
        record(5, Entries(), WANTED),
    ]
    found = report(StubPolicies([policy_document()]), audit=StubAudit(records))
    assert not found.is_right
    assert lines(found) == [
        "✗ MFA for everybody: lacks group BTG Admins, account x1@contoso.com; last changed by"
        " application 'CIPP-SAM' on 2026-11-22 11:07 UTC"
    ]
    assert text.closing_line(found) == "1 of 1 policy not right."
    do = text.to_do(found, STACK)
    assert do[0] == "Run `pulumi up --stack prod`: it excludes what is lacking."
    assert "breakglass exclusion snippet" in do[-1]
    assert text.to_do(found, SANDBOX)[0].startswith("Run `breakglass up`")


def test_a_policy_that_was_made_since_is_named() -> None:
    found = report(StubPolicies([right(), policy_document("p2", "Brand new")]))
    assert lines(found)[-1] == (
        "✗ Brand new: not in the stack, lacks group BTG Admins, account x1@contoso.com"
    )
    assert text.closing_line(found) == "1 of 2 policies not right."
    assert text.to_do(found, STACK) == [
        "Run `pulumi up --stack prod`: it excludes what is lacking."
    ]


def test_a_skipped_policy_says_why_and_is_counted() -> None:
    document = policy_document("p2", "Robots", users={"includeUsers": ["None"]})
    entry = child("p2", reason="applies to no users (users: None)")
    found = report(StubPolicies([right(), document]), [child("p1"), entry])
    assert "– Robots: skipped: applies to no users (users: None)" in lines(found)
    assert text.closing_line(found).endswith("right: 1 exclude, 1 skipped.")


def test_a_refusal_says_what_to_do_by_hand() -> None:
    found = report(StubPolicies([policy_document()]), [child("p1", refused="Microsoft's own")])
    assert lines(found)[0].endswith("; the service refused: Microsoft's own")
    (sentence,) = text.to_do(found, STACK)
    assert "by hand" in sentence
    assert "skip" in sentence


@pytest.mark.parametrize("how", ["killed", "halves"])
def test_a_run_that_ended_midway_is_never_right(how: str) -> None:
    pending = [{"type": "updating"}] if how == "killed" else []
    second = child("p2", wanted=WANTED | Entries(("g2",)) if how == "halves" else WANTED)
    both = policy_document("p2", users={"excludeGroups": ["g1", "g2"], "excludeUsers": ["u1"]})
    policies = StubPolicies([right(), both])
    found = report(policies, [child("p1"), second], pending_operations=pending)
    assert not found.is_right
    assert found.wrong == []
    assert "the last run ended midway" in text.closing_line(found)
    assert text.to_do(found, STACK) == [
        "The last run ended midway: run `pulumi up --stack prod` again."
    ]


LOST = [
    record(5, Entries(), Entries(users=("contractor",))),
    record(6, Entries(users=("contractor",)), WANTED, own=True),
]


def test_an_edit_that_our_write_dropped_is_told_with_its_maker() -> None:
    found = report(StubPolicies([right()]), audit=StubAudit(LOST))
    assert not found.is_right
    assert text.lost_lines(found) == [
        "an edit was lost: policy 'MFA for everybody' (p1): ada@contoso.com excluded user"
        " contractor on 2026-11-22 11:05 UTC, and our own write of 2026-11-22 11:06 UTC undid it"
    ]
    assert text.closing_line(found) == "Every policy is right; 1 edit lost."
    assert text.to_do(found, STACK) == [
        "A lost edit: ask who made it, and enter it again if it is still wanted."
    ]


def test_an_edit_that_our_write_brought_back_is_told_too() -> None:
    old = Entries(("g7",))
    records = [record(5, old, Entries()), record(6, Entries(), old | WANTED, own=True)]
    users = {"excludeGroups": ["g7", "g1"], "excludeUsers": ["u1"]}
    found = report(StubPolicies([policy_document(users=users)]), audit=StubAudit(records))
    assert "ada@contoso.com stopped excluding group g7 on" in text.lost_lines(found)[0]


def test_the_log_is_read_as_far_back_as_asked_and_not_at_all_for_0() -> None:
    audit = StubAudit()
    report(StubPolicies([right()]), audit=audit, days=3)
    assert audit.asked == [datetime(2026, 11, 19, 12, tzinfo=UTC)]
    report(StubPolicies([right()]), audit=audit, days=0)
    assert len(audit.asked) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Forbidden(403, "no", "", "GET", "x"), "AuditLog.Read.All, Directory.Read.All (Entra"),
        (GraphError(503, "busy", "", "GET", "x"), "could not be read: GET x answered 503 busy"),
    ],
)
def test_an_audit_log_that_cannot_be_read_is_told_and_spoils_nothing(
    error: GraphError, words: str
) -> None:
    found = report(StubPolicies([right()]), audit=StubAudit(error))
    assert found.is_right
    assert words in found.audit_trouble


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Forbidden(403, "AccessDenied", "", "GET", "x"), "grant the application permission Pol"),
        (GraphError(503, "busy", "", "GET", "x"), "cannot be looked at: GET x answered 503 busy"),
    ],
)
def test_policies_that_cannot_be_looked_at_are_an_error(error: GraphError, words: str) -> None:
    with pytest.raises(CommandFailed, match=words):
        report(StubPolicies(error))


def test_another_tenants_policies_are_not_compared() -> None:
    policies = StubPolicies([right()])
    with pytest.raises(CommandFailed, match=f"in tenant {TENANT}, but .* tenant other"):
        report(policies, tenant_id="other")
    assert policies.asked == []


def test_the_case_of_a_tenants_id_makes_no_difference() -> None:
    entry = child("p1")
    entry["outputs"]["tenantId"] = "ABCDEF"
    assert report(StubPolicies([right()]), [entry], tenant_id="abcdef").is_right


def test_a_tenant_without_policies_is_said_to_have_none() -> None:
    found = report(StubPolicies([]), [])
    assert found.is_right
    assert text.closing_line(found) == (
        "The tenant has no Conditional Access policy to be excluded from."
    )


def test_names_reach_the_terminal_in_one_harmless_line() -> None:
    document = policy_document("p1", "\x1b[31m\nred", users=EXCLUDING)
    records = [
        record(5, Entries(), Entries(users=("a\x1bb",))),
        record(6, Entries(users=("a\x1bb",)), WANTED, own=True),
    ]
    found = report(StubPolicies([document]), audit=StubAudit(records))
    (line,) = text.lost_lines(found)
    assert r"'\x1b[31m\nred'" in line
    assert r"user a\x1bb" in line
    assert "\x1b" not in text.as_json(found, STACK)


def test_the_json_document_holds_all_that_is_told() -> None:
    documents = [right(), policy_document("p2", "New", state="disabled")]
    found = report(StubPolicies(documents), audit=StubAudit(LOST))
    document = json.loads(text.as_json(found, STACK))
    change = {"activity": "Update", "by": "ada@contoso.com", "at": "2026-11-22T11:05:00+00:00"}
    new, known = document.pop("policies")
    assert new == {
        "component": "exclusion",
        "id": "p2",
        "name": "New",
        "state": "disabled",
        "result": Result.NEW.value,
        "lacks": ["group BTG Admins", "account x1@contoso.com"],
        "reason": "",
        "lastChange": None,
    }
    assert (known["result"], known["lastChange"]) == ("excluded", change)
    assert document == {
        "stack": "prod",
        "tenantId": TENANT,
        "right": False,
        "unfinished": False,
        "lostEdits": [
            {
                "policyId": "p1",
                "putIn": {"groups": [], "users": ["contractor"]},
                "takenOut": {"groups": [], "users": []},
                "by": "ada@contoso.com",
                "at": "2026-11-22T11:05:00+00:00",
                "overwrittenAt": "2026-11-22T11:06:00+00:00",
            }
        ],
        "auditTrouble": "",
        "toDo": text.to_do(found, STACK),
    }


def test_every_key_of_the_document_is_told_in_the_docs() -> None:
    found = report(StubPolicies([right()]), audit=StubAudit(LOST))
    document = json.loads(text.as_json(found, STACK))
    keys = {*document, *document["policies"][0], *document["lostEdits"][0]}
    assert [key for key in keys if key not in (text.__doc__ or "")] == []
