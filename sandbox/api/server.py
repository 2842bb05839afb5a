"""The simulated tenants over HTTPS, in a thread of their own."""

import asyncio
import logging
import socket
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.api.credentials import (
    CA_CERTIFICATE,
    certificate_authority,
    client_secret,
    server_context,
    token_key,
)
from sandbox.api.delivery import send
from sandbox.api.dispatch import Dispatcher
from sandbox.api.persistence import check_writable, load_world, save_world
from sandbox.api.reception import head_of, read_body, wire_log
from sandbox.api.tokens import Tokens
from sandbox.tenant.errors import ServiceError
from sandbox.tenant.tenant import World

_HOST = "localhost"
_TICK_SECONDS = 1.0
_SAVING_SHARE = 20
_LOG = logging.getLogger(__name__)


class TenantServer:
    """Serves tenants at `https://localhost:{port}` until stopped.

    `documents` are seed documents, one a tenant. `port` 0 or taken: a free one is chosen. `knobs`
    (see `sandbox.tenant.behaviour`) win over those of the documents, saved ones too. `data` is a
    file that keeps the state over restarts and wins over the seeds. `certificate_folder` keeps the
    certificate authority, the key of the tokens and the client secrets; without it they last as
    long as the server. Raises `DocumentError` for a document that is no tenant, OSError for `data`
    that cannot be written.
    """

    def __init__(
        self,
        documents: Sequence[Mapping[str, Any]],
        *,
        port: int = 0,
        knobs: Mapping[str, Any] | None = None,
        data: Path | None = None,
        certificate_folder: Path | None = None,
    ) -> None:
        if data is not None:
            check_writable(data)
        self.world: World
        self.overruled: list[str]
        """What was saved of the knobs and is not so any more, because `knobs` say otherwise."""
        self.world, self.overruled = load_world(documents, data, knobs or {})
        self._data = data
        self._temporary = None if certificate_folder else tempfile.TemporaryDirectory()
        folder = certificate_folder or Path(self._temporary.name if self._temporary else "")
        self._authority = certificate_authority(folder)
        self.ca_path: Path = (folder / CA_CERTIFICATE).absolute()
        self._secrets = {
            tenant.id: client_secret(folder, tenant) for tenant in self.world.tenants.values()
        }
        self._sockets = _listening_sockets(port)
        self.port: int = self._sockets[0].getsockname()[1]
        self.url: str = f"https://{_HOST}:{self.port}"
        self._dispatcher = Dispatcher(self.world, self.url, Tokens(token_key(folder)))
        self._workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="tenant")
        self._saving = threading.Lock()
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()
        self._threads = [
            threading.Thread(target=self._run, name="tenant-server", daemon=True),
            threading.Thread(target=self._tick, name="tenant-clock", daemon=True),
        ]

    def start(self) -> None:
        """Start serving; returns when requests are answered."""
        for thread in self._threads:
            thread.start()
        self._ready.wait()
        self._dispatcher.changed.set()

    def stop(self) -> None:
        """Stop serving, save the state, free the port. Calling it again does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        for listening in self._sockets:
            listening.close()
        self._workers.shutdown()
        self.save()
        if self._temporary is not None:
            self._temporary.cleanup()

    def save(self) -> None:
        """Save the state if a file was named for it; raises OSError, and is then tried again."""
        if self._data is None:
            return
        with self._saving:
            self._dispatcher.changed.clear()
            try:
                save_world(self.world, self._data)
            except OSError:
                self._dispatcher.changed.set()
                raise

    def environment(self, tenant_id: str | None = None) -> dict[str, str]:
        """The variables that a client of a tenant (default: the first) needs, secret included."""
        tenant = self.world.default if tenant_id is None else self.world.tenant(tenant_id)
        return {
            "ARM_TENANT_ID": tenant.id,
            "ARM_CLIENT_ID": tenant.apps.all()[0].app_id,
            "ARM_CLIENT_SECRET": self._secrets[tenant.id],
            "ARM_SUBSCRIPTION_ID": next(iter(tenant.azure.subscriptions), ""),
            "ARM_METADATA_HOSTNAME": urlsplit(self.url).netloc,
            "ARM_DISABLE_INSTANCE_DISCOVERY": "true",
            "ARM_USE_CLI": "false",
            "SSL_CERT_FILE": str(self.ca_path),
            "REQUESTS_CA_BUNDLE": str(self.ca_path),
        }

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        # A client that has gone away ends its request, which may hang by order for an hour.
        service = web.Server(
            self._handle, handler_cancellation=True, access_log=None, logger=wire_log()
        )
        runner = web.ServerRunner(service, shutdown_timeout=1.0)
        await runner.setup()
        context = server_context(self._authority)
        for listening in self._sockets:
            await web.SockSite(runner, listening, ssl_context=context).start()
        self._ready.set()
        await self._stopped.wait()
        await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            incoming = head_of(request, await read_body(request))
        except ServiceError as error:
            refusal = self._dispatcher.refuse(head_of(request), error)
            answer = await send(refusal, request, self._stopped)
            # What is left of the body must not be taken for the next request.
            answer.force_close()
            return answer
        delivery = self._dispatcher.answer_at_once(incoming)
        if delivery is None:
            delivery = await asyncio.get_running_loop().run_in_executor(
                self._workers, self._dispatcher.answer, incoming
            )
        return await send(delivery, request, self._stopped)

    def _tick(self) -> None:
        """Once a real second: run what is due, and save what has changed.

        Saving stops the tenants for as long as it takes: a large one is saved less often, so that
        its clients wait one moment in twenty at most.
        """
        pause = _TICK_SECONDS
        while not self._stopping.wait(pause):
            pause = _TICK_SECONDS
            try:
                if self.world.tick():
                    self._dispatcher.changed.set()
                if self._dispatcher.changed.is_set():
                    began = time.monotonic()
                    self.save()
                    pause = max(pause, _SAVING_SHARE * (time.monotonic() - began))
            except Exception:  # noqa: BLE001
                _LOG.exception("the tenants' clock stumbled")


def _listening_sockets(port: int) -> list[socket.socket]:
    """Sockets on both loopback addresses at one port; the wanted one if it is free.

    Both, because a client that resolves `localhost` to ::1 first may wait long for a refusal.
    """
    try:
        first = socket.create_server(("127.0.0.1", port))
    except OSError:
        first = socket.create_server(("127.0.0.1", 0))
    sockets = [first]
    if socket.has_ipv6:
        try:
            address = ("::1", first.getsockname()[1])
            sockets.append(socket.create_server(address, family=socket.AF_INET6))
        except OSError:
            _LOG.debug("no IPv6 loopback here")
    return sockets
