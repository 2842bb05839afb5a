"""Who is told: the action groups as they are written in the settings, and everybody in them.

Limits: Microsoft, "Action groups" and "Azure Monitor service limits".
"""

from typing import Annotated, Any, Final, Self, cast

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from entra.built_in_roles import ROLES
from settings_types import (
    RULE_NAME_RULE,
    ActionGroupReference,
    EmailAddress,
    Guid,
    ResourceGroupName,
    RoleId,
    RuleName,
    SettingsGroup,
    broken_rule,
    existing_alone,
    first_twice,
)

ADMINISTRATOR_ROLES: Final = (
    "Global Administrator",
    "Privileged Role Administrator",
    "Privileged Authentication Administrator",
    "Security Administrator",
    "Conditional Access Administrator",
    "Authentication Administrator",
    "User Administrator",
    "Exchange Administrator",
    "SharePoint Administrator",
    "Teams Administrator",
    "Intune Administrator",
)
"""Who a Microsoft 365 administrator is unless the settings say otherwise: whoever can change the
accounts, the policies or what everybody's work stands on. Readers and roles of one product are
none."""
KINDS: Final = ("emails", "sms", "voice", "push", "webhooks")
"""The lists of receivers that an action group has here."""

LONGEST_NAME: Final = 254
"""Characters of the first action group's name that the second one's name begins with."""
ShortName = Annotated[str, Field(pattern=r"^\S(.{0,10}\S)?$")]
SHORT_NAME_RULE: Final = "1 to 12 characters"
ReceiverName = Annotated[str, Field(min_length=1, max_length=128)]
NAME_RULE: Final = "1 to 128 characters"
ReceiverAddress = Annotated[EmailAddress, Field(max_length=64)]
CountryCode = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$", coerce_numbers_to_str=True)]
COUNTRY_CODE_RULE: Final = "a country's calling code, 1 to 3 digits without + or 00"
PhoneNumber = Annotated[str, Field(pattern=r"^[0-9]{4,14}$")]
PHONE_NUMBER_RULE: Final = "4 to 14 digits in quotes, without country code, blanks and other signs"


def _is_https(uri: SecretStr) -> SecretStr:
    text = uri.get_secret_value()
    host = text.removeprefix("https://").partition("/")[0].partition("?")[0]
    if not text.startswith("https://") or not host or any(sign.isspace() for sign in text):
        raise PydanticCustomError("uri", "not an https address")
    return uri


class Email(SettingsGroup):
    """Somebody who gets the alarm by mail."""

    name: ReceiverName = Field(description=NAME_RULE, examples=["Security desk"])
    address: ReceiverAddress = Field(
        description="an e-mail address of at most 64 characters", examples=["security@contoso.com"]
    )


class Phone(SettingsGroup):
    """A telephone: what a text message and a call have in common."""

    name: ReceiverName = Field(description=NAME_RULE, examples=["On call"])
    country_code: CountryCode = Field(description=COUNTRY_CODE_RULE, examples=["49"])
    phone_number: PhoneNumber = Field(description=PHONE_NUMBER_RULE, examples=["15123456789"])


class Sms(Phone):
    """Somebody who gets a text message."""


class Voice(Phone):
    """Somebody who is called."""


class Push(SettingsGroup):
    """Somebody whose Azure app shows the alarm."""

    name: ReceiverName = Field(description=NAME_RULE, examples=["On call's app"])
    address: ReceiverAddress = Field(
        description="the e-mail address of at most 64 characters with which the app is signed in",
        examples=["oncall@contoso.com"],
    )


class WebhookSignIn(SettingsGroup):
    """The application as which Azure Monitor signs in to a protected webhook."""

    object_id: Guid = Field(
        description="the object id of the webhook's application",
        examples=["3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"],
    )
    identifier_uri: str = Field(
        pattern=r"^[a-z]+://\S{1,255}$",
        description="the identifier URI of the webhook's application",
        examples=["api://3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"],
    )
    tenant_id: Guid = Field(
        description="the id of the application's tenant",
        examples=["3b1f7c52-0c51-4c3e-9a53-6f0a4e3f8d11"],
    )


class Webhook(SettingsGroup):
    """A service that is called: a ticketing system, a Teams workflow."""

    name: ReceiverName = Field(description=NAME_RULE, examples=["Ticketing"])
    uri: Annotated[SecretStr, AfterValidator(_is_https)] = Field(
        description="an address that begins with https://"
    )
    common_alert_schema: bool = Field(
        default=True, description="true or false: the payload has the common alert schema"
    )
    aad: WebhookSignIn | None = Field(
        default=None,
        description="a group of settings, of a webhook that Microsoft Entra protects",
    )


class AllAdmins(SettingsGroup):
    """Everybody who holds an administrator's role."""

    roles: tuple[RoleId, ...] = Field(
        default=tuple(ROLES[name] for name in ADMINISTRATOR_ROLES),
        min_length=1,
        description="a list of Entra's built-in roles, each by its name or template id",
        examples=["Global Administrator"],
    )


class ActionGroup(SettingsGroup):
    """What both action groups can be told."""

    resource_group: ResourceGroupName | None = Field(
        default=None,
        description="the name of a resource group that exists, in azure-native:subscriptionId",
        examples=["rg-alarms"],
    )
    existing: ActionGroupReference | None = Field(
        default=None,
        description="the resource id of an action group that exists, or its name in the resource"
        " group of the alerts",
        examples=["ag-on-call"],
    )
    all_admins: AllAdmins | None = Field(
        default=None,
        description="true, false, or a group of settings with roles",
        examples=["true"],
    )
    emails: tuple[Email, ...] = Field(
        default=(),
        max_length=1000,
        description="at most 1000 receivers, each a group of settings with name and address",
        examples=["security@contoso.com"],
    )
    sms: tuple[Sms, ...] = Field(
        default=(),
        max_length=10,
        description="at most 10 receivers, each a group of settings with name, countryCode and"
        " phoneNumber",
    )
    voice: tuple[Voice, ...] = Field(
        default=(),
        max_length=10,
        description="at most 10 receivers, each a group of settings with name, countryCode and"
        " phoneNumber",
    )
    push: tuple[Push, ...] = Field(
        default=(),
        max_length=10,
        description="at most 10 receivers, each a group of settings with name and address",
    )
    webhooks: tuple[Webhook, ...] = Field(
        default=(),
        max_length=10,
        description="at most 10 receivers, each a group of settings with name and uri",
    )

    @property
    def tells_somebody(self) -> bool:
        """Whether a receiver is named, or all administrators are."""
        return self.all_admins is not None or any(getattr(self, kind) for kind in KINDS)

    @model_validator(mode="before")
    @classmethod
    def _all_or_none(cls, value: Any) -> Any:
        given = cast("dict[str, Any]", value) if isinstance(value, dict) else {}
        if isinstance(given.get("allAdmins"), bool):
            return {**given, "allAdmins": {} if given["allAdmins"] else None}
        return cast("Any", value)

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        existing_alone(self)
        names = [receiver.name for kind in KINDS for receiver in getattr(self, kind)]
        twice = first_twice(names)
        if twice:
            raise broken_rule(
                f"{self._kind_of_second(twice)} holds the name {{}} twice: expected a different"
                " one for each, whatever its kind",
                twice,
            )
        for kind, what in (("emails", "address"), ("push", "address")):
            twice = first_twice([getattr(receiver, what) for receiver in getattr(self, kind)])
            if twice:
                raise broken_rule(
                    f"{kind} holds the {what} {{}} twice: expected a different one for each", twice
                )
        for kind in ("sms", "voice"):
            phones: tuple[Phone, ...] = getattr(self, kind)
            twice = first_twice([f"+{one.country_code} {one.phone_number}" for one in phones])
            if twice:
                raise broken_rule(
                    f"{kind} holds the number {{}} twice: expected a different one for each", twice
                )
        return self

    def _kind_of_second(self, name: str) -> str:
        """The list in which a name stands that stood before."""
        lists = [
            kind
            for kind in KINDS
            for receiver in getattr(self, kind)
            if receiver.name.lower() == name.lower()
        ]
        return lists[1]


class Notify(ActionGroup):
    """The action group of the alarm."""

    name: RuleName = Field(default="ag-break-glass", description=RULE_NAME_RULE)
    short_name: ShortName = Field(default="BreakGlass", description=SHORT_NAME_RULE)

    @model_validator(mode="after")
    def _somebody_hears(self) -> Self:
        if self.existing is None and not self.tells_somebody:
            raise broken_rule(
                "emails holds nobody, nor does another list: expected at least one receiver, else"
                " the alarm rings where nobody hears it; for example: pulumi config set --path"
                ' "[key].emails[0].address" "security@contoso.com"'
            )
        return self


class WatchNotify(ActionGroup):
    """The second action group, which rings when somebody touches the alarm itself."""

    name: RuleName | None = Field(
        default=None, description=RULE_NAME_RULE, examples=["ag-break-glass-watch"]
    )
    short_name: ShortName = Field(default="BGlassWatch", description=SHORT_NAME_RULE)

    def beside(self, first: Notify) -> Notify:
        """The second action group with everything that applies to it.

        Where no receiver is named it has those of the first. An existing first one has receivers
        that the settings do not know: then it is the second one too.
        """
        if self.existing is None and not self.tells_somebody and first.existing is not None:
            return first
        named = self if self.existing is not None or self.tells_somebody else first
        return first.model_copy(
            update={
                "name": self.name or f"{first.name[:LONGEST_NAME]}-watch",
                "short_name": self.short_name,
                "resource_group": self.resource_group or first.resource_group,
                "existing": self.existing,
                **{kind: getattr(named, kind) for kind in ("all_admins", *KINDS)},
            }
        )
