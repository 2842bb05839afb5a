"""The use alert stands, reads both sign-in tables and knows every account.

A passkey sign-in is written to the second table only.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from alerting.use_alert import SIGN_IN_TABLES
from policies.resource_types import DIAGNOSTIC_SETTING, MONITORING, QUERY_RULE
from policies.rule import Config, stack_rule
from policies.seen import UNKNOWN, Seen, accounts, listing, mapping, of_type

USE_ALERT: Final = "-use-alert"
SIGN_INS: Final = "SignInLogs"
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"')


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Reads the query, as far as it is known: before the first up no object id is."""
    del config
    alerts = [one for one in of_type(stack, QUERY_RULE) if one.name.endswith(USE_ALERT)]
    if not alerts:
        yield (
            None,
            "alarm: found no alert rule on the use of the accounts although sign-ins are exported,"
            " expected one; make it by SignInMonitoring",
        )
    for alert in alerts:
        query = _query(alert)
        if query is None:
            continue
        code = _TEXT.sub('""', query)
        for table in SIGN_IN_TABLES:
            if not re.search(rf"\b{table}\b", code):
                yield (
                    alert,
                    f"{alert.name}: found a query without {table}, expected"
                    f" {' and '.join(SIGN_IN_TABLES)}: a sign-in with a passkey may be in only one"
                    " of them; take the query of alerting.use_alert",
                )
        for account in accounts(stack):
            object_id = account.text("objectId")
            if object_id and object_id.casefold() not in query.casefold():
                yield (
                    alert,
                    f"{alert.name}: found a query without {account.name} ({object_id}), expected"
                    " every account in it; give SignInMonitoring all of them",
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


def _exports_sign_ins(stack: Sequence[Seen]) -> bool:
    logs = [
        log for one in of_type(stack, DIAGNOSTIC_SETTING) for log in listing(one.props.get("logs"))
    ]
    return any(mapping(log).get("category") == SIGN_INS for log in logs)


def _applies(stack: Sequence[Seen]) -> bool:
    alerts = [one for one in of_type(stack, QUERY_RULE) if one.name.endswith(USE_ALERT)]
    watched = of_type(stack, MONITORING) and accounts(stack)
    return bool(watched and (alerts or _exports_sign_ins(stack)))


RULE = stack_rule(
    "alarm-sees-every-use",
    "The use alert reads both sign-in tables for every account.",
    judge,
    applies=_applies,
)
