"""The use alert stands, reads both sign-in tables and knows every account.

A passkey sign-in is written to the second table only. Without Microsoft Entra ID P1 no sign-in is
exported and the stack has neither group nor exclusions: then no use can ring, and the watch over
the accounts has to be enough.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from alerting.use_alert import SIGN_IN_TABLES
from policies.kql import negated, texts, without_texts
from policies.resource_types import (
    DIAGNOSTIC_SETTING,
    EXCLUSION_COMPONENT,
    GROUP_COMPONENT,
    MONITORING,
    QUERY_RULE,
)
from policies.rule import Config, stack_rule
from policies.seen import UNKNOWN, Seen, accounts, listing, mapping, of_type

USE_ALERT: Final = "-use-alert"
SIGN_INS: Final = "SignInLogs"


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Reads the query, as far as it is known: before the first up no object id is."""
    del config
    alerts = [one for one in of_type(stack, QUERY_RULE) if one.name.endswith(USE_ALERT)]
    if not alerts:
        yield (
            None,
            "alarm: found no alert rule on the use of the accounts, expected one: nobody would be"
            " told of a sign-in; make it by SignInMonitoring",
        )
    for alert in alerts:
        query = _query(alert)
        if query is None:
            continue
        code = without_texts(query)
        for table in SIGN_IN_TABLES:
            if not re.search(rf"\b{table}\b", code):
                yield (
                    alert,
                    f"{alert.name}: found a query without {table}, expected"
                    f" {' and '.join(SIGN_IN_TABLES)}: a sign-in with a passkey may be in only one"
                    " of them; take the query of alerting.use_alert",
                )
        named, left_out = texts(query).casefold(), "\n".join(negated(query)).casefold()
        for account in accounts(stack):
            object_id = account.text("objectId").casefold()
            if object_id not in named:
                yield (
                    alert,
                    f"{alert.name}: found a query without {account.name} ({object_id}), expected"
                    " every account in it; give SignInMonitoring all of them",
                )
            elif object_id and object_id in left_out:
                yield (
                    alert,
                    f"{alert.name}: found a query that leaves {account.name} ({object_id}) out,"
                    " expected its id in positive conditions only; take the query of"
                    " alerting.use_alert",
                )


def _query(alert: Seen) -> str | None:
    """All conditions of the rule; None while they are not known."""
    criteria = alert.props.get("criteria")
    conditions = mapping(criteria).get("allOf")
    if UNKNOWN in (criteria, conditions):
        return None
    queries = [
        UNKNOWN if one is UNKNOWN else mapping(one).get("query") for one in listing(conditions)
    ]
    return None if UNKNOWN in queries else "\n".join(str(one or "") for one in queries)


def has_premium(stack: Sequence[Seen]) -> bool:
    """Whether sign-ins can be exported: they are, or there is what only Premium allows."""
    if of_type(stack, GROUP_COMPONENT, EXCLUSION_COMPONENT):
        return True
    logs = [
        log for one in of_type(stack, DIAGNOSTIC_SETTING) for log in listing(one.props.get("logs"))
    ]
    return any(mapping(log).get("category") == SIGN_INS for log in logs)


def _applies(stack: Sequence[Seen]) -> bool:
    alerts = [one for one in of_type(stack, QUERY_RULE) if one.name.endswith(USE_ALERT)]
    unwatched = not of_type(stack, MONITORING)
    return bool(accounts(stack) and (unwatched or alerts or has_premium(stack)))


RULE = stack_rule(
    "alarm-sees-every-use",
    "A use alert stands and reads both sign-in tables for every account.",
    judge,
    applies=_applies,
)
