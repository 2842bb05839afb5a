"""How an answer goes over the wire: at once as a rule, or late, slowly, cut, or not at all."""

import asyncio
import math
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from sandbox.api.json_text import compact
from sandbox.api.routing import Response
from sandbox.tenant.faults import Fault

_PIECES = 20
FOR_EVER = math.inf


@dataclass(frozen=True)
class Delivery:
    """An answer and its way. Times are real seconds.

    `response` None: the connection ends without an answer, after `wait_seconds`. `drip_seconds`
    pass between the first and the last byte of the body. `broken`: the body ends in its middle.
    `cut`: the connection does.
    """

    response: Response | None
    wait_seconds: float = 0.0
    drip_seconds: float = 0.0
    broken: bool = False
    cut: bool = False

    @classmethod
    def of_fault(cls, fault: Fault, response: Response) -> "Delivery":
        """What a fault makes of the answer that there would be, or that it chose itself."""
        if fault.drop:
            return cls(None, fault.hang_seconds)
        if fault.hang:
            return cls(None, fault.hang_seconds or FOR_EVER)
        if fault.truncate is not None:
            response = _truncated(response, fault.truncate)
        return cls(
            replace(response, headers={**response.headers, **fault.headers}),
            fault.hang_seconds,
            fault.drip_seconds,
            fault.broken_json,
            fault.cut_short,
        )


async def send(
    delivery: Delivery, request: web.BaseRequest, stopping: asyncio.Event
) -> web.StreamResponse:
    """Send an answer; a wait ends when the server stops."""
    if delivery.wait_seconds and await _stopped_within(delivery.wait_seconds, stopping):
        return _ended(request)
    if delivery.response is None:
        return _ended(request)
    status, body, headers = delivery.response.status, *_wire_form(delivery.response)
    if delivery.broken and body:
        body = body[: len(body) // 2]
    if not (delivery.drip_seconds or delivery.cut):
        return web.Response(status=status, body=body, headers=headers)
    answer = web.StreamResponse(status=status, headers=headers)
    answer.content_length = len(body or b"")
    await answer.prepare(request)
    for piece in _pieces(body or b"", delivery):
        await answer.write(piece)
        if delivery.drip_seconds and await _stopped_within(
            delivery.drip_seconds / _PIECES, stopping
        ):
            return _ended(request, answer)
    if delivery.cut:
        return _ended(request, answer)
    await answer.write_eof()
    return answer


def _wire_form(response: Response) -> tuple[bytes | None, dict[str, str]]:
    headers = dict(response.headers)
    if response.body is None:
        return None, headers
    names = {name.lower() for name in headers}
    text = isinstance(response.body, str)
    if "content-type" not in names:
        headers["Content-Type"] = "text/plain; charset=utf-8" if text else "application/json"
    return (response.body if text else compact(response.body)).encode(), headers


def _pieces(body: bytes, delivery: Delivery) -> list[bytes]:
    if delivery.cut:
        body = body[: len(body) // 2]
    size = max(1, math.ceil(len(body) / _PIECES)) if delivery.drip_seconds else max(1, len(body))
    return [body[start : start + size] for start in range(0, len(body), size)]


async def _stopped_within(seconds: float, stopping: asyncio.Event) -> bool:
    """Wait; True when the server stopped meanwhile."""
    try:
        await asyncio.wait_for(stopping.wait(), None if seconds == FOR_EVER else seconds)
    except TimeoutError:
        return False
    return True


def _ended(
    request: web.BaseRequest, answer: web.StreamResponse | None = None
) -> web.StreamResponse:
    """End the connection. What is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return answer or web.Response(status=500)


def _truncated(response: Response, length: int) -> Response:
    body: Any = response.body
    if not isinstance(body, dict) or "value" not in body:
        return response
    short: dict[str, Any] = {key: body[key] for key in body if key != "@odata.nextLink"}  # pyright: ignore[reportUnknownVariableType]
    return replace(response, body=short | {"value": short["value"][:length]})
