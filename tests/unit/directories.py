"""A directory in memory, for what the components ask before they make an account."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from entra.directory import RoleAssignment, User
from entra.errors import GraphError, NotFound


def user(
    object_id: str,
    user_principal_name: str,
    *,
    enabled: bool = True,
    password_changed: datetime | None = None,
) -> User:
    """A user with a name and an id."""
    return User(
        object_id, user_principal_name, "somebody", enabled, password_changed=password_changed
    )


class MemoryDirectory:
    """Live and deleted users; `fails` is raised instead of any answer.

    `held` are everybody's roles in `scope` (role id → assignment id), `may_change` is whether the
    application may change administrators.
    """

    def __init__(
        self,
        live: Sequence[User] = (),
        deleted: Sequence[User] = (),
        fails: GraphError | None = None,
        *,
        held: Mapping[str, str] | None = None,
        scope: str = "/",
        may_change: bool | None = True,
    ) -> None:
        self.live = list(live)
        self.deleted = list(deleted)
        self.fails = fails
        self.held = dict(held or {})
        self.scope = scope
        self.may_change = may_change
        self.asked: list[str] = []

    def user(self, object_id: str) -> User:
        """A live user by object id; raises NotFound."""
        self._ask(object_id)
        for found in self.live:
            if found.id == object_id:
                return found
        raise NotFound(404, "Request_ResourceNotFound", "", "GET", f"/v1.0/users/{object_id}")

    def find_user(self, user_principal_name: str) -> User | None:
        """A live user by name; upper and lower case are the same."""
        self._ask(user_principal_name)
        sought = user_principal_name.casefold()
        named = (u for u in self.live if u.user_principal_name.casefold() == sought)
        return next(named, None)

    def deleted_users(self, name_or_id: str) -> tuple[User, ...]:
        """Deleted users by name or id."""
        self._ask(name_or_id)
        return tuple(u for u in self.deleted if name_or_id in {u.id, u.user_principal_name})

    def role_assignments(self, principal_id: str) -> tuple[RoleAssignment, ...]:
        """What everybody holds."""
        del principal_id
        return tuple(RoleAssignment(id, role, self.scope) for role, id in self.held.items())

    def may_change_administrators(self, own_object_id: str) -> bool | None:
        """As it was told to answer."""
        self._ask(f"may {own_object_id}")
        return self.may_change

    def _ask(self, about: str) -> None:
        self.asked.append(about)
        if self.fails is not None:
            raise self.fails
