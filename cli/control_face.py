"""The simulated tenant's control face, as the command uses it.

Raises CommandFailed in one line when the tenant does not answer or refuses.
"""

import ssl
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from cli.failure import CommandFailed

_POLICIES = "/identity/conditionalaccess/policies"


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class TenantName(_Answer):
    """One tenant of the simulated service."""

    id: str
    display_name: str
    initial_domain: str


class Health(_Answer):
    """Whether the service is up, and which tenants it has."""

    service: str
    ready: bool
    version: str
    tenants: list[TenantName]


class AppliedPolicy(_Answer):
    """A policy that applied to a sign-in."""

    id: str
    display_name: str
    grant_controls: list[str] = []
    session_controls: list[str] = []


class JudgedPolicy(_Answer):
    """A policy and why it did or did not apply."""

    id: str
    display_name: str
    state: str
    result: str
    reason: str | None = None


class SignInAnswer(_Answer):
    """What the tenant decided about a sign-in."""

    decision: str
    user: str
    app: str
    policies_applied: list[AppliedPolicy]
    policies: list[JudgedPolicy]
    not_evaluated: list[str] = []
    platform_asks: str | None = None
    result_type: str
    result_description: str = ""
    table: str

    def deciding_policy(self) -> str | None:
        """Name of the first policy that led to the decision; None when none did."""
        for policy in self.policies_applied:
            blocks = "block" in policy.grant_controls
            if self.decision == "blocked" and blocks:
                return policy.display_name
            if self.decision == "mfa" and policy.grant_controls and not blocks:
                return policy.display_name
        return None


class RequestEntry(_Answer):
    """One request that the tenant answered."""

    number: int
    method: str
    path: str
    status: int
    throttled: bool = False
    actor: str | None = None

    @property
    def on_policies(self) -> bool:
        """Whether it is a client's request to the Conditional Access policies."""
        return self.actor != "administrator" and _POLICIES in self.path.lower()


class UnknownCall(_Answer):
    """A call that is not simulated, and how often it came."""

    method: str
    path: str
    count: int


class Firing(_Answer):
    """One time that an alert rule rang."""

    time: datetime
    rule: str
    severity: int


class RuleFigures(_Answer):
    """What an alert rule has done and cost since it was made."""

    rule: str
    enabled: bool
    evaluations: int
    failures: int
    price_per_month: float


class AlertReport(_Answer):
    """Alerts that rang, rules that could not run, and what all of them cost."""

    value: list[Firing]
    failures: list[dict[str, Any]]
    rules: list[RuleFigures]
    cost: dict[str, Any]


class Message(_Answer):
    """One message of an action group, and whether it went out."""

    time: datetime
    channel: str
    recipient: str
    subject: str = ""
    body: str = ""
    status: str = "sent"
    reason: str = ""


class Policy(_Answer):
    """A Conditional Access policy, as far as the story tells of it."""

    id: str
    display_name: str
    state: str
    conditions: dict[str, Any] = Field(default_factory=dict)
    grant_controls: dict[str, Any] | None = None

    def excludes_group(self, group_id: str) -> bool:
        """Whether the group is excluded."""
        users: dict[str, Any] = self.conditions.get("users") or {}
        return group_id in (users.get("excludeGroups") or [])

    def asks(self) -> str:
        """What the policy asks for: its grant controls, else 'session controls'."""
        grant = self.grant_controls or {}
        built_in: list[str] = grant.get("builtInControls") or []
        controls = list(built_in)
        if grant.get("authenticationStrength"):
            controls.append("authentication strength")
        if grant.get("termsOfUse"):
            controls.append("terms of use")
        return ", ".join(controls) or "session controls"


class ControlFace:
    """Talks to a running simulated tenant."""

    def __init__(
        self,
        url: str,
        certificate_authority: Path,
        *,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url
        verify: ssl.SSLContext | bool = True
        if transport is None:
            verify = ssl.create_default_context(cafile=str(certificate_authority))
        # trust_env off: a company proxy must not be asked for localhost.
        self._client = httpx.Client(
            base_url=url, verify=verify, transport=transport, timeout=30, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            response = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise CommandFailed(
                f"The simulated tenant at {self.url} does not answer ({type(error).__name__}). "
                "Start it with `breakglass sandbox start`."
            ) from error
        if response.is_error:
            raise CommandFailed(
                f"The simulated tenant refused {method} {path}: {response.status_code} "
                f"{_error_text(response)}"
            )
        return response.json() if response.content else {}

    def _values(self, path: str) -> Sequence[Any]:
        return self._call("GET", path)["value"]

    def health(self) -> Health:
        """Which service answers, and its tenants."""
        return Health.model_validate(self._call("GET", "/sandbox/health"))

    def document(self) -> dict[str, Any]:
        """The tenant's whole state."""
        return self._call("GET", "/sandbox/tenant")

    def policies(self) -> list[Policy]:
        """The tenant's Conditional Access policies, as they are now."""
        return [
            Policy.model_validate(policy)
            for policy in self._values("/sandbox/conditional-access/policies")
        ]

    def requests(self, *, after: int = 0) -> list[RequestEntry]:
        """The requests with a number above `after`."""
        entries = [RequestEntry.model_validate(r) for r in self._values("/sandbox/requests")]
        return [entry for entry in entries if entry.number > after]

    def last_request(self) -> int:
        """Number of the newest request in the log; 0 when there is none."""
        return max((entry.number for entry in self.requests()), default=0)

    def unknown(self) -> list[UnknownCall]:
        """The calls that are not simulated, since the tenant's start."""
        return [UnknownCall.model_validate(u) for u in self._values("/sandbox/unknown")]

    def knobs(self) -> dict[str, Any]:
        """How the tenant behaves: every knob and how it is set."""
        return self._call("GET", "/sandbox/behaviour")

    def conditional_access_rate(self) -> float:
        """Conditional Access requests per second; 100 where there is no limit."""
        return float(self.knobs()["conditionalAccessRequestsPerSecond"]) or 100.0

    def turn(self, knobs: Mapping[str, Any]) -> None:
        """Set some knobs, all or none."""
        self._call("PATCH", "/sandbox/behaviour", knobs)

    def sign_in(self, **body: Any) -> SignInAnswer:
        """Sign a user in; the keys are those of `POST /sandbox/sign-ins`."""
        return SignInAnswer.model_validate(self._call("POST", "/sandbox/sign-ins", body))

    def advance(self, seconds: float) -> datetime:
        """Let virtual time pass; returns the tenant's time."""
        return datetime.fromisoformat(
            self._call("POST", "/sandbox/clock", {"advanceSeconds": seconds})["now"]
        )

    def now(self) -> datetime:
        """The tenant's time."""
        return datetime.fromisoformat(self._call("GET", "/sandbox/health")["now"])

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a log table that can be read by now, in all workspaces."""
        return list(self._values(f"/sandbox/logs/{quote(table, safe='')}"))

    def faults(self) -> list[dict[str, Any]]:
        """The faults that still wait for their request."""
        return list(self._values("/sandbox/faults"))

    def order_fault(self, fault: Mapping[str, Any]) -> None:
        """Let matching requests fail."""
        self._call("POST", "/sandbox/faults", fault)

    def clear_faults(self) -> None:
        """Forget all faults."""
        self._call("DELETE", "/sandbox/faults")

    def alerts(self) -> AlertReport:
        """What alert rules did, and what it costs."""
        return AlertReport.model_validate(self._call("GET", "/sandbox/alerts"))

    def firings(self) -> list[Firing]:
        """Alerts that rang."""
        return [Firing.model_validate(f) for f in self._values("/sandbox/alerts")]

    def outbox(self) -> list[Message]:
        """Messages that were sent."""
        return [Message.model_validate(m) for m in self._values("/sandbox/outbox")]

    def save_policy(self, policy: Mapping[str, Any]) -> Policy:
        """An administrator saves a new Conditional Access policy."""
        return Policy.model_validate(
            self._call("POST", "/sandbox/conditional-access/policies", policy)
        )

    def change_policy(self, policy_id: str, policy: Mapping[str, Any]) -> None:
        """An administrator saves an existing Conditional Access policy; lists are replaced."""
        self._call("PATCH", f"/sandbox/conditional-access/policies/{policy_id}", policy)

    def delete_policy(self, policy_id: str) -> None:
        """An administrator deletes a Conditional Access policy."""
        self._call("DELETE", f"/sandbox/conditional-access/policies/{policy_id}")


def _error_text(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return response.reason_phrase
