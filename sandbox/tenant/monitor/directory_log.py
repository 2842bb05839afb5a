"""The directory's own log: audit records and sign-ins as Graph gives them under `/auditLogs`.

It is kept whether or not a diagnostic setting exists, for as long as the licence allows (Microsoft
Learn, "Microsoft Entra data retention": 30 days with P1 or P2, 7 days without), and it can be read
a little later than things happen. Only what succeeded is in it: which failures Entra records is
documented nowhere.
"""

import random
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sandbox.tenant.behaviour import Behaviour
from sandbox.tenant.changes import Change, Changes, Initiator, Request
from sandbox.tenant.clock import Clock
from sandbox.tenant.directory.roles import GLOBAL_ADMINISTRATOR
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.monitor.audit_activities import JSON, Activity
from sandbox.tenant.monitor.audit_directory import DirectoryActivities
from sandbox.tenant.monitor.audit_policies import method_activities, policy_activities
from sandbox.tenant.monitor.audit_rows import audit_row
from sandbox.tenant.monitor.log_store import moment
from sandbox.tenant.monitor.logs import Logs
from sandbox.tenant.monitor.sign_in_records import sign_in_record

MOST_RECORDS = 50_000
"""So many audit records, and as many sign-ins, are kept of a tenant; older ones give way."""

_DAY = 86400.0
_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_SIGN_INS = ("SignInLogs", "NonInteractiveUserSignInLogs")


class DirectoryLog:
    """Audit records and sign-ins of a tenant, oldest first. Its user holds the tenant's lock."""

    def __init__(
        self, clock: Clock, behaviour: Behaviour, directory: Directory, changes: Changes, logs: Logs
    ) -> None:
        self._clock = clock
        self._behaviour = behaviour
        self._directory = directory
        self._activities = DirectoryActivities(directory)
        self._logs = logs
        self._audits: deque[JSON] = deque(maxlen=MOST_RECORDS)
        self._sign_ins: deque[JSON] = deque(maxlen=MOST_RECORDS)
        changes.listen(self.hear)
        logs.listen(self._hear_row)

    def read(self, document: Mapping[str, Any]) -> "DirectoryLog":
        """Read the keys `auditRecords` and `signInRecords`."""
        self._audits.extend(document.get("auditRecords", []))
        self._sign_ins.extend(document.get("signInRecords", []))
        return self

    def to_document(self) -> dict[str, Any]:
        """The keys `auditRecords` and `signInRecords`."""
        return {"auditRecords": list(self._audits), "signInRecords": list(self._sign_ins)}

    def audits(self) -> Iterator[JSON]:
        """The audit records that can be read by now, as Graph's `directoryAudit`, newest first."""
        return self._readable(self._audits)

    def sign_ins(self) -> Iterator[JSON]:
        """The sign-ins that can be read by now, as Graph's `signIn`, newest first."""
        return self._readable(self._sign_ins)

    def hear(self, request: Request) -> None:
        """Somebody's request changed something: one record for each activity that this was."""
        initiator = self._named(request.initiator)
        found = [
            (change, activity)
            for change in request.changes
            for activity in self._of(change, request, initiator)
        ]
        # What is taken from an object that is gone for good is a part of its being deleted.
        gone = [pair for pair in found if pair[1].name.startswith("Hard Delete")]
        for number, (change, activity) in enumerate(gone or found):
            self._record(activity, change, request, initiator, number)

    def _of(self, change: Change, request: Request, initiator: Initiator) -> list[Activity]:
        match change.kind:
            case "user":
                return self._activities.of_user(change, request.changes, initiator)
            case "group":
                return self._activities.of_group(change, request.changes)
            case "deletedUser" | "deletedGroup":
                return self._activities.hard_deleted(change, request.changes)
            case "roleAssignment":
                return self._activities.of_role_assignment(change)
            case "roleEligibility":
                return [self._activities.of_eligibility(change)]
            case "administrativeUnit":
                return self._activities.of_unit(change)
            case "authenticationMethod":
                return method_activities(change, initiator, self._directory)
            case _:
                return policy_activities(change, request.changes)

    def _record(
        self,
        activity: Activity,
        change: Change,
        request: Request,
        initiator: Initiator,
        number: int,
    ) -> None:
        chance = random.Random(f"{request.correlation_id}/{number}")  # noqa: S311
        tail = "".join(chance.choices(_CHARACTERS, k=5))
        record: JSON = {
            "id": f"{activity.service.prefix}_{request.correlation_id}_{tail}_"
            f"{chance.randrange(10_000_000, 99_999_999)}",
            "category": activity.category,
            "correlationId": request.correlation_id,
            "result": "success",
            "resultReason": activity.result_reason,
            "activityDisplayName": activity.name,
            "activityDateTime": moment(change.time),
            "loggedByService": activity.service.name,
            "operationType": activity.operation,
            "initiatedBy": _initiated_by(initiator),
            "targetResources": list(activity.targets),
            "additionalDetails": list(activity.details),
        }
        self._audits.append({**record, "readableFrom": self._readable_from(chance)})
        self._logs.emit("AuditLogs", audit_row(record, self._directory.tenant_id, initiator.name))

    def _hear_row(self, category: str, row: Mapping[str, Any]) -> None:
        if category in _SIGN_INS:
            record = sign_in_record(row)
            seed = f"{self._behaviour.random_seed}/sign-in/{row.get('Id')}"
            chance = random.Random(seed)  # noqa: S311
            self._sign_ins.append({**record, "readableFrom": self._readable_from(chance)})

    def _readable_from(self, chance: random.Random) -> str:
        mean = self._behaviour.directory_log_delay_seconds
        return moment(self._clock.now() + mean * chance.uniform(0.5, 1.5))

    def _readable(self, records: deque[JSON]) -> Iterator[JSON]:
        now = self._clock.now()
        days = 30 if self._directory.has_premium else 7
        oldest, latest = moment(now - days * _DAY), moment(now)
        for record in reversed(records):
            time = record.get("activityDateTime") or record["createdDateTime"]
            if time >= oldest and record["readableFrom"] <= latest:
                yield {name: value for name, value in record.items() if name != "readableFrom"}

    def _named(self, initiator: Initiator) -> Initiator:
        """An administrator whom nobody named is the tenant's first Global Administrator."""
        if initiator.kind == "app" or initiator.object_id:
            return initiator
        for assignment in self._directory.role_assignments.values():
            user = self._directory.users.get(assignment["principalId"])
            if user and assignment["roleDefinitionId"] == GLOBAL_ADMINISTRATOR:
                name = str(user["userPrincipalName"])
                return Initiator("user", user["id"], name, ip_address=initiator.ip_address)
        return Initiator("user", str(UUID(int=0)), initiator.name, ip_address=initiator.ip_address)


def _initiated_by(initiator: Initiator) -> JSON:
    """Core Directory's rows name an application by its service principal, not by its app id."""
    if initiator.kind == "app":
        app = {
            "appId": None,
            "displayName": initiator.name,
            "servicePrincipalId": initiator.object_id,
            "servicePrincipalName": None,
        }
        return {"user": None, "app": app}
    user = {
        "id": initiator.object_id,
        "displayName": None,
        "userPrincipalName": initiator.name,
        "ipAddress": initiator.ip_address,
        "userType": None,
        "homeTenantId": None,
        "homeTenantName": None,
    }
    return {"user": user, "app": None}
