"""What `recording_monitor.py` saw of a program, as `harness.py` hands it to a test."""

from dataclasses import dataclass, field
from typing import Any, Final

import pulumi


class _Unknown:
    """The value of an input that the engine cannot know yet."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        return False


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True)
class Registration:
    """One resource as the program registered it."""

    number: int
    """Position in the order of registration, from 0."""
    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    """Plain values under their camelCase keys; secrets unwrapped, `UNKNOWN` where unknown."""
    secret_inputs: frozenset[str]
    """Top-level keys of the inputs that are, or contain, a secret."""
    parent: str
    """URN of the parent; empty for none."""
    parent_name: str
    custom: bool
    protect: bool | None
    """None when the program did not say: the engine then takes the parent's."""
    retain_on_delete: bool | None
    depends_on: frozenset[str]
    """URNs of everything that this resource waits for, explicit or through an input."""
    property_dependencies: dict[str, frozenset[str]]
    additional_secret_outputs: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    replace_on_changes: tuple[str, ...]
    delete_before_replace: bool | None
    import_id: str
    hooks: dict[str, tuple[str, ...]]
    """Names of the resource hooks by moment: `before_create`, `after_create`, …"""
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the monitor answered; for a component what it handed to `register_outputs`."""


@dataclass
class Recording:
    """What a program did."""

    registrations: list[Registration] = field(default_factory=list[Registration])
    invokes: list[tuple[str, dict[str, Any]]] = field(
        default_factory=list[tuple[str, dict[str, Any]]]
    )
    messages: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Log messages of the program as (severity, text)."""
    outputs: dict[str, Any] = field(default_factory=dict[str, Any])
    """Stack outputs (`pulumi.export`), resolved; `UNKNOWN` where unknown."""
    secret_outputs: set[str] = field(default_factory=set[str])
    hooks: dict[str, pulumi.ResourceHook] = field(default_factory=dict[str, pulumi.ResourceHook])
    """Resource hooks by name. The engine is not there to call them: a test may."""
    value: Any = None
    """What the program function returned, resolved."""
    error: BaseException | None = None
    """What the program raised; only with `run_program(…, expect_error=True)`."""

    @property
    def names(self) -> list[str]:
        """Names of all resources in order of registration."""
        return [registration.name for registration in self.registrations]

    def of_type(self, type_: str) -> list[Registration]:
        """Every resource of that type, whole token or its last part (`User`)."""
        return [r for r in self.registrations if r.type == type_ or r.type.split(":")[-1] == type_]

    def one(self, type_: str) -> Registration:
        """The only resource of that type; fails with what there is instead."""
        found = self.of_type(type_)
        assert len(found) == 1, f"{len(found)} of {type_}; registered: {self._listing()}"
        return found[0]

    def named(self, name: str) -> Registration:
        """The only resource of that name."""
        found = [r for r in self.registrations if r.name == name]
        assert len(found) == 1, f"{len(found)} named {name}; registered: {self._listing()}"
        return found[0]

    def children(self, parent: str) -> list[Registration]:
        """Resources whose parent has that name."""
        return [r for r in self.registrations if r.parent_name == parent]

    def waits_for(self, later: Registration, earlier: Registration) -> bool:
        """Whether `later` depends on `earlier`, directly or through others and their children."""
        seen: set[str] = set()
        queue = [*later.depends_on, later.parent]
        by_urn = {r.urn: r for r in self.registrations}
        while queue:
            urn = queue.pop()
            if urn == earlier.urn:
                return True
            if urn in seen or urn not in by_urn:
                continue
            seen.add(urn)
            queue += [*by_urn[urn].depends_on, by_urn[urn].parent]
        return False

    def is_protected(self, registration: Registration) -> bool:
        """Whether the engine would protect it: own option, else the nearest ancestor's."""
        by_urn = {r.urn: r for r in self.registrations}
        current: Registration | None = registration
        while current is not None:
            if current.protect is not None:
                return current.protect
            current = by_urn.get(current.parent)
        return False

    def said(self, severity: str) -> list[str]:
        """Texts logged with that severity."""
        return [text for level, text in self.messages if level == severity]

    def _listing(self) -> list[str]:
        return [f"{r.type} {r.name}" for r in self.registrations]
