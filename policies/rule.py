"""How a rule is written: a function that yields one line for each violation."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from policies.registered import REGISTERED
from policies.seen import Seen, resource_seen, stack_seen

Config = Mapping[str, Any]
"""What `--policy-pack-config` says to the rule."""
Judge = Callable[[Seen, Config], Iterable[str]]
"""Yields a line for each violation: the object, what was found, what is expected, how to fix it."""
StackJudge = Callable[[Sequence[Seen], Config], Iterable[tuple[Seen | None, str]]]
"""Likewise, with the resource at which it is shown; None: the stack."""


def resource_rule(
    name: str,
    description: str,
    judge: Judge,
    *,
    applies: Callable[[Seen], bool],
    config: Mapping[str, dict[str, Any]] | None = None,
) -> ResourceValidationPolicy:
    """A mandatory rule on each resource's inputs, before anything is done with it."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        REGISTERED.note(args.urn)
        seen = resource_seen(args)
        if not applies(seen):
            args.not_applicable("another kind of resource")
        for line in judge(seen, args.get_config()):
            report(line, None)

    return ResourceValidationPolicy(
        name, description, validate, EnforcementLevel.MANDATORY, _schema(config)
    )


def stack_rule(
    name: str,
    description: str,
    judge: StackJudge,
    *,
    applies: Callable[[Sequence[Seen]], bool],
    also: Callable[[Sequence[Seen], Config], bool] | None = None,
    level: EnforcementLevel = EnforcementLevel.MANDATORY,
    config: Mapping[str, dict[str, Any]] | None = None,
) -> StackValidationPolicy:
    """A rule on all that is to stand in the end. In an `up` it judges when everything is done:
    what refuses in time is the preview before it. `also`: asked when the plan has nothing of the
    kind, for a rule that looks elsewhere, too.
    """

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = stack_seen(one for one in args.resources if REGISTERED.has(one.urn))
        if not (applies(stack) or (also and also(stack, args.get_config()))):
            args.not_applicable("the stack has nothing of the kind")
        for where, line in judge(stack, args.get_config()):
            report(line, where.urn if where else None)

    return StackValidationPolicy(name, description, validate, level, _schema(config))


def _schema(config: Mapping[str, dict[str, Any]] | None) -> PolicyConfigSchema | None:
    return PolicyConfigSchema(dict(config)) if config else None
