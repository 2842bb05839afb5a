"""What the Graph faces share: routes for v1.0 and beta alike, permissions, who is calling."""

from collections.abc import Callable

from sandbox.api.routing import Handler, Request, Router

DIRECTORY_READ = ("Directory.Read.All", "Directory.ReadWrite.All")
DIRECTORY_WRITE = ("Directory.ReadWrite.All",)
VERSIONS = ("v1.0", "beta")


def graph_route(
    router: Router, method: str, template: str, *, permissions: tuple[str, ...]
) -> Callable[[Handler], Handler]:
    """Register a handler for both versions; any one of the application permissions opens it."""

    def register(handler: Handler) -> Handler:
        for version in VERSIONS:
            router.route(method, f"/{version}{template}", permissions=permissions)(handler)
        return handler

    return register


def actor(request: Request) -> str | None:
    """The object id of the calling service principal; None for an administrator."""
    return None if request.caller is None else request.caller.object_id


def granted(request: Request) -> frozenset[str] | None:
    """The caller's application permissions; None for an administrator, who needs none."""
    return None if request.caller is None else request.caller.permissions
