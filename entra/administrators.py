"""Who administers the tenant and can be told by mail.

A holder of a role holds it for the whole tenant, active or eligible, by himself or through a group;
whoever may only join such a group for a while (PIM for groups) is not looked for.

Source: Microsoft Graph, "List unifiedRoleAssignments" and "List roleEligibilityScheduleInstances"
(all roles in one listing), "List users" and "List groups" (15 ids a request), "List group
transitive members". Errors: ``GraphError`` (see ``entra.errors``).
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from entra.client import GraphClient
from entra.directory import WHOLE_TENANT
from entra.errors import GraphError, NotFound
from entra.graph_text import quoted

PREFIX: Final = "administrator "
"""How the receivers begin that are administrators and stand in no setting."""
_ACTIVE: Final = "/v1.0/roleManagement/directory/roleAssignments"
_ELIGIBLE: Final = "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances"
_FIELDS: Final = "id,userPrincipalName,mail,accountEnabled"
_IDS_AT_ONCE: Final = 15
_AT_ONCE: Final = 4
_DOUBT_SECONDS: Final = (1.0, 2.0)


@dataclass(frozen=True)
class Administrator:
    """A person with an administrator's role and a mailbox."""

    user_principal_name: str
    address: str
    """The mailbox (``mail``)."""

    @property
    def name(self) -> str:
        """Of the receiver."""
        return f"{PREFIX}{self.user_principal_name}"


@dataclass(frozen=True)
class FoundAdministrators:
    """What the directory says of the holders of some roles."""

    administrators: tuple[Administrator, ...]
    without_mailbox: tuple[str, ...]
    """User principal names of the holders that no mail reaches."""


class AdministratorDirectory:
    """Read-only questions about the holders of roles, given by template id."""

    def __init__(self, graph: GraphClient, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._graph = graph
        self._sleep = sleep

    def holders(self, role_ids: Sequence[str], left_out: Collection[str]) -> FoundAdministrators:
        """The enabled users that hold any of the roles, by name; ``left_out``: object ids or user
        principal names of those that are nobody to be told.
        """
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            active = pool.submit(self._held, _ACTIVE, role_ids)
            eligible = pool.submit(self._held, _ELIGIBLE, role_ids)
            holders = active.result() | eligible.result()
            users = self._among("users", holders, pool)
            others = holders.difference(_text(user, "id") for user in users)
            groups = [_text(group, "id") for group in self._among("groups", others, pool)]
            members = {id_ for found in pool.map(self._members, groups) for id_ in found}
            users += self._among("users", members - holders, pool)
        skipped = {one.casefold() for one in left_out}
        living = sorted(
            (
                user
                for user in users
                if user.get("accountEnabled")
                and skipped.isdisjoint((_text(user, "id"), _name(user).casefold()))
            ),
            key=lambda user: _name(user).casefold(),
        )
        return FoundAdministrators(
            tuple(Administrator(_name(one), str(one["mail"])) for one in living if one.get("mail")),
            tuple(_name(one) for one in living if not one.get("mail")),
        )

    def is_administrator(self, user_principal_name: str, role_ids: Collection[str]) -> bool:
        """Whether one user is there, enabled and a holder of any of the roles.

        A user is only gone when 404 was said again and again: a replica may not know it.
        """
        user = self._user(user_principal_name)
        if user is None or not user.get("accountEnabled"):
            return False
        wanted = {role.casefold() for role in role_ids}
        return any(
            not wanted.isdisjoint(self._roles_of(principal))
            for principal in self._principals(str(user["id"]))
        )

    def _user(self, user_principal_name: str) -> dict[str, Any] | None:
        path = f"/v1.0/users/{quote(user_principal_name, safe='')}"
        for pause in (*_DOUBT_SECONDS, None):
            try:
                return self._graph.get(path, {"$select": _FIELDS})
            except NotFound:
                if pause is not None:
                    self._sleep(pause)
        return None

    def _principals(self, user_id: str) -> Iterator[str]:
        """The user, and the groups it is in that can hold a role."""
        yield user_id
        path = f"/v1.0/users/{quote(user_id, safe='')}/transitiveMemberOf"
        for found in self._graph.pages(path):
            if _kind(found) == "group" and found.get("isAssignableToRole") is not False:
                yield str(found["id"])

    def _roles_of(self, principal_id: str) -> Iterator[str]:
        query = {"$filter": f"principalId eq {quoted(principal_id)}"}
        for found in (*self._roles(_ACTIVE, query), *self._roles(_ELIGIBLE, query)):
            yield _text(found, "roleDefinitionId")

    def _held(self, path: str, role_ids: Sequence[str]) -> set[str]:
        """The principals that hold the roles: users, groups, applications."""
        wanted = {role.casefold() for role in role_ids}
        return {
            _text(found, "principalId")
            for found in self._roles(path, {})
            if _text(found, "roleDefinitionId") in wanted
        }

    def _roles(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        """Roles in the whole tenant. Nobody is eligible where the tenant lacks Entra ID P2 (that
        the refusal's code or message tells of the licence is from public reports).
        """
        try:
            found = list(self._graph.pages(path, query))
        except GraphError as error:
            if path == _ELIGIBLE and "license" in f"{error.code} {error.message}".casefold():
                return []
            raise
        return [one for one in found if one.get("directoryScopeId") == WHOLE_TENANT]

    def _members(self, group_id: str) -> list[str]:
        """The users in a group, also through others; none when it is gone."""
        path = f"/v1.0/groups/{quote(group_id, safe='')}/transitiveMembers"
        try:
            found = list(self._graph.pages(path, {"$select": "id"}))
        except NotFound:
            return []
        return [_text(one, "id") for one in found if _kind(one) == "user"]

    def _among(
        self, kind: str, ids: Collection[str], pool: ThreadPoolExecutor
    ) -> list[dict[str, Any]]:
        """Those of the ids that are users, or groups."""
        fields = _FIELDS if kind == "users" else "id"

        def ask(batch: Sequence[str]) -> list[dict[str, Any]]:
            named = ",".join(quoted(one) for one in batch)
            query = {"$filter": f"id in ({named})", "$select": fields}
            return list(self._graph.pages(f"/v1.0/{kind}", query))

        ordered = sorted(ids)
        starts = range(0, len(ordered), _IDS_AT_ONCE)
        batches = [ordered[start : start + _IDS_AT_ONCE] for start in starts]
        return [one for found in pool.map(ask, batches) for one in found]


def _kind(found: dict[str, Any]) -> str:
    return str(found.get("@odata.type") or "").rpartition(".")[2]


def _name(user: dict[str, Any]) -> str:
    return str(user.get("userPrincipalName") or user["id"])


def _text(found: dict[str, Any], key: str) -> str:
    return str(found.get(key) or "").casefold()
