"""The stand-in for the random provider. It stands in for the sandbox only, like the others, though
its passwords are as good as the real one's: one rule for all three."""

from collections.abc import Mapping

from sandbox.plugins.configuration import Settings
from sandbox.plugins.endpoints import find_sandbox, http_client
from sandbox.plugins.pause import Pause
from sandbox.plugins.random.password import RandomPassword
from sandbox.plugins.random.string import RandomString
from sandbox.plugins.resource import Package, ResourceType


def _connect(settings: Settings, pause: Pause) -> Mapping[str, ResourceType]:
    del pause
    with http_client(settings.certificates) as client:
        find_sandbox(settings.metadata_host, client)
    return {kind.token: kind for kind in (RandomPassword(), RandomString())}


RANDOM = Package(
    name="random",
    distribution="pulumi-random",
    needs=(),
    tokens=(RandomPassword.token, RandomString.token),
    connect=_connect,
)
