"""`breakglass cost`: what a stack's monitoring costs a month."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer

from cli.exclusion_commands import Sandbox, StackName
from cli.options import plain_errors

if TYPE_CHECKING:
    from alerting.cost import Estimate
    from alerting.price_list import PriceList
    from cli.chosen_stack import ChosenStack
    from cli.settings_file import SettingsFile
    from cli.standing_cost import StandingCost

_WIDTH: Final = 140  # of a file or pipe
_FIRST_RUN: Final = (
    "– Not counted, since no run has found them out yet: administrators whom allAdmins tells, and"
    " an Entra ID P1 licence where the tenant has none."
)
MONITORING: Final = "break-glass:monitoring"


@plain_errors
def cost(
    stack: StackName = None,
    sandbox: Sandbox = False,
    live: Annotated[
        bool, typer.Option("--live", help="Take today's prices from Azure's retail price API.")
    ] = False,
    config_file: Annotated[
        Path | None, typer.Option(help="The settings, where they are in a file of another name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Say what the monitoring costs a month: each line with its price and what was assumed.

    Reads the stack's settings; works before the first `pulumi up`. Of a program with settings of
    its own it reads what the last run made. Changes nothing.
    """
    from alerting.cost import estimate
    from cli.chosen_stack import choose_stack
    from cli.settings_file import settings_file

    chosen = choose_stack(stack, sandbox=sandbox)
    settings = settings_file(chosen, config_file)
    region = settings.text("azure-native:location")
    if MONITORING in settings.values:
        found = _last_run(chosen)
        notes, plan = [] if found else [_FIRST_RUN], _plan(settings, found)
    else:
        standing = _standing(chosen, settings)
        region, plan = standing.region, standing.plan
        notes = [_not_our_settings(settings, standing)]
    prices, troubles = _prices(region, live=live)
    result = estimate(plan, prices)
    if as_json:
        typer.echo(json.dumps(result.as_output(), indent=2))
    else:
        _show(result)
    for line in (*notes, *troubles):
        typer.echo(line, err=True)


def _plan(settings: "SettingsFile", found: Mapping[str, Any]) -> Any:
    from pydantic import ValidationError

    from alerting.cost_plan import cost_plan
    from cli.failure import CommandFailed

    told: Any = found.get("administratorsTold") or ()
    try:
        return cost_plan(
            settings.group(MONITORING),
            premium=settings.text("break-glass:premium") != "absent",
            administrators=len(told),
            licence_missing=any(line.get("kind") == "licence" for line in _lines(found)),
        )
    except ValidationError as error:
        # No value is quoted: one of them may be a secret.
        key = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"])
        raise CommandFailed(
            f"{settings.path.name}: {MONITORING}.{key} cannot be read: `pulumi preview` says what"
            " is expected there"
        ) from None


def _standing(stack: "ChosenStack", settings: "SettingsFile") -> "StandingCost":
    """What the last run of a program with settings of its own made. Raises CommandFailed."""
    from cli.chosen_stack import exported_state
    from cli.failure import CommandFailed
    from cli.standing_cost import standing_cost

    try:
        return standing_cost(exported_state(stack), stack.name)
    except CommandFailed as error:
        raise CommandFailed(
            f"{settings.path.name} has no {MONITORING}, so that what there is to pay for is read"
            f" from the last run: {error}"
        ) from None


def _not_our_settings(settings: "SettingsFile", standing: "StandingCost") -> str:
    assumed = f"{standing.plan.sign_ins_per_day:,} sign-ins a day are assumed"
    said = "; ".join((assumed, *standing.remarks))
    return f"– {settings.path.name} has no {MONITORING}: counted is what the last run made; {said}."


def _lines(found: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The lines of the last run's estimate."""
    estimated: Any = found.get("estimatedMonthlyCost")
    if isinstance(estimated, Mapping):
        yield from cast("Mapping[str, Any]", estimated).get("lines") or ()


def _last_run(stack: "ChosenStack") -> Mapping[str, Any]:
    """The outputs of the stack's last run; empty when there are none or they cannot be read."""
    from cli.chosen_stack import exported_state
    from cli.failure import CommandFailed
    from cli.stack_state import deployment_of

    try:
        resources: Any = deployment_of(exported_state(stack)).get("resources") or []
    except CommandFailed:
        return {}
    for resource in resources:
        if resource.get("type") == "pulumi:pulumi:Stack" and resource.get("outputs"):
            return cast("Mapping[str, Any]", resource["outputs"])
    return {}


def _prices(region: str, *, live: bool) -> "tuple[PriceList, list[str]]":
    """The price list to count with; a line when live prices were asked for and are not there.

    `region`: of the alarms, in whatever spelling.
    """
    from alerting.price_list import LIST_PRICES

    if not live:
        return LIST_PRICES, []
    from cli.live_prices import PricesUnavailable, live_prices
    from entra.endpoints import trusted_certificates
    from entra.errors import IdentityError

    region = region.replace(" ", "").lower()
    try:
        # The price API is Azure's own, for a simulated tenant too.
        return live_prices(region, certificates=trusted_certificates(os.environ)), []
    except (PricesUnavailable, IdentityError) as error:
        return LIST_PRICES, [f"– No live prices, {LIST_PRICES.source} instead: {error}."]


def _show(result: "Estimate") -> None:
    from rich.markup import escape
    from rich.table import Table

    from cli.screen import console

    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for name in ("What", "Quantity", "Unit price", f"{result.currency} a month"):
        table.add_column(name, justify="left" if name == "What" else "right")
    table.add_column("Price of")
    table.add_column("Assumed")
    for line in result.lines:
        price = f"{line.unit_price:.7f}".rstrip("0").rstrip(".")
        numbers = (f"{line.quantity:g}", price, f"{line.monthly:.2f}")
        table.add_row(escape(line.what), *numbers, line.price_date, escape(line.assumption))
    console(_WIDTH).print(table)
    typer.echo(f"{result.total:.2f} {result.currency} a month, prices: {result.source}.")
