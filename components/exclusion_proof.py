"""The proof that every policy excludes what it should, from a fresh listing."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import pulumi

from components.exclusion_state import pending_lines
from entra.errors import EntraError
from entra.exclusion import Entries, live_entries, missing
from entra.policy import Policy

# A replica can lag behind our own write for some seconds.
PAUSES_SECONDS = (0.0, 1.0, 2.0, 4.0)


class PolicyReader(Protocol):
    """What the component asks of ``entra.conditional_access.ConditionalAccessClient``."""

    def list_policies(self) -> list[Policy]:
        """All policies."""
        ...

    def get_policy(self, policy_id: str) -> Policy | None:
        """One policy, None when the service says 404."""
        ...


def prove_exclusions(
    reader: PolicyReader,
    wanted: Entries,
    labels: Mapping[str, str],
    expected: Sequence[str],
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Raises ``pulumi.RunError`` naming the policies of ``expected`` that lack ``wanted``.

    One listing; a policy that seems wrong, or is not in it, is asked for by itself, until it is
    right, some seconds long. A policy that does not exist any more needs no exclusion.
    """
    try:
        listed = {policy.id: policy for policy in reader.list_policies()}
        doubted = [key for key in expected if _lacks(listed.get(key), wanted, absent=True)]
        wrong: list[Policy] = []
        for pause in PAUSES_SECONDS:
            if not doubted:
                return
            sleep(pause)
            asked = {key: reader.get_policy(key) for key in doubted}
            wrong = [p for p in asked.values() if p is not None and _lacks(p, wanted, absent=False)]
            doubted = [policy.id for policy in wrong]
    except EntraError as error:
        raise pulumi.RunError(
            f"the exclusions were written but could not be checked: {error}; run `pulumi up` again"
        ) from None
    if not wrong:
        return
    told = "; ".join(
        f"{policy.display_name!r} ({policy.id}) lacks:"
        f" {', '.join(pending_lines(missing(live_entries(policy), wanted), labels))}"
        for policy in wrong
    )
    raise pulumi.RunError(
        f"{len(wrong)} Conditional Access polic{'y' if len(wrong) == 1 else 'ies'} would still stop"
        f" the break-glass accounts, somebody changed them meanwhile: {told}. Run `pulumi up` again"
    )


def _lacks(policy: Policy | None, wanted: Entries, *, absent: bool) -> bool:
    return absent if policy is None else bool(missing(live_entries(policy), wanted))
