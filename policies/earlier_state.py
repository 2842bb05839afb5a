"""What the stack's state knows before this run.

No rule is asked about a deletion: what the program leaves out is simply not there. So the state is
asked for by the CLI's own `pulumi stack export`, which locks nothing and leaves secrets encrypted.
"""

import functools
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from policies.resource_types import ACCOUNT, ADOPTED_ACCOUNT, STACK, USER
from policies.seen import Seen, mapping, of_type, type_of

LIMIT_SECONDS: Final = 60
ORGANIZATION: Final[Mapping[str, dict[str, Any]]] = {
    "organization": {"type": "string", "default": ""}
}
"""The setting of a rule that asks for the state."""
Config = Mapping[str, Any]
StateReader = Callable[[str, str], Mapping[str, Mapping[str, Any]]]
"""URN of the stack, organization → the state's resources by URN."""


class StateError(Exception):
    """The state could not be read; the message says why, in one line."""


def read_state(stack_urn: str, organization: str = "") -> Mapping[str, Mapping[str, Any]]:
    """The resources in the state by URN, as `pulumi stack export` has them; empty for a new stack.

    `organization`: of Pulumi Cloud; empty: the one that the CLI takes for granted. Raises
    StateError.
    """
    stack = stack_urn.split("::")[0].rpartition(":")[2]
    name = f"{organization}/{stack_urn.split('::')[1]}/{stack}" if organization else stack
    command = ["pulumi", "stack", "export", "--stack", name, "--non-interactive"]
    try:
        finished = subprocess.run(
            command,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=LIMIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StateError(f"`{' '.join(command)}`: {type(error).__name__}") from None
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or ["it said nothing"]
        raise StateError(f"`{' '.join(command)}`: {lines[-1]}")
    try:
        return _resources(json.loads(finished.stdout))
    except ValueError:
        raise StateError(f"`{' '.join(command)}` answered with something else than JSON") from None


state_once: StateReader = functools.lru_cache(maxsize=1)(read_state)
"""The state before this run: one process of a pack serves one run, and several rules ask."""


def earlier(
    what: str, stack: Sequence[Seen], config: Config, state: StateReader
) -> tuple[Mapping[str, Mapping[str, Any]], Sequence[tuple[None, str]]]:
    """What stood before, and a violation when that cannot be told; `what` the rule is about."""
    root = next(iter(of_type(stack, STACK)), stack[0])
    try:
        return state(root.urn, str(config.get("organization", ""))), ()
    except StateError as error:
        line = (
            f"{what}: found no way to the stack's state ({error}), expected to compare with it:"
            " what would be deleted is not seen otherwise; put pulumi on PATH, or set the rule's"
            " organization"
        )
        return {}, ((None, line),)


def leaves_accounts(stack: Sequence[Seen], config: Config, state: StateReader) -> bool:
    """Whether accounts of the state live on that the program does not register any more.

    Where the state cannot be read, a program that registers nothing at all is one that does.
    """
    before, trouble = earlier("accounts", stack, config, state)
    return all(one.type == STACK for one in stack) if trouble else live_on(before)


def live_on(before: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether an account of the state lives on in the tenant when the program registers none.

    An adopted one was there before the stack, a retained one (Pulumi documentation,
    "retainOnDelete") is not deleted. One that retires has nothing of the stack any more.
    """
    for urn, one in before.items():
        made = type_of(str(one.get("parent"))) == ACCOUNT and bool(one.get("retainOnDelete"))
        if type_of(urn) == ADOPTED_ACCOUNT or (type_of(urn) == USER and made):
            account = one if type_of(urn) == ADOPTED_ACCOUNT else before.get(str(one.get("parent")))
            if mapping(mapping(account).get("outputs")).get("retired") is not True:
                return True
    return False


def _resources(document: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    deployment = cast("Mapping[str, Any]", document.get("deployment") or {})
    resources = cast("list[Mapping[str, Any]]", deployment.get("resources") or [])
    # What waits for its deletion from an earlier run is not what stands.
    return {str(one["urn"]): one for one in resources if not one.get("delete")}
