import json
from pathlib import Path

import pytest

from components.write_journal import WriteJournal, journal_for
from entra.exclusion import Entries

STACK, POLICY = "a/b/c", "p1"
OURS = Entries(("g",), ("u",))


@pytest.fixture
def journal(tmp_path: Path) -> WriteJournal:
    return WriteJournal(tmp_path / "journal")


def test_what_was_noted_is_known_again_to_another_process(
    journal: WriteJournal, tmp_path: Path
) -> None:
    journal.note(STACK, POLICY, OURS, before=None)
    assert WriteJournal(tmp_path / "journal").noted(STACK, POLICY, None) == OURS


def test_each_stack_and_each_policy_has_notes_of_its_own(journal: WriteJournal) -> None:
    journal.note(STACK, POLICY, OURS, before=None)
    assert not journal.noted("break-glass/test/exclusion", POLICY, None)
    assert not journal.noted(STACK, "p2", None)


def test_nothing_is_noted_without_a_stack(journal: WriteJournal, tmp_path: Path) -> None:
    journal.note("", POLICY, OURS, before=None)
    assert not journal.noted("", POLICY, None)
    assert not (tmp_path / "journal").exists()


def test_noting_nothing_forgets(journal: WriteJournal, tmp_path: Path) -> None:
    journal.note(STACK, POLICY, OURS, before=None)
    journal.note(STACK, POLICY, Entries(), before=None)
    assert list((tmp_path / "journal").iterdir()) == []


def test_forgetting_what_was_never_noted_is_nothing(journal: WriteJournal) -> None:
    journal.forget(STACK, POLICY)


BEFORE = [None, Entries(), Entries(("g",))]


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("saved", BEFORE)
def test_a_note_counts_while_the_state_is_what_it_was_then(
    journal: WriteJournal, before: Entries | None, saved: Entries | None
) -> None:
    journal.note(STACK, POLICY, OURS, before=before)
    assert journal.noted(STACK, POLICY, saved) == (OURS if saved == before else Entries())


@pytest.mark.parametrize("saved", [Entries(), OURS, Entries(("G", "h"), ("u",))])
def test_a_note_that_is_older_than_the_state_is_forgotten(
    journal: WriteJournal, tmp_path: Path, saved: Entries
) -> None:
    journal.note(STACK, POLICY, OURS, before=Entries(("g",)))
    journal.settle(STACK, POLICY, Entries(("g",)))
    assert journal.noted(STACK, POLICY, Entries(("g",))) == OURS
    journal.settle(STACK, POLICY, saved)
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_note_that_says_no_more_than_the_state_is_forgotten(
    journal: WriteJournal, tmp_path: Path
) -> None:
    journal.note(STACK, POLICY, OURS, before=OURS)
    journal.settle(STACK, POLICY, OURS)
    assert list((tmp_path / "journal").iterdir()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"stack": "a/b/c", "policyId": "p1", "added": {"groups": ["g"]}}',
        '{"stack": "d/e/f", "policyId": "p1", "before": null, "added": {"groups": ["g"]}}',
        '{"stack": "a/b/c", "policyId": "p1", "before": null, "added": {"groups": 3}}',
        '{"stack": "a/b/c", "policyId": "p1", "before": null, "added": "g"}',
        b"\xff\xfe",
    ],
)
def test_a_broken_note_is_as_good_as_none(
    journal: WriteJournal, tmp_path: Path, text: str | bytes
) -> None:
    journal.note(STACK, POLICY, OURS, before=None)
    (file,) = (tmp_path / "journal").iterdir()
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert not journal.noted(STACK, POLICY, None)
    journal.note(STACK, POLICY, OURS, before=None)
    assert journal.noted(STACK, POLICY, None) == OURS


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be", encoding="utf-8")
    journal = WriteJournal(tmp_path / "journal")
    journal.note(STACK, POLICY, OURS, before=None)
    journal.forget(STACK, POLICY)
    assert not journal.noted(STACK, POLICY, None)


def test_a_note_holds_object_ids_and_what_they_belong_to_and_nothing_else(
    journal: WriteJournal, tmp_path: Path
) -> None:
    journal.note(STACK, POLICY, OURS, before=None)
    (file,) = (tmp_path / "journal").iterdir()
    assert json.loads(file.read_text(encoding="utf-8")) == {
        "stack": STACK,
        "policyId": POLICY,
        "before": None,
        "added": {"groups": ["g"], "users": ["u"]},
    }


def test_two_tenants_keep_their_notes_apart(tmp_path: Path) -> None:
    environ = {"BREAK_GLASS_CACHE": str(tmp_path)}
    journal_for("t1", "https://graph.microsoft.com", environ).note(STACK, POLICY, OURS, before=None)
    assert not journal_for("t2", "https://graph.microsoft.com", environ).noted(STACK, POLICY, None)
    assert not journal_for("t1", "https://localhost:8443", environ).noted(STACK, POLICY, None)
