"""Whether Pulumi's download site can be reached: asked once a run, and never for long."""

import functools
import threading
import urllib.error
import urllib.request

PROBE_ADDRESS = "https://get.pulumi.com/install.sh"
"""The script that the official installer starts with."""

PROBE_SECONDS = 5.0
"""The longest wait for an answer, name resolution included, in seconds."""


def _answers(address: str, seconds: float) -> bool:
    request = urllib.request.Request(address, method="HEAD")  # noqa: S310 - a constant https address
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:  # noqa: S310
            return response.status == 200
    except (OSError, urllib.error.URLError, ValueError):
        return False


@functools.cache
def internet_available(address: str = PROBE_ADDRESS, seconds: float = PROBE_SECONDS) -> bool:
    """Say whether Pulumi's downloads can be had; the first answer holds for the whole run.

    The request runs in a thread of its own because a name server that keeps silent is not bound
    by the request's time limit. Only this question is bounded, never a download that runs.
    """
    answers: list[bool] = []
    thread = threading.Thread(
        target=lambda: answers.append(_answers(address, seconds)), daemon=True
    )
    thread.start()
    thread.join(seconds)
    return answers == [True]
