"""HTTP with an application's own token, retried as the real providers retry.

Statuses 408, 424, 429 and 5xx except 501, and connections that break, are tried again after 1, 2,
4 … seconds; an integer `Retry-After` (or Azure's `retry-after-ms`) says otherwise. Everything else
is an answer at once. The token is kept until shortly before it runs out, and renewed once when the
service says that it is no longer good.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlencode

import httpx
import jwt

from sandbox.plugins.configuration import Settings
from sandbox.plugins.errors import PluginError, without_secrets
from sandbox.plugins.pause import Pause

BACK_OFF_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0)
LONGEST_RETRY_AFTER_SECONDS = 120.0
RENEW_BEFORE_SECONDS = 120.0
RETRIED = frozenset({408, 424, 429})


@dataclass(frozen=True)
class Answer:
    """What the service said; `body` is the parsed JSON, None where there is none."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def content(self) -> dict[str, Any]:
        """The body when it is an object, else an empty one."""
        return cast(dict[str, Any], self.body) if isinstance(self.body, dict) else {}


@dataclass
class Session:
    """One application against one service of the tenant.

    Args:
        base: the service's address; paths are appended, full addresses must start with it.
        token_url: asked lazily, once, for the token endpoint's address.
        scope: the scope of the token.
        clock: seconds, for the token's age only.
    """

    settings: Settings
    base: str
    token_url: Callable[[], str]
    scope: str
    client: httpx.Client
    pause: Pause
    clock: Callable[[], float] = time.monotonic
    _token: str = field(default="", init=False, repr=False)
    _good_until: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def token(self) -> str:
        """A token that is good for two more minutes.

        Raises:
            PluginError: the login refuses; the message holds its own words, never the secret.
        """
        with self._lock:
            if not self._token or self.clock() >= self._good_until:
                self._sign_in()
            return self._token

    def claims(self) -> dict[str, Any]:
        """What the token says about the caller (`oid`, `tid`, `roles` …); not verified."""
        return jwt.decode(self.token(), options={"verify_signature": False})

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        again: Callable[[Answer], bool] = lambda _: False,
    ) -> Answer:
        """One request with its retries; any status may come back.

        Args:
            method: HTTP method.
            path: from the service's base address, or a full address below it (paging, polling).
            query: form-encoded onto the path.
            body: sent as JSON.
            again: says of an answer that it is worth a few more tries although its status is not.

        Raises:
            PluginError: no answer after all tries, or an address that is not the service's.
        """
        url = path if path.startswith("https://") else self.base + path
        if not url.startswith(f"{self.base}/"):
            raise PluginError(f"{url} is not an address below {self.base}: the token stays here")
        if query:
            url += f"?{urlencode(query)}"
        answer = self._persistently(lambda: self._authorized(method, url, body), again)
        if isinstance(answer, Answer):
            return answer
        raise PluginError(
            f"{method} {url}: no answer after {len(BACK_OFF_SECONDS) + 1} tries ({answer}): is "
            "the sandbox running? `breakglass sandbox status`"
        )

    def forget_token(self) -> None:
        """Make the next request sign in again."""
        with self._lock:
            self._token = ""

    def _persistently(
        self, attempt: Callable[[], Answer | str], again: Callable[[Answer], bool]
    ) -> Answer | str:
        """The first answer that is worth no other try, else the last one."""
        for seconds in BACK_OFF_SECONDS:
            answer = attempt()
            if isinstance(answer, Answer) and not (_retried(answer) or again(answer)):
                return answer
            self.pause(_wait(answer, seconds))
        return attempt()

    def _authorized(self, method: str, url: str, body: Any) -> Answer | str:
        answer = self._once(method, url, body)
        if isinstance(answer, Answer) and answer.status == HTTPStatus.UNAUTHORIZED:
            self.forget_token()
            answer = self._once(method, url, body)
        return answer

    def _once(self, method: str, url: str, body: Any) -> Answer | str:
        headers = {"Authorization": f"Bearer {self.token()}", "Accept": "application/json"}
        return _attempt(lambda: self.client.request(method, url, headers=headers, json=body))

    def _sign_in(self) -> None:
        form = {
            "client_id": self.settings.client_id,
            "client_secret": self.settings.client_secret,
            "grant_type": "client_credentials",
            "scope": self.scope,
        }
        url = self.token_url()
        answer = self._persistently(
            lambda: _attempt(lambda: self.client.post(url, data=form)), lambda _: False
        )
        if isinstance(answer, str):
            raise PluginError(f"no answer from the login at {url} ({answer})")
        token = answer.content.get("access_token")
        if answer.status != 200 or not isinstance(token, str):
            code = answer.content.get("error", "")
            words = str(answer.content.get("error_description", "")).partition("\n")[0]
            raise PluginError(
                without_secrets(
                    f"cannot sign in to tenant {self.settings.tenant_id} as application "
                    f"{self.settings.client_id}: HTTP {answer.status} {code}: {words}",
                    [self.settings.client_secret],
                )
            )
        lifetime = float(answer.content.get("expires_in", 0))
        self._token = token
        self._good_until = self.clock() + max(lifetime - RENEW_BEFORE_SECONDS, lifetime / 2)


def _attempt(send: Callable[[], httpx.Response]) -> Answer | str:
    """The answer, or in words why there is none."""
    try:
        response = send()
    except httpx.TransportError as error:
        return str(error) or type(error).__name__
    try:
        body = response.json()
    except ValueError:
        body = None
    return Answer(response.status_code, body, response.headers)


def _retried(answer: Answer) -> bool:
    return answer.status in RETRIED or (answer.status >= 500 and answer.status != 501)


def _wait(answer: Answer | str, seconds: float) -> float:
    if isinstance(answer, str):
        return seconds
    milliseconds = answer.headers.get("retry-after-ms", "")
    if milliseconds.isdigit():
        return min(int(milliseconds) / 1000, LONGEST_RETRY_AFTER_SECONDS)
    after = answer.headers.get("retry-after", "")
    return min(float(after), LONGEST_RETRY_AFTER_SECONDS) if after.isdigit() else seconds
