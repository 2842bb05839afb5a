"""azuread.User: a cloud-only user.

Calls: Graph, "Create user", "Update user". `showInAddressList` can be written and read on beta
only, so a user is made in two writes. Graph never returns a password: state keeps what was set.
"""

from typing import Any

from sandbox.plugins.azuread.graph import Graph, object_id_of, segment
from sandbox.plugins.errors import PartialError, PluginError
from sandbox.plugins.resource import Naming, ResourceType, State
from sandbox.plugins.schema import TEXT, Field, Flag, Problem, Record, Text
from sandbox.plugins.values import Properties

OPTIONAL_TEXTS = (
    "companyName",
    "department",
    "givenName",
    "jobTitle",
    "surname",
    "usageLocation",
)
TEXTS = ("displayName", "mailNickname", "userPrincipalName", *OPTIONAL_TEXTS)
POLICIES = {
    "disablePasswordExpiration": "DisablePasswordExpiration",
    "disableStrongPassword": "DisableStrongPassword",
}
READ_ONLY_TEXTS = {
    "aboutMe": "aboutMe",
    "creationType": "creationType",
    "externalUserState": "externalUserState",
    "mail": "mail",
    "onpremisesDistinguishedName": "onPremisesDistinguishedName",
    "onpremisesDomainName": "onPremisesDomainName",
    "onpremisesImmutableId": "onPremisesImmutableId",
    "onpremisesSamAccountName": "onPremisesSamAccountName",
    "onpremisesSecurityIdentifier": "onPremisesSecurityIdentifier",
    "onpremisesUserPrincipalName": "onPremisesUserPrincipalName",
    "userType": "userType",
}
READ_ONLY_LISTS = ("businessPhones", "imAddresses", "otherMails", "proxyAddresses")
SELECTED = (
    "id",
    "accountEnabled",
    "passwordPolicies",
    "onPremisesSyncEnabled",
    *TEXTS,
    *READ_ONLY_TEXTS.values(),
    *READ_ONLY_LISTS,
)


class User(ResourceType):
    """One user."""

    token = "azuread:index/user:User"  # noqa: S105 - a type's name
    inputs = Record(
        {
            "userPrincipalName": Field(Text(), required=True),
            "displayName": Field(Text(), required=True),
            "mailNickname": TEXT,
            "password": TEXT,
            "accountEnabled": Field(Flag(), default=True),
            "disablePasswordExpiration": Field(Flag(), default=False),
            "disableStrongPassword": Field(Flag(), default=False),
            "forcePasswordChange": Field(Flag(), default=False),
            "showInAddressList": Field(Flag(), default=True),
            **dict.fromkeys(OPTIONAL_TEXTS, TEXT),
        }
    )
    computed = (
        "objectId",
        "mailNickname",
        "managerId",
        "onpremisesSyncEnabled",
        *READ_ONLY_TEXTS,
        *READ_ONLY_LISTS,
    )
    secrets = frozenset({"password"})

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def settle(
        self, inputs: Properties, old_inputs: Properties, naming: Naming
    ) -> tuple[Properties, list[Problem]]:
        """A new user needs a password."""
        del naming
        if not old_inputs and "password" not in inputs:
            return inputs, [Problem("password", '"password" is required when creating a new user')]
        return inputs, []

    def create(self, inputs: Properties) -> State:
        """Make the user, then what beta alone can set; wait until Graph shows it."""
        name = str(inputs["userPrincipalName"])
        body: Properties = {
            "@odata.type": "#microsoft.graph.user",
            "accountEnabled": inputs["accountEnabled"],
            "mailNickname": name.partition("@")[0],
            "passwordPolicies": _policies(inputs),
            "passwordProfile": {
                "forceChangePasswordNextSignIn": inputs["forcePasswordChange"],
                "password": inputs["password"],
            },
            **{key: inputs[key] for key in TEXTS if key in inputs},
        }
        made = self.graph.write("POST", "/v1.0/users", body, f'creating user "{name}"')
        object_id = str(made["id"])
        id = f"/users/{object_id}"
        done = {key: value for key, value in inputs.items() if key != "showInAddressList"}
        done["objectId"] = object_id
        try:
            self._show_in_address_list(id, inputs["showInAddressList"], new=True)
            state = self.graph.settled(
                lambda: self._shown(id, inputs, {"showInAddressList": inputs["showInAddressList"]}),
                f'user "{name}"',
            )
        except PluginError as error:
            raise PartialError(str(error), id=id, outputs=done) from None
        return State(id, state.outputs, inputs)

    def read(self, id: str, old_inputs: Properties, old_outputs: Properties) -> State | None:
        """The user as Graph has it; password and forced change as they were set."""
        del old_outputs
        path = _path(id)
        if self.graph.find(path) is None:
            return None
        found = self.graph.find(path, {"$select": ",".join(SELECTED)})
        beta = self._beta(id)
        if found is None or beta is None:
            return None
        manager = self.graph.find(f"{path}/manager")
        shown = beta.get("showInAddressList")
        policies = str(found.get("passwordPolicies") or "").replace(" ", "").split(",")
        values: Properties = {
            "accountEnabled": bool(found.get("accountEnabled")),
            "showInAddressList": True if shown is None else bool(shown),
            **{key: name in policies for key, name in POLICIES.items()},
            **{key: found.get(key) or "" for key in TEXTS},
        }
        kept = {
            key: old_inputs[key] for key in ("password", "forcePasswordChange") if key in old_inputs
        }
        inputs = {**values, "forcePasswordChange": False, **kept}
        left_out = {key for key in OPTIONAL_TEXTS if not values[key]}
        if old_inputs:  # Graph chose it, unless the program did
            left_out.add("mailNickname")
        for key in left_out - old_inputs.keys():
            del inputs[key]
        outputs = {
            **values,
            **{key: found.get(name) or "" for key, name in READ_ONLY_TEXTS.items()},
            **{key: list[str](found.get(key) or ()) for key in READ_ONLY_LISTS},
            "forcePasswordChange": inputs["forcePasswordChange"],
            "managerId": str((manager or {}).get("id", "")),
            "objectId": str(found["id"]),
            "onpremisesSyncEnabled": bool(found.get("onPremisesSyncEnabled")),
            **kept,
        }
        return State(id, outputs, inputs)

    def update(
        self, id: str, old_outputs: Properties, old_inputs: Properties, inputs: Properties
    ) -> Properties:
        """Send what differs, and nothing else; wait until Graph shows it."""
        body = _changes(old_outputs, old_inputs, inputs)
        name = str(inputs["userPrincipalName"])
        path = _path(id)
        if body:
            body["@odata.type"] = "#microsoft.graph.user"
            self.graph.write("PATCH", path, body, f'updating user "{name}"')
        if inputs["showInAddressList"] != old_outputs.get("showInAddressList"):
            self._show_in_address_list(id, inputs["showInAddressList"], new=False)
        keys = ("accountEnabled", *TEXTS)
        expected = {key: body[key] for key in keys if key in body}
        expected["showInAddressList"] = inputs["showInAddressList"]
        state = self.graph.settled(
            lambda: self._shown(id, inputs, expected, old_outputs), f'change of user "{name}"'
        )
        return state.outputs

    def delete(self, id: str, outputs: Properties) -> None:
        """Delete the user (Graph keeps it for 30 days) and see it gone."""
        name = outputs.get("userPrincipalName", id)
        self.graph.remove(_path(id), f'deleting user "{name}"')
        self.graph.wait_for(lambda: self._get(id) is None, f'deletion of user "{name}"')

    def _shown(
        self,
        id: str,
        inputs: Properties,
        expected: Properties,
        old_outputs: Properties | None = None,
    ) -> State | None:
        """The user, when Graph shows it with these outputs."""
        state = self.read(id, inputs, old_outputs or {})
        if state is None:
            return None
        same = all(
            (state.outputs.get(key) or None) == (value or None) for key, value in expected.items()
        )
        return state if same else None

    def _get(self, id: str) -> dict[str, Any] | None:
        return self.graph.find(_path(id), {"$select": ",".join(SELECTED)})

    def _beta(self, id: str) -> dict[str, Any] | None:
        return self.graph.find(_path(id, "beta"), {"$select": "showInAddressList"})

    def _show_in_address_list(self, id: str, shown: bool, *, new: bool) -> None:
        body = {"@odata.type": "#microsoft.graph.user", "showInAddressList": shown}
        write = self.graph.write_to_new if new else self.graph.write
        write("PATCH", _path(id, "beta"), body, "updating user, showInAddressList")


def _path(id: str, version: str = "v1.0") -> str:
    """The user's path in Graph; a user's id in state is `/users/{object id}`."""
    return f"/{version}/users/{segment(object_id_of(id, '/users', 'user'))}"


def _policies(inputs: Properties) -> str | None:
    return ",".join(name for key, name in POLICIES.items() if inputs.get(key)) or None


def _changes(old_outputs: Properties, old_inputs: Properties, inputs: Properties) -> Properties:
    """The body of the PATCH: state against what is wanted now; a removed text becomes null."""
    body: Properties = {}
    for key in TEXTS:
        wanted = inputs.get(key, "" if key in OPTIONAL_TEXTS else old_outputs.get(key, ""))
        if wanted != (old_outputs.get(key) or ""):
            body[key] = wanted or None
    if inputs["accountEnabled"] != old_outputs.get("accountEnabled"):
        body["accountEnabled"] = inputs["accountEnabled"]
    if _policies(inputs) != _policies(old_outputs):
        body["passwordPolicies"] = _policies(inputs)
    profile: Properties = {}
    password = inputs.get("password")
    if password is not None and password != old_outputs.get("password"):
        profile["password"] = password
    forced = inputs["forcePasswordChange"]
    if profile or forced != old_inputs.get("forcePasswordChange", False):
        profile["forceChangePasswordNextSignIn"] = forced
        body["passwordProfile"] = profile
    return body
