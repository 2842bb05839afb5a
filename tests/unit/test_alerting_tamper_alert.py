"""The tamper alert: what cannot be watched."""

import pytest

from alerting.literals import QueryError
from alerting.tamper_alert import TamperTargets, tamper_alert_query

ACCOUNT = "0f3e4c1a-0000-4000-8000-00000000000a"
GROUP = "b7e0c1de-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (TamperTargets([], [GROUP]), "at least one account"),
        (TamperTargets([ACCOUNT], [GROUP], ["Global Administrator"]), "is not a GUID"),
    ],
)
def test_nothing_to_watch_is_refused(targets: TamperTargets, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        tamper_alert_query(targets)
