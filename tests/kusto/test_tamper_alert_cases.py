"""The tamper alert on rows: what was done, to whom, by whom, how late → rings or not."""

import json
from collections.abc import Iterable
from typing import Any

from alerting.tamper_alert import TAMPER_SCHEDULE, TamperTargets, tamper_alert_query
from tests.kusto.alarm_queries import ACCOUNT, GROUP, POLICY, ROLE, SECOND
from tests.kusto.watch import Json, audit_row, later, rung, target, watch
from tests.sandbox.watched_tenant import WatchedTenant

OTHER_USER = "9d8e4c1a-0000-4000-8000-00000000000c"
OTHER_GROUP = "b7e0c1de-0000-4000-8000-000000000002"
OTHER_ROLE = "fe930be7-5e62-47db-91af-98c3a49a38b1"
OURS, STRANGER = target(ACCOUNT.object_id, "Quiet Harbor"), target(OTHER_USER, "Ada")
BY_US = {"InitiatedBy": {"user": {"id": ACCOUNT.object_id, "userPrincipalName": "q@contoso.com"}}}
BY_APPLICATION = {"InitiatedBy": {"app": {"displayName": "terraform"}, "user": None}}


def membership(user: str, group: str, verb: str = "Add", **columns: Any) -> Json:
    word = "to" if verb == "Add" else "from"
    link = {"displayName": "Group.ObjectID", "oldValue": None, "newValue": f'"{group}"'}
    return audit_row(
        f"{verb} member {word} group", target(user, "", link), target(group), **columns
    )


def role(user: str, role_id: str, name: str = "Add member to role", **columns: Any) -> Json:
    link = {"displayName": "Role.ObjectID", "oldValue": None, "newValue": f'"{role_id}"'}
    return audit_row(name, target(user, "", link), target(role_id), **columns)


RINGS = {
    **{
        name: audit_row(name, OURS)
        for name in (
            "Reset user password",
            "Change user password",
            "RESET PASSWORD (BY ADMIN)",
            "Disable account",
            "Delete user",
            "Update user",
            "User registered security info",
            "User deleted security info",
            "Admin registered security info",
            "Add Passkey (device-bound)",
            "Delete Passkey (device-bound)",
            "Change user license",
            "An activity that Microsoft adds next year",
        )
    },
    "id in capitals": audit_row("Disable account", target(ACCOUNT.object_id.upper())),
    "the second account": audit_row("Disable account", target(SECOND.object_id.lower())),
    "a failed attempt": audit_row("Reset user password", OURS, Result="failure"),
    "by an application": audit_row("Reset user password", OURS, **BY_APPLICATION),
    "stranger into the group": membership(OTHER_USER, GROUP),
    "stranger out of the group": membership(OTHER_USER, GROUP, "Remove"),
    "account into another group": membership(ACCOUNT.object_id, OTHER_GROUP),
    "account out of the group": membership(ACCOUNT.object_id, GROUP, "Remove"),
    "group changed": audit_row("Update group", target(GROUP)),
    "group deleted": audit_row("Delete group", target(GROUP)),
    "owner of the group": audit_row("Add owner to group", STRANGER, target(GROUP)),
    "role taken": role(ACCOUNT.object_id, ROLE, "Remove member from role"),
    "another role given": role(ACCOUNT.object_id, OTHER_ROLE),
    "role given to the group": role(GROUP, OTHER_ROLE),
    "made eligible": role(
        ACCOUNT.object_id, ROLE, "Add eligible member to role in PIM completed (permanent)"
    ),
    "rules of the role": audit_row("Update role setting in PIM", target(ROLE)),
    "security defaults": audit_row("Update security defaults", target("")),
    "a policy deleted": audit_row("Delete conditional access policy", target(POLICY)),
    "in other letters": audit_row("DELETE Conditional Access Policy", target(POLICY)),
    "without target": audit_row("update security defaults"),
    "done by the account": audit_row("Update user", STRANGER, **BY_US),
    "done by the account, no target": audit_row("Consent to application", **BY_US),
}
SILENT = {
    "somebody else's password": audit_row("Reset user password", STRANGER),
    "somebody else made administrator": role(OTHER_USER, ROLE),
    "somebody else out of the role": role(OTHER_USER, ROLE, "Remove member from role"),
    "another role's rules": audit_row("Update role setting in PIM", target(OTHER_ROLE)),
    "another group": membership(OTHER_USER, OTHER_GROUP),
    "a policy that names us": audit_row(
        "Update conditional access policy",
        target(
            POLICY,
            "Require MFA",
            {
                "displayName": "ConditionalAccessPolicy",
                "oldValue": None,
                "newValue": json.dumps({"users": [ACCOUNT.object_id], "groups": [GROUP]}),
            },
        ),
    ),
    "a policy that names nobody": audit_row("Add conditional access policy", target(POLICY)),
    "a name like ours": audit_row("Update user", target(OTHER_USER, "Quiet Harbor")),
    "no target": audit_row("Update user"),
}


def watched() -> WatchedTenant:
    targets = TamperTargets([ACCOUNT.object_id, SECOND.object_id], [GROUP], [ROLE])
    return watch(tamper_alert_query(targets, customer="Fabrikam"), TAMPER_SCHEDULE)


def ring(tenant: WatchedTenant, rows: Iterable[tuple[str, Json]]) -> list[Json]:
    for name, row in rows:
        tenant.tenant.logs.emit("AuditLogs", row | {"Id": name, "ResultReason": name})
    return rung(tenant)


def test_what_is_done_to_or_by_what_is_ours_rings_and_nothing_else() -> None:
    tenant = watched()
    rows = ring(tenant, (RINGS | SILENT).items())
    assert sorted(row["ResultReason"] for row in rows) == sorted(RINGS)
    assert [len(firing["rows"]) for firing in tenant.firings] == [1], "one message for all of it"


def test_the_row_says_what_was_done_to_whom_by_whom() -> None:
    rows = ring(
        watched(),
        [
            ("a", membership(ACCOUNT.object_id, GROUP, "Remove")),
            ("b", audit_row("Reset user password", OURS, Result="failure", **BY_APPLICATION)),
        ],
    )
    by_row = {row["ResultReason"]: row for row in rows}
    first, second = by_row["a"], by_row["b"]
    assert (first["Activity"], first["By"]) == ("Remove member from group", "ada@contoso.example")
    assert first["IPAddress"] == "198.51.100.7"
    assert set(first["ObjectIds"].split(", ")) == {ACCOUNT.object_id, GROUP}
    assert (second["Activity"], second["Result"]) == ("Reset user password", "failure")
    assert (second["By"], second["Objects"]) == ("terraform", "Quiet Harbor")
    assert second["Customer"] == "Fabrikam"


def test_late_rows_ring_once_or_twice() -> None:
    tenant = watched()
    lates = (61, 23 * 60 + 50)
    for late in lates:
        later(tenant, late)
        row = audit_row("Disable account", OURS, Id=str(late), ResultReason=str(late))
        tenant.tenant.logs.emit("AuditLogs", row)
    names = [row["ResultReason"] for row in rung(tenant, minutes=24 * 60 + 10)]
    assert set(names) == {str(late) for late in lates}
    assert max(names.count(name) for name in names) <= 2
