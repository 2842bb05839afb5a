"""The objects of Conditional Access in a tenant document: each is checked before it is kept.

What a request may not write, a document may not bring in either: it would break sign-ins later.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from sandbox.tenant.errors import DocumentError, ServiceError

Document = dict[str, Any]


def kept_objects(
    document: Mapping[str, Any], key: str, check: Callable[[Document], Document]
) -> Iterator[Document]:
    """The objects under a key, each as `check` gives it back; raises DocumentError naming one."""
    items: Any = document.get(key, [])
    if not isinstance(items, list):
        raise DocumentError(f"{key}: expected a list of objects")
    for index, item in enumerate(cast("list[Any]", items)):
        whole = cast("Document", item) if isinstance(item, dict) else {}
        object_id: Any = whole.get("id")
        if not isinstance(object_id, str) or not object_id:
            raise DocumentError(f"{key}[{index}].id: expected a text that isn't empty")
        try:
            yield check(whole)
        except ServiceError as error:
            raise DocumentError(f"{key}: {object_id.lower()}: {error.message}") from error


def deleted_objects(
    document: Mapping[str, Any], key: str, check: Callable[[Document], Document]
) -> Iterator[Document]:
    """The same for objects in the deleted items, which have the time of their deletion too."""
    times: dict[str, str] = {}

    def checked(item: Document) -> Document:
        when: Any = item.get("deletedDateTime")
        try:
            datetime.fromisoformat(when)
        except (TypeError, ValueError):
            raise ServiceError(400, "BadRequest", "'deletedDateTime' must be a time.") from None
        times[item["id"]] = when
        return check({name: item[name] for name in item if name != "deletedDateTime"})

    for item in kept_objects(document, key, checked):
        yield item | {"deletedDateTime": times[item["id"]]}
