"""What a policy guards: applications, groups of them, user actions, authentication contexts.

A policy for a service guards the applications too that need this service before they open (early
binding); one that calls it later is asked then. Source: Microsoft Learn, "Conditional Access:
Target resources", "Conditional Access: Filter for applications" and "Conditional Access service
dependencies"; Microsoft Graph reference, "conditionalAccessRoot: evaluate" (example 3: a policy for
all resources applies to a user action too). Assumed: that the services which others need carry no
custom security attributes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from sandbox.tenant.access import filter_rules
from sandbox.tenant.access.cloud_apps import ADMIN_PORTALS, CloudApp
from sandbox.tenant.access.sign_in_context import NotEvaluated, Object, SignInContext


@dataclass(frozen=True)
class _Target:
    """What a token is asked for: ids in lower case; `attributes` None: not known."""

    ids: frozenset[str]
    groups: frozenset[str]
    open_groups: frozenset[str]
    attributes: Mapping[str, tuple[str, ...]] | None
    is_something: bool = True

    def possible_groups(self) -> Iterator[frozenset[str]]:
        """Every set of groups that it may be in."""
        for count in range(len(self.open_groups) + 1):
            for more in combinations(sorted(self.open_groups), count):
                yield self.groups | frozenset(more)


def applications(conditions: Object, context: SignInContext) -> str | None:
    """None when the target fits, else why not; an excluded application wins.

    Raises `NotEvaluated` when it depends on what is not known of the application.
    """
    scope: Object = conditions["applications"]
    if actions := scope.get("includeUserActions"):
        if context.user_action in actions:
            return None
        return f"target resources: only for the user action {', '.join(actions)}"
    if contexts := scope.get("includeAuthenticationContextClassReferences"):
        if context.authentication_context in contexts:
            return None
        return f"target resources: only for the authentication context {', '.join(contexts)}"
    if needed_service(conditions, context):
        return None
    reason = _held(scope, _own_target(context))
    if reason and (later := _first(scope, context.calls_later)):
        return f"{reason}; it is asked for once {later.display_name} is opened"
    return reason


def needed_service(conditions: Object, context: SignInContext) -> str | None:
    """The service that the application needs and that the policy guards, by its name."""
    scope: Object = conditions["applications"]
    found = _first(scope, context.needs)
    return found.display_name if found else None


def _first(scope: Object, services: Sequence[CloudApp]) -> CloudApp | None:
    for service in services:
        ids = frozenset({service.resource_id})
        if _held(scope, _Target(ids, service.groups, service.open_groups, {})) is None:
            return service
    return None


def _own_target(context: SignInContext) -> _Target:
    ids = {(context.resource_id or "").lower()}
    if context.client_is_target:
        ids.add((context.app_id or "").lower())
    # The admin portals as a group are guarded for interactive sign-ins only.
    unguarded: set[str] = set() if context.interactive else {ADMIN_PORTALS}
    return _Target(
        frozenset(ids - {""}),
        context.app_groups - unguarded,
        context.open_groups - unguarded,
        context.app_attributes,
        # An authentication context by itself asks for nothing.
        context.app_id is not None or context.user_action is not None,
    )


def _held(scope: Object, target: _Target) -> str | None:
    reasons = [_reason(scope, target, groups) for groups in target.possible_groups()]
    if None in reasons and any(reasons):
        listed = " or ".join(sorted(target.open_groups))
        raise NotEvaluated(
            f"conditions.applications: whether {', '.join(sorted(target.ids))} is part of {listed}"
        )
    return reasons[0]


def _reason(scope: Object, target: _Target, groups: frozenset[str]) -> str | None:
    def is_named(entries: Sequence[str]) -> bool:
        return any(entry in groups or entry.lower() in target.ids for entry in entries)

    if is_named(scope.get("excludeApplications") or ()):
        return "target resources: the application is excluded"
    included = scope.get("includeApplications") or ()
    named = is_named(included) or ("All" in included and target.is_something)
    rule: Object | None = scope.get("applicationFilter")
    if rule is None:
        return None if named else "target resources: the application is not included"
    if rule["mode"] == "include" and named:
        return None
    if rule["mode"] == "exclude" and not named:
        return "target resources: the application is not included"
    return _filtered(rule, target.attributes)


def _filtered(rule: Object, attributes: Mapping[str, tuple[str, ...]] | None) -> str | None:
    where = "conditions.applications.applicationFilter"
    if attributes is None:
        raise NotEvaluated(f"{where}: the application's custom security attributes are not known;")
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
