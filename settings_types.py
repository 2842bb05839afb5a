"""The kinds of value that a setting can hold, and what the services allow."""

import re
from collections.abc import Collection
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from alerting.schedules import FREQUENCIES_MINUTES, WINDOWS_MINUTES
from entra.built_in_roles import role_id

BROKEN_RULE: Final = "broken_rule"
"""pydantic's type of what `broken_rule` makes."""
CATEGORIES: Final = (
    "AuditLogs",
    "SignInLogs",
    "NonInteractiveUserSignInLogs",
    "ServicePrincipalSignInLogs",
    "ManagedIdentitySignInLogs",
    "ProvisioningLogs",
    "ADFSSignInLogs",
    "RiskyUsers",
    "UserRiskEvents",
    "RiskyServicePrincipals",
    "ServicePrincipalRiskEvents",
    "NetworkAccessTrafficLogs",
    "EnrichedOffice365AuditLogs",
    "MicrosoftGraphActivityLogs",
    "RemoteNetworkHealthLogs",
    "MicrosoftServicePrincipalSignInLogs",
    "RiskyAgents",
    "AgentRiskEvents",
    "B2CRequestLogs",
)
"""Log categories of the Entra diagnostic setting (Microsoft, "Logs available for streaming from
Microsoft Entra ID"; the newest ones from the tables that Azure Monitor documents for them)."""

GUID: Final = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
DOMAIN: Final = r"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$"
E_MAIL: Final = r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}$"
RESOURCE_GROUP: Final = r"[\w\-.()]{0,89}[\w\-()]"
RULE_NAME: Final = r"^[^*<>%{}&:\\?/#|+\x00-\x1f]{0,259}[^*<>%{}&:\\?/#|+\x00-\x1f. ]$"


class SettingsGroup(BaseModel):
    """A group of settings: camelCase outside, frozen, nothing unknown."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=False, extra="forbid", frozen=True
    )


Group = TypeVar("Group", bound=SettingsGroup)


def broken_rule(text: str, *held: object) -> PydanticCustomError:
    """What a group raises when its settings do not go together.

    `text` begins with the setting's name inside the group: the line gets the group's key before it,
    and in place of `[key]`. What the settings hold stands for each `{}`, so that a line about a
    secret can leave it out; without `held` the text is taken as it is.
    """
    shown = text.format(*held) if held else text
    unseen = text.format(*("…" for _ in held)) if held else text
    return PydanticCustomError(BROKEN_RULE, "{text}", {"text": shown, "unseen": unseen})


def existing_alone(group: Group, *, but: Collection[str] = ()) -> Group:
    """The group itself; raises when `existing` stands beside what belongs to a new one."""
    given = group.model_fields_set - {"existing", *but}
    if getattr(group, "existing", None) is None or not given:
        return group
    names = [to_camel(name) for name in type(group).model_fields if name in given]
    raise broken_rule(
        f"existing stands beside {', '.join(names)}: expected one or the other, since what exists"
        " is taken as it is; then: "
        + " and ".join(f'pulumi config rm --path "[key].{name}"' for name in names)
        + ', or pulumi config rm --path "[key].existing"'
    )


def first_twice(values: Collection[str]) -> str | None:
    """The first value that was there before, whatever its case; None when all differ."""
    seen: set[str] = set()
    for value in values:
        if value.lower() in seen:
            return value
        seen.add(value.lower())
    return None


def _known_categories(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [name for name in names if name not in CATEGORIES]
    if unknown or first_twice(names) or "SignInLogs" not in names:
        raise PydanticCustomError("categories", "not a list of categories")
    return names


def _role(text: str) -> str:
    template_id = role_id(text)
    if template_id is None:
        raise PydanticCustomError("role", "not a built-in role")
    return template_id


def _one_of(allowed: tuple[int, ...]) -> AfterValidator:
    def check(minutes: int) -> int:
        if minutes not in allowed:
            raise PydanticCustomError("minutes", "not an interval of the service")
        return minutes

    return AfterValidator(check)


def _resource_id(provider: str, kind: str, *, or_name: str | None = None) -> AfterValidator:
    """An Azure resource id of one kind, or a name where one may stand.

    Portal and command line spell the fixed parts with other capitals: they are put right.
    """
    pattern = re.compile(
        rf"/subscriptions/({GUID.strip('^$')})/resourceGroups/({RESOURCE_GROUP})/providers/"
        rf"{re.escape(provider)}/{kind}/([^/]{{1,260}}?)/?",
        re.IGNORECASE,
    )

    def check(text: str) -> str:
        found = pattern.fullmatch(text)
        if found:
            subscription, _, group, name = found.groups()
            return (
                f"/subscriptions/{subscription.lower()}/resourceGroups/{group}/providers/"
                f"{provider}/{kind}/{name}"
            )
        if or_name is not None and re.fullmatch(or_name, text):
            return text
        raise PydanticCustomError("resource_id", "not a resource id")

    return AfterValidator(check)


def minutes_of(allowed: tuple[int, ...]) -> str:
    """What is expected of such a value, in words."""
    return "one of " + ", ".join(str(minutes) for minutes in allowed) + " (minutes)"


Guid = Annotated[str, Field(pattern=GUID), AfterValidator(str.lower)]
"""An object id, tenant id or subscription id, lower case."""
RoleId = Annotated[str, AfterValidator(_role)]
"""Template id of a built-in role; written as its name or as the id."""
AccountName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
"""Name of an account in the settings, and of its component."""
AccountReference = Annotated[
    str, Field(pattern=rf"({GUID})|(^[^\s@]{{1,512}}@{DOMAIN.removeprefix('^')})", max_length=1024)
]
"""Object id or user principal name of an account that exists."""
UserName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9_-])?$")]
"""The part of a user principal name before the '@'."""
CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2, as the directory's `usageLocation` wants it."""
DomainName = Annotated[str, Field(pattern=DOMAIN, max_length=253)]
EmailAddress = Annotated[str, Field(pattern=E_MAIL)]
RuleName = Annotated[str, Field(pattern=RULE_NAME)]
"""Name of an alert rule or action group (Microsoft, "Naming rules and restrictions")."""
RULE_NAME_RULE: Final = (
    "1 to 260 characters without * < > % { } & : \\ ? / # | +, no '.' or blank at the end"
)
Frequency = Annotated[int, _one_of(FREQUENCIES_MINUTES)]
Window = Annotated[int, _one_of(WINDOWS_MINUTES)]
"""A span of time that a rule can look at."""
# The length apart from the pattern: letters of every script, counted, take long to compile.
ResourceGroupName = Annotated[str, Field(pattern=r"^[\w\-.()]*[\w\-()]$", max_length=90)]
WorkspaceId = Annotated[str, _resource_id("Microsoft.OperationalInsights", "workspaces")]
"""Resource id of a Log Analytics workspace, spelt as Azure documents it."""
ActionGroupReference = Annotated[
    str, _resource_id("Microsoft.Insights", "actionGroups", or_name=RULE_NAME)
]
"""Resource id of an action group, or its name."""
Categories = Annotated[tuple[str, ...], AfterValidator(_known_categories)]
"""Log categories of the diagnostic setting, sign-ins among them."""
