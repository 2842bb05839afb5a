"""How a policy stands, by one step of the engine: what was lost, and what is only to come.

Lost is an entry that the state wants, that the settings still want, and that the policy lacks.
A policy that lacks what nobody has asked for before (a third account, a policy that was skipped so
far) waits for the next `up`: that is a change of the settings, and no drift.

The property names are those of ``components.exclusion_state``, whose contract they are.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, cast

from fleet.report import PolicyCounts

EXCLUSION: Final = "pulumi-python:dynamic/break-glass:PolicyExclusion"
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that is known after the run alone."""
_AGAIN: Final = " again"
_LISTS: Final = ("groups", "users")

JSON = Mapping[str, Any]


class How(Enum):
    """How a policy stands to the emergency accounts."""

    IN_PLACE = "it leaves them out, as the state wants"
    LOST = "somebody took them out of the exclusion"
    NEW = "the state does not know it yet, and it does not leave them out"
    TO_COME = "nothing was asked of it so far; the next `up` writes it"
    SKIPPED = "it is left alone"
    REFUSED = "the service lets nobody be excluded from it"
    GONE = "it is no policy of this stack any more"


@dataclass(frozen=True)
class Verdict:
    """How one policy stands; `is_right`: there is nothing to write."""

    how: How
    name: str
    is_right: bool = True


def planned(operation: str, old: JSON, new: JSON) -> Verdict:
    """By a step of a preview. `old`, `new`: ``inputs`` and ``outputs``."""
    inputs, before = cast("JSON", new["inputs"]), cast("JSON", old["outputs"])
    name = str(inputs.get("policyName") or before.get("policyName") or "")
    pending = [str(one) for one in inputs.get("pending") or ()]
    if operation.startswith("delete"):
        how = How.GONE
    elif before.get("refused") and not inputs.get("reason"):
        how = How.REFUSED  # also where it is tried again: nothing of ours was ever there to lose
    elif _lost(before, inputs, pending):
        how = How.LOST  # also of one that is skipped and keeps what stood there
    elif inputs.get("reason"):
        how = How.SKIPPED
    elif operation.startswith("create"):
        how = How.NEW if pending else How.IN_PLACE
    else:
        how = How.IN_PLACE if _ids(before.get("wanted")) or not pending else How.TO_COME
    return Verdict(how, name, not pending and not before.get("refused"))


def found_by_refresh(new: JSON) -> Verdict:
    """By a step of a refresh, which looks at what the state knows and at nothing else."""
    outputs = cast("JSON", new["outputs"])
    name = str(outputs.get("policyName") or "")
    if not outputs:
        return Verdict(How.GONE, name)
    if outputs.get("missing") and not outputs.get("refused"):
        return Verdict(How.LOST, name, is_right=False)
    return Verdict(_kept(outputs), name, not outputs.get("refused"))


def written(operation: str, new: JSON) -> Verdict:
    """By a step of an `up` that is done."""
    outputs = cast("JSON", new["outputs"])
    how = How.GONE if operation.startswith("delete") else _kept(outputs)
    return Verdict(how, str(outputs.get("policyName") or ""), not outputs.get("refused"))


def counted(found: Collection[Verdict], *, all_looked_at: bool, is_standing: bool) -> PolicyCounts:
    """The counts of a report. `all_looked_at`: policies that the state does not know, too.

    `is_standing`: there was a stack before; else each policy waits for the first `up` alone.
    """
    hows = [one.how for one in found]
    new = hows.count(How.NEW) if is_standing else 0
    drifted = hows.count(How.LOST) + new
    return PolicyCounts(
        excluded=hows.count(How.IN_PLACE),
        skipped=hows.count(How.SKIPPED) + hows.count(How.REFUSED),
        drifted=drifted if drifted or all_looked_at else None,
    )


def names(found: Iterable[Verdict], how: How) -> list[str]:
    """The policies that stand so."""
    return [one.name for one in found if one.how is how]


def _kept(outputs: JSON) -> How:
    if outputs.get("reason"):
        return How.SKIPPED
    return How.REFUSED if outputs.get("refused") else How.IN_PLACE


def _lost(before: JSON, inputs: JSON, pending: Collection[str]) -> bool:
    """Whether a pending line is about what the state wants already, and the settings still do."""
    labels = {
        **cast("Mapping[str, str]", before.get("labels") or {}),
        **_known(inputs.get("labels")),
    }
    lines = {line.removesuffix(_AGAIN) for line in pending}
    still = inputs.get("wanted")
    kept = _ids(before.get("wanted"))
    if isinstance(still, Mapping):
        kept = kept & _ids(cast("JSON", still))
    return any(f"exclude {labels.get(one, _unlabelled(one, before))}" in lines for one in kept)


def _unlabelled(object_id: str, before: JSON) -> str:
    groups = cast("JSON", before.get("wanted") or {}).get("groups") or ()
    return f"{'group' if object_id in groups else 'account'} {object_id}"


def _known(value: Any) -> Mapping[str, str]:
    return cast("Mapping[str, str]", value) if isinstance(value, Mapping) else {}


def _ids(value: Any) -> set[str]:
    if not isinstance(value, Mapping):
        return set()
    lists = cast("Mapping[str, Any]", value)
    found = (one for key in _LISTS for one in lists.get(key) or ())
    return {str(one) for one in found if one != UNKNOWN}
