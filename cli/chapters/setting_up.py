"""Setting up: an engine, its plugins, a tenant, a stack."""

from dataclasses import dataclass
from pathlib import Path

from cli.chapters.stage import Stage, count
from cli.control_face import Policy
from cli.engine import engine_environment, prepare_engine
from cli.facts import EngineFacts
from cli.leftovers import begin_anew, half_made
from cli.pulumi_run import PulumiRun
from cli.screen import Screen, plain
from cli.tenant_process import connect, elsewhere, start, tenant_variables
from cli.workspace import SandboxFolder


@dataclass(frozen=True)
class Setup:
    """What setting up found."""

    stage: Stage
    engine: EngineFacts
    plugins: dict[str, str]


def set_up(screen: Screen, folder: SandboxFolder, *, port: int, ca_rate: float | None) -> Setup:
    """Make everything ready that `pulumi up` needs; reuse what is there.

    `ca_rate`: how many Conditional Access requests per second the tenant takes; None: as it is.
    """

    def say(line: str) -> None:
        screen.say(plain(line.replace(str(Path.home()), "~")))

    screen.chapter("Setting up")
    engine, plugins = prepare_engine(folder, say)
    unknown = half_made(folder)
    if unknown:
        begin_anew(folder)
        say(
            f"The last run was killed while it made {', '.join(unknown)}, and nobody knows how far "
            "that got: the sandbox begins anew."
        )
    tenant, is_new = start(folder, port=port, ca_rate=ca_rate)
    face = connect(tenant, folder)
    name = face.health().tenants[0]
    title = f"{name.display_name} ({name.initial_domain})"
    screen.say(
        f"{'Started' if is_new else 'Found'} a simulated tenant: [bold]{plain(title)}[/] "
        f"at {tenant.url}"
    )
    note = elsewhere(tenant, port, is_new=is_new)
    if note is not None:
        screen.say(note)
    rate = ca_rate or face.conditional_access_rate()
    variables = {
        **tenant_variables(folder),
        # One request per second is the real service's pace; a faster tenant may be asked faster.
        "BREAK_GLASS_CA_INTERVAL_SECONDS": f"{1 / rate:.4f}",
    }
    pulumi = PulumiRun(
        engine.executable,
        folder,
        engine_environment(engine, folder, variables),
        show=screen.engine,
        colors=screen.colors,
    )
    pulumi.prepare()
    stage = Stage(screen, folder, face, title, pulumi, rate)
    return Setup(stage, EngineFacts(version=engine.version, source=engine.source), plugins)


def show_policies(stage: Stage, policies: list[Policy]) -> None:
    """The tenant's Conditional Access policies as a table."""
    from rich.table import Table

    states = {"enabledForReportingButNotEnforced": "report-only", "enabled": "on"}
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("state", no_wrap=True)
    table.add_column("Conditional Access policy", overflow="fold")
    table.add_column("asks for", overflow="fold", max_width=24)
    for policy in sorted(policies, key=lambda p: p.display_name):
        state = states.get(policy.state, "off")
        table.add_row(state, plain(policy.display_name), plain(policy.asks()))
    stage.screen.say(
        f"It has {count(len(policies), 'Conditional Access policy')}, "
        "and no emergency account that is exempt:"
    )
    stage.screen.show(table)
