"""The queries and schedules of the alarms under one name."""

from alerting.literals import QueryError
from alerting.schedules import FREQUENCIES_MINUTES, WINDOWS_MINUTES, RuleSchedule, iso_duration
from alerting.use_alert import (
    SIGN_IN_TABLES,
    WatchedAccount,
    use_alert_query,
    use_alert_schedule,
)

__all__ = [
    "FREQUENCIES_MINUTES",
    "SIGN_IN_TABLES",
    "WINDOWS_MINUTES",
    "QueryError",
    "RuleSchedule",
    "WatchedAccount",
    "iso_duration",
    "use_alert_query",
    "use_alert_schedule",
]
