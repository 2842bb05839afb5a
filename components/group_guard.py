"""Takes out of our group who was put into it by somebody else, as a dynamic resource.

State contract: this module's name, ``components.group_guard``, and the class name of the provider
are in every stack's state file; neither ever changes. Properties:

    groupId   object id of the group that the stack made
    members   object ids of our accounts: never taken out
    owners    object ids of the service principals that may own it: never taken out
    pending   ["remove member ada@contoso.com (id)"] what the last look-up saw; empty in outputs;
              'again' behind each when the run before took just the same out
    refused   outputs only: what the service did not let go, in the words of ``pending``

``check``, ``diff`` and ``read`` never write and ask nothing. Credentials come from the environment
of the process: the provider object has no attributes, because they would be kept in state.

Source: Microsoft Graph v1.0 reference, "Remove member", "Remove group owner" (the last owner cannot
be removed), "Add owners". Errors: `GroupGuardError`, one line.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

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
from pulumi.runtime import rpc

from components.exclusion_state import worded_anew
from entra.client import GraphClient
from entra.directory import Member
from entra.errors import EntraError, Forbidden, GraphError, NotFound
from entra.identity import Identity
from entra.permissions import how_to_grant
from entra.policy import told

TYPE: Final = "pulumi-python:dynamic/break-glass:GroupGuard"
WRITE_PERMISSIONS: Final = ("Group.ReadWrite.All", "RoleManagement.ReadWrite.Directory")
"""To change members and owners of a role-assignable group."""
_PROVIDER_KEY = "__provider"
_LINE = re.compile(
    r"remove (?P<kind>member|owner) .*\((?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\)"
    r"(?: again)?",
    re.IGNORECASE | re.DOTALL,
)
_BAD_REQUEST: Final = 400

Kind = Literal["member", "owner"]
Properties = dict[str, Any]


class GroupGuardError(Exception):
    """Somebody who is not ours could not be taken out."""


class GroupGuardProvider(ResourceProvider):
    """Takes out what is pending; nothing else of the group is ever touched."""

    # The pickle is the name of this class and nothing else.
    serialize_as_secret_always = False

    def check(self, _olds: Properties, news: Properties) -> CheckResult:
        """Take every input; what was put back since is worded anew, so that Pulumi shows it."""
        pending = worded_anew(news.get("pending"), _olds.get("pending"))
        return CheckResult({**news, "pending": pending}, [])

    def diff(self, _id: str, _olds: Properties, _news: Properties) -> DiffResult:
        """Whether somebody is to be taken out, or the group is another one."""
        group_id, pending = _news.get("groupId"), _news.get("pending")
        unknown = rpc.contains_unknowns([group_id, pending])
        moved = str(_olds.get("groupId")).casefold() != str(group_id).casefold()
        return DiffResult(changes=bool(unknown or moved or pending))

    def create(self, props: Properties) -> CreateResult:
        """Take out what is pending."""
        return CreateResult("guard", _outputs(props, _take_out(props)))

    def read(self, id_: str, props: Properties) -> ReadResult:
        """What is in state: the program looks the members up by itself."""
        return ReadResult(id_, {k: v for k, v in props.items() if k != _PROVIDER_KEY})

    def update(self, _id: str, _olds: Properties, _news: Properties) -> UpdateResult:
        """Take out what is pending."""
        return UpdateResult(_outputs(_news, _take_out(_news)))

    def delete(self, _id: str, _props: Properties) -> None:
        """Nothing: who was taken out was not ours to put back."""


class GroupGuard(Resource, module="break-glass", name="GroupGuard"):
    """Keeps everybody out of the group who is not ours."""

    def __init__(
        self, name: str, props: Properties, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(GroupGuardProvider(), name, {**props, "refused": None}, opts)


@dataclass(frozen=True)
class _Stranger:
    kind: Kind
    id: str
    line: str


def pending_line(kind: Kind, member: Member) -> str:
    """What is to be done about somebody who is not ours, as `pending` keeps it."""
    return f"remove {kind} {told(member.name)} ({member.id})"


def _take_out(props: Properties) -> list[str]:
    """What the service did not let go. Raises GroupGuardError when somebody could not be taken out.

    Owners go first: an owner could put members back. Everyone is tried before anything is raised.
    """
    strangers = sorted(_strangers(props), key=lambda stranger: stranger.kind != "owner")
    if not strangers:
        return []
    group_id = str(props["groupId"])
    try:
        identity = Identity.from_environment()
        graph = GraphClient(identity)
        own_id = str(identity.graph_claims().get("oid") or "")
        ourselves = f"{identity.endpoints.graph}/v1.0/directoryObjects/{own_id}"
    except EntraError as error:
        raise GroupGuardError(f"group {group_id}: {error}") from None
    refused: list[str] = []
    failed: list[str] = []
    for stranger in strangers:
        try:
            if not _removed(graph, group_id, stranger, ourselves):
                refused.append(stranger.line)
                pulumi.log.warn(
                    f"group {group_id}: Microsoft Graph does not let the last owner go, so"
                    f" '{stranger.line}' is left to do: Entra admin centre → Groups → Owners"
                )
        except Forbidden as error:
            failed.append(f"{stranger.line}: {error}; {how_to_grant(WRITE_PERMISSIONS)}")
        except EntraError as error:
            failed.append(f"{stranger.line}: {error}")
    if failed:
        raise GroupGuardError(f"group {group_id}: {'; '.join(failed)}")
    return refused


def _strangers(props: Properties) -> Iterable[_Stranger]:
    kept = {
        "member": {str(one).casefold() for one in props.get("members") or ()},
        "owner": {str(one).casefold() for one in props.get("owners") or ()},
    }
    for line in cast("list[str]", props.get("pending") or []):
        found = _LINE.fullmatch(line)
        if found is None:
            raise GroupGuardError(
                f"pending holds {line!r}: expected 'remove member NAME (OBJECT ID)' or 'remove"
                " owner NAME (OBJECT ID)'"
            )
        kind = cast("Kind", found["kind"].lower())
        if found["id"].casefold() not in kept[kind]:
            yield _Stranger(kind, found["id"].lower(), line)


def _removed(graph: GraphClient, group_id: str, stranger: _Stranger, ourselves: str) -> bool:
    """False when the service keeps an owner as the last one. Whoever is gone already is gone."""
    # Without `/$ref` at its end the request would delete the object itself.
    path = f"/v1.0/groups/{group_id}/{stranger.kind}s/{stranger.id}/$ref"
    try:
        graph.delete(path)
    except NotFound:
        return True
    except GraphError as error:
        if stranger.kind != "owner" or error.status != _BAD_REQUEST:
            raise
        return _own(graph, group_id, ourselves) and _let_go(graph, path)
    return True


def _own(graph: GraphClient, group_id: str, ourselves: str) -> bool:
    """Whether the application that we run as could be made an owner, in place of the last one."""
    try:
        graph.post(f"/v1.0/groups/{group_id}/owners/$ref", {"@odata.id": ourselves})
    except GraphError as error:
        # 400 is also the answer when it is one already.
        return error.status == _BAD_REQUEST
    return True


def _let_go(graph: GraphClient, path: str) -> bool:
    try:
        graph.delete(path)
    except GraphError as error:
        if isinstance(error, NotFound):
            return True
        if error.status != _BAD_REQUEST:
            raise
        return False
    return True


def _outputs(props: Properties, refused: list[str]) -> Properties:
    kept = {key: value for key, value in props.items() if key != _PROVIDER_KEY}
    return {**kept, "pending": [], "refused": refused}
