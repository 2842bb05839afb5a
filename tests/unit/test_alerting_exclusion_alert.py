"""The exclusion alert: what cannot be looked for."""

import pytest

from alerting.exclusion_alert import ExcludedObjects, exclusion_alert_query
from alerting.literals import QueryError


@pytest.mark.parametrize(
    ("excluded", "words"),
    [
        (ExcludedObjects([], []), "at least one group or user"),
        (ExcludedObjects(["BTG Admins"], []), "'btg admins' is not a GUID"),
    ],
)
def test_nothing_to_look_for_is_refused(excluded: ExcludedObjects, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        exclusion_alert_query(excluded)
