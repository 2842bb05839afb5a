"""What the engine shows a rule, as plain values.

Before the first `up` much is not known yet. The SDK raises whenever such a value is touched, and a
rule that does so is left out as a whole. Here it is `UNKNOWN` instead, and a rule judges the rest.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from pulumi_policy import PolicyResource, PolicyResourceOptions, ResourceValidationArgs
from pulumi_policy.proxy import UnknownValueError

from policies.resource_types import ACCOUNT, ADOPTED_ACCOUNT, USER


class Unknown(enum.Enum):
    """A value that only an `up` brings."""

    VALUE = "known only after up"


UNKNOWN: Final = Unknown.VALUE


@dataclass(frozen=True)
class Seen:
    """One resource: in a rule on resources with its inputs, in one on the stack with its outputs.

    The outputs of a preview are those that it expects.
    """

    type: str
    name: str
    urn: str
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])
    protect: bool = False
    delete_before_replace: bool = False
    ignore_changes: frozenset[str] = frozenset()
    parent: str = ""
    """URN."""
    depends_on: frozenset[str] = frozenset()
    """URNs."""

    def text(self, key: str) -> str:
        """A property as text; empty when there is none, or none is known yet."""
        value = self.props.get(key)
        return value if isinstance(value, str) else ""

    def has_parent(self, type_: str) -> bool:
        """Whether it is a child of a resource of that type."""
        return type_of(self.parent) == type_


def resource_seen(args: ResourceValidationArgs) -> Seen:
    """What a rule on resources sees: the inputs."""
    return _seen(args.resource_type, args.name, args.urn, args.props, args.opts)


def stack_seen(resources: Iterable[PolicyResource]) -> list[Seen]:
    """What a rule on the stack sees: every resource that is to stand in the end."""
    return [
        _seen(
            one.resource_type,
            one.name,
            one.urn,
            one.props,
            one.opts,
            [other.urn for other in (one.dependencies or [])],
        )
        for one in resources
    ]


def of_type(stack: Iterable[Seen], *types: str) -> list[Seen]:
    """The resources of these types, by name."""
    return sorted((one for one in stack if one.type in types), key=lambda one: one.name)


def accounts(stack: Iterable[Seen]) -> list[Seen]:
    """The accounts, made and taken in, that do not retire."""
    return [one for one in of_type(stack, ACCOUNT, ADOPTED_ACCOUNT) if not retires(one)]


def living(stack: Iterable[Seen]) -> bool:
    """Whether an account stands, one that retires included."""
    found = of_type(stack, USER, ADOPTED_ACCOUNT)
    return any(one.type == ADOPTED_ACCOUNT or one.has_parent(ACCOUNT) for one in found)


def retires(account: Seen) -> bool:
    """Whether an account's component says that it has no role any more and is about to leave."""
    return account.props.get("retired") is True


def type_of(urn: str) -> str:
    """The type that a URN ends with, without those of its parents."""
    parts = urn.split("::")
    return parts[2].rpartition("$")[2] if len(parts) > 3 else ""


def known(value: Any) -> Any:
    """The SDK's wrapped value as plain one, with `UNKNOWN` for what is not known."""
    if isinstance(value, Mapping):
        mapping = cast("Mapping[str, Any]", value)
        return {key: _item(mapping, key) for key in mapping}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        sequence = cast("Sequence[Any]", value)
        return [_item(sequence, position) for position in range(len(sequence))]
    return value


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def listing(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value that is no list or mapping, with the way to it."""
    if isinstance(value, Mapping):
        for key, one in cast("Mapping[str, Any]", value).items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for position, one in enumerate(cast("list[Any]", value)):
            yield from leaves(one, (*path, str(position)))
    else:
        yield path, value


def _item(values: Any, key: Any) -> Any:
    try:
        return known(values[key])
    except UnknownValueError:
        return UNKNOWN


def _seen(
    type_: str,
    name: str,
    urn: str,
    props: Mapping[str, Any],
    opts: PolicyResourceOptions,
    depends_on: Iterable[str] = (),
) -> Seen:
    return Seen(
        type_,
        name,
        urn,
        known(props),
        bool(opts.protect),
        bool(opts.delete_before_replace),
        frozenset(opts.ignore_changes),
        opts.parent or "",
        frozenset(depends_on),
    )
