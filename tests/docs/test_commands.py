"""Every command in README.md and docs/ exists: its subcommand and each of its options.

Those for the running sandbox are run by tests/engine/test_first_light.py, those of docs/sandbox.md
by test_sandbox_page.py; those for a real tenant are held against the commands' own help here.
"""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

import survey
from cli.main import app
from entra.permissions import READ_AUDIT_LOG, READ_METHODS
from sandbox.engine import ensure_engine
from tests.docs.fences import Fence, fences

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*/README.md"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *EXAMPLES]
PICTURES = [*(ROOT / "docs").glob("*.png"), *(ROOT / "docs").glob("*.svg")]
RUN_AS_IT_IS = ROOT / "docs" / "sandbox.md"
SHELLS = ("bash", "powershell")
FENCES = [
    fence
    for page in PAGES
    for fence in fences(page)
    if page != RUN_AS_IT_IS or fence.language == "powershell"
    if fence.language.startswith(SHELLS)
]
SHELL_WORDS = {"export", "read", "eval", "az", "Invoke-RestMethod", "python3", "pip", "cp", "."}


def commands(program: str) -> list[str]:
    found = [command for fence in FENCES for command in fence.commands]
    # `eval "$(breakglass …)"`, `breakglass fleet exec … -- …`, and pipes to a PowerShell command.
    inner = [match for text in found for match in re.findall(r"\$\(([^)]+)\)", text)]
    inner += [text.partition(" -- ")[2] for text in found if " -- " in text]
    return [text.split(" | ")[0] for text in found + inner if text.split()[0] == program]


def words(command: str) -> list[str]:
    return shlex.split(command)[1:]


@pytest.mark.parametrize("fence", FENCES, ids=lambda f: f"{f.page.name}-{f.language}")
def test_every_line_begins_with_a_command_that_is_checked(fence: Fence) -> None:
    known = {"make", "breakglass", "pulumi", "py"} | SHELL_WORDS
    for command in fence.commands:
        name = command.split()[0]
        assert name in known or name.startswith(("$", ".venv\\")), command


@pytest.mark.parametrize("command", sorted(set(commands("breakglass"))))
def test_our_own_command_knows_it(command: str) -> None:
    # What follows `--` belongs to the program that it names.
    arguments = words(command.partition(" -- ")[0])
    groups = ("account", "ci", "exclusion", "fleet", "sandbox")
    verbs = arguments[: 2 if arguments[0] in groups else 1]
    shown = CliRunner().invoke(app, [*verbs, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    for option in [word for word in arguments if word.startswith("--")]:
        assert re.search(rf"{option}\s", shown.output), f"{command}: no {option}"


@pytest.mark.parametrize("command", sorted(set(commands("pulumi"))))
def test_pulumi_knows_it(command: str) -> None:
    arguments = words(command)
    options = [word for word in arguments if word.startswith("-")]
    verbs = arguments[: 2 if arguments[0] in ("stack", "config") else 1]
    engine = ensure_engine(print)
    done = subprocess.run(
        [str(engine.executable), *verbs, "--help"], capture_output=True, text=True, check=True
    )
    assert re.search(rf"^\s*pulumi {verbs[0]} ", done.stdout, re.MULTILINE), done.stdout
    for option in options:
        assert re.search(rf"(^|\s){option}[\s,]", done.stdout), f"{command}: no {option}"


@pytest.mark.parametrize("command", sorted(set(commands("make"))))
def test_make_knows_it(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in words(command):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize(
    "fence", [f for f in FENCES if f.language.startswith("bash")], ids=lambda f: f.page.name
)
def test_bash_can_read_it(fence: Fence) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run([bash, "-n"], input=fence.text, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", [ROOT / "README.md", *EXAMPLES], ids=lambda p: p.parent.name)
def test_powershell_gets_the_same_pulumi_commands_as_bash(page: Path) -> None:
    def of(shell: str) -> list[str]:
        found = [f for f in fences(page) if f.language == shell]
        block = next(fence for fence in found if "pulumi login" in fence.text)
        return [command for command in block.commands if command.startswith("pulumi ")]

    assert of("powershell") == of("bash")


def test_the_permissions_are_those_that_the_program_asks_for_and_the_sandbox_gives() -> None:
    seed = json.loads((ROOT / "sandbox" / "tenants" / "contoso.json").read_text(encoding="utf-8"))
    (identity, *_) = seed["apps"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    table = readme.partition("## What the identity needs")[2].partition("\n\nThe last one")[0]
    named = set(re.findall(r"`([A-Z][A-Za-z]+\.[A-Za-z.]+)`", table)) - {"Microsoft.aadiam"}
    wanted = {*survey.PERMISSIONS, *READ_AUDIT_LOG, *READ_METHODS}
    assert named == set(identity["graphPermissions"]) == wanted
    for role in identity["directoryRoles"]:
        assert role in table
    assert len(identity["azureRoles"]) == table.count("Contributor")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).is_file(), target


@pytest.mark.parametrize("picture", PICTURES, ids=lambda p: p.name)
def test_every_picture_is_shown_by_a_page_that_says_what_it_shows(picture: Path) -> None:
    named = re.compile(rf"!\[[^\]]+\]\([^)]*{re.escape(picture.name)}\)")
    assert any(named.search(page.read_text(encoding="utf-8")) for page in PAGES)
