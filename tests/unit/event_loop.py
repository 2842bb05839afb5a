# pyright: basic
# An event loop for the SDK's runtime, whose callbacks carry no types.
"""The event loop of a recorded program, in which nothing is ever waited for.

The monitor answers at once, so there are no sockets, no timers and no other threads to look after,
which is most of what asyncio's own loop does. What is left is a queue, in asyncio's order.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any


class ImmediateLoop(asyncio.AbstractEventLoop):
    """Runs what is ready until a future is done; raises when it cannot become done any more."""

    _ready = ()
    """What the SDK leaves in asyncio's own queue when it waits inside a callback: nothing."""

    def __init__(self):
        self._soon: deque[tuple[Context, Callable[..., Any], tuple[Any, ...]]] = deque()
        self._tasks: list[asyncio.Task[Any]] = []

    def call_soon(self, callback, *args, context=None):
        self._soon.append((context or copy_context(), callback, args))

    def create_future(self):
        return asyncio.Future(loop=self)

    def create_task(self, coro, **options):
        task = asyncio.Task(coro, loop=self, **options)
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor, func, *args):
        """A thread for each request would only cost time."""
        answered = self.create_future()
        try:
            answered.set_result(func(*args))
        except Exception as error:  # noqa: BLE001  (whoever awaits the answer gets it)
            answered.set_exception(error)
        return answered

    def run_until_complete(self, future: Any):
        wanted = asyncio.ensure_future(future, loop=self)
        asyncio._set_running_loop(self)
        try:
            while not wanted.done():
                self._run_once()
        finally:
            asyncio._set_running_loop(None)
        return wanted.result()

    def _run_once(self):
        """Also called by the SDK, when a callback waits for an answer."""
        if not self._soon:
            raise AssertionError("the program waits for something that never happens")
        context, callback, args = self._soon.popleft()
        context.run(callback, *args)

    def call_off(self):
        """Ends every task that is not done."""
        for task in self._tasks:
            task.cancel()
        self.run_until_complete(asyncio.sleep(0))

    def call_exception_handler(self, context):
        """A failed program leaves futures that nobody asks; its error is raised anyway."""

    def get_debug(self):
        return False

    def is_running(self):
        return True

    def is_closed(self):
        return False
