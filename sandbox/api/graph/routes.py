"""What the Graph faces share: routes for v1.0 and beta alike, replicas, permissions, who calls."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from sandbox.api.routing import Handler, Request, Response, Router
from sandbox.tenant.directory.store import not_found

DIRECTORY_READ = ("Directory.Read.All", "Directory.ReadWrite.All")
DIRECTORY_WRITE = ("Directory.ReadWrite.All",)
VERSIONS = ("v1.0", "beta")


def graph_route(
    router: Router,
    method: str,
    template: str,
    *,
    permissions: tuple[str, ...],
    reads: bool | None = None,
    versions: tuple[str, ...] = VERSIONS,
) -> Callable[[Handler], Handler]:
    """Register a handler for `versions`; any one of the application permissions opens it.

    What `reads` (by default every GET) is answered by one of the tenant's replicas; anything else
    acts on the tenant as it is.
    """

    def register(handler: Handler) -> Handler:
        replicated = method == "GET" if reads is None else reads
        registered = _by_a_replica(handler) if replicated else handler
        for version in versions:
            path = f"/{version}{template}"
            router.route(method, path, permissions=permissions)(registered)
        return handler

    return register


def actor(request: Request) -> str | None:
    """The object id of the calling service principal; None for an administrator."""
    return None if request.caller is None else request.caller.object_id


def granted(request: Request) -> frozenset[str] | None:
    """The caller's application permissions; None for an administrator, who needs none."""
    return None if request.caller is None else request.caller.permissions


def require_replicated(request: Request, *object_ids: str) -> None:
    """Raise ServiceError 404 when an object is so new that the replica that is asked lacks it.

    For writes that name another object: they fail so right after that was made.
    """
    if request.caller is None:
        return
    reading = request.tenant.replicas.asked()
    if not reading.unseen:
        return
    truth = request.tenant.directory
    known = truth.as_seen(reading.unseen)
    for object_id in object_ids:
        if truth.find_object(object_id) is not None and known.find_object(object_id) is None:
            raise not_found(object_id)


def _by_a_replica(handler: Handler) -> Handler:
    def answer(request: Request) -> Response:
        if request.caller is None:
            return handler(request)
        reading = request.tenant.replicas.asked(_addressed(request))
        if reading.unseen:
            request = replace(request, tenant=request.tenant.as_seen(reading.unseen))
        response = handler(request)
        return _shortened(response) if reading.short else response

    return answer


def _addressed(request: Request) -> Iterator[str]:
    """The ids of the objects that the path names, by id or by user principal name."""
    for value in request.params.values():
        name = value.lower()
        yield request.tenant.directory.index.user_called(name) or name


def _shortened(response: Response) -> Response:
    """A listing whose last item is missing; anything else as it is."""
    body: Any = response.body
    if not isinstance(body, dict) or "@odata.nextLink" in body:
        return response
    known: dict[str, Any] = dict(body)  # pyright: ignore[reportUnknownArgumentType]
    if not isinstance(known.get("value"), list) or not known["value"]:
        return response
    known["value"] = known["value"][:-1]
    if "@odata.count" in known:
        known["@odata.count"] -= 1
    return replace(response, body=known)
