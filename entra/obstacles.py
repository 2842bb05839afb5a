"""What stands between emergency access accounts and their use, looked up for all of them at once.

Looking never ends a run: what a look-up could not tell becomes a note. For each account four
requests, two more where the tenant's policy names groups or no passkey is registered, and one for
the policy. What stops an account, and the way out, is in ``entra.obstacle_rules``.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Final, Protocol, TypeVar

from entra.authentication import PASSKEY, Method
from entra.authentication_policy import AuthenticationPolicy
from entra.directory import User
from entra.errors import EntraError, Forbidden, NotFound
from entra.obstacle_facts import AccountFacts
from entra.obstacle_facts import KnownAccount as KnownAccount
from entra.obstacle_facts import Obstacle as Obstacle
from entra.obstacle_facts import obstacle_of_a_new as obstacle_of_a_new
from entra.obstacle_rules import obstacles_of
from entra.permissions import READ_METHODS, READ_POLICIES, READ_ROLES, READ_USERS, how_to_grant

PATIENCE_SECONDS: Final = 10.0
"""So long a client may pause for these look-ups: they serve messages, and what waits is a run."""
_AT_ONCE: Final = 8
_NOT_SHOWN_YET: Final = (
    "what stands between the accounts and their use cannot be told in full: the directory does not"
    " show everything that was made just now; the next run looks again"
)

T = TypeVar("T")


class AccountLookUps(Protocol):
    """What is asked of ``entra.directory.Directory``."""

    def user(self, object_id: str) -> User:
        """A live user."""
        ...

    def role_ends(self, principal_id: str) -> Mapping[str, datetime]:
        """When its roles end."""
        ...

    def group_ids(self, user_id: str) -> frozenset[str]:
        """The groups that it is in."""
        ...


class AuthenticationLookUps(Protocol):
    """What is asked of ``entra.authentication.Authentication``."""

    def methods(self, user_id: str) -> tuple[Method, ...]:
        """What is registered."""
        ...

    def per_user_mfa(self, user_id: str) -> str:
        """The state of the older switch."""
        ...

    def certificate_ids(self, user_id: str) -> tuple[str, ...]:
        """The certificates mapped to it."""
        ...

    def policy(self) -> AuthenticationPolicy:
        """Which methods the tenant allows."""
        ...


@dataclass(frozen=True)
class Found:
    """``notes`` are whole lines about what could not be told, and how it can be next time."""

    obstacles: tuple[Obstacle, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Questions:
    """Asks in parallel; keeps what went wrong, each thing once."""

    pool: ThreadPoolExecutor
    notes: dict[str, None] = field(default_factory=dict[str, None])
    lock: Lock = field(default_factory=Lock)

    def ask(
        self, what: str, permissions: Sequence[str], call: Callable[..., T], *about: str
    ) -> Future[T | None]:
        """The answer, None when there is none: then a note says so."""
        return self.pool.submit(self._answer, what, permissions, call, *about)

    def _answer(
        self, what: str, permissions: Sequence[str], call: Callable[..., T], *about: str
    ) -> T | None:
        try:
            return call(*about)
        except NotFound:
            note = _NOT_SHOWN_YET
        except Forbidden:
            note = f"{what} cannot be told: {how_to_grant(permissions)}"
        except EntraError as error:
            note = f"{what} cannot be told: {error}; the next run looks again"
        with self.lock:
            self.notes[note] = None
        return None


@dataclass(frozen=True)
class _Asked:
    """What is under way about one account."""

    account: KnownAccount
    user: Future[User | None]
    methods: Future[tuple[Method, ...] | None]
    mfa: Future[str | None]
    role_ends: Future[Mapping[str, datetime] | None]


def look_for_obstacles(
    directory: AccountLookUps,
    authentication: AuthenticationLookUps,
    accounts: Sequence[KnownAccount],
    group_id: str | None,
) -> Found:
    """Everything that stops these accounts, in their order. Raises nothing of ours.

    ``group_id`` is the group that policies exclude: an account is taken as its member also while
    the directory does not show that yet.
    """
    if not accounts:
        return Found()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        questions = _Questions(pool)
        policy_asked = questions.ask(
            "whether the tenant allows passkeys", READ_POLICIES, authentication.policy
        )
        asked = [_ask(questions, directory, authentication, account) for account in accounts]
        policy = policy_asked.result()
        more = [
            _ask_more(questions, directory, authentication, one, policy, group_id) for one in asked
        ]
        facts = [found for complete in more if (found := complete()) is not None]
    obstacles = tuple(obstacle for one in facts for obstacle in obstacles_of(one))
    return Found(obstacles, tuple(questions.notes))


def _ask(
    questions: _Questions,
    directory: AccountLookUps,
    authentication: AuthenticationLookUps,
    account: KnownAccount,
) -> _Asked:
    who = account.object_id
    return _Asked(
        account,
        questions.ask("whether the accounts are enabled", READ_USERS, directory.user, who),
        questions.ask(
            "whether a passkey, other methods or a Temporary Access Pass are registered",
            READ_METHODS,
            authentication.methods,
            who,
        ),
        questions.ask(
            "whether per-user MFA is on", READ_POLICIES, authentication.per_user_mfa, who
        ),
        questions.ask("whether a role ends", READ_ROLES, directory.role_ends, who),
    )


def _ask_more(
    questions: _Questions,
    directory: AccountLookUps,
    authentication: AuthenticationLookUps,
    asked: _Asked,
    policy: AuthenticationPolicy | None,
    group_id: str | None,
) -> Callable[[], AccountFacts | None]:
    """What the first answers make necessary; complete when it is called."""
    account, methods = asked.account, asked.methods.result()
    has_passkey = any(method.kind == PASSKEY for method in methods or ())
    certificates = groups = None
    if methods is not None and not has_passkey:
        certificates = questions.ask(
            "whether a certificate is registered",
            READ_USERS,
            authentication.certificate_ids,
            account.object_id,
        )
    if policy is not None and policy.names_groups():
        groups = questions.ask(
            "which groups the accounts are in", READ_USERS, directory.group_ids, account.object_id
        )

    def complete() -> AccountFacts | None:
        user = asked.user.result()
        known = groups.result() if groups else frozenset[str]()
        if user is None:
            return None
        who = {account.object_id.casefold(), *(known or ())}
        if account.excluded and group_id:
            who.add(group_id.casefold())
        return AccountFacts(
            account,
            user,
            methods=methods,
            per_user_mfa=asked.mfa.result(),
            certificate_ids=certificates.result() if certificates else (),
            role_ends=asked.role_ends.result() or {},
            # Without its groups nothing can be said of what a policy that names groups allows.
            policy=policy if known is not None else None,
            who=frozenset(who),
        )

    return complete
