"""The product's own program as the engine would show it to the pack, from a recorded run."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from entra.resource_manager import DiagnosticSetting, ResourceManager
from policies.resource_types import STACK
from tests.policy.pack_scene import LATER, Thing, secret, texts
from tests.unit.harness import Recording
from tests.unit.program_scene import Tenant, run, tenant_in
from tests.unit.recording import UNKNOWN

LONG: Final = 64


def recorded(
    *,
    preview: bool = False,
    before: Callable[[Tenant], None] | None = None,
    exports: tuple[DiagnosticSetting, ...] = (),
    **settings: Any,
) -> Recording:
    """What the program does with these settings; `before`: what is special in the tenant."""
    with pytest.MonkeyPatch.context() as patched:
        tenant = tenant_in(patched)

        def listed(_: object) -> tuple[DiagnosticSetting, ...]:
            return exports

        patched.setattr(ResourceManager, "diagnostic_settings", listed)
        if before:
            before(tenant)
        return run(texts(**settings), preview=preview)


def shown(recording: Recording, *, outputs: bool = True) -> list[Thing]:
    """The resources as a rule on the stack sees them; without `outputs`, as one on inputs does.

    A recording tells which inputs are secrets, of outputs it does not.
    """
    things: dict[str, Thing] = {}
    for one in recording.registrations:
        values = {**one.inputs, **one.outputs} if outputs else one.inputs
        secrets = one.secret_inputs
        things[one.urn] = Thing(
            one.type,
            one.name,
            {key: secret(_sent(v)) if key in secrets else _sent(v) for key, v in values.items()},
            things.get(one.parent),
            recording.is_protected(one),
            one.delete_before_replace,
            one.ignore_changes,
            tuple(things[urn] for urn in sorted(one.depends_on) if urn in things),
        )
    return [Thing(STACK, "break-glass-unit", protect=False), *things.values()]


def _sent(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("Password-of-"):
        return value.ljust(LONG, "!")  # The recording makes short ones, whatever is asked for.
    return json.loads(json.dumps(value, default=lambda one: LATER if one is UNKNOWN else one))
