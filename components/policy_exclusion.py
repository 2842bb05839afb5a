"""One Conditional Access policy's exclusion of our group and accounts, as a dynamic resource.

State contract: this module's name, ``components.policy_exclusion``, and the class name of the
provider are in every stack's state file; neither ever changes. Property names: see
``components.exclusion_state``.

``check``, ``diff`` and ``read`` never write, ``diff`` asks nothing. A write reads the policy right
before, sends the complete lists and nothing else, and is left out where the policy is right.
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
from components.policy_session import AlreadyToldError, PolicySession, current_session, refreshed
from entra.errors import EntraError, Forbidden, GraphError, NotFound
from entra.exclusion import Entries, decide, live_entries, missing
from entra.policy import Policy

TYPE = "pulumi-python:dynamic/break-glass:PolicyExclusion"
_PROVIDER_KEY = "__provider"
# The pace of the requests puts a second between one and the next.
_TIMES_DOUBTED = 3


class PolicyExclusionError(Exception):
    """A policy could not be read or written: which one, what happened, how to fix it."""


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
        added = _write(state, Entries(), departing=Entries())
        return CreateResult(state.policy_id, _outputs(props, added))

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
        lacking = pending_lines(missing(live_entries(policy), state.wanted), state.labels)
        seen = {"policyName": policy.display_name, "missing": lacking}
        return ReadResult(id_, {**_outputs(props, state.added), **seen})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Exclude what is wanted now, take away what we added and nobody wants any more."""
        before = ExclusionState.read(_olds)
        state = ExclusionState.read(_news)
        retired = before.stack_objects - state.stack_objects
        added = _write(state, before.added, departing=retired)
        return UpdateResult(_outputs(_news, added))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Take away what we added, and always the objects that go away with the stack."""
        state = ExclusionState.read(_props)
        undone = ExclusionState.read({**_props, "wanted": None})
        _write(undone, state.added, departing=state.stack_objects)


class PolicyExclusion(Resource, module="break-glass", name="PolicyExclusion"):
    """The exclusion of our group and accounts from one policy, named after the policy's id."""

    def __init__(
        self, name: str, props: dict[str, Any], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(PolicyExclusionProvider(), name, props, opts)


def _write(state: ExclusionState, added_before: Entries, *, departing: Entries) -> Entries:
    """Make the policy right and answer what in it is ours. Raises PolicyExclusionError."""
    if not (state.wanted or added_before or departing):
        return Entries()
    session = current_session()
    try:
        session.check_tenant(state.tenant_id)
        with session.writing:
            return _make_right(session, state, added_before, departing)
    except Forbidden as error:
        raise PolicyExclusionError(
            f"{state.title} may not be changed: {error.message or error.code}; the application"
            " needs the Microsoft Graph application permissions Policy.Read.All,"
            " Policy.ReadWrite.ConditionalAccess and Application.Read.All, with admin consent"
        ) from None
    except GraphError as error:
        raise PolicyExclusionError(
            f"{state.title} was not changed: {error}; run `pulumi up` again, it goes on here"
        ) from None
    except EntraError as error:
        raise PolicyExclusionError(f"{state.title}: {error}") from None


def _make_right(
    session: PolicySession, state: ExclusionState, added_before: Entries, departing: Entries
) -> Entries:
    policy = _current(session, state, added_before - state.wanted)
    if policy is None:
        # Deleted by its owner, so there is nothing to exclude from. Should it only hide behind a
        # lagging replica, the component's proof over all policies finds it.
        return added_before & state.wanted
    decision = decide(live_entries(policy), state.wanted, added_before, departing)
    if decision.change is not None:
        try:
            session.policies.write_exclusions(state.policy_id, decision.change)
        except NotFound:
            return added_before & state.wanted
    return decision.added


def _current(session: PolicySession, state: ExclusionState, ours: Entries) -> Policy | None:
    """The policy; asked for again while it lacks what we wrote into it and now want to take out.

    A replica that does not know our own write yet would leave our entries in the policy for good.
    """
    policy = session.policies.get_policy(state.policy_id)
    for _ in range(_TIMES_DOUBTED):
        if policy is None or not missing(live_entries(policy), ours):
            break
        policy = session.policies.get_policy(state.policy_id)
    return policy


def _outputs(props: Properties, added: Entries) -> dict[str, Any]:
    known = _without_provider(props)
    return {**known, "pending": [], "added": properties_of(added), "missing": []}


def _without_provider(props: Properties) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key != _PROVIDER_KEY}
