"""Another client that takes half of the tenant's budget, and ways in which a service may count.

Which of these ways Microsoft's service follows is not documented; the pace has to do well in all.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from random import Random

from tests.sandbox.paced_tenant import Arrivals, Counting


def regularly(random: Random) -> Iterator[float]:
    """One request every two seconds."""
    first = 2 * random.random()
    return (first + 2.0 * number for number in range(100_000))


def at_random(random: Random) -> Iterator[float]:
    """One request in two seconds on average."""
    moment = 0.0
    while True:
        moment += random.expovariate(0.5)
        yield moment


def in_bursts(random: Random) -> Iterator[float]:
    """Five requests within half a second, every ten seconds."""
    first = 10 * random.random()
    return (first + 10.0 * (number // 5) + 0.1 * (number % 5) for number in range(100_000))


def every_other_five_seconds(random: Random) -> Iterator[float]:
    """One request a second for five seconds, then none for five."""
    first = 10 * random.random()
    return (first + 10.0 * (number // 5) + number % 5 for number in range(100_000))


OTHERS: Mapping[str, Arrivals] = {
    "regularly": regularly,
    "at random": at_random,
    "in bursts": in_bursts,
    "every other five seconds": every_other_five_seconds,
}


class FixedWindow:
    """So many requests in each span of the clock."""

    def __init__(self, requests: int, seconds: float, *, refused_count: bool = False) -> None:
        self._requests, self._seconds, self._refused_count = requests, seconds, refused_count
        self._window, self._used = 0, 0

    def admits(self, now: float) -> bool:
        window = math.floor(now / self._seconds)
        if window != self._window:
            self._window, self._used = window, 0
        admitted = self._used < self._requests
        self._used += admitted or self._refused_count
        return admitted


class SlidingWindow:
    """So many requests in the seconds before each request."""

    def __init__(self, requests: int, seconds: float, *, refused_count: bool = False) -> None:
        self._requests, self._seconds, self._refused_count = requests, seconds, refused_count
        self._taken = deque[float]()

    def admits(self, now: float) -> bool:
        while self._taken and self._taken[0] <= now - self._seconds:
            self._taken.popleft()
        admitted = len(self._taken) < self._requests
        if admitted or self._refused_count:
            self._taken.append(now)
        return admitted


class TokenBucket:
    """One token a second, so many at most."""

    def __init__(self, size: int) -> None:
        self._size, self._tokens, self._filled = size, float(size), 0.0

    def admits(self, now: float) -> bool:
        self._tokens = min(self._size, self._tokens + now - self._filled)
        self._filled = now
        admitted = self._tokens >= 1
        self._tokens -= admitted
        return admitted


class Both:
    """What two ways of counting both admit."""

    def __init__(self, one: Counting, other: Counting) -> None:
        self._one, self._other = one, other

    def admits(self, now: float) -> bool:
        first, second = self._one.admits(now), self._other.admits(now)
        return first and second


COUNTINGS: Mapping[str, Callable[[], Counting | None]] = {
    "the tenant's own": lambda: None,
    "1 a clock second": lambda: FixedWindow(1, 1),
    "10 in ten clock seconds": lambda: FixedWindow(10, 10),
    "1 in the last second": lambda: SlidingWindow(1, 1),
    "1 in the last second, refused ones count": lambda: SlidingWindow(1, 1, refused_count=True),
    "10 in the last ten seconds": lambda: SlidingWindow(10, 10),
    "10 in the last ten seconds, refused ones count": lambda: SlidingWindow(
        10, 10, refused_count=True
    ),
    "a bucket of 2": lambda: TokenBucket(2),
    "a bucket of 5": lambda: TokenBucket(5),
    "1 in the last second and 10 in ten": lambda: Both(SlidingWindow(1, 1), SlidingWindow(10, 10)),
}
