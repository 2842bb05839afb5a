"""Who changed a Conditional Access policy, from the directory's audit log.

Source: Microsoft Graph v1.0 reference, "List directoryAudits", "directoryAudit resource type"
(AuditLog.Read.All and Directory.Read.All; `$filter`, `$top`, `$orderby`); Microsoft Learn,
"Microsoft Entra data retention" (30 days with a P1 or P2 licence, 7 without). That the service
`Conditional Access` logs every change of a policy is in Microsoft's troubleshooting guides. That a
record's ``ConditionalAccessPolicy`` value is the policy's JSON, and how an application is named
(``appId`` mostly empty, ``servicePrincipalId`` set), is observed.

Records can be read some minutes after the change. Errors: ``Forbidden`` without the permissions,
``GraphError`` for everything else (see ``entra.errors``).
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from entra.client import GraphClient
from entra.exclusion import Entries, live_entries
from entra.policy import Policy, told
from entra.policy_change import Loss, PolicyChange, PolicyRecord, culprits

_AUDITS: Final = "/v1.0/auditLogs/directoryAudits"
_SERVICE: Final = "loggedByService eq 'Conditional Access'"
_ACTIVITY: Final = re.compile(r"(add|update|delete|restore|hard delete) conditional access policy")
_VALUE: Final = "conditionalaccesspolicy"
# The service takes five of these requests in ten seconds, and a tenant can have months of records.
_PAGE_SIZE: Final = 999
MOST_RECORDS: Final = 4 * _PAGE_SIZE
"""So many of the newest records are looked at, in requests of 999."""
PATIENCE_SECONDS: Final = 5.0
"""So long a client may pause for this log: it serves messages, and what waits is a healing."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class _Value(_Part):
    display_name: str | None = None
    old_value: Any = None
    new_value: Any = None


class _Target(_Part):
    id: str | None = None
    modified_properties: tuple[_Value, ...] | None = None


class _Actor(_Part):
    id: str | None = None
    display_name: str | None = None
    user_principal_name: str | None = None
    app_id: str | None = None
    service_principal_id: str | None = None


class _Initiator(_Part):
    user: _Actor | None = None
    app: _Actor | None = None


class _Audit(_Part):
    activity_display_name: str
    activity_date_time: datetime
    result: str | None = None
    initiated_by: _Initiator | None = None
    target_resources: tuple[_Target, ...] | None = None


class AuditLog:
    """The changes of Conditional Access policies, newest first."""

    def __init__(self, graph: GraphClient, own_object_id: str) -> None:
        """`own_object_id`: of the service principal that we run as (the token's ``oid``)."""
        self._graph = graph
        self._own = own_object_id.casefold()

    def last_changes(self, losses: Mapping[str, Loss]) -> Mapping[str, PolicyChange]:
        """Who is behind each loss, keyed by the policy ids as they were given.

        A policy is left out when the log does not show it (see ``culprits``). One request for most
        tenants, five at the very most.
        """
        conditions = [_SERVICE]
        if len(losses) == 1:
            conditions.append(f"targetResources/any(t:t/id eq '{_quoted(*losses)}')")
        return culprits(losses, self._records(conditions))

    def changes_since(self, moment: datetime) -> list[PolicyRecord]:
        """Every recorded change of a policy from `moment` on, newest first."""
        text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return list(self._records([f"activityDateTime ge {text}", _SERVICE]))

    def _records(self, conditions: Collection[str]) -> Iterator[PolicyRecord]:
        query = {
            "$filter": " and ".join(conditions),
            "$orderby": "activityDateTime desc",
            "$top": str(_PAGE_SIZE),
        }
        for number, document in enumerate(self._graph.pages(_AUDITS, query), start=1):
            yield from self._read(document)
            if number == MOST_RECORDS:
                return

    def _read(self, document: Mapping[str, Any]) -> Iterator[PolicyRecord]:
        """One for each policy that a record is about; none for what is no change of a policy."""
        try:
            audit = _Audit.model_validate(document)
        except ValidationError:
            return
        if audit.result not in (None, "success"):
            return
        if not _ACTIVITY.fullmatch(audit.activity_display_name.casefold()):
            return
        initiator = audit.initiated_by or _Initiator()
        for target in audit.target_resources or ():
            if target.id is None:
                continue
            change = PolicyChange(
                target.id,
                audit.activity_display_name,
                _named(initiator),
                _aware(audit.activity_date_time),
            )
            before, after = _values(target)
            by_application = initiator.user is None and initiator.app is not None
            yield PolicyRecord(change, self._is_own(initiator), before, after, by_application)

    def _is_own(self, initiator: _Initiator) -> bool:
        app = initiator.app
        return app is not None and (app.service_principal_id or "").casefold() == self._own


def _named(initiator: _Initiator) -> str:
    user, app = initiator.user, initiator.app
    if user is not None and (user.user_principal_name or user.id):
        return told(user.user_principal_name or f"user {user.id}")
    if app is not None and app.display_name:
        return f"application '{told(app.display_name)}'"
    if app is not None and (app.app_id or app.service_principal_id):
        return f"application {app.app_id or app.service_principal_id}"
    return "somebody whom the log does not name"


def _values(target: _Target) -> tuple[Entries | None, Entries | None]:
    for value in target.modified_properties or ():
        if (value.display_name or "").casefold() == _VALUE:
            return _excluded(value.old_value), _excluded(value.new_value)
    return None, None


def _excluded(value: Any) -> Entries | None:
    """What a policy excluded, from its JSON in a record; None when it cannot be told.

    The text can be JSON in JSON, and a long one can be cut off.
    """
    for _ in range(2):
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                return None
    if not isinstance(value, dict):
        return None
    document = cast("dict[str, Any]", value)
    try:
        return live_entries(Policy.model_validate({"id": "", **document}))
    except ValidationError:
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _quoted(text: str) -> str:
    return text.replace("'", "''")
