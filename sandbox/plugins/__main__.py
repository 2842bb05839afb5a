# pyright: basic
# The gRPC server carries no usable types.
"""`python -u -m sandbox.plugins NAME [ENGINE-ADDRESS]`: what the engine starts as a plugin.

Prints the port on standard output, and nothing else, ever. The engine stops a plugin by `Cancel`
and then SIGINT: one that stays is killed after seconds and reported as defective. Ctrl-C reaches
the engine only, which starts plugins in process groups of their own. When the engine at the given
address has vanished, the plugin ends itself.
"""

import contextlib
import signal
import socket
import sys
import time

from sandbox.plugins.azure_native import AZURE_NATIVE
from sandbox.plugins.azuread import AZUREAD
from sandbox.plugins.random import RANDOM
from sandbox.plugins.resource import Package
from sandbox.plugins.server import serve

PACKAGES: dict[str, Package] = {
    package.name: package for package in (RANDOM, AZUREAD, AZURE_NATIVE)
}
ENGINE_CHECK_SECONDS = 5
ENGINE_MISSES = 3


def wait_for_the_end_of(engine: str | None) -> None:
    """Return when nothing has listened at the engine's address (`host:port`) for a while."""
    misses = 0
    while engine is None or misses < ENGINE_MISSES:
        time.sleep(ENGINE_CHECK_SECONDS)
        if engine is None:
            continue
        host, _, port = engine.rpartition(":")
        misses += 1
        with contextlib.suppress(OSError):
            socket.create_connection((host or "127.0.0.1", int(port)), timeout=2).close()
            misses = 0


def main(arguments: list[str]) -> int:
    """Serve until the engine ends the process.

    Args:
        arguments: the provider's name, then what the engine adds: flags, and its address last.
    """
    package = PACKAGES.get(arguments[0]) if arguments else None
    if package is None:
        sys.stderr.write(f"usage: python -m sandbox.plugins {{{','.join(PACKAGES)}}}\n")
        return 2
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    server, port = serve(package)
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    address = arguments[-1] if len(arguments) > 1 else ""
    engine = address if address.rpartition(":")[2].isdigit() and ":" in address else None
    wait_for_the_end_of(engine)
    server.stop(0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
