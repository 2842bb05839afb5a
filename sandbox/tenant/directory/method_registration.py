"""Registering an authentication method for a user without what the user would do for it.

An administrator at work in a portal adds a phone or an e-mail address; the other kinds users
register themselves, which is done here in one step, for whoever tries what follows from it.
Passkeys registered this way have no key behind them: to sign in with one is a matter of the
request (`method: fido2`). Properties: Microsoft Graph, the pages of the methods' resource types.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.tenant.directory.authentication_methods import add_method, methods_of, refused
from sandbox.tenant.directory.entity_types import BOOLEAN, INTEGER, STRING, STRINGS, TIME
from sandbox.tenant.directory.method_kinds import (
    EMAIL,
    FIDO2,
    KINDS,
    PHONE,
    TEMPORARY_ACCESS_PASS,
    MethodKind,
)
from sandbox.tenant.directory.store import JSON, Directory
from sandbox.tenant.directory.temporary_access_passes import create_pass
from sandbox.tenant.directory.webauthn import to_base64url

_TYPE = "@odata.type"
_PASSKEY: JSON = {
    "displayName": "Security key",
    "aaGuid": "cb69481e-8ff7-4039-93ec-0a2729a154a8",
    "model": None,
    "attestationCertificates": [],
    "attestationLevel": "attested",
    "passkeyType": "deviceBound",
}


def register_method(directory: Directory, id_or_upn: str, body: Mapping[str, Any]) -> JSON:
    """Register a method from its `@odata.type` and properties.

    Raises ServiceError 400 for a kind, a property or a value that there is not, and for a second
    phone of a type or a second e-mail address.
    """
    user_id = directory.user(id_or_upn)["id"]
    name = body.get(_TYPE)
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise refused(f"{_TYPE}: expected one of {', '.join(KINDS)}.")
    values = {key: value for key, value in body.items() if key != _TYPE}
    if kind is TEMPORARY_ACCESS_PASS:
        return create_pass(directory, user_id, values)[0]
    _check(kind, values)
    method: JSON = {
        "id": directory.changes.ids.new(),
        _TYPE: kind.type,
        "userId": user_id,
        "createdDateTime": directory.clock.timestamp(),
        **values,
    }
    if kind is FIDO2:
        credential = to_base64url(str(method["id"]).encode())
        method = _PASSKEY | {"credentialId": credential} | method
    for other in methods_of(directory, user_id, kind.type):
        if kind is EMAIL or (kind is PHONE and other["phoneType"] == method["phoneType"]):
            raise refused("The user has a method of this type already: delete it first.")
    return add_method(directory, method)


def _check(kind: MethodKind, values: Mapping[str, Any]) -> None:
    for name in kind.required:
        if values.get(name) is None:
            raise refused(f"A value is required for property '{name}'.")
    for name, value in values.items():
        wanted = TIME if name == "createdDateTime" else kind.properties.get(name)
        if wanted is None:
            expected = ", ".join(sorted(kind.properties))
            raise refused(f"The property '{name}' does not exist; expected {expected}.")
        words = kind.words.get(name)
        if value is not None and not (_fits(wanted, value) and (not words or value in words)):
            raise refused(f"Invalid value specified for property '{name}'.")


def _fits(wanted: str, value: Any) -> bool:
    if wanted == TIME:
        return isinstance(value, str) and _is_time(value)
    if wanted == STRINGS:
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)  # pyright: ignore[reportUnknownVariableType]
    kinds: Mapping[str, type] = {STRING: str, BOOLEAN: bool, INTEGER: int}
    return isinstance(value, kinds.get(wanted, dict))


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
