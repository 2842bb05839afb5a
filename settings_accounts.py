"""The accounts and their group: what a user may write, and what the program gets of it.

`Accounts` and `Group` are the groups of settings as they are written; `Accounts.made` and
`Accounts.adopted` are what the rest of the program reads: each account with everything that applies
to it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Self, cast

from pydantic import Field, model_validator

from entra.built_in_roles import GLOBAL_ADMINISTRATOR
from settings_named import (
    LENGTH_RULE,
    PREFIX_RULE,
    ROLES_RULE,
    ROTATION_RULE,
    Adopt,
    Named,
    NamePrefix,
    PasswordLength,
    Rotation,
)
from settings_types import (
    AccountName,
    DomainName,
    Guid,
    RoleId,
    SettingsGroup,
    broken_rule,
    first_twice,
)

FEWEST: Final = 2
MOST: Final = 10


@dataclass(frozen=True)
class MadeAccount:
    """An account that the stack makes, with everything that applies to it."""

    name: str
    """Of its component, and in the settings (`account-1`)."""
    domain: str | None
    """None: the tenant's initial domain."""
    domain_key: str
    """The setting that says so."""
    name_prefix: str
    user_name: str | None
    """The part before the '@'; None: the prefix and random characters."""
    display_name: str | None
    given_name: str | None
    surname: str | None
    job_title: str | None
    department: str | None
    company_name: str | None
    usage_location: str | None
    password_length: int
    password_rotation: str
    roles: tuple[str, ...]
    """Template ids of the roles besides Global Administrator."""
    excluded: bool
    retire: bool


@dataclass(frozen=True)
class AdoptedSetting:
    """An account that somebody else made and that is taken in."""

    account: str
    """Object id or user principal name, as the user wrote it."""
    allow_synced: bool
    excluded: bool
    retire: bool


class Accounts(SettingsGroup):
    """The accounts that the stack makes or takes in."""

    count: int = Field(
        default=FEWEST,
        ge=0,
        le=MOST,
        description="a whole number up to 10, with those of adopt at least 2",
    )
    name_prefix: NamePrefix = Field(default="", description=PREFIX_RULE, examples=["breakglass-"])
    domain: DomainName | None = Field(
        default=None,
        description="a verified domain of the tenant",
        examples=["contoso.onmicrosoft.com"],
    )
    password_length: PasswordLength = Field(default=64, description=LENGTH_RULE)
    password_rotation: Rotation = Field(default="", description=ROTATION_RULE, examples=["2027-Q1"])
    roles: tuple[RoleId, ...] = Field(
        default=(), description=ROLES_RULE, examples=["Security Reader"]
    )
    recreate: tuple[Guid, ...] = Field(
        default=(),
        description="object ids of accounts that were deleted and may be made anew",
        examples=["3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"],
    )
    named: Mapping[AccountName, Named] | None = Field(
        default=None,
        description="accounts by name (lower-case letters, digits and '-'), each a group of"
        " settings, {} for nothing of its own",
    )
    adopt: tuple[Adopt, ...] = Field(
        default=(),
        description="a list of accounts, each an object id, a user principal name, or a group of"
        " settings with one of them as account",
        examples=["ada@contoso.com"],
    )

    @property
    def made(self) -> tuple[MadeAccount, ...]:
        """Every account that the stack makes, in the order of the settings."""
        return tuple(self._made(name, named) for name, named in self._all_named().items())

    @property
    def adopted(self) -> tuple[AdoptedSetting, ...]:
        """Every account that is taken in, in the order of the settings."""
        return tuple(
            AdoptedSetting(one.account, one.allow_synced, one.excluded, one.retire)
            for one in self.adopt
        )

    def _all_named(self) -> Mapping[str, Named]:
        if self.named is not None:
            return self.named
        return {name: Named() for name in _counted(self.count)}

    def _made(self, name: str, own: Named) -> MadeAccount:
        return MadeAccount(
            name=name,
            domain=own.domain or self.domain,
            domain_key=f"break-glass:accounts.{f'named.{name}.' if own.domain else ''}domain",
            name_prefix=self.name_prefix if own.name_prefix is None else own.name_prefix,
            user_name=own.user_name,
            display_name=own.display_name,
            given_name=own.given_name,
            surname=own.surname,
            job_title=own.job_title,
            department=own.department,
            company_name=own.company_name,
            usage_location=own.usage_location,
            password_length=own.password_length or self.password_length,
            password_rotation=(
                self.password_rotation if own.password_rotation is None else own.password_rotation
            ),
            roles=_further(self.roles if own.roles is None else own.roles),
            excluded=own.excluded,
            retire=own.retire,
        )

    @model_validator(mode="before")
    @classmethod
    def _retire_by_name(cls, value: Any) -> Any:
        given = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        if "retire" in given:
            raise broken_rule(
                "retire says of no account that it is meant: expected named in place of count, with"
                f" a group for each account: {_in_place_of(given.get('count'))}"
            )
        return cast("Any", value)

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.named is not None and "count" in self.model_fields_set:
            missing = [name for name in _counted(self.count) if name not in self.named]
            staying = [one for one in (*self.named.values(), *self.adopt) if not one.retire]
            known = [*self.named, *missing]
            missing += _free_names(known, FEWEST - len(staying) - len(missing))
            raise broken_rule(
                f"count holds {self.count} beside named: expected one of them; named, which takes"
                f" the place of count, has a group for each account: {_in_place_of(self.count)};"
                f" {_instead_of_count(missing)}"
            )
        twice = first_twice([one.account for one in self.adopt])
        if twice:
            raise broken_rule(f"adopt holds {twice} twice: expected each account once")
        self._enough()
        return self

    def _enough(self) -> None:
        key = "count" if self.named is None else "named"
        staying = [one for one in (*self.made, *self.adopted) if not one.retire]
        if len(staying) == 1:
            raise broken_rule(
                f"{key} leaves one account that does not retire: expected {FEWEST} to {MOST},"
                " those of adopt included, because one alone is no rescue (its safe burns, its"
                f" passkey breaks, somebody deletes it){self._missing(1)}"
            )
        if not FEWEST <= len(staying) <= MOST:
            raise broken_rule(
                f"{key} leaves {len(staying)} accounts that do not retire: expected {FEWEST} to"
                f" {MOST}, those of adopt included{self._missing(FEWEST - len(staying))}"
            )
        if not any(one.excluded for one in staying):
            raise broken_rule(
                f"{'adopt' if not self.made else 'named'} excludes no account that stays: expected"
                " at least one with excluded: true, else a wrong policy locks out all of them"
            )

    def _missing(self, number: int) -> str:
        """How to write the accounts that are too few; nothing when there are too many."""
        if number <= 0:
            return ""
        if self.named is None:
            more = self.count + number
            return f'; for example: pulumi config set --path "break-glass:accounts.count" {more}'
        return (
            "; named takes the place of count, so it has every account that stays, those that"
            " stand already too; write the rest first:"
            f" {_commands(_free_names(self.named, number))}; what is new is made before anything is"
            " taken from one that retires"
        )


class Group(SettingsGroup):
    """The group that the policies exclude."""

    name: str = Field(
        default="BTG Admins",
        pattern=r"^\S(.{0,254}\S)?$",
        description="1 to 256 characters, no blank at either end",
    )
    existing: Guid | None = Field(
        default=None,
        description="the object id of a group that exists already",
        examples=["3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"],
    )
    recreate: tuple[Guid, ...] = Field(
        default=(),
        description="object ids of groups that were deleted and may be made anew",
        examples=["3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"],
    )

    @model_validator(mode="after")
    def _made_or_existing(self) -> Self:
        if self.existing is not None and "name" in self.model_fields_set:
            raise broken_rule(
                f"existing holds {self.existing} beside name ({self.name}): expected one of them:"
                " an existing group keeps its name, a new one has no id yet; then: pulumi config"
                ' rm --path "break-glass:group.name" or "break-glass:group.existing"'
            )
        return self


def _in_place_of(count: object) -> str:
    number = count if isinstance(count, int) and 0 < count <= MOST else FEWEST
    each = ", ".join(f"account-{one}: {{}}" for one in range(1, number + 1))
    return f"named: {{{each}}}; see Pulumi.prod.yaml for an example"


def _counted(count: int) -> Sequence[str]:
    return [f"account-{number}" for number in range(1, count + 1)]


def _free_names(taken: Collection[str], number: int) -> Sequence[str]:
    """So many names of the kind that `count` gives, which nobody has."""
    candidates = (name for name in _counted(len(taken) + max(number, 0)) if name not in taken)
    return list(islice(candidates, max(number, 0)))


def _instead_of_count(missing: Sequence[str]) -> str:
    """Commands: what `count` made is named, and it goes."""
    rest = f"; {_commands(missing)}" if missing else ""
    return f'for what stands now: pulumi config rm --path "break-glass:accounts.count"{rest}'


def _commands(names: Sequence[str]) -> str:
    return "; ".join(
        f'pulumi config set --path "break-glass:accounts.named.{name}.retire" false'
        for name in names
    )


def _further(roles: tuple[str, ...]) -> tuple[str, ...]:
    """Each once, without the one that every account has."""
    return tuple(role for role in dict.fromkeys(roles) if role != GLOBAL_ADMINISTRATOR)
