"""docs/msp.md: every command is run, in order, by the real engine on two simulated tenants."""

import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet.customers import APPLICATIONS, Customer, read_customer
from fleet.environment import suffix_of
from fleet.federation import audience_of
from fleet.new_customer import add_customer
from fleet.report_json import read_json
from sandbox.engine import Engine
from settings import load_settings
from tests.docs.fences import Fence, fences
from tests.docs.msp_project import PASSPHRASE, MspProject, commit, msp_project
from tests.support.pulumi_stack import session_engine

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "msp.md"
TEXT = PAGE.read_text(encoding="utf-8")
FENCES = fences(PAGE)
COMMANDS = [fence for fence in FENCES if fence.language in ("bash", "bash customer")]
SETTINGS = [fence for fence in FENCES if fence.language == "yaml"]
TEMPLATE = "customer-template.yaml"
STATE = "north-school-state.json"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


class Walk:
    """The page's commands, in order, each with what must be true after it."""

    def __init__(self, msp: MspProject, elsewhere: Path) -> None:
        self.msp = msp
        self.elsewhere = elsewhere
        """Where the customer who leaves goes on."""
        self.before = msp.policies("aa-lab")
        self.passwords: dict[str, str] = {}
        self.steps: list[tuple[str, Callable[[str], None]]] = [
            ("cp ", self._has_a_template),
            ("fleet list", self._has_a_customer),
            ("up --only aa-lab", self._stands),
            ("exec aa-lab -- pulumi stack output", self._shows_passwords),
            ("fleet add north-school", self._has_another),
            ("--canary aa-lab", self._rolled_out),
            ("fleet status", self._all_is_well),
            ("--expect-no-changes", self._tells_the_drift),
            ("verify", self._is_healed),
            ("preview --resume", self._ran_what_was_missing),
            ("--changed-since", self._tells_who_changed),
            ("handover", self._has_new_passwords),
            ("stack export", self._has_the_state),
            ("stack import", self._is_handed_over),
            ("rm --force", self._is_no_customer),
            ("fleet destroy", self._is_gone),
        ]

    def run(self, fence: Fence) -> str:
        """What the fence says, when it ends as the page says."""
        if "--expect-no-changes" in fence.text:
            self.msp.take_out_exclusions("north-school")
            return self.msp.session.run(f"{fence.text.rstrip()} || echo ended with $?\n")
        if "--changed-since" in fence.text:
            path = self.msp.folder / "Pulumi.north-school.yaml"
            path.write_text(f"# Reviewed.\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
        if "breakglass verify" in fence.text:
            return self.msp.session.run(fence.text.replace("verify\n", "verify || true\n"))
        if fence.language == "bash customer":
            return self._at_the_customers(fence)
        return self.msp.session.run(fence.text)

    def _has_a_template(self, said: str) -> None:
        assert said == ""
        path = self.msp.folder / TEMPLATE
        wanted = yaml.safe_load(SETTINGS[1].text)["config"]["break-glass:monitoring"]["notify"]
        text = path.read_text(encoding="utf-8")
        for old, new in zip(
            ("security@contoso.com", "contoso-alarm@example.org"), wanted["emails"], strict=True
        ):
            text = text.replace(old, new["address"])
        path.write_text(text, encoding="utf-8")

    def _has_a_customer(self, said: str) -> None:
        assert "Stack aa-lab is made." in said
        assert "aa-lab  7d3b1e94" in said
        assert "the tenant's identity, the key of the secrets" in said
        assert "one key for their secrets" not in said
        settings = (self.msp.folder / "Pulumi.aa-lab.yaml").read_text(encoding="utf-8")
        assert "encryptionsalt: " in settings
        assert "# required: the tenant in which the accounts are made" in settings
        commit(self.msp.folder)

    def _stands(self, said: str) -> None:
        assert "Go on? Only 'yes' does" in said
        assert "up: 1 done." in said
        assert len(self._administrators("aa-lab")) == 4
        assert all(_excludes(one) for one in self.msp.policies("aa-lab").values())

    def _shows_passwords(self, said: str) -> None:
        assert len(_passwords(said)) == 2

    def _has_another(self, said: str) -> None:
        assert "Stack north-school is made." in said
        settings = self._settings("north-school")["break-glass:monitoring"]
        addresses = [one["address"] for one in settings["notify"]["emails"]]
        assert addresses == ["alarm@your-msp.example", "head@north-school.example"]
        assert settings["customer"] == "north-school"
        north = read_customer(self.msp.folder, "north-school")
        assert (north.deployment.client_id, north.review.client_id) == tuple(
            re.findall(r"-client-id (\S+)", TEXT)
        )
        commit(self.msp.folder)

    def _rolled_out(self, said: str) -> None:
        assert "2 customers, 1 of them with changes" in said
        assert "up: 2 done." in said
        assert len(self._administrators("north-school")) == 4

    def _all_is_well(self, said: str) -> None:
        assert "status: 2 done." in said
        report = (self.msp.folder / ".fleet" / "status.html").read_text(encoding="utf-8")
        assert "north-school" in report

    def _tells_the_drift(self, said: str) -> None:
        assert "1 policy has lost the exclusion" in said
        assert said.rstrip().endswith("ended with 1")
        lab, north = read_json(self.msp.folder / ".fleet" / "drift.json").customers
        assert (lab.outcome, north.outcome, north.policies.drifted) == ("done", "failed", 1)
        for name in ("drift.md", "drift.html"):
            assert "lost the exclusion" in (self.msp.folder / ".fleet" / name).read_text(
                encoding="utf-8"
            )

    def _is_healed(self, said: str) -> None:
        assert f"Stack north-school, tenant {self.msp.tenants['north-school']}" in said
        assert "✗" in said.partition("up: ")[0]
        assert "up: 1 done." in said
        assert all(_excludes(one) for one in self.msp.policies("north-school").values())

    def _ran_what_was_missing(self, said: str) -> None:
        assert "north-school: started" in said
        assert "aa-lab: started" not in said
        assert "preview: 2 done." in said

    def _tells_who_changed(self, said: str) -> None:
        assert [line.split()[0] for line in said.splitlines()] == ["north-school"]

    def _has_new_passwords(self, said: str) -> None:
        self.passwords = _passwords(said)
        assert self._settings("north-school")["break-glass:accounts"]["passwordRotation"] == (
            "handover"
        )

    def _has_the_state(self, said: str) -> None:
        del said
        state = (self.msp.folder / ".fleet" / STATE).read_text(encoding="utf-8")
        assert not [one for one in self.passwords.values() if json.dumps(one)[1:-1] in state]

    def _at_the_customers(self, fence: Fence) -> str:
        """Another folder and backend; only the two files and the passphrase are there."""
        self.elsewhere.mkdir()
        (self.elsewhere / "state").mkdir()
        for name in ("Pulumi.yaml", "Pulumi.north-school.yaml", f".fleet/{STATE}"):
            shutil.copy2(self.msp.folder / name, self.elsewhere)
        own = {
            PASSPHRASE: self.msp.environment[f"{PASSPHRASE}__{suffix_of('north-school')}"],
            "PULUMI_BACKEND_URL": f"file://{self.elsewhere}/state",
        }
        exports = "".join(f"export {key}={shlex.quote(value)}\n" for key, value in own.items())
        shown = "pulumi stack output passwords --show-secrets --stack north-school\n"
        folder = shlex.quote(str(self.elsewhere))
        return self.msp.session.run(f"(cd {folder}\n{exports}{fence.text}{shown})\n")

    def _is_handed_over(self, said: str) -> None:
        assert _passwords(said) == self.passwords

    def _is_no_customer(self, said: str) -> None:
        del said
        assert not (self.msp.folder / "Pulumi.north-school.yaml").exists()
        left = [one for one in self.msp.state_files() if "north-school" in one.name]
        assert left == []
        assert len(self._administrators("north-school")) == 4
        assert all(_excludes(one) for one in self.msp.policies("north-school").values())

    def _is_gone(self, said: str) -> None:
        assert "Destroy everything of aa-lab? Type its name" in said
        assert "destroy: 1 done." in said
        assert len(self._administrators("aa-lab")) == 2
        users = {name: one["conditions"]["users"] for name, one in self.before.items()}
        after = self.msp.policies("aa-lab")
        assert {name: one["conditions"]["users"] for name, one in after.items()} == users
        resources = self.msp.tenant("aa-lab")["azureResources"]
        assert any(path.endswith("/workspaces/log-break-glass") for path in resources)
        assert list(self.msp.folder.glob("Pulumi.aa-lab.yaml")) == []

    def _administrators(self, customer: str) -> set[str]:
        assignments = self.msp.tenant(customer)["roleAssignments"]
        return {
            one["principalId"]
            for one in assignments
            if one["roleDefinitionId"] == GLOBAL_ADMINISTRATOR
        }

    def _settings(self, customer: str) -> dict[str, Any]:
        text = (self.msp.folder / f"Pulumi.{customer}.yaml").read_text(encoding="utf-8")
        return yaml.safe_load(text)["config"]


def _excludes(policy: dict[str, dict[str, dict[str, list[str]]]]) -> bool:
    return bool(policy["conditions"]["users"].get("excludeGroups"))


def _passwords(said: str) -> dict[str, str]:
    """The line that is a JSON object."""
    (line,) = [one for one in said.splitlines() if one.startswith('{"')]
    return json.loads(line)


@pytest.fixture(scope="module")
def _engine() -> Engine:  # pyright: ignore[reportUnusedFunction]
    """Have the engine before the test's own time starts."""
    return session_engine()


@pytest.mark.usefixtures("_engine")
@pytest.mark.timeout(600)
def test_every_command_does_what_the_page_says(tmp_path: Path) -> None:
    with msp_project(tmp_path, TEXT) as msp:
        walk = Walk(msp, tmp_path / "elsewhere")
        assert len(COMMANDS) == len(walk.steps)
        for fence, (word, holds) in zip(COMMANDS, walk.steps, strict=True):
            assert word in fence.text
            holds(walk.run(fence))


def test_a_template_with_the_settings_of_the_page_makes_a_customer(tmp_path: Path) -> None:
    key, piece = (yaml.safe_load(one.text) for one in SETTINGS)
    template = {**key, "config": {"azuread:tenantId": "x", "azure-native:subscriptionId": "x"}}
    template["config"] |= piece["config"]
    path = tmp_path / TEMPLATE
    path.write_text(yaml.safe_dump(template), encoding="utf-8")
    ids = re.findall(r"--(?:tenant|subscription) ([0-9a-f-]{36})", TEXT)
    added = add_customer(tmp_path, "north-school", ids[-2], ids[-1], path)
    made = yaml.safe_load(added.path.read_text(encoding="utf-8"))
    assert made["secretsprovider"].endswith("/keys/north-school")
    assert not added.shared_key
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in made["config"].items()
    }
    load_settings(texts)


def test_every_variable_of_a_customer_is_one_that_it_gets() -> None:
    suffixes = {suffix_of("north-school")}
    assert set(re.findall(r"\b(?:ARM|AZURE|PULUMI)_[A-Z_]+?__([A-Z_]+)", TEXT)) == suffixes


def test_the_environments_are_those_of_the_workflows() -> None:
    table = TEXT.partition("| application | environments |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(tenant[a-z-]*)`", table))
    used: set[str] = set()
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        used |= {one["environment"] for one in jobs if "id-token" in one.get("permissions", {})}
    assert named == used
    (federation,) = [json.loads(one.text) for one in FENCES if one.language == "json"]
    assert set(federation) == {"name", "issuer", "subject", "audiences"}
    assert federation["subject"].rpartition(":environment:")[2] in named


def test_the_audience_is_the_one_that_the_customers_tokens_have() -> None:
    (federation,) = [json.loads(one.text) for one in FENCES if one.language == "json"]
    north = Customer("north-school", Path("Pulumi.north-school.yaml"), "", "")
    assert federation["audiences"] == [audience_of(north, {})]


def test_a_customer_of_azure_devops_is_a_line_in_the_list_of_connections() -> None:
    (fence,) = [one for one in FENCES if one.language == "yaml azure-pipelines"]
    path = ROOT / "azure-pipelines" / "connections.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    (shown,) = yaml.safe_load(fence.text)
    (ours,) = [one for one in document["parameters"] if one["name"] == "customers"]
    assert {**shown, "default": ours["default"]} == ours
    ((each, (step,)),) = document["steps"][0].items()
    assert each == "${{ each customer in parameters.customers }}"
    (kinds,) = [one["values"] for one in document["parameters"] if one["name"] == "which"]
    assert {f"fleet:{one}ConnectionId" for one in kinds} < set(APPLICATIONS)
    for which in kinds:
        name = step["inputs"]["azureSubscription"].replace("${{ parameters.which }}", which)
        assert f"`{name.replace('${{ customer }}', shown['default'][-1])}`" in TEXT


def test_what_bash_alone_understands_stands_beside_it_for_powershell() -> None:
    at = [(one.language.partition(" ")[0], one.text) for one in FENCES]
    twins = [
        (text, at[number + 1])
        for number, (shell, text) in enumerate(at)
        if shell == "bash" and re.search(r"^(export|read|[A-Z_]+=)|\$\(", text, re.MULTILINE)
    ]
    assert len(twins) == 5
    for text, (shell, other) in twins:
        assert shell == "powershell", text

        def azure(said: str) -> list[str]:
            return [one.removesuffix(')"') for one in re.findall(r"\baz .*", said)]

        assert azure(other) == azure(text)
        names = set(re.findall(r"^export (\w+)=|read -rs (\w+)", text, re.MULTILINE))
        for name in (one or two for one, two in names):
            assert re.search(rf"^\$(env:)?{name} = ", other, re.MULTILINE), name


def test_the_page_names_each_key_of_a_customers_identities() -> None:
    assert set(re.findall(r"`(fleet:[A-Za-z]+)`", TEXT)) == set(APPLICATIONS)
