"""Graph: any object of the directory by its id, and what it belongs to, directly or through others.

Source: Microsoft Graph v1.0 reference, "Get directoryObject", "directoryObject: getByIds",
"checkMemberGroups", "getMemberGroups", "checkMemberObjects", "getMemberObjects".
"""

from typing import Any, cast

from sandbox.api.graph.groups import MEMBERS_READ, shown_object
from sandbox.api.graph.odata import JSON, collection, entity
from sandbox.api.graph.routes import DIRECTORY_READ, graph_route
from sandbox.api.graph.users import READ as USERS_READ
from sandbox.api.routing import Request, Response, Router
from sandbox.tenant.directory.store import not_found
from sandbox.tenant.directory.users import bad_request

router = Router(case_insensitive=True)

OBJECT_READ = ("Directory.Read.All",)

_MOST_CHECKED = 20
_MOST_BY_ID = 1000
_KINDS = ("users", "groups", "servicePrincipals", "directoryObjects")
_READ = tuple(dict.fromkeys((*DIRECTORY_READ, *MEMBERS_READ, *USERS_READ)))


@graph_route(router, "GET", "/directoryObjects/{id}", permissions=OBJECT_READ)
def get_directory_object(request: Request) -> Response:
    """Any object by its id, with its type."""
    found = request.tenant.directory.find_object(request.params["id"])
    if found is None:
        raise not_found(request.params["id"])
    return entity(request, shown_object(found), "directoryObjects")


@graph_route(router, "POST", "/directoryObjects/getByIds", permissions=OBJECT_READ, reads=True)
def get_by_ids(request: Request) -> Response:
    """The objects that are there of up to 1000 ids, of the types that the body names, if any."""
    body = request.object_body()
    ids = _ids(body, "ids", _MOST_BY_ID)
    types = [f"#microsoft.graph.{name}".lower() for name in _texts(body.get("types", []))]
    found = request.tenant.directory.objects(ids)
    chosen = [item for item in found if not types or item["@odata.type"].lower() in types]
    return collection(request, chosen, "directoryObjects", shown_object)


def check_member_groups(request: Request) -> Response:
    """Those of up to 20 groups that the object is in."""
    asked = _ids(request.object_body(), "groupIds", _MOST_CHECKED)
    return _texts_answer(request, [group for group in asked if group in _groups(request)])


def get_member_groups(request: Request) -> Response:
    """All groups that the object is in."""
    groups = request.tenant.directory.groups
    secure = _secure_only(request)
    found = [g for g in _groups(request) if not secure or groups[g]["securityEnabled"]]
    return _texts_answer(request, found)


def check_member_objects(request: Request) -> Response:
    """Those of up to 20 groups, roles and administrative units that the object belongs to."""
    asked = _ids(request.object_body(), "ids", _MOST_CHECKED)
    return _texts_answer(request, [wanted for wanted in asked if wanted in _belongings(request)])


def get_member_objects(request: Request) -> Response:
    """All groups, roles and administrative units that the object belongs to."""
    if _secure_only(request):
        return get_member_groups(request)
    return _texts_answer(request, _belongings(request))


_ACTIONS = {
    "checkMemberGroups": check_member_groups,
    "getMemberGroups": get_member_groups,
    "checkMemberObjects": check_member_objects,
    "getMemberObjects": get_member_objects,
}

for _kind in _KINDS:
    for _action, _handler in _ACTIONS.items():
        for _name in (_action, f"microsoft.graph.{_action}"):
            graph_route(router, "POST", f"/{_kind}/{{id}}/{_name}", permissions=_READ, reads=True)(
                _handler
            )


def _object_id(request: Request) -> str:
    directory, wanted = request.tenant.directory, request.params["id"]
    user = directory.find_user(wanted)
    object_id = wanted.lower() if user is None else user["id"]
    if directory.find_object(object_id) is None:
        raise not_found(wanted)
    return object_id


def _groups(request: Request) -> list[str]:
    return sorted(request.tenant.directory.groups_of(_object_id(request)))


def _belongings(request: Request) -> list[str]:
    directory, object_id = request.tenant.directory, _object_id(request)
    units = [unit["id"] for unit in directory.units_of(object_id)]
    return [*_groups(request), *sorted(directory.roles_of(object_id)), *units]


def _secure_only(request: Request) -> bool:
    secure = request.object_body().get("securityEnabledOnly", False)
    if not isinstance(secure, bool):
        raise bad_request("Invalid value specified for property 'securityEnabledOnly'.")
    return secure


def _ids(body: JSON, name: str, most: int) -> list[str]:
    found = _texts(body.get(name))
    if not 1 <= len(found) <= most:
        raise bad_request(f"'{name}' holds {len(found)} ids, expected 1 to {most}.")
    return [object_id.lower() for object_id in found]


def _texts(value: Any) -> list[str]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    return [item for item in items if isinstance(item, str)]


def _texts_answer(request: Request, found: list[str]) -> Response:
    context = f"{request.base_url}/{request.path.split('/')[1]}/$metadata#Collection(Edm.String)"
    return Response(body={"@odata.context": context, "value": found})
