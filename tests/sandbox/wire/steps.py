"""What a provider sends and what it needs back, as data: one step is one request, or one poll."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

JSON = dict[str, Any]
_VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Wait:
    """A consistency wait: poll until the step came true that often in a row.

    `every` is in seconds of virtual time. Answers with another of `meanwhile` start the count anew.
    """

    times: int = 5
    every: float = 5
    meanwhile: tuple[int, ...] = (200, 404)


@dataclass(frozen=True)
class Step:
    """One request. Paths, queries, bodies and expectations may name kept values as `{name}`.

    `keep`: a name for a value at a dotted path of the answer. `expect`: values at dotted paths,
    as they must be for the step to have come true. `again_on` are statuses that the provider tries
    again besides those that its library does.
    """

    method: str
    path: str
    status: int
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    keep: Mapping[str, str] = field(default_factory=dict[str, str])
    expect: Mapping[str, Any] = field(default_factory=dict[str, Any])
    again_on: tuple[int, ...] = ()
    wait: Wait | None = None


def get(path: str, status: int = 200, **more: Any) -> Step:
    return Step("GET", path, status, **more)


def post(path: str, body: Any, status: int = 201, **more: Any) -> Step:
    return Step("POST", path, status, body=body, **more)


def patch(path: str, body: Any, status: int = 204, **more: Any) -> Step:
    return Step("PATCH", path, status, body=body, **more)


def put(path: str, body: Any, status: int = 200, **more: Any) -> Step:
    return Step("PUT", path, status, body=body, **more)


def delete(path: str, status: int = 204, **more: Any) -> Step:
    return Step("DELETE", path, status, **more)


def filled(template: Any, values: Mapping[str, str]) -> Any:
    """A template with its variables filled in, in whatever it holds."""
    if isinstance(template, str):
        return _VARIABLE.sub(lambda match: values[match[1]], template)
    if isinstance(template, dict):
        entries = cast(JSON, template)
        return {key: filled(value, values) for key, value in entries.items()}
    if isinstance(template, list):
        return [filled(value, values) for value in cast(list[Any], template)]
    return template


def at(answer: Any, path: str) -> Any:
    """The value at a dotted path: `value.0.id`; `value.*.id` is a list of them."""
    if not path:
        return answer
    part, _, rest = path.partition(".")
    if isinstance(answer, list):
        items = cast(list[Any], answer)
        if part == "*":
            return [at(item, rest) for item in items]
        return at(items[int(part)], rest) if int(part) < len(items) else None
    return at(cast(JSON, answer).get(part), rest) if isinstance(answer, dict) else None
