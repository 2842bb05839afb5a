"""Something that happens in a tenant while a deployment is under way, at an exact moment of it."""

import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest.mock import patch

from tests.engine.policy_lists import POLICIES
from tests.engine.standing import Scene

LISTING = rf"{POLICIES}$"


def one_policy(policy_id: str) -> str:
    """The path of one policy's requests."""
    return rf"{POLICIES}/{policy_id}$"


@contextmanager
def right_after(
    scene: Scene, method: str, path: str, act: Callable[[], object], *, nth: int = 1
) -> Generator[list[str]]:
    """Act when the nth such request has had its effect, before its client has the answer.

    Yields the requests that were followed by `act`: empty means that the moment never came.
    """
    log = scene.server.world.requests
    remember = log.add
    numbers = count(1)
    followed: list[str] = []

    def add(**entry: Any) -> None:
        remember(**entry)
        fits = entry["method"] == method and re.search(path, entry["path"])
        # Numbered in one step: requests come at the same time.
        if fits and next(numbers) == nth:
            followed.append(entry["path"])
            act()

    with patch.object(log, "add", add):
        yield followed
