"""Which policies there are, when a listing can be short, late, or both.

What a listing lacks is compared with what the stack's state knows. Whatever does not fit is looked
at a second time before it is believed: a replica of the directory may know neither a policy nor our
own write yet. Nothing is taken away because of what a listing lacks.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import pulumi

from components.exclusion_state import ExclusionState
from entra.errors import EntraError, Forbidden
from entra.exclusion import Entries, live_entries, missing
from entra.permissions import READ_POLICIES, how_to_grant
from entra.policy import Policy


class PolicyReader(Protocol):
    """What the component asks of ``entra.conditional_access.ConditionalAccessClient``."""

    def list_policies(self) -> list[Policy]:
        """All policies."""
        ...

    def get_policy(self, policy_id: str) -> Policy | None:
        """One policy, None when the service says 404."""
        ...


def list_policies(reader: PolicyReader) -> list[Policy]:
    """All policies. Raises ``pulumi.RunError``; a refusal says which permission is missing."""
    try:
        return reader.list_policies()
    except EntraError as error:
        grant = (
            f"; {how_to_grant(READ_POLICIES)}"
            if isinstance(error, Forbidden) and error.status == 403
            else ""
        )
        raise pulumi.RunError(
            f"the Conditional Access policies cannot be listed: {error}{grant}"
        ) from None


def settle(
    policies: Sequence[Policy],
    reader: PolicyReader,
    earlier: Mapping[str, ExclusionState],
    say: Callable[[str], None],
) -> list[Policy]:
    """The policies of a listing made just now, with every doubt about it settled, by name.

    A second listing is made when the first lacks a policy that the state knows, or entries that we
    had put into one. A policy that both lack is asked for by itself; only the service's own 404
    means that it is gone, and ``say`` tells so. Raises ``pulumi.RunError`` for a policy that the
    stack manages and that cannot be read.
    """
    found = {policy.id: policy for policy in policies}
    if any(_is_doubtful(found.get(policy_id), state) for policy_id, state in earlier.items()):
        newer = {policy.id: policy for policy in list_policies(reader)}
        for policy_id, policy in newer.items():
            state = earlier.get(policy_id)
            if policy_id not in found or (state and _is_doubtful(found[policy_id], state)):
                found[policy_id] = policy
    for policy in _asked_for(earlier, found, reader, say):
        found[policy.id] = policy
    return sorted(found.values(), key=lambda policy: (policy.display_name.casefold(), policy.id))


def lost_entries(policy: Policy, state: ExclusionState) -> Entries:
    """What we had put into a policy, was still wanted in the last run, and is not there now."""
    return missing(live_entries(policy), state.added & state.wanted)


def _is_doubtful(policy: Policy | None, state: ExclusionState) -> bool:
    return policy is None or bool(lost_entries(policy, state))


def _asked_for(
    earlier: Mapping[str, ExclusionState],
    found: Mapping[str, Policy],
    reader: PolicyReader,
    say: Callable[[str], None],
) -> Iterator[Policy]:
    for policy_id, state in sorted(earlier.items()):
        if policy_id in found:
            continue
        try:
            policy = reader.get_policy(policy_id)
        except EntraError as error:
            raise pulumi.RunError(
                f"{state.title} is in this stack but not in the listing, and asking for it failed:"
                f" {error}; nothing was changed, run again"
            ) from None
        if policy is None:
            say(f"{state.title} was deleted by its owner")
        else:
            yield policy
