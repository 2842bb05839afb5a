"""What can go wrong between us and a tenant.

    EntraError
    ├── IdentityError      who we are: variables, credentials, tenant, permissions
    │   ├── RightMissing   an answer 401 or 403 of Azure Resource Manager
    │   └── PipelineSilent the pipeline that runs us gave no token, and may give one in a moment
    ├── LimiterError       the shared pace of Conditional Access requests cannot be kept
    ├── OutdatedRead       a write's turn came too late for the read that it rests on
    └── GraphError         an answer of Microsoft Graph (or none at all: status 0)
        ├── NotFound       404
        └── Forbidden      401 and 403

Every message is one line that says what was found and how to fix it; none holds a secret.
"""


class EntraError(Exception):
    """Base of everything that this package raises.

    ``in_doubt``: the write that ends with this error may have taken effect all the same, because
    one of its attempts was never answered for certain.
    """

    in_doubt: bool = False


class IdentityError(EntraError):
    """The identity is missing, contradictory, refused, of another tenant, or not entitled."""


class RightMissing(IdentityError):  # noqa: N818 (what it is, not what went wrong)
    """The identity may not do in Azure what it was asked for."""


class PipelineSilent(IdentityError):  # noqa: N818 (what it is, not what went wrong)
    """The pipeline's address for tokens was not reached, or is busy."""


class LimiterError(EntraError):
    """The folder that keeps the pace of Conditional Access requests cannot be used."""


class OutdatedRead(EntraError):  # noqa: N818 (what it is, not what went wrong)
    """A write waited so long for its turn that what it rests on may be out of date; not sent."""


class GraphError(EntraError):
    """An error answer of Microsoft Graph, in the service's own words.

    ``status`` is the HTTP status, 0 when no answer came; ``code`` and ``message`` come from the
    error envelope (Microsoft Graph documentation, "Error responses and resource types").
    """

    def __init__(self, status: int, code: str, message: str, method: str, path: str) -> None:
        self.status = status
        self.code = code
        self.message = " ".join(message.split())
        self.method = method
        self.path = path
        answer = f"answered {status} {code}".rstrip() if status else f"got no answer ({code})"
        super().__init__(f"{method} {path} {answer}" + (f": {self.message}" if message else ""))


class NotFound(GraphError):  # noqa: N818 (the service's own word)
    """404: the object does not exist, or a lagging replica does not know it yet."""


class Forbidden(GraphError):  # noqa: N818 (the service's own word)
    """401 or 403: the identity may not do this."""
