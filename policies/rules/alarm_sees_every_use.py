"""The use alert stands, reads both sign-in tables and loses no sign-in of any account.

A passkey sign-in is written to the second table only. Without Microsoft Entra ID P1 no sign-in is
exported: then no use can ring, and the watch over the accounts has to be enough.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from alerting.use_alert import SIGN_IN_TABLES
from policies.durations import minutes
from policies.resource_types import (
    DIAGNOSTIC_SETTING,
    EXCLUSION_COMPONENT,
    GROUP_COMPONENT,
    MONITORING,
    QUERY_RULE,
)
from policies.rule import Config, stack_rule
from policies.seen import UNKNOWN, Seen, accounts, listing, mapping, of_type
from policies.sign_in_query import OBJECT_ID, USER_NAME, SignInQuery, read
from policies.stack_settings import SETTINGS, StackSettings

USE_ALERT: Final = "-use-alert"
SIGN_INS: Final = "SignInLogs"
LATE_MINUTES: Final = 10
"""How late a sign-in's row is on a usual day (Microsoft Learn, "Log data ingestion time")."""
WAY: Final = "take the query of alerting.use_alert"


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Reads the query, as far as it is known: before the first up no object id is."""
    del config
    alerts = _alerts(stack)
    if not alerts:
        yield (
            None,
            "alarm: found no alert rule on the use of the accounts, expected one: nobody would be"
            " told of a sign-in; make it by SignInMonitoring",
        )
    for one in of_type(stack, DIAGNOSTIC_SETTING):
        if alerts and one.has_parent(MONITORING) and not exports(one, SIGN_INS):
            yield (
                one,
                f"{one.name}: found that {SIGN_INS} are not exported, expected them: the use alert"
                " reads them; put the category back into"
                " break-glass:monitoring.diagnosticSetting.categories",
            )
    for alert in alerts:
        for query in _queries(alert):
            found = read(query)
            lines = [
                *_unproven(found),
                *_unread(found, alert, _workspace(stack, alert)),
                *_unseen(found, accounts(stack)),
                *_too_short(found, alert),
            ]
            yield from ((alert, f"{alert.name}: found {line}") for line in lines)


def _unproven(found: SignInQuery) -> Iterable[str]:
    for part in found.unproven:
        yield (
            f"`{part}` in the query, which may lose a sign-in, expected both tables in one union,"
            f" conditions on time and accounts, then only operators that keep every row; {WAY}"
        )


def _unread(found: SignInQuery, alert: Seen, workspace: Any) -> Iterable[str]:
    """Each table has to come from where the sign-ins go, by the scope or by its name."""
    scopes = alert.props.get("scopes")
    scoped = {str(one).lower() for one in listing(scopes)}
    known = isinstance(workspace, str) and UNKNOWN not in (scopes, *listing(scopes))
    for table in SIGN_IN_TABLES:
        named = {source for name, source in found.tables if name == table}
        sources = named - {""} | (scoped if "" in named else set[str]())
        if not named:
            yield (
                f"a query without {table}, expected {' and '.join(SIGN_IN_TABLES)}: a sign-in with"
                f" a passkey may be in only one of them; {WAY}"
            )
        elif known and str(workspace).lower() not in sources:
            yield (
                f"that {table} is read from {', '.join(sorted(sources)) or 'nowhere'}, expected"
                f" {workspace}, to which the sign-ins are exported; make alert and diagnostic"
                " setting by one SignInMonitoring"
            )


def _unseen(found: SignInQuery, watched: Sequence[Seen]) -> Iterable[str]:
    for account in watched:
        for column, output in ((OBJECT_ID, "objectId"), (USER_NAME, "userPrincipalName")):
            value = account.text(output)
            if value and not found.rings_for(column, value):
                yield (
                    f"a query that does not ring for every sign-in with the {column} of"
                    f" {account.name} ({value}), expected each account by both, in whatever case;"
                    " give SignInMonitoring all of them"
                )


def _too_short(found: SignInQuery, alert: Seen) -> Iterable[str]:
    """What arrives between two runs has to be in one of them, late rows, too."""
    every = minutes(alert.props.get("evaluationFrequency"))
    arrived = min(found.arrived) if found.arrived else None
    if every is not None and arrived is not None and arrived < every:
        yield (
            f"a query on what arrived within {arrived} minutes that runs every {every}, expected"
            " as many or more: what comes between two runs rings for nobody; raise"
            " break-glass:monitoring.alert.periodMinutes"
        )
    if arrived is None and every is None:
        return
    least = max(arrived or 0, every or 0) + LATE_MINUTES
    window = minutes(alert.props.get("overrideQueryTimeRange") or alert.props.get("windowSize"))
    back = min([*found.looks_back, least if window is None else window])
    if back < least:
        yield (
            f"that it looks back {back} minutes, expected {least} or more: rows come up to"
            f" {LATE_MINUTES} minutes late every day; raise"
            " break-glass:monitoring.alert.lookbackMinutes"
        )


def _queries(alert: Seen) -> list[str]:
    """Of all conditions, as far as they are known; an empty one where there is none."""
    criteria = alert.props.get("criteria")
    conditions = mapping(criteria).get("allOf")
    if UNKNOWN in (criteria, conditions):
        return []
    found = [
        UNKNOWN if one is UNKNOWN else mapping(one).get("query", "")
        for one in listing(conditions) or [{}]
    ]
    return [str(one) for one in found if one is not UNKNOWN]


def _workspace(stack: Sequence[Seen], alert: Seen) -> Any:
    """Azure resource id of where the sign-ins go, by the export or by what the component says."""
    settings = [one for one in of_type(stack, DIAGNOSTIC_SETTING) if one.parent == alert.parent]
    owners = [one for one in of_type(stack, MONITORING) if one.urn == alert.parent]
    ids = [one.props["workspaceId"] for one in (*settings, *owners) if "workspaceId" in one.props]
    return ids[0] if ids else None


def exports(setting: Seen, category: str) -> bool:
    """Whether a diagnostic setting exports it, as far as that is known."""
    logs = setting.props.get("logs")
    if UNKNOWN in (logs, *listing(logs)):
        return True
    return any(
        mapping(log).get("category") == category and mapping(log).get("enabled") is not False
        for log in listing(logs)
    )


def has_premium(stack: Sequence[Seen], settings: StackSettings = SETTINGS) -> bool:
    """Whether sign-ins can be exported: they are, or the settings say so.

    A program without our settings has Premium when it has what only Premium allows.
    """
    if any(exports(one, SIGN_INS) for one in of_type(stack, DIAGNOSTIC_SETTING)):
        return True
    said = settings.text("premium")
    return said != "absent" if said else bool(of_type(stack, GROUP_COMPONENT, EXCLUSION_COMPONENT))


def _alerts(stack: Sequence[Seen]) -> list[Seen]:
    return [
        one
        for one in of_type(stack, QUERY_RULE)
        if one.name.endswith(USE_ALERT) and one.has_parent(MONITORING)
    ]


def _applies(stack: Sequence[Seen]) -> bool:
    unwatched = not of_type(stack, MONITORING)
    return bool(accounts(stack) and (unwatched or _alerts(stack) or has_premium(stack)))


RULE = stack_rule(
    "alarm-sees-every-use",
    "A use alert stands and rings for every sign-in of every account.",
    judge,
    applies=_applies,
)
