"""Giving licences to users, taking them away, and what each of them holds.

Sources: Microsoft Graph v1.0, "user: assignLicense" (the tenant needs a free unit); here only for
an administrator at work in a portal; "licenseDetails resource type". A user without a usage
location counts as being where the tenant is, as Microsoft Learn says of group-based licensing.
Assumed: texts of refusals; plans are provisioned at once.
"""

from sandbox.tenant.directory.store import JSON, Directory
from sandbox.tenant.directory.users import bad_request
from sandbox.tenant.errors import ServiceError


def assign_licence(directory: Directory, id_or_upn: str, sku: str) -> None:
    """Assign a licence by its `skuId` or `skuPartNumber`; one that is assigned stays."""
    user, found = directory.user(id_or_upn), _sku(directory, sku)
    if _sku_id(found) in _held(user):
        return
    units: JSON = found.get("prepaidUnits") or {}
    if found.get("consumedUnits", 0) >= units.get("enabled", 0) + units.get("warning", 0):
        raise bad_request(
            f"Subscription with SKU {_sku_id(found)} does not have any available licenses."
        )
    given: JSON = {"skuId": _sku_id(found), "disabledPlans": []}
    with directory.changes.of("user", user["id"], directory.users):
        user["assignedLicenses"] = [*(user.get("assignedLicenses") or ()), given]
    found["consumedUnits"] = found.get("consumedUnits", 0) + 1


def remove_licence(directory: Directory, id_or_upn: str, sku: str) -> None:
    """Take a licence away; raises ServiceError 400 when it is not assigned."""
    user, found = directory.user(id_or_upn), _sku(directory, sku)
    gone = _sku_id(found)
    if gone not in _held(user):
        raise bad_request("User does not have a corresponding license.")
    with directory.changes.of("user", user["id"], directory.users):
        user["assignedLicenses"] = [
            licence for licence in user["assignedLicenses"] if licence.get("skuId") != gone
        ]
    found["consumedUnits"] = max(found.get("consumedUnits", 0) - 1, 0)


def licence_details(directory: Directory, user: JSON) -> list[JSON]:
    """A user's licences with their service plans, all of them provisioned but for disabled ones."""
    owned = {_sku_id(sku): sku for sku in directory.subscribed_skus}
    return [
        {
            "id": sku_id,
            "skuId": sku_id,
            "skuPartNumber": owned[sku_id].get("skuPartNumber"),
            "servicePlans": [
                {
                    "servicePlanId": plan.get("servicePlanId"),
                    "servicePlanName": plan.get("servicePlanName"),
                    "provisioningStatus": (
                        "Disabled"
                        if plan.get("servicePlanId") in (licence.get("disabledPlans") or ())
                        else "Success"
                    ),
                    "appliesTo": plan.get("appliesTo", "User"),
                }
                for plan in owned[sku_id].get("servicePlans", [])
            ],
        }
        for licence in user.get("assignedLicenses") or ()
        if (sku_id := str(licence.get("skuId"))) in owned
    ]


def _held(user: JSON) -> list[str]:
    return [str(licence.get("skuId")) for licence in user.get("assignedLicenses") or ()]


def _sku(directory: Directory, wanted: str) -> JSON:
    """A licence that the tenant owns; raises ServiceError 404 that tells them all."""
    for sku in directory.subscribed_skus:
        if wanted.lower() in (_sku_id(sku).lower(), str(sku.get("skuPartNumber")).lower()):
            return sku
    owned = ", ".join(str(sku.get("skuPartNumber")) for sku in directory.subscribed_skus)
    raise ServiceError(404, "NotFound", f"There is no licence {wanted!r}; there are: {owned}.")


def _sku_id(sku: JSON) -> str:
    """A licence's `skuId`; a seed may leave it out, then the end of its id."""
    return str(sku.get("skuId") or str(sku["id"]).rpartition("_")[2])
