"""What can be said of one account: of one that the stack makes, and of one that is taken in."""

from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from settings_types import (
    AccountReference,
    CountryCode,
    DomainName,
    RoleId,
    SettingsGroup,
    UserName,
    broken_rule,
)

NamePrefix = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9._-]{0,30}[a-z0-9_-])?)?$")]
PREFIX_RULE: Final = "at most 32 lower-case letters, digits, '.', '-' and '_', no '.' at either end"
PasswordLength = Annotated[int, Field(ge=16, le=256)]
LENGTH_RULE: Final = "a whole number from 16 to 256 (characters)"
Rotation = Annotated[str, Field(coerce_numbers_to_str=True, max_length=256)]
ROTATION_RULE: Final = "any text; a new one makes new passwords"
ROLES_RULE: Final = "a list of Entra's built-in roles, each by its name or template id"
Shown = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]([^\x00-\x1f]*[^\s\x00-\x1f])?$")]
"""A text that other people see: one line, no blank at either end."""


class Named(SettingsGroup):
    """One account that the stack makes; what is left out is as for all."""

    domain: DomainName | None = Field(
        default=None,
        description="a verified domain of the tenant",
        examples=["contoso.onmicrosoft.com"],
    )
    name_prefix: NamePrefix | None = Field(
        default=None, description=PREFIX_RULE, examples=["breakglass-"]
    )
    user_name: UserName | None = Field(
        default=None,
        description="1 to 64 lower-case letters, digits, '.', '-' and '_', no '.' at either end, in"
        " quotes when there is no letter in it",
        examples=["k7q2v9x4m3p8t6w5"],
    )
    display_name: Annotated[Shown, Field(max_length=256)] | None = Field(
        default=None,
        description="1 to 256 characters, no blank at either end",
        examples=["Reserve one"],
    )
    given_name: Annotated[Shown, Field(max_length=64)] | None = Field(
        default=None, description="1 to 64 characters, no blank at either end", examples=["Reserve"]
    )
    surname: Annotated[Shown, Field(max_length=64)] | None = Field(
        default=None, description="1 to 64 characters, no blank at either end", examples=["One"]
    )
    job_title: Annotated[Shown, Field(max_length=128)] | None = Field(
        default=None,
        description="1 to 128 characters, no blank at either end",
        examples=["Reserve"],
    )
    department: Annotated[Shown, Field(max_length=64)] | None = Field(
        default=None, description="1 to 64 characters, no blank at either end", examples=["IT"]
    )
    company_name: Annotated[Shown, Field(max_length=64)] | None = Field(
        default=None, description="1 to 64 characters, no blank at either end", examples=["Contoso"]
    )
    usage_location: CountryCode | None = Field(
        default=None, description="a country's two letters (ISO 3166)", examples=["DE"]
    )
    password_length: PasswordLength | None = Field(
        default=None, description=LENGTH_RULE, examples=[64]
    )
    password_rotation: Rotation | None = Field(
        default=None, description=ROTATION_RULE, examples=["2027-Q1"]
    )
    roles: tuple[RoleId, ...] | None = Field(
        default=None, description=ROLES_RULE, examples=["Security Reader"]
    )
    excluded: bool = Field(
        default=True, description="true or false: member of the group and excluded from policies"
    )
    retire: bool = Field(
        default=False, description="true or false: takes the roles away, the first of two steps"
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_said(cls, value: Any) -> Any:
        return {} if value is None else value

    @model_validator(mode="after")
    def _one_name(self) -> Self:
        if self.user_name is not None and self.name_prefix is not None:
            raise broken_rule(
                f"userName holds {self.user_name!r} beside namePrefix: expected one of them, since"
                " the prefix stands before a random name"
            )
        return self


class Adopt(SettingsGroup):
    """An existing account that is taken in."""

    account: AccountReference = Field(
        description="an account's object id or user principal name", examples=["ada@contoso.com"]
    )
    allow_synced: bool = Field(
        default=False,
        description="true or false: it may come from an on-premises directory, although whoever"
        " rules that directory then rules it",
    )
    excluded: bool = Field(
        default=True, description="true or false: member of the group and excluded from policies"
    )
    retire: bool = Field(
        default=False, description="true or false: takes the roles away, the first of two steps"
    )

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"account": value} if isinstance(value, str) else value
