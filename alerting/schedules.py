"""When a log search alert rule runs and how far it looks back: the numbers that Azure allows.

Source: Microsoft Learn, "Create or edit a log search alert rule" and "Optimize log search alert
queries".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from alerting.literals import QueryError

FREQUENCIES_MINUTES = (5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440)
"""How often an alert can run. Azure's 1 minute is left out: a rule that runs every minute may
contain neither `union` nor `ingestion_time()` (Azure Monitor, Optimize log search alert queries).
"""

WINDOWS_MINUTES = (5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880)
"""The spans of time that a log search alert rule can look at; two days at most."""

OVERLAPS_MINUTES = range(61)
"""By how much two runs may overlap."""

WATCH_EVERY_MINUTES: Final = 5
"""How often the exclusion and the tamper alert run."""

SILENCE_EVERY_MINUTES: Final = 1440
"""How often the silence alert runs, and how long nothing may have arrived."""


@dataclass(frozen=True)
class RuleSchedule:
    """When a scheduled query rule runs and what it looks at, as ISO 8601 durations.

    The window is the whole look-back. A short window under a longer `overrideQueryTimeRange` would
    leave it to Azure whether a row older than the window counts; this way a late row always does.
    """

    evaluation_frequency: str
    window_size: str


def rule_schedule(*, frequency_minutes: int, lookback_minutes: int) -> RuleSchedule:
    """The schedule of a rule; raises QueryError for a number that Azure does not allow."""
    check_frequency(frequency_minutes)
    if lookback_minutes not in WINDOWS_MINUTES:
        raise QueryError(
            f"a look-back of {lookback_minutes} minutes: Azure allows {_listed(WINDOWS_MINUTES)}"
        )
    if lookback_minutes < frequency_minutes:
        raise QueryError(
            f"a look-back of {lookback_minutes} minutes is shorter than the frequency of "
            f"{frequency_minutes} minutes: what arrives between two runs would be missed"
        )
    return RuleSchedule(iso_duration(frequency_minutes), iso_duration(lookback_minutes))


def check_frequency(minutes: int) -> None:
    """Raise QueryError for a frequency that Azure does not allow these queries."""
    if minutes not in FREQUENCIES_MINUTES:
        raise QueryError(
            f"an alert cannot run every {minutes} minutes: Azure allows "
            f"{_listed(FREQUENCIES_MINUTES)} (every minute only for queries without union and "
            "ingestion_time())"
        )


def arrived(*, period_minutes: int, overlap_minutes: int) -> str:
    """The condition on a row that it arrived in the workspace within the period, or just before.

    By arrival and not by `TimeGenerated`: logs are minutes late, at times hours. With the overlap a
    row on the border between two runs counts twice rather than never.

    Raises QueryError for an overlap that is none.
    """
    if overlap_minutes not in OVERLAPS_MINUTES:
        raise QueryError(f"overlap of {overlap_minutes} minutes: expected 0 to 60")
    return f"ingestion_time() >= ago({period_minutes + overlap_minutes}m)"


def iso_duration(minutes: int) -> str:
    """Whole minutes as the ISO 8601 duration that Azure Monitor writes: PT5M, PT1H, P1D."""
    if minutes <= 0:
        raise QueryError(f"a duration of {minutes} minutes: expected at least one minute")
    if minutes % 1440 == 0:
        return f"P{minutes // 1440}D"
    if minutes % 60 == 0:
        return f"PT{minutes // 60}H"
    return f"PT{minutes}M"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)
