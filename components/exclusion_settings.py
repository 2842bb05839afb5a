"""The settings under which a policy was last decided on.

A run that ends in an error registers no outputs of the component, but the policies that it reached
are decided on by its settings. So each policy keeps those in its own outputs. One at which there
was nothing to do keeps older ones, although it is decided on too: then those of the last whole run
count. A revision, which grows whenever the settings change, tells which are the newer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, cast

import pulumi

from entra.exclusion import Scope
from entra.policy import told


@dataclass(frozen=True)
class ExclusionSettings:
    """What the user chose: which policies are excluded from."""

    scope: Scope
    skip: tuple[str, ...]
    """As given, but `told`: the engine prints what it keeps as it is."""
    revision: int = 0
    """Grows with each change; 0 is older than all."""

    @classmethod
    def of(cls, scope: str, skip: Iterable[str]) -> Self:
        """Today's, without a revision. Raises ``pulumi.RunError`` for an unknown scope."""
        try:
            return cls(Scope(scope), tuple(told(e.strip()) for e in skip if e.strip()))
        except ValueError:
            raise pulumi.RunError(
                f"exclusion scope is '{told(scope)}': expected {' or '.join(Scope)}"
            ) from None

    @classmethod
    def read(cls, value: Any) -> Self | None:
        """As they stand in outputs; None where there are none, or no scope that we know."""
        if not isinstance(value, Mapping):
            return None
        found = cast("Mapping[str, Any]", value)
        if found.get("scope") not in tuple(Scope):
            return None
        skip = tuple(map(str, found.get("skip") or ()))
        return cls(Scope(found["scope"]), skip, int(found.get("revision") or 0))

    @property
    def properties(self) -> dict[str, Any]:
        """As they are kept in outputs."""
        return {"scope": str(self.scope), "skip": list(self.skip), "revision": self.revision}

    def numbered(self, remembered: Iterable["ExclusionSettings | None"]) -> Self:
        """With a revision that is newer than everything remembered of other settings."""
        known = [one for one in remembered if one is not None]
        newest = max((one.revision for one in known), default=0)
        unlike = any(one.revision == newest and not self.chooses_as(one) for one in known)
        return replace(self, revision=newest + 1 if unlike or not newest else newest)

    def chooses_as(self, other: "ExclusionSettings") -> bool:
        """Whether both say the same, whatever their revisions."""
        return (self.scope, self.skip) == (other.scope, other.skip)


def decided_under(
    policys_own: ExclusionSettings | None, last_whole_run: ExclusionSettings | None
) -> ExclusionSettings | None:
    """The newer of what a policy remembers and what the last whole run said; None for neither."""
    if policys_own is None or last_whole_run is None:
        return policys_own or last_whole_run
    return policys_own if policys_own.revision > last_whole_run.revision else last_whole_run
