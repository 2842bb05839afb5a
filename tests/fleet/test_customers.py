"""Who the customers are, which of them a command is about, and what changed since a commit."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from fleet.changes import changed_since, gone_since, revision, running_revision, text_before
from fleet.customers import check_name, choose, find_customers, read_customer
from fleet.errors import FleetError
from fleet.git import git as git_says
from tests.fleet.stub import stub_project, tenant_of


def names(folder: Path, only: Sequence[str] = (), leave_out: Sequence[str] = ()) -> list[str]:
    return [one.name for one in choose(find_customers(folder), only, leave_out)]


def test_a_customer_is_a_settings_file_and_the_projects_own_are_none(tmp_path: Path) -> None:
    folder = stub_project(tmp_path, "south", "north").folder
    for own in ("Pulumi.sandbox.yaml", "Pulumi.prod.yaml", "Pulumi.yaml.bak"):
        (folder / own).write_text("config: {}\n", encoding="utf-8")
    north, south = find_customers(folder)
    assert (north.name, north.tenant_id) == ("north", tenant_of(1))
    assert (south.name, south.settings_file) == ("south", folder / "Pulumi.south.yaml")
    assert south.subscription_id == "9a1d2c3b-4e5f-4a6b-8c7d-0e1f2a3b4c5d"
    assert south.needs_licence


def test_a_customer_without_a_licence_says_so_in_its_settings(tmp_path: Path) -> None:
    folder = stub_project(tmp_path, "north").folder
    text = "secretsprovider: azurekeyvault://v/keys/k\nconfig: {break-glass:premium: absent}\n"
    (folder / "Pulumi.north.yaml").write_text(text, encoding="utf-8")
    (north,) = find_customers(folder)
    assert not north.needs_licence
    assert north.secrets_provider == "azurekeyvault://v/keys/k"
    assert north.tenant_id == ""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("config:\n  a: [1\nb: 2\n", "Pulumi.north.yaml, line 3 cannot be read"),
        ("config: [a]\n", "Pulumi.north.yaml: config is a list, expected keys with values"),
        ("config: {azuread:tenantId: 12}\n", "azuread:tenantId is a int, expected a text"),
        (b"\xff\xfe\x00", "Pulumi.north.yaml cannot be read"),
        (
            "config:\n  # a\n  note: 2026-02-30\n",
            "Pulumi.north.yaml, line 3 cannot be read: a value",
        ),
        ("config: &x\n  - *x\n  - {a: b}\n  - !!bool secret\n", "line 4 cannot be read: a value"),
        ("config: " + "[" * 5000, "cannot be read: its brackets are nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_in_one_line(
    tmp_path: Path, text: str | bytes, told: str
) -> None:
    folder = stub_project(tmp_path, "north", "south").folder
    path = folder / "Pulumi.north.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FleetError) as caught:
        read_customer(folder, "north")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert [one.trouble for one in find_customers(folder)] == [str(caught.value), ""]


def test_patterns_choose_and_leave_out(tmp_path: Path) -> None:
    folder = stub_project(tmp_path, "north-a", "north-b", "south").folder
    assert names(folder) == ["north-a", "north-b", "south"]
    assert names(folder, only=["north-*"]) == ["north-a", "north-b"]
    assert names(folder, only=["north-*", "south"], leave_out=["*-b"]) == ["north-a", "south"]


def test_a_pattern_that_names_nobody_is_refused_with_what_was_meant(tmp_path: Path) -> None:
    folder = stub_project(tmp_path, "north-school", "south").folder
    with pytest.raises(FleetError, match=r"'nort-school' names no customer: did you mean north-s"):
        names(folder, only=["nort-school"])
    with pytest.raises(FleetError, match=r"'zzz' names no customer: `breakglass fleet list`"):
        names(folder, leave_out=["zzz"])


@pytest.mark.parametrize(
    "name", ["", "-a", "a b", "a/b", "../a", "ä", "sandbox", "Prod", "a.", "a" * 101]
)
def test_a_name_that_is_no_stacks_is_refused(name: str) -> None:
    with pytest.raises(FleetError) as caught:
        check_name(name)
    assert caught.value.exit_code == 2
    check_name("north-school_2.b")


@pytest.mark.parametrize("name", ["*", "$(id)", "a'b;id", "-x", "north[a]", "nort?"])
def test_a_settings_file_whose_name_is_no_customers_is_refused(tmp_path: Path, name: str) -> None:
    folder = stub_project(tmp_path, "north").folder
    (folder / f"Pulumi.{name}.yaml").write_text("config: {}\n", encoding="utf-8")
    with pytest.raises(FleetError) as caught:
        read_customer(folder, name)
    assert str(caught.value).startswith(f"Pulumi.{name}.yaml: ")
    assert "is no name for a customer" in str(caught.value)
    assert caught.value.exit_code == 2
    troubles = {one.name: one.trouble for one in find_customers(folder)}
    assert troubles == {name: str(caught.value), "north": ""}


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = stub_project(tmp_path, "north", "south").folder
    git(folder, "init", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    git(folder, "tag", "start")
    return folder


def test_only_customers_whose_settings_changed_are_chosen(repository: Path) -> None:
    customers = find_customers(repository)
    assert changed_since(repository, "start", customers) == set()
    (repository / "Pulumi.north.yaml").write_text("config: {}\n", encoding="utf-8")
    assert changed_since(repository, "start", customers) == {"north"}
    git(repository, "commit", "-am", "second")
    (repository / "docs").mkdir()
    (repository / "docs" / "msp.md").write_text("words", encoding="utf-8")
    (repository / "Pulumi.gone.yaml").write_text("config: {}\n", encoding="utf-8")
    assert changed_since(repository, "start", customers) == {"north"}
    assert revision(repository) not in (None, "")


@pytest.mark.parametrize("path", ["Pulumi.yaml", "settings.py", "components/group.py"])
def test_a_change_of_shared_code_chooses_everybody(repository: Path, path: str) -> None:
    (repository / path).parent.mkdir(exist_ok=True)
    (repository / path).write_text("name: break-glass\n", encoding="utf-8")
    assert changed_since(repository, "start", find_customers(repository)) == {"north", "south"}


@pytest.mark.parametrize("commits", [True, False])
@pytest.mark.parametrize(("old", "new"), [("settings.py", "docs/a.py"), ("settings.py", "")])
def test_shared_code_that_is_moved_away_or_gone_chooses_everybody(
    repository: Path, old: str, new: str, commits: bool
) -> None:
    (repository / old).write_text("words = 1\n" * 40, encoding="utf-8")
    (repository / "docs").mkdir()
    git(repository, "add", ".")
    git(repository, "commit", "-m", "second")
    git(repository, "tag", "moved-since")
    git(repository, *(("mv", old, new) if new else ("rm", old)))
    if commits:
        git(repository, "commit", "-m", "third")
    customers = find_customers(repository)
    assert changed_since(repository, "moved-since", customers) == {"north", "south"}


def test_a_customer_whose_file_is_gone_or_has_another_name_is_known(repository: Path) -> None:
    assert gone_since(repository, "start") == []
    git(repository, "mv", "Pulumi.north.yaml", "Pulumi.east.yaml")
    git(repository, "commit", "-m", "renamed")
    (repository / "Pulumi.south.yaml").unlink()
    assert gone_since(repository, "start") == ["north", "south"]
    assert changed_since(repository, "start", find_customers(repository)) == {"east"}


def test_an_edit_on_the_other_branch_is_none_of_ours(repository: Path) -> None:
    git(repository, "checkout", "-b", "mine")
    git(repository, "checkout", "main")
    (repository / "settings.py").write_text("", encoding="utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "theirs")
    git(repository, "checkout", "mine")
    assert changed_since(repository, "main", find_customers(repository)) == set()


def test_a_commit_that_git_does_not_know_is_told_in_one_line(repository: Path) -> None:
    with pytest.raises(FleetError, match="name a branch, tag or commit that is there") as caught:
        changed_since(repository, "nowhere", [])
    assert "\n" not in str(caught.value)


def test_only_who_named_a_commit_is_told_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"^`git ls-files` failed: not a git repository") as caught:
        git_says(tmp_path, "ls-files")
    assert "name a branch" not in str(caught.value)


def test_an_option_of_git_is_no_commit(repository: Path) -> None:
    before = set(repository.iterdir())
    with pytest.raises(FleetError, match="begins with no hyphen"):
        changed_since(repository, "--output=written", [])
    with pytest.raises(FleetError, match="begins with no hyphen"):
        text_before(repository / "Pulumi.north.yaml", "--all")
    assert set(repository.iterdir()) == before


def test_notes_that_nobody_added_choose_nobody_and_new_code_everybody(repository: Path) -> None:
    customers = find_customers(repository)
    (repository / "notes.txt").write_text("call them", encoding="utf-8")
    (repository / "old").mkdir()
    (repository / "old" / "report.json").write_text("{}", encoding="utf-8")
    assert changed_since(repository, "start", customers) == set()
    (repository / "components").mkdir()
    (repository / "components" / "prices.json").write_text("{}", encoding="utf-8")
    assert changed_since(repository, "start", customers) == {"north", "south"}


def test_what_is_not_committed_is_a_revision_of_its_own(repository: Path) -> None:
    commit = running_revision(repository)
    assert commit == revision(repository)
    (repository / "notes.txt").write_text("call them", encoding="utf-8")
    assert running_revision(repository) == commit
    path = repository / "Pulumi.north.yaml"
    before = path.read_text(encoding="utf-8")
    seen = [commit]
    for text in (f"{before}# a\n", f"{before}# b\n"):
        path.write_text(text, encoding="utf-8")
        seen.append(running_revision(repository))
        assert str(seen[-1]).startswith(f"{commit} plus uncommitted changes ")
    (repository / "Pulumi.new.yaml").write_text("config: {}\n", encoding="utf-8")
    seen.append(running_revision(repository))
    (repository / "Pulumi.south.yaml").unlink()
    seen.append(running_revision(repository))
    assert len(set(seen)) == 5
    assert running_revision(repository) == seen[-1]


@pytest.mark.parametrize("below", ["", "project"])
def test_settings_that_git_ignores_are_a_revision_of_their_own(tmp_path: Path, below: str) -> None:
    folder = stub_project(tmp_path, "north").folder
    top = folder if not below else folder.parent
    (top / ".gitignore").write_text("Pulumi.*.yaml\n*.txt\n", encoding="utf-8")
    for words in (["init", "-b", "main"], ["add", "."], ["commit", "-m", "first"], ["tag", "a"]):
        git(top, *words)
    path = folder / "Pulumi.north.yaml"
    seen = {running_revision(folder)}
    (folder / "notes.txt").write_text("call them", encoding="utf-8")
    seen.add(running_revision(folder))
    assert len(seen) == 1
    path.write_text("config: {}\n", encoding="utf-8")
    seen.add(running_revision(folder))
    assert all(str(one).startswith(f"{revision(folder)} plus uncommitted") for one in seen)
    (folder / "Pulumi.*.yaml").write_text("config: {}\n", encoding="utf-8")
    seen.add(running_revision(folder))
    assert len(seen) == 3
    assert changed_since(folder, "a", find_customers(folder)) == {"north", "*"}
    for one in folder.glob("Pulumi.*.yaml"):
        one.unlink()
    assert running_revision(folder) == revision(folder)


def test_outside_git_there_is_no_commit(tmp_path: Path) -> None:
    assert revision(tmp_path) is None
    (tmp_path / "notes.txt").touch()
    seen = [running_revision(tmp_path)]
    for name in ("Pulumi.north.yaml", "program.py", "entra/look.py", "Pulumi.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
        seen.append(running_revision(tmp_path))
    assert len(set(seen)) == 5
    (tmp_path / "entra" / "__pycache__").mkdir()
    (tmp_path / "entra" / "__pycache__" / "look.pyc").touch()
    (tmp_path / "other.txt").touch()
    assert running_revision(tmp_path) == seen[-1]
    assert all(one.startswith("no git, files ") for one in seen)
