"""One Conditional Access policy's exclusion of our group and accounts, as a dynamic resource.

State contract: this module's name, ``components.policy_exclusion``, and the class name of the
provider are in every stack's state file; neither ever changes. Property names: see
``components.exclusion_state``.

``check``, ``diff`` and ``read`` never write, ``diff`` asks nothing. How a policy is written:
``components.policy_write``.
Credentials come from the environment of the process: the provider object has no attributes, because
they would be kept in state.
"""

from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from components.exclusion_state import (
    ExclusionState,
    Properties,
    differs,
    pending_lines,
    properties_of,
    worded_anew,
)
from components.policy_session import AlreadyToldError, refreshed
from components.policy_write import Outcome, PolicyExclusionError, exclude, undo
from entra.errors import EntraError, Forbidden
from entra.exclusion import Entries, live_entries, missing
from entra.permissions import READ_POLICIES, how_to_grant
from entra.policy import Policy, told

TYPE = "pulumi-python:dynamic/break-glass:PolicyExclusion"
_PROVIDER_KEY = "__provider"


class PolicyExclusionProvider(ResourceProvider):
    """Create, read, update and delete our entries in one policy's exclusion lists."""

    # The pickle is the name of this class and nothing else.
    serialize_as_secret_always = False

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Take every input; a loss that repeats is worded anew, so that Pulumi shows it."""
        pending = worded_anew(news.get("pending"), _olds.get("pending"))
        return CheckResult({**news, "pending": pending}, [])

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Whether something is to be written; a policy of another tenant is another resource."""
        moved = [
            key
            for key in ("policyId", "tenantId")
            if str(_olds.get(key)).casefold() != str(_news.get(key)).casefold()
        ]
        return DiffResult(changes=bool(moved) or differs(_olds, _news), replaces=moved)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Exclude what is wanted."""
        state = ExclusionState.read(props)
        outcome = exclude(state, None, departing=Entries())
        return CreateResult(state.policy_id, _outputs(props, outcome, healed=0))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The policy as it is; gone only when its own request says 404.

        Raises when the listing itself fails, or the credentials are another tenant's; a doubt
        about this one policy answers with what is in state.
        """
        state = ExclusionState.read(props)
        try:
            session, policy = refreshed(state.tenant_id, state.policy_id)
        except AlreadyToldError:
            return ReadResult(id_, _without_provider(props))
        except Forbidden as error:
            raise PolicyExclusionError(
                f"the Conditional Access policies: {error}; {how_to_grant(READ_POLICIES)}"
            ) from None
        except EntraError as error:
            raise PolicyExclusionError(f"the Conditional Access policies: {error}") from None
        if policy is None:
            try:
                policy = session.policies.get_policy(state.policy_id)
            except EntraError as error:
                pulumi.log.warn(f"{state.title} could not be read, its state is kept: {error}")
                return ReadResult(id_, _without_provider(props))
            if policy is None:
                return ReadResult("", {})
        session.journal.settle(state.stack, state.policy_id, state.added)
        return ReadResult(id_, {**_without_provider(props), **_seen(policy, state)})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Exclude what is wanted now, take away what we added and nobody wants any more.

        Another account of the stack that is not to be excluded changes no policy: nothing is asked.
        """
        before = ExclusionState.read(_olds)
        state = ExclusionState.read(_news)
        retired = before.stack_objects - state.stack_objects
        joined = state.stack_objects - before.stack_objects
        alike = not differs({**_olds, "stackObjects": _news.get("stackObjects")}, _news)
        if joined and not retired and alike:
            outcome = Outcome(before.added, refused=before.refused, refused_of=before.refused_of)
        else:
            outcome = exclude(state, before.added, departing=retired)
        return UpdateResult(_outputs(_news, outcome, healed=before.healed))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Take away what we added, and always the objects that go away with the stack."""
        undo(ExclusionState.read(_props))


class PolicyExclusion(Resource, module="break-glass", name="PolicyExclusion"):
    """The exclusion of our group and accounts from one policy, named after the policy's id."""

    refused: pulumi.Output[str | None]
    """Why the service takes no exclusion; empty when it does."""

    def __init__(
        self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(PolicyExclusionProvider(), name, {**props, "refused": None}, opts)


def _seen(policy: Policy, state: ExclusionState) -> dict[str, Any]:
    """What a refresh finds out about a policy.

    One that refused us is right when somebody excluded by hand what we could not, and is not worth
    another try as long as nobody changed it.
    """
    lacking = pending_lines(missing(live_entries(policy), state.wanted), state.labels)
    refuses = bool(state.refused and lacking)
    known = refuses and policy.modified == state.refused_of
    return {
        "policyName": told(policy.display_name),
        "pending": [],
        "missing": [] if known else lacking,
        "refused": state.refused if refuses else "",
        "refusedOf": state.refused_of if refuses else "",
    }


def _outputs(props: Properties, outcome: Outcome, *, healed: int) -> dict[str, Any]:
    return {
        **_without_provider(props),
        "pending": [],
        "missing": [],
        "added": properties_of(outcome.added),
        "refused": outcome.refused,
        "refusedOf": outcome.refused_of,
        "healed": healed + outcome.put_back,
    }


def _without_provider(props: Properties) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key != _PROVIDER_KEY}
