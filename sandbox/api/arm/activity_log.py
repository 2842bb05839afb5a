"""The activity log of a subscription, and the subscription's own diagnostic settings.

Source: Azure REST API, "Activity Logs - List" (2015-04-01) and "Diagnostic Settings"
(2021-05-01-preview).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sandbox.api.arm.common import listing, require
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.azure.types import bad_request, required_api_version
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.monitor.activity import RETENTION_SECONDS, ActivityEvent
from sandbox.tenant.monitor.activity_export import TYPE
from sandbox.tenant.monitor.activity_rows import event_body

router = Router(case_insensitive=True)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_EVENTS = f"{_SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values"
_SETTINGS = f"{_SUBSCRIPTION}/providers/{TYPE}"
_EVENT_VERSIONS = ("2014-04-01", "2015-04-01", "2017-03-01-preview")
_SETTING_VERSIONS = ("2017-05-01-preview", "2021-05-01-preview")
_PAGE = 200
_CLAUSE = re.compile(r"\s*(\w+)\s+(eq|ge|le)\s+'([^']*)'\s*", re.IGNORECASE)


@router.route("GET", _EVENTS)
def list_events(request: Request) -> Response:
    """The events of a subscription that `$filter` asks for, newest first."""
    _check_version(request, _EVENT_VERSIONS)
    subscription = _allowed(request, "Microsoft.Insights/eventtypes/values/read")
    wanted = _Wanted.parse(request.query.get("$filter"), request.tenant.clock.now())
    events = request.tenant.activity.events(subscription)
    names = [name.strip() for name in request.query.get("$select", "").split(",") if name.strip()]
    bodies = (event_body(event, request.tenant.id) for event in events if wanted.fits(event))
    found = [
        {name: body[name] for name in body if name in names} if names else body for body in bodies
    ]
    return listing(replace(request, query={"$top": str(_PAGE), **request.query}), found)


@router.route("GET", _SETTINGS)
def list_settings(request: Request) -> Response:
    """The diagnostic settings of a subscription."""
    _check_version(request, _SETTING_VERSIONS)
    subscription = _allowed(request, f"{TYPE}/read")
    return listing(request, request.tenant.activity_export.list(subscription))


@router.route("GET", f"{_SETTINGS}/{{name}}")
def get_setting(request: Request) -> Response:
    """One diagnostic setting of a subscription."""
    _check_version(request, _SETTING_VERSIONS)
    subscription = _allowed(request, f"{TYPE}/read")
    return Response(body=request.tenant.activity_export.get(subscription, request.params["name"]))


@router.route("PUT", f"{_SETTINGS}/{{name}}")
def put_setting(request: Request) -> Response:
    """Create or replace a diagnostic setting of a subscription."""
    _check_version(request, _SETTING_VERSIONS)
    subscription = _allowed(request, f"{TYPE}/write")
    export = request.tenant.activity_export
    return Response(body=export.put(subscription, request.params["name"], request.object_body()))


@router.route("DELETE", f"{_SETTINGS}/{{name}}")
def delete_setting(request: Request) -> Response:
    """Delete a diagnostic setting of a subscription."""
    _check_version(request, _SETTING_VERSIONS)
    subscription = _allowed(request, f"{TYPE}/delete")
    gone = request.tenant.activity_export.delete(subscription, request.params["name"])
    return Response(200 if gone else 204)


def _allowed(request: Request, action: str) -> str:
    """The id of a subscription in which the caller may do this."""
    subscription = request.tenant.azure.subscription(request.params["subscription"])
    require(request, action, subscription.scope)
    return subscription.subscription_id


def _check_version(request: Request, versions: tuple[str, ...]) -> None:
    version = required_api_version(request.query.get("api-version"))
    if version.lower() not in versions:
        raise bad_request(
            "NoRegisteredProviderFound",
            f"No registered resource provider found for API version '{version}'. The supported "
            f"api-versions are '{', '.join(versions)}'.",
        )


@dataclass(frozen=True)
class _Wanted:
    """What a `$filter` asks for: a span of time (epoch seconds) and at most one other condition."""

    start: float
    end: float
    name: str = ""
    value: str = ""

    @classmethod
    def parse(cls, text: str | None, now: float) -> "_Wanted":
        """Read the few forms that the service takes; raises ServiceError 400."""
        clauses = list(_clauses(text))
        times = {op: value for name, op, value in clauses if name == "eventtimestamp"}
        others = [(n, value) for n, op, value in clauses if n in _FIELDS and op == "eq"]
        if "ge" not in times or len(others) > 1 or len(times) + len(others) != len(clauses):
            raise _refused(text)
        start, end = _time(times["ge"]), _time(times["le"]) if "le" in times else now
        if start < now - RETENTION_SECONDS:
            raise bad_request("BadRequest", "The start time can be at most 90 days in the past.")
        if end < start:
            raise bad_request("BadRequest", "The end time must be after the start time.")
        return cls(start, end, *(others[0] if others else ()))

    def fits(self, event: ActivityEvent) -> bool:
        """Whether the event is asked for."""
        if not self.start <= event.time <= self.end:
            return False
        return not self.name or _values(event)[self.name].lower() == self.value.lower()


_FIELDS = frozenset({"resourcegroupname", "resourceuri", "resourceprovider", "correlationid"})


def _values(event: ActivityEvent) -> Mapping[str, str]:
    return {
        "resourcegroupname": event.resource_group,
        "resourceuri": event.resource_id,
        "resourceprovider": event.resource_provider,
        "correlationid": event.correlation_id,
    }


def _clauses(text: str | None) -> Iterator[tuple[str, str, str]]:
    for part in re.split(r"\s+and\s+", text or "", flags=re.IGNORECASE):
        found = _CLAUSE.fullmatch(part)
        if found is None:
            raise _refused(text)
        yield found[1].lower(), found[2].lower(), found[3]


def _time(text: str) -> float:
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise _refused(text) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _refused(text: str | None) -> ServiceError:
    return bad_request(
        "BadRequest",
        f"The $filter '{text or ''}' is not supported: expected eventTimestamp ge '…', then maybe "
        "eventTimestamp le '…' and one of resourceGroupName, resourceUri, resourceProvider, "
        "correlationId with eq.",
    )
