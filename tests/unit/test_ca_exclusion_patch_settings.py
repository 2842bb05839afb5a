"""Settings alone take an exclusion away, also those of a run that did not get to its end."""

from typing import Any

import pytest

from components.policy_exclusion import TYPE
from tests.unit.exclusion_program import (
    NOTHING,
    OURS,
    Reader,
    arguments,
    excluded,
    known,
    outcome,
    policy,
    run,
)
from tests.unit.harness import Recording

BLOCK: dict[str, Any] = {"grant": ("block",)}


def settings(scope: str = "all", *skip: str, revision: int) -> dict[str, Any]:
    return {"scope": scope, "skip": list(skip), "revision": revision}


def wanted(
    changes: dict[str, Any],
    child: dict[str, Any] | None,
    before: dict[str, Any] | None,
    **document: Any,
) -> dict[str, list[str]]:
    """What a run with other settings wants of policy "Listed" that was excluded."""
    remembered = {} if child is None else {"decidedUnder": child}
    args = arguments([excluded("p1", "Listed", **document)], **changes)
    return run(args, state=known("p1", **remembered), before=before).one(TYPE).inputs["wanted"]


def test_a_narrower_scope_takes_away_and_the_same_scope_does_not() -> None:
    policies = [excluded("p1", **BLOCK)]
    narrowed = run(
        arguments(policies, scope="mfa-only"), state=known("p1"), before={"scope": "all"}
    )
    assert narrowed.one(TYPE).inputs["wanted"] == NOTHING
    block = arguments(policies, scope="mfa-only")
    same = run(block, state=known("p1"), before={"scope": "mfa-only"})
    assert same.one(TYPE).inputs["wanted"] == OURS
    assert outcome(same)["scope"] == "mfa-only"


def test_a_policy_that_is_skipped_now_loses_our_entries_but_not_by_a_new_name() -> None:
    args = arguments([excluded("p1", "Listed")], skip=["Listed"])
    skipped = run(args, state=known("p1"), before={"scope": "all", "skip": []})
    assert skipped.one(TYPE).inputs["wanted"] == NOTHING
    assert skipped.said("info")[0].startswith("Listed (p1): stop excluding")
    args = arguments([excluded("p1", "Listed")], skip=["Listed"])
    renamed = run(args, state=known("p1"), before={"scope": "all", "skip": ["Listed"]})
    assert renamed.one(TYPE).inputs["wanted"] == OURS
    assert renamed.said("info") == []
    assert outcome(renamed)["skip"] == ["Listed"]


@pytest.mark.parametrize(
    "before", [None, settings("mfa-only", revision=1)], ids=["first run", "later run"]
)
def test_a_narrower_scope_takes_away_what_a_run_that_failed_had_excluded(before: Any) -> None:
    """The second: a wider scope was interrupted and taken back."""
    failed = settings("all", revision=2)
    assert wanted({"scope": "mfa-only"}, failed, before, **BLOCK) == NOTHING


def test_a_run_that_failed_half_way_to_a_narrower_scope_is_carried_on() -> None:
    untouched, touched = settings("all", revision=1), settings("mfa-only", revision=2)
    policies = [excluded("p1", **BLOCK), policy("p2", **BLOCK), excluded("p3")]
    state = {
        **known("p1", decidedUnder=untouched),
        **known("p2", decidedUnder=touched, wanted=NOTHING, added=NOTHING),
        **known("p3", decidedUnder=untouched),
    }
    seen = run(arguments(policies, scope="mfa-only"), state=state, before=untouched)
    assert [child.inputs["wanted"] for child in seen.of_type(TYPE)] == [NOTHING, NOTHING, OURS]
    assert {child.inputs["decidedUnder"]["revision"] for child in seen.of_type(TYPE)} == {2}


def test_a_policy_that_was_right_under_the_last_whole_run_remembers_older_settings() -> None:
    """Its owner changed what it asks for since, so that the exclusion stays."""
    older, last = settings("all", revision=1), settings("mfa-only", revision=2)
    assert wanted({"scope": "mfa-only"}, older, last, **BLOCK) == OURS


def test_a_failed_first_run_forgets_no_owner_who_parks_a_policy() -> None:
    failed = settings("mfa-only", revision=1)
    assert wanted({"scope": "mfa-only"}, failed, None, **BLOCK) == OURS


@pytest.mark.parametrize(
    ("child", "before", "kept"),
    [
        (settings(revision=1), None, False),
        (settings("all", "Listed", revision=1), None, True),
        (settings(revision=2), settings("all", "Listed", revision=1), False),
        (settings(revision=1), settings("all", "Listed", revision=2), True),
    ],
)
def test_a_listed_name_is_new_if_the_policy_was_last_decided_on_without_it(
    child: Any, before: Any, kept: bool
) -> None:
    assert wanted({"skip": ["Listed"]}, child, before) == (OURS if kept else NOTHING)


def registered(seen: Recording) -> dict[str, Any]:
    found = outcome(seen)
    return {key: found[key] for key in ("scope", "skip", "revision")}


def test_the_settings_are_registered_and_grow_by_a_revision_only_when_they_change() -> None:
    args = arguments([excluded("p1")], skip=["Other"])
    last = settings("all", "Other", revision=4)
    same = run(args, state=known("p1", decidedUnder=last), before=last)
    assert registered(same) == last
    changed = run(arguments([excluded("p1")]), state=known("p1", decidedUnder=last), before=last)
    assert registered(changed) == settings(revision=5)


def test_a_skip_entry_disturbs_neither_the_terminal_nor_the_engine() -> None:
    entry = "<{%reset%}>\x1b[2J"
    seen = run(arguments([policy("p1", entry), policy("p2", entry)], skip=[entry, entry + "?"]))
    several, unknown = seen.said("warning")
    for text in (several, unknown, str(outcome(seen)), str(seen.named("exclusion-p1").inputs)):
        assert "<{%" not in text
        assert "\x1b" not in text
    assert r"'<\x7b%reset%}>\x1b[2J' names 2 policies" in several
    assert r"'<\x7b%reset%}>\x1b[2J?'" in unknown


def test_a_policy_listed_by_a_name_that_is_kept_escaped_is_known_to_have_been_listed() -> None:
    entry = "<{%reset%}>"
    last = run(arguments([excluded("p2")], Reader(excluded("p2")), skip=[entry]))
    args = arguments([excluded("p1", entry)], skip=[entry])
    seen = run(args, state=known("p1"), before=registered(last))
    assert seen.one(TYPE).inputs["wanted"] == OURS
