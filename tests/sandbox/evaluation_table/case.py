"""One row of the table of sign-ins: what a page says, a sign-in, and what must come of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

Object = dict[str, Any]


def thing(name: str) -> str:
    """The id of a thing of the table's tenant, for example `thing("users/eve")`."""
    return str(uuid5(NAMESPACE_DNS, f"table.example/{name}"))


@dataclass(frozen=True)
class Case:
    """`says` is what the page states. `policies` are in force when `sign_in` is tried.

    `results` has one word for each policy: `applied`; What If's reason when it is ruled out
    (`users`, `location` …); the log's word for a report-only policy that would apply; or
    `notEvaluated`. `names` must stand in the first policy's reason, `code` is the sign-in's
    error code, `asks` must stand in what the platform asks for ("" for: it asks for nothing).
    """

    says: str
    policies: Sequence[Object]
    sign_in: Object
    decision: str
    results: Sequence[str]
    code: str | None = None
    names: str = ""
    asks: str | None = None
    behaviour: Mapping[str, object] = field(default_factory=dict[str, object])
    security_defaults: bool = False


@dataclass(frozen=True)
class Group:
    """Cases that one page of the documentation stands for."""

    source: str
    cases: Sequence[Case]


EVERYBODY: Object = {"includeUsers": ["All"]}
EVERYTHING: Object = {"includeApplications": ["All"]}


def policy(
    *controls: str,
    users: Object | None = None,
    apps: Object | None = None,
    state: str = "enabled",
    operator: str = "OR",
    session: Object | None = None,
    grant: Object | None = None,
    **conditions: Any,
) -> Object:
    """A policy for everybody and everything, but for what is said."""
    asked: Object | None = {"operator": operator, "builtInControls": list(controls)}
    if grant is not None:
        asked = {**asked, **grant}
    elif not controls:
        asked = None
    return {
        "state": state,
        "conditions": {
            "users": users or EVERYBODY,
            "applications": apps or EVERYTHING,
            "clientAppTypes": ["all"],
            **conditions,
        },
        "grantControls": asked,
        "sessionControls": session,
    }


def for_users(**users: Any) -> Object:
    """Block some users."""
    return policy("block", users=users)


def for_apps(*included: str, excluded: Sequence[str] = ()) -> Object:
    """Block some applications."""
    apps = {"includeApplications": list(included), "excludeApplications": list(excluded)}
    return policy("block", apps=apps)


def passes(says: str, rule: Object, why: str, **sign_in: Any) -> Case:
    """A single policy is ruled out for this reason, so the user is in."""
    return Case(says, [rule], sign_in, "allowed", [why], "0")


def stops(says: str, rule: Object, **sign_in: Any) -> Case:
    """A single policy applies, and blocks."""
    return Case(says, [rule], sign_in, "blocked", ["applied"], "53003")
