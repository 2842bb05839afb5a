"""Many reads of one address over connections that stay open, and how long each took."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.benchmark.served import Served


@dataclass(frozen=True)
class Load:
    """What a load measured. `latencies` are in seconds, sorted."""

    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    @property
    def median(self) -> float:
        """The latency, in seconds, of the answer in the middle."""
        return self._latency(0.5)

    @property
    def slow(self) -> float:
        """The latency, in seconds, that 99 of 100 answers do not exceed."""
        return self._latency(0.99)

    def _latency(self, share: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(len(self.latencies) * share))]


def run_load(
    address: tuple[str, int],
    context: ssl.SSLContext,
    requests: list[bytes],
    *,
    connections: int,
    seconds: float,
) -> Load:
    """Send the requests in turn for some seconds. Raises RuntimeError unless all answers are 200.

    It reads no more of an answer than its status and its length, so that the server is measured
    and not the client.
    """
    latencies: list[list[float]] = [[] for _ in range(connections)]
    failures: list[BaseException] = []
    end = time.perf_counter() + seconds

    def work(number: int) -> None:
        try:
            with _connected(address, context) as stream:
                position = number
                while time.perf_counter() < end:
                    began = time.perf_counter()
                    _exchange(stream, requests[position % len(requests)])
                    latencies[number].append(time.perf_counter() - began)
                    position += connections
        except (OSError, RuntimeError) as error:
            failures.append(error)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if failures:
        raise RuntimeError(f"the load ended early: {failures[0]}")
    spent = time.perf_counter() - began
    return Load(spent, sorted(latency for part in latencies for latency in part))


@contextmanager
def changes(served: Served, user_id: str) -> Generator[None]:
    """Meanwhile, an administrator changes a user ten times a second, and the tenant is saved."""
    ended = threading.Event()

    def work() -> None:
        number = 0
        while not ended.wait(0.1):
            number += 1
            body = json.dumps({"city": f"City {number}"}).encode()
            served.call("PATCH", f"/sandbox/users/{user_id}", body, "application/json")

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join()


def get(host: str, path: str, token: str) -> bytes:
    """A GET as it goes over the wire."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        "Accept: application/json\r\n\r\n"
    ).encode()


def _connected(address: tuple[str, int], context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(address, timeout=30)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(plain, server_hostname=address[0])


def _exchange(stream: ssl.SSLSocket, request: bytes) -> None:
    stream.sendall(request)
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0:
        received += _some(stream)
    head = received[:end].lower()
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"answered {head[:40].decode(errors='replace')}")
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    missing = length - (len(received) - end - 4)
    while missing > 0:
        missing -= len(_some(stream))


def _some(stream: ssl.SSLSocket) -> bytes:
    found = stream.recv(65_536)
    if not found:
        raise RuntimeError("the connection ended")
    return found
