"""Which settings a policy was decided on under, after whole runs and after interrupted ones."""

from typing import Any

import pulumi
import pytest

from components.exclusion_settings import ExclusionSettings, decided_under
from entra.exclusion import Scope, is_named
from entra.policy import Policy
from tests.unit.graph_stub import policy_document

ALL = ExclusionSettings(Scope.ALL, ())
MFA = ExclusionSettings(Scope.MFA_ONLY, ())


def at(settings: ExclusionSettings, revision: int) -> ExclusionSettings:
    return ExclusionSettings(settings.scope, settings.skip, revision)


def test_what_is_kept_is_read_back_as_it_was() -> None:
    settings = ExclusionSettings(Scope.MFA_ONLY, ("Listed", "p1"), 3)
    assert ExclusionSettings.read(settings.properties) == settings
    as_the_engine_keeps_it: dict[str, Any] = {**settings.properties, "revision": 3.0}
    assert ExclusionSettings.read(as_the_engine_keeps_it) == settings


@pytest.mark.parametrize("kept", [None, {}, {"scope": "some"}, {"skip": ["a"]}, "all", []])
def test_what_an_older_state_lacks_is_unknown(kept: Any) -> None:
    assert ExclusionSettings.read(kept) is None


def test_the_first_settings_are_newer_than_none() -> None:
    assert ALL.numbered([]).revision == 1
    assert ALL.numbered([None, ALL]).revision == 1


def test_settings_that_stay_keep_their_revision() -> None:
    assert ALL.numbered([at(ALL, 4), at(MFA, 3), None]) == at(ALL, 4)


@pytest.mark.parametrize("changed", [MFA, ExclusionSettings(Scope.ALL, ("Listed",))])
def test_other_settings_are_newer_than_everything_remembered(changed: ExclusionSettings) -> None:
    assert changed.numbered([at(ALL, 4), at(changed, 2)]).revision == 5


def test_settings_that_are_taken_back_after_an_interrupted_run_are_newer_than_it() -> None:
    """The last whole run said the same, but a policy was decided on under others since."""
    assert MFA.numbered([at(MFA, 1), at(ALL, 2)]).revision == 3


def test_a_policy_remembers_an_interrupted_run_and_else_the_last_whole_one_counts() -> None:
    assert decided_under(at(ALL, 2), at(MFA, 1)) == at(ALL, 2)
    assert decided_under(at(ALL, 1), at(MFA, 2)) == at(MFA, 2)
    assert decided_under(at(ALL, 1), None) == at(ALL, 1)
    assert decided_under(None, at(MFA, 2)) == at(MFA, 2)
    assert decided_under(None, None) is None


def test_an_entry_that_disturbs_the_engine_is_kept_escaped() -> None:
    kept = ExclusionSettings.of("all", ["<{%reset%}>", "\ud800", "\x1b[2J"]).properties
    assert kept["skip"] == [r"<\x7b%reset%}>", r"\ud800", r"\x1b[2J"]


@pytest.mark.parametrize("entry", ["Plain", " MFA\n", "\nMFA", "Ü", "<{%x%}>", "a\x1bb", "\u202e"])
def test_an_entry_as_it_is_kept_names_the_same_policies(entry: str) -> None:
    (kept,) = ExclusionSettings.of("all", [entry]).skip
    for name in (entry, entry.strip(), "MFA", "plain", "other"):
        policy = Policy.from_document(policy_document("p1", name))
        assert is_named(policy, [kept]) is is_named(policy, [entry])


def test_a_blank_entry_names_no_policy_not_even_one_without_a_name() -> None:
    assert ExclusionSettings.of("all", ["", " \n"]).skip == ()


def test_an_unknown_scope_is_told_in_one_line() -> None:
    with pytest.raises(pulumi.RunError) as caught:
        ExclusionSettings.of("<{%red%}>\n", ())
    assert str(caught.value) == (r"exclusion scope is '<\x7b%red%}>\n': expected all or mfa-only")
