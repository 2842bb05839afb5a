"""Authentication strengths: Microsoft's own, which nobody changes, and a tenant's.

Source: Microsoft Graph, authenticationStrengthPolicy resource type with its list (the built-in
strengths), create, update, delete, updateAllowedCombinations and usage; Microsoft Learn, "How
custom Conditional Access authentication strengths work" (15 custom ones). The texts of the refusals
are assumed.
"""

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Self, cast

from sandbox.tenant.access import methods
from sandbox.tenant.access.deleted_items import found
from sandbox.tenant.access.policy_schema import Document, refused
from sandbox.tenant.changes import Changes
from sandbox.tenant.clock import Clock
from sandbox.tenant.json_copy import copied
from sandbox.tenant.replicas import Unseen

_KIND = "AuthenticationStrengthPolicy"
_MOST_CUSTOM = 15
_PASSWORDLESS = ("windowsHelloForBusiness", "fido2", "x509CertificateMultiFactor")
_WRITABLE = frozenset({"displayName", "description"})


def _built_in(number: int, name: str, description: str, *combinations: str) -> Document:
    return {
        "id": f"00000000-0000-0000-0000-{number:012}",
        "createdDateTime": "2021-12-01T00:00:00Z",
        "modifiedDateTime": "2021-12-01T00:00:00Z",
        "displayName": name,
        "description": description,
        "policyType": "builtIn",
        "requirementsSatisfied": "mfa",
        "allowedCombinations": list(combinations),
    }


_BUILT_IN = (
    _built_in(
        2,
        "Multifactor authentication",
        "Combinations of methods that satisfy strong authentication, such as a password + SMS",
        *methods.MULTIFACTOR,
    ),
    _built_in(
        3,
        "Passwordless MFA",
        "Passwordless methods that satisfy strong authentication, such as Passwordless sign-in "
        "with the Microsoft Authenticator",
        *_PASSWORDLESS,
        "deviceBasedPush",
    ),
    _built_in(
        4,
        "Phishing-resistant MFA",
        "Phishing-resistant, Passwordless methods for the strongest authentication, such as a "
        "FIDO2 security key",
        *_PASSWORDLESS,
    ),
)


def built_in_strengths() -> dict[str, Document]:
    """Microsoft's own strengths, which every tenant has, by id."""
    return {str(item["id"]): copied(item) for item in _BUILT_IN}


class Strengths:
    """The authentication strengths of one tenant: Microsoft's own and the custom ones."""

    def __init__(self, clock: Clock, changes: Changes) -> None:
        self._clock = clock
        self._changes = changes
        self._strengths = built_in_strengths()

    def read(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Take what `custom` gave when the tenant was kept; Microsoft's own are there anyway."""
        own = {str(item["id"]).lower(): copied(dict(item)) for item in documents}
        self._strengths = built_in_strengths() | own | built_in_strengths()

    def all(self) -> list[Document]:
        """Every strength as Graph shows it."""
        return copied(list(self._strengths.values()))

    def custom(self) -> list[Document]:
        """The tenant's own, as `read` takes them."""
        return [item for item in self.all() if item["policyType"] == "custom"]

    def get(self, strength_id: str) -> Document:
        """One strength; raises ServiceError 404."""
        return copied(found(self._strengths, strength_id, _KIND))

    def find(self, strength_id: str) -> Document | None:
        """One strength, or None."""
        return copied(self._strengths.get(strength_id.lower()))

    def as_seen(self, unseen: Unseen) -> Self:
        """The strengths as a replica knows them, to be read only."""
        view = copy.copy(self)
        view._strengths = unseen.store("authenticationStrength", self._strengths)
        return view

    def create(self, body: Mapping[str, Any]) -> Document:
        """Keep a new custom strength; raises ServiceError 400."""
        if len(self.custom()) >= _MOST_CUSTOM:
            raise refused(f"The tenant has {_MOST_CUSTOM} custom authentication strengths.")
        now = self._clock.timestamp()
        combinations = _combinations(body.get("allowedCombinations"))
        strength: Document = {
            "id": self._changes.ids.new(),
            "displayName": self._name(body.get("displayName")),
            "description": _description(body.get("description")),
            "createdDateTime": now,
            "modifiedDateTime": now,
            "policyType": "custom",
            "requirementsSatisfied": _satisfied(combinations),
            "allowedCombinations": combinations,
        }
        with self._changes.of("authenticationStrength", strength["id"], self._strengths):
            self._strengths[strength["id"]] = strength
        return copied(strength)

    def update(self, strength_id: str, body: Mapping[str, Any]) -> None:
        """Change name or description; combinations change by an action of their own."""
        current = self._custom(strength_id, "changed")
        values = {key: body[key] for key in body if "@odata." not in key}
        if wrong := sorted(set(values) - _WRITABLE):
            raise refused(f"'{wrong[0]}' of an authentication strength cannot be updated this way.")
        if "displayName" in values and values["displayName"] != current["displayName"]:
            values["displayName"] = self._name(values["displayName"])
        _description(values.get("description"))
        self._keep(current | values)

    def update_combinations(
        self, strength_id: str, body: Mapping[str, Any], used_by: Sequence[str]
    ) -> Document:
        """Replace the allowed combinations; the answer tells both lists and who is touched."""
        current = self._custom(strength_id, "changed")
        combinations = _combinations(body.get("allowedCombinations"))
        satisfied = _satisfied(combinations)
        if used_by and satisfied != current["requirementsSatisfied"]:
            raise refused(
                f"Authentication strength '{current['displayName']}' is used by Conditional Access "
                "policies, so whether it satisfies multifactor authentication cannot change."
            )
        self._keep(
            current | {"allowedCombinations": combinations, "requirementsSatisfied": satisfied}
        )
        return {
            "previousCombinations": current["allowedCombinations"],
            "currentCombinations": combinations,
            "conditionalAccessReferences": list(used_by),
            "additionalInformation": None,
        }

    def delete(self, strength_id: str, used_by: Collection[str]) -> None:
        """Delete a custom strength for good. `used_by`: the ids of policies that demand it."""
        current = self._custom(strength_id, "deleted")
        if used_by:
            raise refused(
                f"Authentication strength '{current['displayName']}' is used by Conditional Access "
                f"policies: {', '.join(sorted(used_by))}."
            )
        with self._changes.of("authenticationStrength", current["id"], self._strengths):
            del self._strengths[current["id"].lower()]

    def _custom(self, strength_id: str, done: str) -> Document:
        current = found(self._strengths, strength_id, _KIND)
        if current["policyType"] != "custom":
            raise refused(f"A built-in authentication strength cannot be {done}.")
        return current

    def _keep(self, strength: Document) -> None:
        changed = strength | {"modifiedDateTime": self._clock.timestamp()}
        with self._changes.of("authenticationStrength", changed["id"], self._strengths):
            self._strengths[changed["id"].lower()] = changed

    def _name(self, value: Any) -> str:
        if not isinstance(value, str) or not value.strip():
            raise refused("'displayName' is required and must not be empty.")
        if any(item["displayName"].lower() == value.lower() for item in self._strengths.values()):
            raise refused(f"An authentication strength named '{value}' exists already.")
        return value


def kept_strength(strength: Document) -> Document:
    """A strength of a tenant document, as it is; raises ServiceError 400 for a wrong one.

    Microsoft's own are known: what a document says of them is not looked at.
    """
    if strength["id"].lower() in {item["id"] for item in _BUILT_IN}:
        return strength
    if not isinstance(strength.get("displayName"), str) or not strength["displayName"]:
        raise refused("'displayName' is required and must not be empty.")
    _description(strength.get("description"))
    if strength.get("policyType") not in ("builtIn", "custom"):
        raise refused("'policyType' must be builtIn or custom.")
    combinations = _combinations(strength.get("allowedCombinations"))
    if strength.get("requirementsSatisfied") not in ("mfa", "none"):
        raise refused(f"'requirementsSatisfied' must be '{_satisfied(combinations)}'.")
    _check_restrictions(strength.get("combinationConfigurations", []))
    return strength


def _check_restrictions(restrictions: Any) -> None:
    if not isinstance(restrictions, list):
        raise refused("'combinationConfigurations' must be an array.")
    for restriction in cast("list[Any]", restrictions):
        holder = cast("Document", restriction) if isinstance(restriction, dict) else {}
        for name in ("appliesToCombinations", "allowedAAGUIDs"):
            entries: Any = holder.get(name, [] if holder else None)
            listed = cast("list[Any]", entries) if isinstance(entries, list) else [None]
            if not all(isinstance(entry, str) for entry in listed):
                raise refused(f"'combinationConfigurations': '{name}' must be an array of strings.")


def _description(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise refused("'description' must be a string.")
    return value


def _combinations(value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise refused("'allowedCombinations' is required and must not be empty.")
    found_combinations: list[str] = []
    for item in cast("list[Any]", value):
        combination = str(item).replace(" ", "")
        if combination not in {*methods.MULTIFACTOR, *methods.SINGLE_FACTOR}:
            raise refused(f"'{item}' is not a combination of authentication methods.")
        found_combinations.append(combination)
    return list(dict.fromkeys(found_combinations))


def _satisfied(combinations: Collection[str]) -> str:
    return "mfa" if set(methods.MULTIFACTOR).issuperset(combinations) else "none"
