"""Smart lockout: too many wrong passwords lock an account for a while.

Source: Microsoft Learn, "Protect user accounts from attacks with Microsoft Entra smart lockout":
10 failed attempts, one minute at first and longer in subsequent attempts, the last three wrong
passwords do not count again, the first failure after a lock locks again. How much longer a lock
becomes is not disclosed; doubling up to an hour is assumed. One counter an account: that familiar
and unfamiliar locations are counted apart is not simulated.
"""

import hashlib
import secrets
from dataclasses import dataclass, field

from sandbox.tenant.clock import Clock

THRESHOLD = 10
FIRST_SECONDS = 60.0
LONGEST_SECONDS = 3600.0
_REMEMBERED = 3


@dataclass
class _Account:
    failures: int = 0
    locks: int = 0
    locked_until: float = 0.0
    recent: list[bytes] = field(default_factory=list[bytes])


class SmartLockout:
    """The failed sign-ins of one tenant's accounts, in memory only; passwords as keyed hashes.

    `account_key` is an account with its present password: a reset one has no failures yet.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._accounts: dict[str, _Account] = {}

    def is_locked(self, account_key: str) -> bool:
        """Whether an account is locked now."""
        account = self._accounts.get(account_key)
        return account is not None and self._clock.now() < account.locked_until

    def failed(self, account_key: str, password: str | None) -> None:
        """Count a wrong password; None is one that was never used before."""
        account = self._accounts.setdefault(account_key, _Account())
        if password is not None:
            digest = hashlib.blake2b(password.encode(), key=self._key).digest()
            if digest in account.recent:
                return
            account.recent = [*account.recent, digest][-_REMEMBERED:]
        account.failures += 1
        if account.failures >= THRESHOLD:
            seconds = min(FIRST_SECONDS * 2**account.locks, LONGEST_SECONDS)
            account.locked_until = self._clock.now() + seconds
            account.locks += 1

    def succeeded(self, account_key: str) -> None:
        """A right password makes everything good."""
        self._accounts.pop(account_key, None)
