"""A tenant with accounts of somebody else's, and a stack that takes them in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from components.account_roles import ASSIGNMENT_TYPE, GLOBAL_ADMINISTRATOR
from components.adoption import GIVEN_TYPE, FoundAccount, find_adopted
from components.adoption_checks import TYPE
from entra.directory import Domain, RoleAssignment, User
from entra.errors import NotFound
from tests.unit.directories import MemoryDirectory

ADA = "3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"
BO = "8c0de4a1-57d2-4f55-8e0b-1d5f2f4a9c22"
ADA_NAME = "ada@contoso.com"
NAME = f"adopted-{ADA}"
URN = "urn:pulumi:unit::break-glass::"
DOMAINS = (
    Domain("contoso.onmicrosoft.com", True, False, True, True),
    Domain("contoso.com", False, True, True, True),
    Domain("federated.example", False, False, True, False),
    Domain("unverified.example", False, False, False, True),
)
HELD = RoleAssignment("assignment-1", GLOBAL_ADMINISTRATOR, "/")


@dataclass(frozen=True)
class Adopt:
    """One entry of `break-glass:accounts.adopt`."""

    account: str = ADA
    allow_synced: bool = False
    excluded: bool = True
    retire: bool = False


def person(object_id: str = ADA, name: str = ADA_NAME, **facts: Any) -> User:
    """An ordinary member of the tenant."""
    return replace(User(object_id, name, "somebody", enabled=True), **facts)


class Tenant(MemoryDirectory):
    """Users by id or name; each question about roles gets the next answer, then always the last."""

    def __init__(
        self,
        live: Sequence[User] = (person(),),
        deleted: Sequence[User] = (),
        roles: Sequence[Sequence[RoleAssignment]] = ((),),
    ) -> None:
        super().__init__(live, deleted)
        self.roles = [tuple(answer) for answer in roles]
        self.asked_roles = 0

    def user(self, object_id: str) -> User:
        """A live user, as Graph finds one."""
        self._ask(object_id)
        for found in self.live:
            if object_id.casefold() in {found.id, found.user_principal_name.casefold()}:
                return found
        raise NotFound(404, "Request_ResourceNotFound", "", "GET", f"/v1.0/users/{object_id}")

    def role_assignments(self, principal_id: str) -> tuple[RoleAssignment, ...]:
        """The next answer."""
        del principal_id
        self.asked_roles += 1
        return self.roles.pop(0) if len(self.roles) > 1 else self.roles[0]

    def domains(self) -> tuple[Domain, ...]:
        """Four, one of them federated, one not verified."""
        return DOMAINS


@dataclass
class Remembered:
    """What the stack's state knows; calls are questions."""

    resources: dict[str, dict[str, Mapping[str, Any]]] = field(
        default_factory=dict[str, dict[str, Mapping[str, Any]]]
    )

    def __call__(self, type_: str) -> Mapping[str, Mapping[str, Any]]:
        return self.resources.get(type_, {})

    def add(self, type_: str, name: str, **outputs: Any) -> "Remembered":
        """One more resource."""
        self.resources.setdefault(type_, {})[f"{URN}{type_}::{name}"] = outputs
        return self


def adopted_before(
    *, name: str = ADA_NAME, role_given: bool = False, record: bool = False
) -> Remembered:
    """The state after an earlier run that took ada in."""
    memory = Remembered().add(TYPE, NAME, objectId=ADA, userPrincipalName=name)
    if role_given:
        memory.add(
            ASSIGNMENT_TYPE,
            f"{NAME}-global-administrator",
            principalObjectId=ADA,
            roleId=GLOBAL_ADMINISTRATOR,
        )
    if role_given or record:
        memory.add(GIVEN_TYPE, f"{NAME}-given-{GLOBAL_ADMINISTRATOR}")
    return memory


def find(
    *settings: Adopt, tenant: Tenant | None = None, memory: Remembered | None = None
) -> tuple[FoundAccount, ...]:
    """The accounts to take in, without waiting."""
    return find_adopted(
        settings or (Adopt(),),
        tenant or Tenant(),
        DOMAINS,
        memory or Remembered(),
        sleep=lambda _: None,
    )
