"""The simulated tenant that runs, for the commands that look into it."""

from typing import TYPE_CHECKING

from cli.failure import CommandFailed

if TYPE_CHECKING:
    from cli.control_face import ControlFace
    from cli.service_client import ServiceClient
    from cli.tenant_process import RunningTenant
    from cli.workspace import SandboxFolder


def control_face() -> "ControlFace":
    """Its control face; raises CommandFailed with the way to start it when it does not run."""
    from cli import tenant_process

    tenant, folder = _running()
    return tenant_process.connect(tenant, folder)


def service_client() -> "ServiceClient":
    """Its services, asked as the application of `breakglass sandbox env` asks them."""
    from cli import tenant_process
    from cli.service_client import ServiceClient

    tenant, folder = _running()
    variables = tenant_process.tenant_variables(folder)
    return ServiceClient(tenant.url, variables, folder.certificate_authority)


def _running() -> "tuple[RunningTenant, SandboxFolder]":
    from cli import tenant_process
    from cli.workspace import sandbox_folder

    folder = sandbox_folder()
    tenant = tenant_process.find(folder)
    if tenant is None:
        raise CommandFailed("The simulated tenant is not running: `breakglass sandbox start`.")
    return tenant, folder
