"""A tenant that is asked without a network: one dispatcher, tokens, and each service's answers."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sandbox.api.dispatch import Dispatcher
from sandbox.api.incoming import Incoming
from sandbox.api.tokens import LOG_ANALYTICS_AUDIENCE, RESOURCE_MANAGER_AUDIENCE
from sandbox.tenant.clock import Clock
from sandbox.tenant.tenant import Tenant, World
from tests.sandbox.arm_manager import version_of
from tests.support.tenant import AT_ONCE, object_id

BASE_URL = "https://graph.test"
SECRET = "a-secret-of-this-test"
_AUDIENCES = {
    **dict.fromkeys(("v1.0", "beta"), BASE_URL),
    **dict.fromkeys(("subscriptions", "providers"), RESOURCE_MANAGER_AUDIENCE),
    "v1": LOG_ANALYTICS_AUDIENCE,
}


class Answer(NamedTuple):
    status: int
    body: Any


class Dispatched:
    """A world with one tenant, asked as its first application, or on the control face."""

    def __init__(
        self, document: Mapping[str, Any], clock: Clock, knobs: Mapping[str, Any] = AT_ONCE
    ) -> None:
        self.world = World(clock, knobs)
        self.load(document)
        self._dispatcher = Dispatcher(self.world, BASE_URL)
        self._clock = clock
        self._tokens: dict[tuple[str, float], str] = {}

    @property
    def tenant(self) -> Tenant:
        return self.world.default

    def load(self, document: Mapping[str, Any]) -> None:
        """Replace the tenant; tokens stay good."""
        self.world.add(json.loads(json.dumps(document)))
        self.tenant.apps.set_secret(object_id("app"), SECRET)

    def ask(self, method: str, target: str, body: Any = None) -> Answer:
        """The answer to a path with or without a query. `body`: JSON, or bytes as they are."""
        path, _, query = target.partition("?")
        headers = {"content-type": "application/json", "consistencylevel": "eventual"}
        audience = _AUDIENCES.get(path.split("/")[1])
        if audience is not None:
            headers["authorization"] = f"Bearer {self.token(audience)}"
        if audience == RESOURCE_MANAGER_AUDIENCE and not query:
            query = f"api-version={version_of(path)}"
        raw = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        return self._answer(Incoming(method, path, query, headers, raw))

    def token(self, audience: str = BASE_URL) -> str:
        # A token lasts for an hour.
        key = audience, self._clock.now() // 1800
        if key not in self._tokens:
            form = {
                "grant_type": "client_credentials",
                "client_id": object_id("app"),
                "client_secret": SECRET,
                "scope": f"{audience}/.default",
            }
            headers = {"content-type": "application/x-www-form-urlencoded"}
            path = f"/{object_id('tenant')}/oauth2/v2.0/token"
            asked = Incoming("POST", path, "", headers, urlencode(form).encode())
            self._tokens[key] = self._answer(asked).body["access_token"]
        return self._tokens[key]

    def _answer(self, incoming: Incoming) -> Answer:
        response = self._dispatcher.answer(incoming).response
        assert response is not None
        return Answer(response.status, response.body)
