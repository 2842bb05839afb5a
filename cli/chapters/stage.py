"""What every chapter works with."""

from dataclasses import dataclass

from cli.control_face import ControlFace, Policy
from cli.failure import CommandFailed
from cli.pulumi_run import Outcome, PulumiRun
from cli.screen import Screen
from cli.workspace import SandboxFolder

MISTAKE = "CA900: Block everybody (saved by mistake)"


@dataclass(frozen=True)
class Stage:
    """The engine, the tenant and the screen of one run."""

    screen: Screen
    folder: SandboxFolder
    tenant: ControlFace
    tenant_name: str
    pulumi: PulumiRun
    ca_rate: float  # Conditional Access requests per second that the tenant takes


@dataclass(frozen=True)
class CaTraffic:
    """Conditional Access requests that one Pulumi run made."""

    requests: int
    writes: int


def run_up(stage: Stage, *, skip_preview: bool = False) -> tuple[Outcome, CaTraffic]:
    """Run `pulumi up` on screen and count its requests in the tenant's own log.

    Raises CommandFailed when Pulumi fails.
    """
    before = stage.tenant.last_request()
    outcome = stage.pulumi.up(skip_preview=skip_preview)
    if outcome.exit_code != 0:
        raise CommandFailed(
            f"`pulumi up` {outcome.ending}; what it had done by then is in its state. "
            "Run `breakglass up` again: it goes on from there."
        )
    requests = [entry for entry in stage.tenant.requests(after=before) if entry.on_policies]
    writes = sum(entry.method == "PATCH" for entry in requests)
    return outcome, CaTraffic(len(requests), writes)


def count(number: int, noun: str) -> str:
    """`1 policy`, `2 policies`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


def left_from_last_run(policies: list[Policy]) -> list[Policy]:
    """The mistakes that earlier runs of the story saved."""
    return [policy for policy in policies if policy.display_name == MISTAKE]
