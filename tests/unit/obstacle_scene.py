"""An account without any obstacle, and look-ups in memory that can be made to fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from entra.authentication import PASSKEY, PASSWORD, Method
from entra.authentication_policy import EVERYBODY, AuthenticationPolicy
from entra.directory import User
from entra.obstacle_facts import AccountFacts, KnownAccount

ACCOUNT_ID = "0a000000-0000-4000-8000-000000000001"
GROUP_ID = "0b000000-0000-4000-8000-000000000002"
NAME = "kx7q@contoso.onmicrosoft.com"
WRITTEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = "cb69481e-8ff7-4039-93ec-0a2729a154a8"

ACCOUNT = KnownAccount("account-1", ACCOUNT_ID, NAME, password_recorded=WRITTEN)
USER = User(ACCOUNT_ID, NAME, "Emergency", True, password_changed=WRITTEN)
KEYED = (Method(PASSWORD, "p"), Method(PASSKEY, "k", detail="Safe North", aa_guid=KEY))


def configuration(method: str, **properties: Any) -> dict[str, Any]:
    """One method's part of the tenant's policy: on for everybody, but for what is said."""
    targets = [{"targetType": "group", "id": EVERYBODY}]
    return {"id": method, "state": "enabled", "includeTargets": targets, **properties}


def policy(*changed: Mapping[str, Any]) -> AuthenticationPolicy:
    """Passkeys and passes are on for everybody, certificates off, but for what is said."""
    documents = {
        "Fido2": configuration("Fido2"),
        "TemporaryAccessPass": configuration("TemporaryAccessPass"),
        "X509Certificate": configuration("X509Certificate", state="disabled"),
    } | {str(one["id"]): dict(one) for one in changed}
    return AuthenticationPolicy.from_document(
        {"authenticationMethodConfigurations": list(documents.values())}
    )


FREE = AccountFacts(
    ACCOUNT,
    USER,
    methods=KEYED,
    per_user_mfa="disabled",
    certificate_ids=(),
    policy=policy(),
    who=frozenset({ACCOUNT_ID, GROUP_ID}),
)


def user(**changes: Any) -> User:
    """The account's user with other properties."""
    return replace(USER, **changes)


@dataclass
class MemoryLookUps:
    """Answers both protocols of `look_for_obstacles`; `fails` raises instead, by the name asked."""

    users: Mapping[str, User] = field(default_factory=lambda: {ACCOUNT_ID: USER})
    registered: tuple[Method, ...] = KEYED
    mfa: str = "disabled"
    certificates: tuple[str, ...] = ()
    ends: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    groups: frozenset[str] = frozenset()
    allowed: AuthenticationPolicy = field(default_factory=policy)
    fails: Mapping[str, Exception] = field(default_factory=dict[str, Exception])
    asked: list[str] = field(default_factory=list[str])

    def user(self, object_id: str) -> User:
        self._ask("user")
        return self.users[object_id]

    def role_ends(self, principal_id: str) -> Mapping[str, datetime]:
        self._ask("role_ends")
        return self.ends

    def group_ids(self, user_id: str) -> frozenset[str]:
        self._ask("group_ids")
        return self.groups

    def methods(self, user_id: str) -> tuple[Method, ...]:
        self._ask("methods")
        return self.registered

    def per_user_mfa(self, user_id: str) -> str:
        self._ask("per_user_mfa")
        return self.mfa

    def certificate_ids(self, user_id: str) -> tuple[str, ...]:
        self._ask("certificate_ids")
        return self.certificates

    def policy(self) -> AuthenticationPolicy:
        self._ask("policy")
        return self.allowed

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.fails:
            raise self.fails[what]
