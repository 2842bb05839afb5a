"""Scheduled query rules (log search alerts).

Source: Azure REST API, "Scheduled Query Rules - Create Or Update"; Microsoft Learn, "Create a log
search alert rule" and "Optimize log search alert queries" (frequencies, windows, one-minute rules).
The spans that may be muted or queried, and some messages, from issues of azure-rest-api-specs
(21258, 20341), azure-cli (26581) and terraform-provider-azurerm. A rule's scope is for life
(terraform-provider-azurerm 24304, pulumi-azure-native 4839, azure-docs 108608).
"""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.tenant.azure.types import (
    Change,
    Estate,
    Properties,
    ResourceType,
    bad_request,
    object_of,
    object_or_empty,
    objects,
    only_known,
    strings,
)
from sandbox.tenant.durations import seconds_of
from sandbox.tenant.errors import ServiceError

FREQUENCIES = (
    *("PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M"),
    *("PT1H", "PT2H", "PT3H", "PT4H", "PT5H", "PT6H", "P1D"),
)
WINDOWS = (*FREQUENCIES, "P2D")
MUTES = tuple(duration for duration in WINDOWS if duration != "PT1M")
QUERY_RANGES = (*MUTES, "PT20M")
OPERATORS = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
AGGREGATIONS = ("Count", "Average", "Minimum", "Maximum", "Total")
_NO_MINUTE_RULE = re.compile(r"\b(union|search|take|limit|ingestion_time)\b")
_TWO_DAYS = 2 * 86400
_WRITABLE = (
    *("description", "displayName", "severity", "enabled", "scopes", "evaluationFrequency"),
    *("windowSize", "overrideQueryTimeRange", "targetResourceTypes", "criteria"),
    *("muteActionsDuration", "actions", "autoMitigate", "skipQueryValidation"),
    *("checkWorkspaceAlertsStorageConfigured", "ruleResolveConfiguration", "resolveConfiguration"),
)
_FILLED = (
    *("createdWithApiVersion", "isLegacyLogAnalyticsRule", "isWorkspaceAlertsStorageConfigured"),
    *("publicNetworkAccess", "provisioningState"),
)
_OPTIONAL = ("description", "displayName", "overrideQueryTimeRange", "muteActionsDuration")


def _normalise(change: Change, estate: Estate) -> Properties:
    given = change.properties
    only_known(given, (*_WRITABLE, *_FILLED), "ScheduledQueryRuleProperties")
    if str(change.body.get("kind") or "LogAlert") != "LogAlert":
        raise _not_simulated(f"rules of kind {change.body['kind']}")
    severity = given.get("severity")
    if isinstance(severity, bool) or not isinstance(severity, int) or not 0 <= severity <= 4:
        raise bad_request("BadRequest", f"Severity '{severity}' must be a number from 0 to 4.")
    criteria = _criteria(given.get("criteria"))
    auto_mitigate = given.get("autoMitigate", True) is not False
    rule: Properties = {
        **{name: given[name] for name in _OPTIONAL if given.get(name) is not None},
        "severity": severity,
        "enabled": given.get("enabled", True) is not False,
        "scopes": _scopes(change, estate),
        "evaluationFrequency": _span(given, "evaluationFrequency", FREQUENCIES),
        "windowSize": _span(given, "windowSize", WINDOWS),
        "targetResourceTypes": given.get("targetResourceTypes")
        or ["Microsoft.OperationalInsights/workspaces"],
        "criteria": {"allOf": criteria},
        "actions": _actions(given.get("actions"), estate),
        "autoMitigate": auto_mitigate,
        "skipQueryValidation": given.get("skipQueryValidation") is True,
        "checkWorkspaceAlertsStorageConfigured": False,
        "isWorkspaceAlertsStorageConfigured": False,
        "isLegacyLogAnalyticsRule": False,
        "createdWithApiVersion": change.kept("createdWithApiVersion", change.api_version),
        "provisioningState": "Succeeded",
    }
    _check_times(rule)
    _check_queries(rule, estate)
    return rule


def _criteria(given: object) -> list[dict[str, Any]]:
    conditions = objects(object_or_empty(given).get("allOf"), "criteria.allOf")
    if len(conditions) != 1:
        raise bad_request("BadRequest", "'criteria.allOf' must hold exactly one condition.")
    return [_condition(condition) for condition in conditions]


def _condition(given: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(given.get("query"), str) or not given["query"].strip():
        raise bad_request("BadRequest", "The condition lacks 'query'.")
    aggregation = _one_of(given.get("timeAggregation"), AGGREGATIONS, "timeAggregation")
    operator = _one_of(given.get("operator"), OPERATORS, "operator")
    threshold = given.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, int | float):
        raise bad_request("BadRequest", f"Threshold '{threshold}' must be a number.")
    if given.get("resourceIdColumn"):
        raise _not_simulated("conditions split by resource id")
    if (given.get("metricMeasureColumn") is None) != (aggregation == "Count"):
        raise bad_request(
            "BadRequest", "'metricMeasureColumn' goes with every time aggregation but Count."
        )
    periods = object_of(given.get("failingPeriods"), "failingPeriods")
    total = _whole_number(periods, "numberOfEvaluationPeriods")
    failing = _whole_number(periods, "minFailingPeriodsToAlert")
    if not 1 <= failing <= total <= 6:
        raise bad_request(
            "BadRequest", f"Failing periods {failing} of {total}: expected 1 <= failing <= of <= 6."
        )
    return {
        **{name: given[name] for name in ("metricMeasureColumn",) if given.get(name)},
        "query": given["query"],
        "timeAggregation": aggregation,
        "operator": operator,
        "threshold": threshold,
        "dimensions": _dimensions(given.get("dimensions")),
        "failingPeriods": {
            "numberOfEvaluationPeriods": total,
            "minFailingPeriodsToAlert": failing,
        },
    }


def _whole_number(periods: Mapping[str, Any], name: str) -> int:
    """One, unless it is given."""
    found = periods.get(name)
    if found is None:
        return 1
    if isinstance(found, bool) or not isinstance(found, int):
        raise bad_request("InvalidRequestContent", f"'{name}' '{found}' must be a whole number.")
    return found


def _dimensions(given: object) -> list[dict[str, Any]]:
    """The columns by which a condition is split, each with the values that count or do not."""
    listed = objects(given, "dimensions")
    if len(listed) > 6:
        raise bad_request("BadRequest", "A condition can be split by at most 6 dimensions.")
    for item in listed:
        only_known(item, ("name", "operator", "values"), "Dimension")
        values: Any = item.get("values")
        if not item.get("name") or not isinstance(values, list) or not values:
            raise bad_request("BadRequest", "A dimension lacks 'name' or 'values'.")
    return [
        {
            "name": item["name"],
            "operator": _one_of(item.get("operator"), ("Include", "Exclude"), "operator"),
            "values": [str(value) for value in item["values"]],
        }
        for item in listed
    ]


def _scopes(change: Change, estate: Estate) -> list[str]:
    given: object = change.properties.get("scopes")
    scopes: list[Any] = given if isinstance(given, list) else []  # pyright: ignore[reportUnknownVariableType]
    if len(scopes) != 1 or not isinstance(scopes[0], str):
        raise bad_request("BadRequest", "'scopes' must hold exactly one resource id.")
    if "/microsoft.operationalinsights/workspaces/" not in scopes[0].lower():
        raise _not_simulated("scopes that are not a Log Analytics workspace")
    if estate.find(scopes[0]) is None:
        raise bad_request("BadRequest", f"The scope '{scopes[0]}' does not exist.")
    if scopes[0].lower() != str(change.kept("scopes", scopes)[0]).lower():
        raise bad_request("BadRequest", "Scope can not be updated")
    return [scopes[0]]


def _actions(given: object, estate: Estate) -> dict[str, Any]:
    actions = object_of(given, "actions")
    only_known(actions, ("actionGroups", "customProperties", "actionProperties"), "Actions")
    groups = strings(actions.get("actionGroups"), "actionGroups")
    if len(groups) > 5:
        raise bad_request("BadRequest", "A rule can have at most 5 action groups.")
    for group in groups:
        if estate.find(group) is None:
            raise bad_request("BadRequest", f"The action group '{group}' does not exist.")
    return {
        "actionGroups": groups,
        "customProperties": _texts(actions, "customProperties"),
        "actionProperties": _texts(actions, "actionProperties"),
    }


def _texts(actions: Mapping[str, Any], name: str) -> dict[str, str]:
    found = object_of(actions.get(name), name)
    if not all(isinstance(value, str) for value in found.values()):
        raise bad_request("InvalidRequestContent", f"'{name}' must be an object of strings.")
    return dict(found)


def _check_times(rule: Properties) -> None:
    frequency, window = seconds_of(rule["evaluationFrequency"]), seconds_of(rule["windowSize"])
    span = window * rule["criteria"]["allOf"][0]["failingPeriods"]["numberOfEvaluationPeriods"]
    if frequency > window:
        raise bad_request("BadRequest", "'windowSize' must not be shorter than the frequency.")
    if span > _TWO_DAYS:
        raise bad_request("BadRequest", "The evaluation periods span more than two days.")
    if (override := rule.get("overrideQueryTimeRange")) and not (
        span <= seconds_of(_span(rule, "overrideQueryTimeRange", QUERY_RANGES)) <= _TWO_DAYS
    ):
        raise bad_request(
            "BadRequest",
            f"'overrideQueryTimeRange' {override} must cover the evaluation periods and be at most "
            "two days.",
        )
    if rule.get("muteActionsDuration"):
        _check_mute(rule, frequency)


def _check_mute(rule: Properties, frequency: int) -> None:
    if rule["autoMitigate"]:
        raise bad_request(
            "BadRequest", "'muteActionsDuration' cannot be set while 'autoMitigate' is true."
        )
    if frequency > seconds_of(_span(rule, "muteActionsDuration", MUTES)):
        raise bad_request(
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: 'EvaluationFrequency "
            "cannot be greater than MuteActionsDuration'",
        )


def _check_queries(rule: Properties, estate: Estate) -> None:
    query = rule["criteria"]["allOf"][0]["query"]
    if rule["evaluationFrequency"] == "PT1M" and (word := _NO_MINUTE_RULE.search(query)):
        raise bad_request(
            "BadRequest",
            "Couldn't optimize this query so the selected frequency was not supported. Try "
            f"selecting a different frequency: the query uses '{word[1]}'.",
        )
    if rule["skipQueryValidation"]:
        return
    if refusal := estate.refusal_of_query(rule["scopes"][0], query):
        raise bad_request("BadRequest", f"The query could not be validated: {refusal}")


def _span(given: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    seconds = _seconds(given.get(name), name)
    for duration in allowed:
        if seconds_of(duration) == seconds:
            return duration
    minutes = ", ".join(str(seconds_of(duration) // 60) for duration in allowed)
    raise bad_request(
        "BadRequest",
        f"'{name}' {given[name]} is not supported. Supported granularities are: {minutes}",
    )


def _seconds(given: object, name: str) -> int:
    try:
        return seconds_of(str(given))
    except ValueError as error:
        raise bad_request("BadRequest", f"'{name}': {error}.") from None


def _one_of(given: object, allowed: tuple[str, ...], name: str) -> str:
    for value in allowed:
        if str(given).lower() == value.lower():
            return value
    raise bad_request("BadRequest", f"'{name}' is '{given}': expected one of {', '.join(allowed)}.")


def _not_simulated(what: str) -> ServiceError:
    return ServiceError(501, "NotSimulated", f"The sandbox does not simulate {what}.")


QUERY_RULES = ResourceType(
    namespace="Microsoft.Insights",
    name="scheduledQueryRules",
    api_versions=(
        *("2020-05-01-preview", "2021-02-01-preview", "2021-08-01", "2022-06-15"),
        *("2022-08-01-preview", "2023-03-15-preview", "2023-12-01", "2024-01-01-preview"),
        *("2025-01-01-preview", "2026-03-01"),
    ),
    name_pattern=re.compile(r"[^:<>+/&%\\?|#*{}@]{0,259}[^:<>+/&%\\?|#*{}@. ]"),
    location="region",
    normalise=_normalise,
    has_etag=True,
)
