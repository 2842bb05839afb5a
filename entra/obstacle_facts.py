"""What is known of an emergency access account, and what can be found to stand in its way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from entra.authentication import Method
from entra.authentication_policy import AuthenticationPolicy
from entra.directory import User

READ_AT_A_GLANCE: Final = 400
"""Characters of a remedy that a warning has room for."""


@dataclass(frozen=True)
class KnownAccount:
    """An account to look at, as the program knows it.

    ``made``: by this stack, not adopted. ``synced_allowed``: it may come from an on-premises
    directory. ``password_recorded``: the moment of our own last password, None when we never set
    one. ``excluded``: it is a member of the group that policies exclude.
    """

    name: str
    object_id: str
    user_principal_name: str
    made: bool = True
    synced_allowed: bool = False
    password_recorded: datetime | None = None
    excluded: bool = True


@dataclass(frozen=True)
class Obstacle:
    """What stands between an account and its use, in words that end without a full stop."""

    account: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.account}: {self.problem}; what to do: {self.remedy}"

    @property
    def warning(self) -> str:
        """One line that does not drown the others: long steps stand in the outputs alone."""
        if len(self.remedy) <= READ_AT_A_GLANCE:
            return str(self)
        return (
            f"{self.account}: {self.problem}; what to do, step by step: this run's output obstacles"
            " (once up has run: pulumi stack output obstacles --json)"
        )


def obstacle_of_a_new(account: str) -> Obstacle:
    """What stands before an account that this run makes: there is nobody to look at yet."""
    return Obstacle(
        account,
        "is new and has no passkey or certificate registered: the MFA that Microsoft enforces"
        " itself, whatever policies exclude, stops it in the Azure, Entra, Intune and Microsoft 365"
        " admin portals",
        "register two passkeys once it is made; the next preview shows the steps for this tenant",
    )


@dataclass(frozen=True)
class AccountFacts:
    """What was found out about one account; None is what could not be told.

    ``who``: its id and the ids of its groups, in lower case.
    """

    account: KnownAccount
    user: User
    methods: tuple[Method, ...] | None = None
    per_user_mfa: str | None = None
    certificate_ids: tuple[str, ...] | None = None
    role_ends: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    policy: AuthenticationPolicy | None = None
    who: frozenset[str] = frozenset()

    @property
    def named(self) -> str:
        """What an administrator knows it by."""
        return self.user.user_principal_name or self.account.user_principal_name

    def of_kind(self, kind: str) -> tuple[Method, ...]:
        """Its methods of one kind."""
        return tuple(method for method in self.methods or () if method.kind == kind)

    @property
    def has_certificate(self) -> bool:
        """Whether a certificate is mapped to it that the tenant takes."""
        policy = self.policy
        return bool(
            self.certificate_ids and (policy is None or policy.certificates.allows(self.who))
        )
