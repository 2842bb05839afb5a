"""How a request is taken from the wire: its body whole and within limits, or a refusal."""

import logging
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.api.incoming import Incoming
from sandbox.tenant.errors import ServiceError

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes, after decompression."""


def wire_log() -> logging.Logger:
    """The log of the HTTP server: what a client sent wrongly is no error of the server."""
    log = logging.getLogger("sandbox.wire")
    log.addFilter(_is_own_error)
    return log


def head_of(request: web.BaseRequest, body: bytes = b"") -> Incoming:
    """A request, with a body that has been read already."""
    path, _, query = request.raw_path.partition("?")
    return Incoming(
        method=request.method,
        raw_path=path if path.startswith("/") else urlsplit(path).path,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )


async def read_body(request: web.BaseRequest) -> bytes:
    """The body, decompressed; raises ServiceError 413 or 400."""
    if not request.body_exists:
        return b""
    body = bytearray()
    try:
        async for piece in request.content.iter_any():
            body += piece
            if len(body) > LARGEST_BODY:
                raise _too_large()
    except (HttpProcessingError, web.RequestPayloadError) as error:
        encoding = request.headers.get("Content-Encoding", "identity")
        raise ServiceError(
            400, "BadRequest", f"The request's body cannot be read; its encoding is {encoding}."
        ) from error
    return bytes(body)


def _too_large() -> ServiceError:
    return ServiceError(
        413,
        "RequestEntityTooLarge",
        f"The request's body is larger than {LARGEST_BODY} bytes, the most that is taken.",
    )


def _is_own_error(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)
