"""The control face's part for sign-ins and for an administrator at work on the policies.

No token and no throttling: this is what a person does in a portal, not what an application does.
"""

from pydantic import ValidationError

from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.access.sign_ins import SignInRequest, sign_in
from sandbox.tenant.errors import ServiceError

router = Router()

_POLICIES = "/sandbox/conditional-access/policies"


@router.route("POST", "/sandbox/sign-ins")
def post_sign_in(request: Request) -> Response:
    """Sign a user in; the answer says what happened and why."""
    try:
        wanted = SignInRequest.model_validate(request.object_body())
    except ValidationError as error:
        raise ServiceError(400, "BadRequest", f"sign-in request: {_first(error)}") from None
    return Response(200, sign_in(request.tenant, wanted))


@router.route("GET", _POLICIES)
def list_policies(request: Request) -> Response:
    """All policies in one answer."""
    return Response(200, {"value": request.tenant.conditional_access.policies()})


@router.route("POST", _POLICIES)
def create_policy(request: Request) -> Response:
    """Create a policy as an administrator."""
    return Response(201, request.tenant.conditional_access.create_policy(request.object_body()))


@router.route("PATCH", _POLICIES + "/{id}")
def update_policy(request: Request) -> Response:
    """Change a policy as an administrator."""
    request.tenant.conditional_access.update_policy(request.params["id"], request.object_body())
    return Response(204)


@router.route("DELETE", _POLICIES + "/{id}")
def delete_policy(request: Request) -> Response:
    """Delete a policy as an administrator."""
    request.tenant.conditional_access.delete_policy(request.params["id"])
    return Response(204)


def _first(error: ValidationError) -> str:
    """The first wrong key and what is wrong with it, without what was given: it may be secret."""
    found = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in found["loc"])
    said = found["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
