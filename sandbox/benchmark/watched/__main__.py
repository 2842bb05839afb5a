"""Runs our program as it is, and writes down how long it waited for answers of the tenant.

`BENCHMARK_WAITED` names the file for the seconds in which at least one request was on its way:
those that wait for each other and those side by side alike count once.
"""

import atexit
import os
import runpy
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import httpx
import requests

_REPOSITORY = Path(__file__).parents[3]


def waited(spans: list[tuple[float, float]]) -> float:
    """Seconds that the spans, each a beginning and an end, cover together."""
    covered, until = 0.0, 0.0
    for begin, end in sorted(spans):
        covered += max(0.0, end - max(begin, until))
        until = max(until, end)
    return covered


def _watched(send: Callable[..., Any], spans: list[tuple[float, float]]) -> Callable[..., Any]:
    @wraps(send)
    def call(*arguments: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        try:
            return send(*arguments, **named)
        finally:
            spans.append((begin, time.perf_counter()))

    return call


def main() -> None:
    """Watch both libraries with which the program asks: Azure's logs in with the second one."""
    spans: list[tuple[float, float]] = []
    httpx.Client.send = _watched(httpx.Client.send, spans)
    requests.Session.send = _watched(requests.Session.send, spans)
    file = Path(os.environ["BENCHMARK_WAITED"])
    atexit.register(lambda: file.write_text(str(waited(spans)), "ascii"))
    sys.path.insert(0, str(_REPOSITORY))
    runpy.run_path(str(_REPOSITORY / "__main__.py"), run_name="__main__")


if __name__ == "__main__":
    main()
