"""The answer to a sign-in, which explains itself as Microsoft's What If does.

Each policy has What If's `policyApplies` and `analysisReasons` (the first condition that ruled it
out), the same in words, and the controls that it asks for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.tenant.access.cloud_apps import CloudApp
from sandbox.tenant.access.evaluation import Evaluation, PolicyResult
from sandbox.tenant.access.sign_in_details import log_result
from sandbox.tenant.access.sign_in_results import RESULTS


def answer_of(
    *,
    decision: str,
    user: Mapping[str, Any],
    app: CloudApp,
    evaluation: Evaluation | None,
    open_questions: Sequence[str],
    platform_asks: str | None,
    result: str,
    rows: Sequence[tuple[str, Mapping[str, Any]]],
) -> dict[str, Any]:
    """The answer of `POST /sandbox/sign-ins`; `rows` are (table, row), the sign-in's own first."""
    policies = evaluation.policies if evaluation else ()
    return {
        "decision": decision,
        "user": user["userPrincipalName"],
        "userId": user["id"],
        "app": app.display_name,
        "policiesApplied": [
            {
                "id": policy.id,
                "displayName": policy.display_name,
                "grantControls": list(policy.demand.controls) if policy.demand else [],
                "sessionControls": list(policy.session_controls),
            }
            for policy in (evaluation.applied if evaluation else ())
        ],
        "policies": [_explained(policy) for policy in policies],
        "notEvaluated": [*(evaluation.not_evaluated if evaluation else ()), *open_questions],
        "platformAsks": platform_asks,
        "resultType": result,
        "resultDescription": RESULTS[result],
        "table": rows[0][0],
        "row": rows[0][1],
        "rows": [{"table": table, "row": row} for table, row in rows],
    }


def _explained(policy: PolicyResult) -> dict[str, Any]:
    demand = policy.demand
    return {
        "id": policy.id,
        "displayName": policy.display_name,
        "state": policy.state,
        "result": policy.result,
        "reason": policy.reason,
        "policyApplies": policy.fits,
        "analysisReasons": policy.analysis,
        "logResult": log_result(policy),
        "grantOperator": demand.operator if demand else None,
        "grantControls": list(policy.controls),
        "sessionControls": dict(policy.session),
    }
