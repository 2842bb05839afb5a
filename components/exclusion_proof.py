"""The proof that every policy excludes what it should, from a fresh listing."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import pulumi

from components.exclusion_listing import PolicyReader
from components.exclusion_state import pending_lines
from entra.errors import EntraError
from entra.exclusion import Entries, live_entries, missing
from entra.policy import Policy, told

# A replica can lag behind our own write for some seconds.
PAUSES_SECONDS = (0.0, 1.0, 2.0, 4.0)
# So many doubts are settled by another listing, which is one request, before each is asked for.
MANY_DOUBTS = 12


@dataclass(frozen=True)
class Claim:
    """What is to be proved."""

    wanted: Entries
    labels: Mapping[str, str]
    """What messages call an id."""
    expected: Collection[str]
    """Ids of the policies that this run left with ``wanted``."""
    known: Collection[str]
    """Ids of all policies that this run saw when it began."""
    needs: Callable[[Policy], bool]
    """Whether a policy, as it is now, has to exclude ``wanted``."""

    def fails(self, policy: Policy) -> bool:
        """Whether the policy would stop somebody whom it must not."""
        return self.needs(policy) and bool(missing(live_entries(policy), self.wanted))


def prove_exclusions(
    reader: PolicyReader, claim: Claim, *, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Raises ``pulumi.RunError`` naming the policies that do not exclude what they must.

    One listing of every policy, also of those that were made while the run was under way. A policy
    that seems wrong, or that the listing lacks, is asked for by itself, until it is right, some
    seconds long. A policy that does not exist any more needs no exclusion.
    """
    try:
        doubted = _doubted(reader, claim)
        if len(doubted) > MANY_DOUBTS:
            doubted = _doubted(reader, claim)
        # Nobody wrote to a new policy, so there is no write to wait for.
        made = _still_wrong(reader, claim, [key for key in doubted if key not in claim.known])
        changed = _wrong_in_the_end(
            reader, claim, [key for key in doubted if key in claim.known], sleep
        )
    except EntraError as error:
        raise pulumi.RunError(
            f"the exclusions were written but could not be checked: {error}; run `pulumi up` again"
        ) from None
    if not (made or changed):
        return
    count = len(made) + len(changed)
    reasons = [
        f"{reason}: {_listing(policies, claim)}"
        for reason, policies in (
            ("changed by somebody meanwhile", changed),
            ("made while this ran", made),
        )
        if policies
    ]
    raise pulumi.RunError(
        f"{count} Conditional Access polic{'y' if count == 1 else 'ies'} would still stop the"
        f" break-glass accounts; {'; '.join(reasons)}. Run `pulumi up` again"
    )


def _doubted(reader: PolicyReader, claim: Claim) -> list[str]:
    listed = {policy.id: policy for policy in reader.list_policies()}
    absent = [policy_id for policy_id in claim.expected if policy_id not in listed]
    return [*absent, *(policy.id for policy in listed.values() if claim.fails(policy))]


def _wrong_in_the_end(
    reader: PolicyReader, claim: Claim, doubted: list[str], sleep: Callable[[float], None]
) -> list[Policy]:
    wrong: list[Policy] = []
    for pause in PAUSES_SECONDS:
        if not doubted:
            return []
        sleep(pause)
        wrong = _still_wrong(reader, claim, doubted)
        doubted = [policy.id for policy in wrong]
    return wrong


def _still_wrong(reader: PolicyReader, claim: Claim, doubted: Iterable[str]) -> list[Policy]:
    asked = [reader.get_policy(policy_id) for policy_id in doubted]
    return [policy for policy in asked if policy is not None and claim.fails(policy)]


def _listing(policies: Iterable[Policy], claim: Claim) -> str:
    return "; ".join(
        f"{told(policy.display_name)} ({policy.id}) lacks:"
        f" {', '.join(pending_lines(missing(live_entries(policy), claim.wanted), claim.labels))}"
        for policy in policies
    )
