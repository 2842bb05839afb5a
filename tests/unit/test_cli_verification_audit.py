"""`breakglass verify`: who took an exclusion out, whose edit was lost, and the whole as JSON."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cli import verification_text as text
from cli.policy_check import Result
from entra.errors import Forbidden, GraphError
from entra.exclusion import Entries
from entra.lost_edits import LostEdit
from tests.unit.exported_stack import WANTED, child
from tests.unit.graph_stub import TENANT, policy_document
from tests.unit.verification_scene import (
    EXCLUDING,
    LOST,
    SANDBOX,
    STACK,
    StubAudit,
    StubPolicies,
    lines,
    record,
    report,
    right,
)


def test_a_policy_that_lacks_us_says_what_and_who_changed_it_last() -> None:
    records = [
        record(9, Entries(), Entries(users=("x",)), own=True),
        record(7, WANTED, Entries(), by="application 'CIPP-SAM'"),
        record(5, Entries(), WANTED),
    ]
    found = report(StubPolicies([policy_document()]), audit=StubAudit(records))
    assert not found.is_right
    assert lines(found) == [
        "✗ MFA for everybody: lacks group BTG Admins, account x1@contoso.com; changed by"
        " application 'CIPP-SAM' on 2026-11-22 11:07 UTC"
    ]
    assert text.closing_line(found) == "1 of 1 policy not right."
    do = text.to_do(found, STACK)
    assert do[0] == "Run `pulumi up --stack prod`: it excludes what is lacking."
    assert "breakglass exclusion snippet" in do[-1]
    assert text.to_do(found, SANDBOX)[0].startswith("Run `breakglass up`")


@pytest.mark.parametrize("known", [True, False], ids=["with values", "without"])
def test_a_loss_that_the_log_does_not_hold_yet_accuses_nobody(known: bool) -> None:
    healed = record(6, Entries(), WANTED, own=True) if known else record(6, None, None, own=True)
    records = [healed, record(5, WANTED, Entries()), record(4, Entries(), WANTED, own=True)]
    document = policy_document(modifiedDateTime="2026-11-22T11:40:00Z")
    found = report(StubPolicies([document]), audit=StubAudit(records))
    assert found.culprits == {}
    assert lines(found)[0].endswith(
        "account x1@contoso.com; who changed it is not in the audit log, which lags some minutes"
    )
    unasked = report(StubPolicies([document]), audit=StubAudit(records), days=0)
    assert lines(unasked)[0].endswith("account x1@contoso.com")


def test_of_a_policy_that_was_made_since_its_last_change_is_told() -> None:
    document = policy_document("p1", modifiedDateTime="2026-11-22T11:05:00Z")
    found = report(
        StubPolicies([document, right("p2")]),
        [child("p2")],
        StubAudit([record(5, None, Entries(users=("x",)))]),
    )
    assert lines(found)[-1].endswith("; changed by ada@contoso.com on 2026-11-22 11:05 UTC")


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


def test_a_lost_edit_names_what_the_stack_knows() -> None:
    records = [
        record(5, WANTED, Entries(("g1",))),
        record(6, Entries(("g1",)), WANTED, own=True),
    ]
    found = report(StubPolicies([right()]), audit=StubAudit(records))
    assert found.lost == []
    lost = LostEdit("p1", WANTED, Entries(), records[0].change, records[1].change)
    (line,) = text.lost_lines(replace(found, lost=[lost]))
    assert "ada@contoso.com excluded group BTG Admins, account x1@contoso.com on" in line


def test_a_policy_whose_last_change_is_not_in_the_log_is_to_be_verified_again() -> None:
    documents = [
        {**right(key, key), "modifiedDateTime": f"2026-11-{when}Z"}
        for key, when in (
            ("p1", "22T11:40:00"),
            ("P2", "22T11:06:20"),
            ("p3", "22T11:30:00"),
            ("p4", "01T11:30:00"),
        )
    ]
    known = replace(LOST[1], change=replace(LOST[1].change, policy_id="p2"))
    children = [child(document["id"]) for document in documents]
    found = report(StubPolicies(documents), children, StubAudit([known]))
    (line,) = found.audit_troubles
    assert line.startswith("what changed last in 2 policies is not in the audit log")
    assert found.is_right
    assert report(StubPolicies(documents), children, days=0).audit_troubles == []


@pytest.mark.parametrize(
    ("mine", "application", "told"),
    [(False, True, True), (True, True, False), (False, False, False)],
)
def test_credentials_that_are_not_the_writers_see_no_lost_edit_and_say_so(
    mine: bool, application: bool, told: bool
) -> None:
    by_another = replace(
        record(5, Entries(), WANTED, by="application 'Deployment'"), application=application
    )
    other = record(4, Entries(), Entries(users=("x",)), own=mine)
    found = report(StubPolicies([right()]), audit=StubAudit([by_another, other]))
    lines = [line for line in found.audit_troubles if line.startswith("application 'Deployment'")]
    assert bool(lines) is told


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
    assert words in found.audit_troubles[0]


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
    new, known = document.pop("policies")
    assert new == {
        "component": "exclusion",
        "id": "p2",
        "name": "New",
        "state": "disabled",
        "result": Result.NEW.value,
        "lacks": ["group BTG Admins", "account x1@contoso.com"],
        "reason": "",
        "changed": None,
    }
    assert (known["result"], known["changed"]) == ("excluded", None)
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
