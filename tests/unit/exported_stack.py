"""A stack's state as `pulumi stack export` prints it, made with the component's own functions."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from cli.stack_state import COMPONENT_TYPE, EXCLUSION_TYPE
from components.exclusion_state import properties_of
from entra.exclusion import Entries
from tests.unit.graph_stub import TENANT

WANTED = Entries(("g1",), ("u1",))
LABELS = {"g1": "group BTG Admins", "u1": "account x1@contoso.com"}
_COMPONENT = f"urn:pulumi:prod::break-glass::{COMPONENT_TYPE}::exclusion"


def child(
    policy_id: str,
    name: str = "MFA for everybody",
    wanted: Entries = WANTED,
    *,
    reason: str = "",
    **more: Any,
) -> dict[str, Any]:
    """One policy exclusion in the state."""
    values: dict[str, Any] = {
        "tenantId": TENANT,
        "policyId": policy_id,
        "policyName": name,
        "wanted": properties_of(Entries() if reason else wanted),
        "stackObjects": properties_of(wanted),
        "labels": LABELS,
        "reason": reason,
        "pending": [],
    }
    outputs: dict[str, Any] = {**values, "added": properties_of(wanted), "missing": [], **more}
    return {
        "urn": f"{_COMPONENT}${EXCLUSION_TYPE}::exclusion-{policy_id}",
        "type": EXCLUSION_TYPE,
        "parent": _COMPONENT,
        "inputs": {**values, "pending": ["exclude group BTG Admins"]},
        "outputs": outputs,
    }


def exported(
    children: Iterable[Mapping[str, Any]] = (),
    *,
    outputs: Mapping[str, Any] | None = None,
    component: bool = True,
    **deployment: Any,
) -> str:
    """The whole document; `outputs` are the component's, None after a run that failed midway."""
    stack = "urn:pulumi:prod::break-glass::pulumi:pulumi:Stack::break-glass-prod"
    resources: list[Mapping[str, Any]] = [{"urn": stack, "type": "pulumi:pulumi:Stack"}]
    if component:
        made = {"urn": _COMPONENT, "type": COMPONENT_TYPE, "parent": stack}
        resources.append(made if outputs is None else {**made, "outputs": dict(outputs)})
    resources += children
    return json.dumps({"version": 3, "deployment": {"resources": resources, **deployment}})
