"""`breakglass sandbox …`: the simulated tenant by hand."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.failure import CommandFailed
from cli.options import Port, Rate, plain_errors
from cli.running import control_face as _face
from cli.running import service_client

if TYPE_CHECKING:
    from cli.control_face import Message, SignInAnswer

sandbox_app = typer.Typer(
    help="The simulated tenant: try everything here before you trust it.", no_args_is_help=True
)


class Shell(StrEnum):
    """How `sandbox env` writes variables."""

    bash = "bash"
    powershell = "powershell"
    json = "json"


class Audience(StrEnum):
    """Whom an access token is for."""

    graph = "graph"
    azure = "azure"
    logs = "logs"


class Device(StrEnum):
    """What a sign-in comes from."""

    unregistered = "unregistered"
    registered = "registered"
    compliant = "compliant"
    hybrid = "hybrid"


@sandbox_app.command()
@plain_errors
def start(
    port: Port = 8443,
    ca_rate: Rate = None,
    lag: Annotated[
        float | None,
        typer.Option(min=0, help="Mean seconds until a write is seen by every reader."),
    ] = None,
) -> None:
    """Start the simulated tenant, or say where it runs."""
    from cli import tenant_process
    from cli.workspace import sandbox_folder

    tenant, is_new = tenant_process.start(sandbox_folder(), port=port, ca_rate=ca_rate)
    typer.echo(f"{'Started' if is_new else 'Runs already'}: {tenant.url} (process {tenant.pid})")
    if is_new and (overruled := tenant_process.overruled(sandbox_folder())):
        typer.echo(overruled)
    if lag is not None:
        _face().turn({"readLagSeconds": lag})
    note = tenant_process.elsewhere(tenant, port, is_new=is_new)
    if note is not None:
        typer.echo(note)


@sandbox_app.command()
@plain_errors
def stop() -> None:
    """End the simulated tenant; its data stay for the next start."""
    from cli import tenant_process
    from cli.workspace import sandbox_folder

    stopped = tenant_process.stop(sandbox_folder())
    typer.echo("Stopped." if stopped else "It was not running.")


@sandbox_app.command()
@plain_errors
def status() -> None:
    """Say whether the simulated tenant runs, and what is in it. Exit code 1 when it does not."""
    from cli import tenant_process
    from cli.workspace import sandbox_folder

    tenant = tenant_process.find(sandbox_folder())
    if tenant is None:
        raise CommandFailed("The simulated tenant is not running: `breakglass sandbox start`.")
    face = _face()
    rate = face.conditional_access_rate()
    typer.echo(f"{tenant.url}, process {tenant.pid}, {rate:g} CA requests per second")
    for name in face.health().tenants:
        typer.echo(f"{name.display_name} ({name.initial_domain}), tenant id {name.id}")
    typer.echo(
        f"{len(face.policies())} Conditional Access policies, {face.last_request()} requests"
    )
    if calls := face.unknown():
        typer.echo(
            f"Asked and not simulated: {_count(len(calls))}, see `breakglass sandbox unknown`"
        )


@sandbox_app.command()
@plain_errors
def env(
    shell: Annotated[Shell, typer.Option(help="For which shell.")] = Shell.bash,
    pulumi: Annotated[
        bool, typer.Option("--pulumi", help="Add what `pulumi` needs to work on the stack.")
    ] = False,
) -> None:
    """Print the variables that a client of the simulated tenant needs, its secret included."""
    from cli import tenant_process
    from cli.environment_text import as_text
    from cli.workspace import sandbox_folder

    folder = sandbox_folder()
    variables = tenant_process.tenant_variables(folder)
    if pulumi:
        from cli.environment_text import pulumi_variables

        variables = pulumi_variables(folder, variables)
    typer.echo(as_text(variables, shell.value))


@sandbox_app.command()
@plain_errors
def token(
    audience: Annotated[
        Audience, typer.Option("--for", help="Microsoft Graph, Azure, or the query API of logs.")
    ] = Audience.graph,
) -> None:
    """Print an access token of the application whose credentials `env` prints."""
    typer.echo(service_client().token(audience.value))


@sandbox_app.command()
@plain_errors
def unknown() -> None:
    """List the calls that the simulated tenant was asked and does not know."""
    calls = _face().unknown()
    if not calls:
        typer.echo("The tenant was asked nothing that it does not know.")
    for call in calls:
        times = f"  {call.count} times" if call.count > 1 else ""
        typer.echo(f"{call.method} {call.path}{times}")


@sandbox_app.command()
@plain_errors
def knobs(
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Knobs to turn.")
    ] = None,
) -> None:
    """List how the simulated tenant behaves, or change it: lags, limits, delays, misfortune."""
    from sandbox.tenant.behaviour import Behaviour, knob_from_text

    face = _face()
    if changes:
        try:
            wanted = dict(knob_from_text(text) for text in changes)
        except ValueError as error:
            raise CommandFailed(str(error)) from None
        face.turn(wanted)
    defaults = Behaviour().model_dump(by_alias=True)
    fields = {field.alias: field.description for field in Behaviour.model_fields.values()}
    _list_knobs(face.knobs(), defaults, fields)


@sandbox_app.command("sign-in")
@plain_errors
def sign_in(
    user: Annotated[str, typer.Argument(help="User principal name or object id.")],
    app: Annotated[str, typer.Option(help="Application.")] = "Azure Portal",
    client_app: Annotated[
        str, typer.Option(help="browser, mobileAppsAndDesktopClients, exchangeActiveSync, other.")
    ] = "browser",
    country: Annotated[
        str | None, typer.Option(help="Two-letter country code, such as DE.")
    ] = None,
    platform: Annotated[str | None, typer.Option(help="Windows, macOS, iOS, Android …")] = None,
    ip: Annotated[str | None, typer.Option(help="Address, IPv4 or IPv6.")] = None,
    mfa: Annotated[bool, typer.Option("--mfa", help="MFA has been done.")] = False,
    method: Annotated[
        str | None,
        typer.Option(help="password; fido2, a registered passkey; windowsHelloForBusiness …"),
    ] = None,
    device: Annotated[
        Device, typer.Option(help="What Entra knows of the device.")
    ] = Device.unregistered,
    non_interactive: Annotated[
        bool, typer.Option("--non-interactive", help="A token refresh, nobody at the keyboard.")
    ] = False,
) -> None:
    """Sign a user in and explain the decision, policy by policy."""
    request: dict[str, Any] = {"user": user, "app": app, "clientApp": client_app, "mfa": mfa}
    request["interactive"] = not non_interactive
    place = {"country": country and country.upper(), "ip": ip}
    if any(place.values()):
        request["location"] = place
    if method is not None:
        request["method"] = method
    if device is not Device.unregistered:
        trust = "ServerAD" if device is Device.hybrid else "AzureAD"
        request["device"] = {"isCompliant": device is Device.compliant, "trustType": trust}
    if platform is not None:
        request["platform"] = platform
    _explain(_face().sign_in(**request))


@sandbox_app.command()
@plain_errors
def outbox(
    whole: Annotated[bool, typer.Option("--whole", help="Each message with its body.")] = False,
) -> None:
    """List the messages of alerts: those that went out, and those that did not."""
    from rich.table import Table

    from cli.screen import console, plain

    messages = _face().outbox()
    if not messages:
        typer.echo("No message has been sent.")
        return
    screen = console()
    if whole:
        for message in messages:
            sent = f"{message.time:%Y-%m-%d %H:%M:%S}  {message.channel} to {message.recipient}"
            typer.echo(f"{sent} ({_became(message)}): {message.subject}\n{message.body}\n")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("time", "channel", "to", "subject", "status"):
        table.add_column(column)
    for message in messages:
        told = (message.channel, message.recipient, message.subject, _became(message))
        table.add_row(f"{message.time:%Y-%m-%d %H:%M:%S}", *map(plain, told))
    screen.print(table)


def _became(message: "Message") -> str:
    return ": ".join(part for part in (message.status, message.reason) if part)


def _count(calls: int) -> str:
    return "1 call" if calls == 1 else f"{calls} calls"


def _list_knobs(
    knobs: Mapping[str, Any], defaults: Mapping[str, Any], meanings: Mapping[str | None, str | None]
) -> None:
    from rich.table import Table

    from cli.screen import console, plain

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("knob", "value", "default", "what it does"):
        table.add_column(column, overflow="fold")
    for name, value in knobs.items():
        default = defaults.get(name)
        shown = json.dumps(value) if value == default else f"[bold]{json.dumps(value)}[/]"
        meaning = (meanings.get(name) or "").partition("\n\n")[0].replace("\n", " ")
        table.add_row(name, shown, json.dumps(default), plain(meaning))
    console().print(table)


def _headline(answer: "SignInAnswer") -> str:
    """Whether the user is in; what Conditional Access allows may still not be enough."""
    if answer.decision == "mfa":
        return "must first pass MFA"
    if answer.decision == "allowed" and answer.result_type != "0":
        return "Conditional Access: allowed; the portal still asks for MFA"
    return answer.decision


def _explain(answer: "SignInAnswer") -> None:
    from rich.table import Table

    from cli.screen import console, plain

    screen = console()
    said = f"{plain(answer.user)} at {plain(answer.app)}: [bold]{_headline(answer)}[/]"
    screen.print(said, soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("policy", "result", "why"):
        table.add_column(column, overflow="fold")
    for policy in sorted(answer.policies, key=lambda p: (p.result != "applied", p.display_name)):
        table.add_row(plain(policy.display_name), policy.result, plain(policy.reason or ""))
    if answer.policies:
        screen.print(table)
    for name in answer.not_evaluated:
        screen.print(f"Not judged here: {plain(name)}")
    if answer.platform_asks:
        screen.print(f"Apart from Conditional Access: {plain(answer.platform_asks)}")
    result = " ".join((answer.result_type, answer.result_description)).strip()
    screen.print(f"Logged in {plain(answer.table)} with result {plain(result.rstrip('.'))}.")
