"""The types of a Conditional Access policy: of each property what Graph takes in it.

Source: Microsoft Graph reference (v1.0, and beta where only beta has a property),
conditionalAccessPolicy with conditionalAccessConditionSet, -Users, -Applications, -Platforms,
-Locations, -Devices, -ClientApplications, -Filter, -GuestsOrExternalUsers, -GrantControls and
-SessionControls. That a collection cannot be null follows from the metadata; that values must be
spelled as documented, and that applications and roles are ids, is assumed.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import cast

GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_CLASS_REFERENCE = re.compile(r"c[1-9][0-9]?")
_FORMS: Mapping[re.Pattern[str] | None, tuple[str, ...]] = {
    GUID: ("an id",),
    _CLASS_REFERENCE: ("c1 to c99",),
}
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Text:
    """A text: any, or one of `values` or of a `form`, or several such joined by commas."""

    values: Collection[str] = ()
    form: re.Pattern[str] | None = None
    joined: bool = False
    nullable: bool = True

    def problem(self, value: object) -> str | None:
        """What would be right when the value is not; None when it is."""
        if not isinstance(value, str):
            return "must be a string"
        words = [word.strip() for word in value.split(",")] if self.joined else [value]
        if all(self._takes(word) for word in words):
            return None
        known = ", ".join((*self.values, *_FORMS.get(self.form, ())))
        return f"must be one of {known}" if self.values else f"must be {known}"

    def _takes(self, word: str) -> bool:
        anything = not self.values and self.form is None
        return anything or word in self.values or bool(self.form and self.form.fullmatch(word))


@dataclass(frozen=True)
class Boolean:
    """True or false."""

    nullable: bool = True

    def problem(self, value: object) -> str | None:
        """What would be right when the value is not; None when it is."""
        return None if isinstance(value, bool) else "must be true or false"


@dataclass(frozen=True)
class Number:
    """A whole number, one or more."""

    nullable: bool = True

    def problem(self, value: object) -> str | None:
        """What would be right when the value is not; None when it is."""
        fits = isinstance(value, int) and not isinstance(value, bool) and value >= 1
        return None if fits else "must be a whole number, 1 or more"


@dataclass(frozen=True)
class Texts:
    """An array of texts; OData's collections are empty, never null."""

    entry: Text = field(default_factory=Text)
    nullable: bool = False


@dataclass(frozen=True)
class Shape:
    """An object with these properties. What is `required` stands in a policy that is kept.

    An `open` one is not looked into: nothing here reads it.
    """

    properties: "Mapping[str, Kind]" = field(default_factory=dict[str, "Kind"])
    required: tuple[str, ...] = ()
    nullable: bool = True
    open: bool = False


@dataclass(frozen=True)
class Anything:
    """What the service shows and never takes from a client."""

    nullable: bool = True


Kind = Text | Boolean | Number | Texts | Shape | Anything


@dataclass(frozen=True)
class Problem:
    """What is wrong in a policy; `unknown` is a property that the type does not have."""

    path: str
    expected: str
    unknown: bool = False


def problem_of(value: object, kind: Kind, *, whole: bool, path: str = "") -> Problem | None:
    """The first thing that does not fit; a policy that is kept is `whole`, a PATCH need not be."""
    if value is None:
        return None if kind.nullable else _problem(path, value, _wanted(kind))
    if isinstance(kind, Anything):
        return None
    if isinstance(kind, Shape):
        return _in_shape(value, kind, whole=whole, path=path)
    if isinstance(kind, Texts):
        if not isinstance(value, list):
            return _problem(path, value, _wanted(kind))
        for entry in cast("list[object]", value):
            if (expected := kind.entry.problem(entry)) is not None:
                return _problem(path, entry, f"each entry {expected}", "holds")
        return None
    expected = kind.problem(value)
    return None if expected is None else _problem(path, value, expected)


def _in_shape(value: object, kind: Shape, *, whole: bool, path: str) -> Problem | None:
    if not isinstance(value, dict):
        return _problem(path, value, _wanted(kind))
    if kind.open:
        return None
    properties = cast("dict[str, object]", value)
    prefix = f"{path}." if path else ""
    for name, entry in properties.items():
        if "@odata." in name and name not in kind.properties:
            continue
        if name not in kind.properties:
            return Problem(prefix + name, "", unknown=True)
        found = problem_of(entry, kind.properties[name], whole=whole, path=prefix + name)
        if found is not None:
            return found
    missing = [name for name in kind.required if whole and properties.get(name) is None]
    return Problem(path, f"'{prefix}{missing[0]}' is required.") if missing else None


def _problem(path: str, value: object, expected: str, verb: str = "is") -> Problem:
    shown = json.dumps(value, default=str)
    if len(shown) > _LONGEST_SHOWN:
        shown = f"{shown[:_LONGEST_SHOWN]}…"
    return Problem(path, f"'{path}' {verb} {shown}, {expected}.")


def _wanted(kind: Kind) -> str:
    if isinstance(kind, Shape):
        return "must be an object"
    if isinstance(kind, Texts):
        return "must be an array"
    return "" if isinstance(kind, Anything) else kind.problem(None) or ""


_ID = Text(form=GUID)
_RISK = Text(("low", "medium", "high", "hidden", "none"))
_DEVICE_STATES = Texts(Text(("All", "Compliant", "DomainJoined")))
_PLATFORMS = Texts(
    Text(("android", "iOS", "windows", "windowsPhone", "macOS", "linux", "all")),
)
_FILTER = Shape(
    {"mode": Text(("include", "exclude"), nullable=False), "rule": Text(nullable=False)},
    required=("mode", "rule"),
)
_GUESTS = Shape(
    {
        "guestOrExternalUserTypes": Text(
            (
                *("none", "internalGuest", "b2bCollaborationGuest", "b2bCollaborationMember"),
                *("b2bDirectConnectUser", "otherExternalUser", "serviceProvider"),
            ),
            joined=True,
        ),
        "externalTenants": Shape(
            {
                "@odata.type": Text(
                    tuple(
                        f"#microsoft.graph.conditionalAccess{kind}ExternalTenants"
                        for kind in ("All", "Enumerated")
                    )
                ),
                "membershipKind": Text(("all", "enumerated")),
                "members": Texts(),
            }
        ),
    }
)
_USERS = Shape(
    {
        **dict.fromkeys(
            ("includeUsers", "excludeUsers", "includeGroups", "excludeGroups"), Texts()
        ),
        "includeRoles": Texts(_ID),
        "excludeRoles": Texts(_ID),
        "includeGuestsOrExternalUsers": _GUESTS,
        "excludeGuestsOrExternalUsers": _GUESTS,
    },
    nullable=False,
)
_APPLICATION_GROUPS = ("Office365", "MicrosoftAdminPortals", "AllAgentIdResources")
_APPLICATIONS = Shape(
    {
        "includeApplications": Texts(Text(("All", "None", *_APPLICATION_GROUPS), form=GUID)),
        "excludeApplications": Texts(Text(_APPLICATION_GROUPS, form=GUID)),
        "includeUserActions": Texts(
            Text(("urn:user:registersecurityinfo", "urn:user:registerdevice"))
        ),
        "includeAuthenticationContextClassReferences": Texts(Text(form=_CLASS_REFERENCE)),
        "applicationFilter": _FILTER,
    },
    nullable=False,
)
_CLIENT_APPLICATIONS = Shape(
    {
        "includeServicePrincipals": Texts(Text(("ServicePrincipalsInMyTenant",), form=GUID)),
        "excludeServicePrincipals": Texts(_ID),
        "servicePrincipalFilter": _FILTER,
        "includeAgentIdServicePrincipals": Texts(Text(("All",), form=GUID)),
        "excludeAgentIdServicePrincipals": Texts(_ID),
        "agentIdServicePrincipalFilter": _FILTER,
    }
)
_CONDITIONS = Shape(
    {
        "userRiskLevels": Texts(_RISK),
        "signInRiskLevels": Texts(_RISK),
        "servicePrincipalRiskLevels": Texts(_RISK),
        "insiderRiskLevels": Text(("minor", "moderate", "elevated"), joined=True),
        "agentIdRiskLevels": Text(("low", "medium", "high"), joined=True),
        "clientAppTypes": Texts(
            Text(
                (
                    *("all", "browser", "mobileAppsAndDesktopClients", "exchangeActiveSync"),
                    *("easSupported", "other"),
                )
            )
        ),
        "platforms": Shape({"includePlatforms": _PLATFORMS, "excludePlatforms": _PLATFORMS}),
        "locations": Shape({"includeLocations": Texts(), "excludeLocations": Texts()}),
        "devices": Shape(
            {
                "includeDevices": _DEVICE_STATES,
                "excludeDevices": _DEVICE_STATES,
                "includeDeviceStates": _DEVICE_STATES,
                "excludeDeviceStates": _DEVICE_STATES,
                "deviceFilter": _FILTER,
            }
        ),
        "clientApplications": _CLIENT_APPLICATIONS,
        "authenticationFlows": Shape(
            {
                "transferMethods": Text(
                    ("none", "deviceCodeFlow", "authenticationTransfer"), joined=True
                )
            }
        ),
        "times": Shape(open=True),
        "applications": _APPLICATIONS,
        "users": _USERS,
    },
    required=("applications", "users"),
    nullable=False,
)
_STRENGTH = Shape(
    {
        "id": Text(form=GUID, nullable=False),
        **dict.fromkeys(("displayName", "description", "policyType"), Text()),
        **dict.fromkeys(("requirementsSatisfied", "createdDateTime", "modifiedDateTime"), Text()),
        **dict.fromkeys(("allowedCombinations", "combinationConfigurations"), Anything()),
    },
    required=("id",),
)
_GRANT_CONTROLS = Shape(
    {
        "operator": Text(("AND", "OR")),
        "builtInControls": Texts(
            Text(
                (
                    *("block", "mfa", "compliantDevice", "domainJoinedDevice"),
                    *("approvedApplication", "compliantApplication", "passwordChange"),
                    "riskRemediation",
                )
            )
        ),
        "customAuthenticationFactors": Texts(),
        "termsOfUse": Texts(),
        "authenticationStrength": _STRENGTH,
    }
)
_ON = Boolean()
_SESSION_CONTROLS = Shape(
    {
        "applicationEnforcedRestrictions": Shape({"isEnabled": _ON}),
        "cloudAppSecurity": Shape(
            {
                "isEnabled": _ON,
                "cloudAppSecurityType": Text(("mcasConfigured", "monitorOnly", "blockDownloads")),
            }
        ),
        "persistentBrowser": Shape({"isEnabled": _ON, "mode": Text(("always", "never"))}),
        "signInFrequency": Shape(
            {
                "isEnabled": _ON,
                "value": Number(),
                "type": Text(("days", "hours")),
                "authenticationType": Text(
                    ("primaryAndSecondaryAuthentication", "secondaryAuthentication")
                ),
                "frequencyInterval": Text(("timeBased", "everyTime")),
            }
        ),
        "continuousAccessEvaluation": Shape(
            {"mode": Text(("strictEnforcement", "disabled", "strictLocation"))}
        ),
        "secureSignInSession": Shape({"isEnabled": _ON}),
        "disableResilienceDefaults": _ON,
        "globalSecureAccessFilteringProfile": Shape({"isEnabled": _ON, "profileId": Text()}),
    }
)
POLICY = Shape(
    {
        **dict.fromkeys(("id", "templateId"), Text()),
        "displayName": Text(nullable=False),
        **dict.fromkeys(("createdDateTime", "modifiedDateTime"), Text()),
        "state": Text(("enabled", "disabled", "enabledForReportingButNotEnforced"), nullable=False),
        "conditions": _CONDITIONS,
        "grantControls": _GRANT_CONTROLS,
        "sessionControls": _SESSION_CONTROLS,
    },
    nullable=False,
)
"""The whole policy."""
