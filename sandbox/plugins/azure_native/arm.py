"""Azure Resource Manager as the azure-native provider calls it: errors in its words, long-running
operations, and the registration of resource providers.

Sources: Microsoft Learn, "Track asynchronous Azure operations"; "Azure resource providers and
types".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast
from urllib.parse import quote

import httpx

from sandbox.plugins.configuration import Settings
from sandbox.plugins.endpoints import Endpoints
from sandbox.plugins.errors import PluginError, RefusedError, without_secrets
from sandbox.plugins.pause import Pause
from sandbox.plugins.session import Answer, Session

NOT_FOUND = 404
REGISTRATION_VERSION = "2019-05-01"
RESOURCE_GROUP_VERSION = "2020-10-01"
POLL_SECONDS = 1.0
LONGEST_POLL_SECONDS = 600.0
FINISHED = frozenset({"succeeded", "failed", "canceled", "cancelled"})


@dataclass(frozen=True)
class Arm:
    """One subscription's Resource Manager."""

    session: Session
    subscription_id: str
    location: str
    """The provider's default location, empty when none is set."""

    @classmethod
    def open(
        cls, settings: Settings, endpoints: Endpoints, client: httpx.Client, pause: Pause
    ) -> Self:
        """Sign in, through the tenant's OpenID configuration as the provider's library does."""
        discovery = f"{endpoints.login}/{settings.tenant_id}/v2.0/.well-known/openid-configuration"

        def token_url() -> str:
            try:
                found = client.get(discovery).json().get("token_endpoint", "")
            except (httpx.HTTPError, ValueError, AttributeError):
                found = ""
            if not str(found).startswith(f"{endpoints.login}/"):
                raise PluginError(
                    f"cannot sign in to tenant {settings.tenant_id}: {discovery} names no token "
                    "endpoint of this machine; check the tenant id"
                )
            return str(found)

        session = Session(
            settings=settings,
            base=endpoints.resource_manager,
            token_url=token_url,
            scope=f"{endpoints.resource_manager_audience}/.default openid offline_access profile",
            client=client,
            pause=pause,
        )
        session.token()
        return cls(session, settings.subscription_id, settings.location)

    def find(self, id: str, version: str) -> dict[str, Any] | None:
        """The resource, None when ARM says 404."""
        answer = self.session.call("GET", quote(id), query={"api-version": version})
        return None if answer.status == NOT_FOUND else self.good(answer).content

    def put(self, id: str, version: str, body: Mapping[str, Any]) -> Answer:
        """Create or update; a resource provider that is not registered yet is registered once."""
        query = {"api-version": version}
        answer = self.session.call("PUT", quote(id), query=query, body=body)
        if answer.status == 409 and error_of(answer)[0] == "MissingSubscriptionRegistration":
            self._register(id)
            answer = self.session.call("PUT", quote(id), query=query, body=body)
        return self.good(answer)

    def delete(self, id: str, version: str) -> None:
        """Delete, and wait until it is done; gone already is a success."""
        answer = self.session.call("DELETE", quote(id), query={"api-version": version})
        if answer.status != NOT_FOUND:
            self.wait_for(self.good(answer))

    def location_of(self, group: str) -> str:
        """The location of a resource group.

        Raises:
            PluginError: there is no such resource group.
        """
        id = f"/subscriptions/{self.subscription_id}/resourceGroups/{group}"
        found = self.find(id, RESOURCE_GROUP_VERSION)
        if found is None:
            raise PluginError(f'resource group "{group}" does not exist, so it has no location')
        return str(found.get("location", ""))

    def wait_for(self, answer: Answer) -> None:
        """Poll a long-running operation until it ends.

        Raises:
            RefusedError: it failed; the message holds the operation's own error.
            PluginError: it has not ended after ten minutes.
        """
        asynchronous = answer.headers.get("azure-asyncoperation", "")
        url = asynchronous or (answer.headers.get("location", "") if answer.status == 202 else "")
        waited = 0.0
        while url:
            if waited >= LONGEST_POLL_SECONDS:
                raise PluginError(f"operation {url} has not ended after {waited:.0f} seconds")
            seconds = poll_after(answer)
            self.session.pause(seconds)
            waited += seconds
            answer = self.good(self.session.call("GET", url))
            if asynchronous:
                status = str(answer.content.get("status", "")).lower()
                if status in FINISHED - {"succeeded"}:
                    raise self._refused(answer, f"operation {status}")
                ended = status in FINISHED
            else:
                ended = answer.status != 202
            if ended:
                return

    def good(self, answer: Answer) -> Answer:
        """The answer, unless it is an error."""
        if 200 <= answer.status < 300:
            return answer
        raise self._refused(answer, f"Status={answer.status}")

    def _refused(self, answer: Answer, beginning: str) -> RefusedError:
        code, words = error_of(answer)
        return RefusedError(
            without_secrets(
                f'{beginning} Code="{code}" Message="{words}"',
                [self.session.settings.client_secret],
            ),
            status=answer.status,
            code=code,
        )

    def _register(self, id: str) -> None:
        namespaces = re.findall(r"/providers/([^/]+)/", id)
        if not namespaces:
            return
        path = f"/subscriptions/{self.subscription_id}/providers/{namespaces[-1]}"
        query = {"api-version": REGISTRATION_VERSION}
        answer = self.good(self.session.call("POST", f"{path}/register", query=query))
        waited = 0.0
        while str(answer.content.get("registrationState", "")).lower() != "registered":
            if waited >= LONGEST_POLL_SECONDS:
                raise PluginError(f"{namespaces[-1]} is not registered after {waited:.0f} seconds")
            seconds = poll_after(answer)
            self.session.pause(seconds)
            waited += seconds
            answer = self.good(self.session.call("GET", path, query=query))


def error_of(answer: Answer) -> tuple[str, str]:
    """The code and the message of ARM's error envelope; empty where it has none."""
    error: Any = answer.content.get("error") or answer.content
    if not isinstance(error, dict):
        return "", ""
    content = cast(dict[str, Any], error)
    return str(content.get("code", "")), str(content.get("message", ""))


def poll_after(answer: Answer) -> float:
    """Seconds until the next poll: what the service asks for, else one."""
    milliseconds = answer.headers.get("retry-after-ms", "")
    if milliseconds.isdigit():
        return max(int(milliseconds) / 1000, 0.01)
    after = answer.headers.get("retry-after", "")
    return max(float(after), 0.01) if after.isdigit() else POLL_SECONDS
