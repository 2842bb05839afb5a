"""The one exception that the simulated tenant's rules raise.

Exception
└── ServiceError    what a Microsoft service answers instead of doing what was asked
"""

from collections.abc import Mapping, Sequence


class ServiceError(Exception):
    """A refusal in a service's own words; the HTTP faces put it into their envelope.

    `status` is the HTTP status, `code` the service's error code (for example
    `Request_ResourceNotFound`), `message` its text, `headers` what the answer carries besides.
    `details` are the parts of the request that are at fault, where the service names them.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
        details: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers: Mapping[str, str] = dict(headers or {})
        self.details = tuple(details)


class DocumentError(ValueError):
    """A seed or saved document is wrong: one line with the key and what is expected."""
