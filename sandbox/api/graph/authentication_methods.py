"""Graph: the authentication methods of a user, and the tenant's policy for them (v1.0 and beta).

The path of the creation options with a timeout and per-user MFA are beta's only; per-user MFA can
be changed by administrators alone, not by applications (Microsoft Graph beta, "Get authentication
method states", "Update authentication method states"). Permissions: Microsoft Graph
permissions reference; that reading a user's methods needs one of them also for an application is
from the list of `UserAuthenticationMethod.Read.All`.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.api.graph.odata import JSON, collection, entity, without
from sandbox.api.graph.routes import VERSIONS, graph_route
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory import authentication_methods_policy as policies
from sandbox.tenant.directory.authentication_methods import (
    ACCESS_PASS,
    PASSKEY,
    PASSWORD,
    delete_method,
    method_of,
    methods_of,
    shown_id,
)
from sandbox.tenant.directory.method_kinds import KINDS, LISTED_KINDS, MethodKind
from sandbox.tenant.directory.passkeys import (
    DEFAULT_TIMEOUT_MINUTES,
    creation_options,
    register,
)
from sandbox.tenant.directory.per_user_mfa import per_user_mfa
from sandbox.tenant.directory.store import Directory
from sandbox.tenant.directory.temporary_access_passes import create_pass, usability

router = Router(case_insensitive=True)

WRITE = ("UserAuthenticationMethod.ReadWrite.All",)
READ = ("UserAuthenticationMethod.Read.All", *WRITE)
PASS_WRITE = ("UserAuthMethod-TAP.ReadWrite.All", *WRITE)
PASS_READ = ("UserAuthMethod-TAP.Read.All", "UserAuthMethod-TAP.ReadWrite.All", *READ)
PASSKEY_WRITE = ("UserAuthMethod-Passkey.ReadWrite.All", *WRITE)
PASSKEY_READ = ("UserAuthMethod-Passkey.Read.All", "UserAuthMethod-Passkey.ReadWrite.All", *READ)
MFA_READ = ("Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod")
POLICY_WRITE = ("Policy.ReadWrite.AuthenticationMethod",)
POLICY_READ = ("Policy.Read.All", "Policy.Read.AuthenticationMethod", *POLICY_WRITE)

_METHODS = "/users/{id}/authentication"
_PASSES = f"{_METHODS}/temporaryAccessPassMethods"
_PASSKEYS = f"{_METHODS}/fido2Methods"
_PASSWORDS = f"{_METHODS}/passwordMethods"
_REQUIREMENTS = f"{_METHODS}/requirements"
_OPTIONS = f"{_PASSKEYS}/creationOptions"
_POLICY = "/policies/authenticationMethodsPolicy"
_CONFIGURATION = f"{_POLICY}/authenticationMethodConfigurations/{{method}}"


@graph_route(router, "GET", f"{_METHODS}/methods", permissions=READ)
def list_methods(request: Request) -> Response:
    """All methods of a user."""
    return _listed(request, None)


@graph_route(router, "GET", _PASSWORDS, permissions=READ)
def list_passwords(request: Request) -> Response:
    """The one password of a user; never itself."""
    return _listed(request, PASSWORD)


@graph_route(router, "GET", f"{_PASSWORDS}/{{method}}", permissions=READ)
def get_password(request: Request) -> Response:
    """The password as a method."""
    return _one(request, PASSWORD)


@graph_route(router, "GET", _PASSES, permissions=PASS_READ)
def list_passes(request: Request) -> Response:
    """The Temporary Access Pass of a user, if there is one."""
    return _listed(request, ACCESS_PASS)


@graph_route(router, "POST", _PASSES, permissions=PASS_WRITE)
def add_pass(request: Request) -> Response:
    """A new Temporary Access Pass; only this answer holds its passcode."""
    directory = request.tenant.directory
    made, passcode = create_pass(directory, request.params["id"], request.object_body())
    shown = shown_method(request.tenant.directory, made) | {"temporaryAccessPass": passcode}
    return entity(request, shown, "authentication/temporaryAccessPassMethods", 201)


@graph_route(router, "GET", f"{_PASSES}/{{method}}", permissions=PASS_READ)
def get_pass(request: Request) -> Response:
    """One Temporary Access Pass without its passcode."""
    return _one(request, ACCESS_PASS)


@graph_route(router, "DELETE", f"{_PASSES}/{{method}}", permissions=PASS_WRITE)
def remove_pass(request: Request) -> Response:
    """Delete a Temporary Access Pass."""
    return _removed(request, ACCESS_PASS)


@graph_route(router, "GET", _OPTIONS, permissions=PASSKEY_WRITE)
def get_creation_options(request: Request) -> Response:
    """The options for a passkey, with a challenge for five minutes."""
    found = creation_options(
        request.tenant.directory, request.params["id"], DEFAULT_TIMEOUT_MINUTES
    )
    return entity(request, found, "webauthnCredentialCreationOptions")


@router.route(
    "GET",
    f"/beta{_OPTIONS}(challengeTimeoutInMinutes={{minutes}})",
    permissions=PASSKEY_WRITE,
)
def get_creation_options_for_long(request: Request) -> Response:
    """The same for as long as the caller asks."""
    text = request.params["minutes"]
    minutes = int(text) if text.isdigit() else 0
    found = creation_options(request.tenant.directory, request.params["id"], minutes)
    return entity(request, found, "webauthnCredentialCreationOptions")


@graph_route(router, "GET", _PASSKEYS, permissions=PASSKEY_READ)
def list_passkeys(request: Request) -> Response:
    """The passkeys of a user."""
    return _listed(request, PASSKEY)


@graph_route(router, "POST", _PASSKEYS, permissions=PASSKEY_WRITE)
def add_passkey(request: Request) -> Response:
    """Register a passkey on behalf of a user."""
    made = register(request.tenant.directory, request.params["id"], request.object_body())
    return entity(
        request, shown_method(request.tenant.directory, made), "authentication/fido2Methods", 201
    )


@graph_route(router, "GET", f"{_PASSKEYS}/{{method}}", permissions=PASSKEY_READ)
def get_passkey(request: Request) -> Response:
    """One passkey."""
    return _one(request, PASSKEY)


@graph_route(router, "DELETE", f"{_PASSKEYS}/{{method}}", permissions=PASSKEY_WRITE)
def remove_passkey(request: Request) -> Response:
    """Delete a passkey."""
    return _removed(request, PASSKEY)


def _routes_of(kind: MethodKind) -> None:
    """Listing, reading and deleting the methods of one kind."""
    own = f"UserAuthMethod-{kind.permission}"
    write = (f"{own}.ReadWrite.All", *WRITE)
    read = (f"{own}.Read.All", f"{own}.ReadWrite.All", *READ)
    path, versions = f"{_METHODS}/{kind.segment}", ("beta",) if kind.is_beta else VERSIONS

    @graph_route(router, "GET", path, permissions=read, versions=versions)
    def _(request: Request) -> Response:
        return _listed(request, kind.type)

    @graph_route(router, "GET", f"{path}/{{method}}", permissions=read, versions=versions)
    def _(request: Request) -> Response:
        return _one(request, kind.type)

    @graph_route(router, "DELETE", f"{path}/{{method}}", permissions=write, versions=versions)
    def _(request: Request) -> Response:
        return _removed(request, kind.type)


for _kind in LISTED_KINDS:
    _routes_of(_kind)


@graph_route(router, "GET", _REQUIREMENTS, permissions=MFA_READ, versions=("beta",))
def get_requirements(request: Request) -> Response:
    """Whether a user has per-user MFA: `disabled`, `enabled` or `enforced`."""
    found = {"perUserMfaState": per_user_mfa(request.tenant.directory, request.params["id"])}
    return entity(request, found, "authentication/requirements")


@graph_route(router, "GET", _POLICY, permissions=POLICY_READ)
def get_policy(request: Request) -> Response:
    """Which methods the tenant allows."""
    return entity(request, policies.policy(request.tenant.directory), _POLICY[1:])


@graph_route(router, "GET", _CONFIGURATION, permissions=POLICY_READ)
def get_configuration(request: Request) -> Response:
    """How the tenant allows one method."""
    found = policies.configuration(request.tenant.directory, request.params["method"])
    return entity(request, found, "authenticationMethodConfigurations")


@graph_route(router, "PATCH", _CONFIGURATION, permissions=POLICY_WRITE)
def update_configuration(request: Request) -> Response:
    """Change how the tenant allows one method."""
    policies.update_configuration(
        request.tenant.directory, request.params["method"], request.object_body()
    )
    return Response(204)


def _listed(request: Request, kind: str | None) -> Response:
    directory = request.tenant.directory
    found = methods_of(directory, request.params["id"], kind)
    return collection(
        request, found, "authentication/methods", lambda m: shown_method(directory, m)
    )


def _one(request: Request, kind: str) -> Response:
    found = method_of(
        request.tenant.directory, request.params["id"], kind, request.params["method"]
    )
    return entity(request, shown_method(request.tenant.directory, found), "authentication/methods")


def _removed(request: Request, kind: str) -> Response:
    params = request.params
    delete_method(request.tenant.directory, params["id"], kind, params["method"])
    return Response(204)


def shown_method(directory: Directory, method: Mapping[str, Any]) -> JSON:
    """A method as a reader sees it: no hash, and a passkey by the id of its credential."""
    shown = without(method, ("userId", "passwordHash", "credentialId"))
    kind = method["@odata.type"]
    if kind == PASSKEY:
        return shown | {"id": method.get("credentialId", method["id"])}
    if kind == ACCESS_PASS:
        state = usability(directory, method)
        return shown | {"temporaryAccessPass": None} | state
    if kind == PASSWORD:
        return shown | {"password": None}
    empty = dict.fromkeys(KINDS[kind].properties)
    return empty | shown | {"id": shown_id(shown)}
