"""What a policy guards: applications, groups of them, user actions, authentication contexts.

Source: Microsoft Learn, "Conditional Access: Target resources" and "Conditional Access: Filter for
applications"; Microsoft Graph reference, "conditionalAccessRoot: evaluate" (example 3: a policy for
all resources applies to a user action too).
"""

from collections.abc import Sequence

from sandbox.tenant.access import filter_rules
from sandbox.tenant.access.cloud_apps import ADMIN_PORTALS
from sandbox.tenant.access.sign_in_context import NotEvaluated, Object, SignInContext


def applications(conditions: Object, context: SignInContext) -> str | None:
    """None when the target fits, else why not; an excluded application wins."""
    scope: Object = conditions["applications"]
    if actions := scope.get("includeUserActions"):
        if context.user_action in actions:
            return None
        return f"target resources: only for the user action {', '.join(actions)}"
    if contexts := scope.get("includeAuthenticationContextClassReferences"):
        if context.authentication_context in contexts:
            return None
        return f"target resources: only for the authentication context {', '.join(contexts)}"
    if _is_named(scope.get("excludeApplications") or (), context):
        return "target resources: the application is excluded"
    included = scope.get("includeApplications") or ()
    named = _is_named(included, context) or ("All" in included and _asks_for_something(context))
    rule: Object | None = scope.get("applicationFilter")
    if rule is None:
        return None if named else "target resources: the application is not included"
    if rule["mode"] == "include" and named:
        return None
    if rule["mode"] == "exclude" and not named:
        return "target resources: the application is not included"
    return _filtered(rule, context)


def _asks_for_something(context: SignInContext) -> bool:
    """Whether a token is asked for, or a user action done; an authentication context is neither."""
    return context.app_id is not None or context.user_action is not None


def _is_named(entries: Sequence[str], context: SignInContext) -> bool:
    own = {(context.resource_id or "").lower()}
    if context.client_is_target:
        own.add((context.app_id or "").lower())
    groups = context.app_groups
    if not context.interactive:
        # The admin portals as a group are guarded for interactive sign-ins only.
        groups = groups - {ADMIN_PORTALS}
    return any(entry and (entry in groups or entry.lower() in own) for entry in entries)


def _filtered(rule: Object, context: SignInContext) -> str | None:
    where = "conditions.applications.applicationFilter"
    if context.app_attributes is None:
        raise NotEvaluated(f"{where}: the application's custom security attributes are not known;")
    attributes = context.app_attributes
    try:
        parsed = filter_rules.parse(rule["rule"], "CustomSecurityAttribute")
    except filter_rules.RuleError as error:
        raise NotEvaluated(f"{where}: {error}") from None
    fits = filter_rules.evaluate(
        parsed, lambda comparison: filter_rules.holds(comparison, attributes.get(comparison.name))
    )
    if fits == (rule["mode"] == "include"):
        return None
    return f"target resources: the application is not in scope of {rule['mode']} {rule['rule']}"
