"""Simulated tenants for previews: one server, a tenant and a stack for each, jobs as in the fleet.

Nothing of it is anybody's: tenants, state and key are made here, and the next run makes others.
Each job is the fleet's own (``fleet.job``): a process with one tenant's variables, which Ctrl-C and
a time limit stop without leaving anything behind.
"""

import csv
import io
import json
import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from uuid import NAMESPACE_DNS, uuid5

import typer
import yaml
from filelock import FileLock, Timeout

from cli.ci_base import Base, lay_out, lead_to, pack_before, rules_note
from cli.ci_settings import SUBSCRIPTION, TENANT, domains_of, fitted, read_settings, text_of
from cli.engine import engine_environment, prepare_engine
from cli.failure import CommandFailed
from cli.workspace import SandboxFolder, make_private, write_private
from fleet.answer import answer_of
from fleet.job import Job, Options, run_job
from fleet.processes import Processes
from fleet.report import CustomerReport, Operation, Problem

JSON = dict[str, Any]
AT_ONCE: Final = {
    "conditionalAccessRequestsPerSecond": 0,
    "readLagSeconds": 0,
    "operationSeconds": 0,
    "diagnosticSettingLagSeconds": 0,
    "providerRegistrationSeconds": 0,
}
"""The settings are looked at here, not Microsoft's limits and delays."""
AT_SPEED: Final = {"BREAK_GLASS_CA_INTERVAL_SECONDS": "0"}
PROGRAMS: Final = {"up": "cli.settling_work", "preview": "fleet.work"}
PACK: Final = "PULUMI_OPTION_POLICY_PACK"
INIT_SECONDS: Final = 120.0
_OLD: Final = ("state", "project", "project-before", "base", "rules", "before", "now", "cache")
"""What an earlier run left; plugins stay."""
_LATE: Final = re.compile(r"not done within [\d.e+-]+ minutes")
_RESUME: Final = re.compile(r"(run again \()?`breakglass fleet \w+ --resume`( goes on|\))?")


@dataclass(frozen=True)
class Wanted:
    """Settings to look at: as they were (None: nowhere) and as they are, both as in the files."""

    customer: str
    stack: str
    before: JSON | None
    now: JSON


class SimulatedTenants:
    """A tenant for each of these, as long as a `with` block lasts.

    `project`: the folder of the Pulumi.yaml whose program is run. `since`: where its branch left
    that, the program was the one that settings before are set up with, and the pack, where it was
    another one, judges too; None: there is no program before. Raises CommandFailed.
    """

    def __init__(
        self,
        home: SandboxFolder,
        project: Path,
        wanted: Sequence[Wanted],
        *,
        since: str | None = None,
        policy_pack: Path | None = None,
    ) -> None:
        self._home = SandboxFolder(home.path / "ci", home.project)
        self._program = project
        self._since = since
        self._base: Base | None = None
        self._packs = {} if policy_pack is None else {policy_pack.resolve(): str(policy_pack)}
        self._notes: list[str] = []
        self._wanted = {one.customer: one for one in wanted}
        self._documents: dict[str, JSON] = {}
        self._environments: dict[str, dict[str, str]] = {}
        self._salt: JSON = {}
        self._empty = ""
        self._open = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._alone()
            self._lay_out()
            self._serve()
            self._first_stack()
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def preview(self, job: Job, processes: Processes, *, seconds: float) -> CustomerReport:
        """Set up what was there before, then preview what is there now; in so many seconds."""
        wanted = self._wanted[job.customer]
        started, clock = datetime.now(UTC), time.monotonic()

        def run(
            operation: Operation, when: str, document: JSON, project: Path, packs: Sequence[Path]
        ) -> CustomerReport:
            self._write(wanted, document, project)
            more = {PACK: _listed(packs)} if packs else {}
            options = Options(
                self._pulumi,
                self._version,
                self._home.path / when,
                timeout_seconds=max(1.0, seconds - (time.monotonic() - clock)),
                environ={**self._environments[job.customer], **more},
                program=PROGRAMS[operation],
            )
            return run_job(Job(wanted.stack, operation, None), project, options, processes)

        self._make_stack(wanted.stack)
        before = None
        if wanted.before is not None:
            before = run("up", "before", wanted.before, self._project_before, ())
        if before is None or before.outcome == "done":
            report = run("preview", "now", wanted.now, self._project, [*self._packs])
        else:
            report = _hindered(before, self._base)
        # Accounts, alarm and the like are the simulated tenant's: nothing is told of them.
        return CustomerReport(
            customer=job.customer,
            tenant_id="",
            subscription_id="",
            operation="preview",
            outcome=report.outcome,
            started=started,
            seconds=time.monotonic() - clock,
            changes=report.changes,
            planned=report.planned,
            problems=_of_settings(report, seconds),
            notes=(*report.notes, *self._notes),
        )

    def log(self, customer: str) -> str:
        """What the engine printed of a preview; of the settings before, when that was the end."""
        stack = self._wanted[customer].stack
        logs = (self._home.path / when / f"{stack}.log" for when in ("now", "before"))
        found = next((log for log in logs if log.is_file()), None)
        told = found.read_text(encoding="utf-8", errors="replace") if found else ""
        for pack, name in self._packs.items():  # by the name that it was called by
            told = told.replace(str(pack), name)
        return told

    @property
    def _project(self) -> Path:
        return self._home.path / "project"

    @property
    def _project_before(self) -> Path:
        return self._project if self._base is None else self._home.path / "project-before"

    def _alone(self) -> None:
        make_private(self._home.path)
        try:
            self._open.enter_context(FileLock(self._home.path / "preview.lock", timeout=0))
        except Timeout:
            raise CommandFailed(
                f"another `breakglass ci preview` works in {self._home.path}: wait for its end, or"
                " name another folder in BREAK_GLASS_SANDBOX_FOLDER"
            ) from None

    def _lay_out(self) -> None:
        """Folders with the Pulumi.yaml of each program and no customer of theirs."""
        for name in _OLD:
            shutil.rmtree(self._home.path / name, ignore_errors=True)
        for name in ("before", "now"):
            make_private(self._home.path / name)
        self._name = lead_to(self._program, self._program, self._project)
        if self._since is None:
            return
        folder = self._home.path / "base"
        self._open.callback(shutil.rmtree, folder, ignore_errors=True)
        self._base = lay_out(self._program, self._since, folder)
        lead_to(self._base.project, self._program, self._project_before)
        for pack, name in list(self._packs.items()):
            rules = self._home.path / "rules"
            if old := pack_before(self._base, self._program.resolve(), pack, rules):
                self._packs[old] = f"{name} as of {self._base.short}"
                self._notes.append(rules_note(self._base, self._program.resolve(), pack))

    def _serve(self) -> None:
        """One server, with a tenant and an environment for each."""
        from sandbox.api.persistence import read_document
        from sandbox.api.server import TenantServer
        from sandbox.tenant.errors import DocumentError

        try:
            seed = read_document(self._home.seed)
            self._documents = {name: _tenant_of(seed, one) for name, one in self._wanted.items()}
            server = TenantServer(list(self._documents.values()), knobs=AT_ONCE)
        except DocumentError as error:
            raise CommandFailed(str(error)) from None
        self._open.enter_context(server)
        engine, _ = prepare_engine(self._home, typer.echo)
        self._pulumi, self._version = engine.executable, engine.version
        environment = engine_environment(engine, self._home, AT_SPEED)
        # The jobs begin in the folder above and import what lies here.
        paths = (str(self._home.project), environment.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        for name, document in self._documents.items():
            tenant = server.environment(document["tenant"]["id"])
            self._environments[name] = environment | tenant

    def _first_stack(self) -> None:
        """Let the engine make one empty stack; the others are its copies under their names."""
        first = next(iter(self._wanted.values()))
        done = answer_of(
            [str(self._pulumi), "stack", "init", first.stack, "--no-select", "--non-interactive"],
            self._project,
            self._environments[first.customer],
            seconds=INIT_SECONDS,
        )
        if done.returncode != 0:
            told = [line for line in done.stderr.splitlines() if line.strip()] or [
                "no reason given"
            ]
            raise CommandFailed(f"no stack could be made for the previews: {told[0]}")
        settings = self._project / f"Pulumi.{first.stack}.yaml"
        written = read_settings(text_of(settings), settings.name)
        self._salt = {key: value for key, value in written.items() if key != "config"}
        self._empty = text_of(self._state(first.stack)).replace(
            f"/{self._name}/{first.stack}", f"/{self._name}/{{stack}}"
        )

    def _make_stack(self, stack: str) -> None:
        write_private(self._state(stack), self._empty.replace("{stack}", stack))

    def _state(self, stack: str) -> Path:
        return self._home.state / ".pulumi" / "stacks" / self._name / f"{stack}.json"

    def _write(self, wanted: Wanted, document: JSON, project: Path) -> None:
        tenant = self._documents[wanted.customer]
        settings, _ = fitted(document, ids_of(tenant))
        file = project / f"Pulumi.{wanted.stack}.yaml"
        write_private(file, yaml.safe_dump({**self._salt, **settings}, sort_keys=False))


def ids_of(document: Mapping[str, Any]) -> JSON:
    """Settings that lead to a simulated tenant, as in Pulumi.sandbox.yaml."""
    return {
        "config": {
            TENANT: document["tenant"]["id"],
            SUBSCRIPTION: document["subscriptions"][0]["subscriptionId"],
            "azure-native:location": "westeurope",
        }
    }


def _tenant_of(seed: Mapping[str, Any], wanted: Wanted) -> JSON:
    """A tenant of its own, with the domains that its settings name, verified and not federated."""
    text = json.dumps(seed)
    ids = [seed["tenant"]["id"], *(one["subscriptionId"] for one in seed["subscriptions"])]
    for old in (*ids, *(app["appId"] for app in seed["apps"])):
        text = text.replace(old, str(uuid5(NAMESPACE_DNS, f"{wanted.customer}/{old}")))
    document: JSON = json.loads(text)
    named: dict[str, None] = {}
    for settings in filter(None, (wanted.before, wanted.now)):
        named |= dict.fromkeys(domains_of(fitted(settings, ids_of(document))[0]))
    kept = [one for one in document["domains"] if one["id"] not in named or one.get("isInitial")]
    there = {one["id"] for one in kept}
    document["domains"] = kept + [
        {"id": name, "isVerified": True, "isRoot": True, "authenticationType": "Managed"}
        for name in named
        if name not in there
    ]
    return document


def _hindered(report: CustomerReport, base: Base | None) -> CustomerReport:
    """The report when the settings before could not be set up."""
    program = "the program" if base is None else f"the program of {base.short}"
    first = Problem(
        what=f"{program} could not set up the settings as they were, so nothing was previewed",
        todo="correct what the next lines name where this branch began; if the old program does"
        " not run with this branch's packages, first merge code that runs with both",
    )
    problems = (first, *report.problems) if report.outcome == "failed" else report.problems
    return report.model_copy(update={"changes": {}, "problems": problems})


def _listed(paths: Sequence[Path]) -> str:
    """As the engine reads a list in a variable: as one line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(map(str, paths))
    return line.getvalue()


def _of_settings(report: CustomerReport, seconds: float) -> tuple[Problem, ...]:
    """What is wrong with the settings, in the words of this command.

    What a good preview tells beside its changes (a policy that lacks the exclusion yet) is a change
    of these settings: nobody else works in this tenant.
    """
    if report.outcome == "done":
        return ()
    limit = f"not done within {seconds / 60:g} minutes"  # of both steps together
    return tuple(
        Problem(
            what=_LATE.sub(limit, one.what),
            todo=_RESUME.sub("run `breakglass ci preview` again", one.todo),
        )
        for one in report.problems
    )
