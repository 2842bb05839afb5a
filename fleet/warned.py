"""What the program and its components warned of: a problem when somebody has to act, else a note.

Pulumi's own warnings (a plugin's place, a deprecated property) say nothing about a customer. Which
line says what is the contract of the modules that write it: ``components.group_strangers``,
``components.break_glass_group``, ``components.group_guard``, ``components.group_checks``,
``components.policy_write``, ``components.ca_exclusion_patch``, ``premium``; a test holds the words
together. What a line does not say in these words is a note.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from fleet.report import AccountLine, Problem

OURS: Final = ("break-glass:", "pulumi-python:dynamic/break-glass:", "pulumi:pulumi:Stack")
"""How the type of a resource begins whose warnings are ours; a provider's own are not."""
MOST: Final = 12
"""So many notes of a customer; the log holds all."""
_PULUMIS: Final = re.compile(
    r"using \S+ from \$PATH"
    r"|(?:resource|language|analyzer) plugin \S+ is expected to have version"
    r"|Attempting to deploy or update resources with \d+ pending operations"
    r"|A new version of Pulumi is available"
)
"""The engine's own, which name no resource: as CLI 3.258 words them."""
_OUTSIDER: Final = re.compile(
    r"(?P<who>.+ \((?P<id>[^()]+)\)) is (?P<what>an? .+?), so (?P<effect>[^:]+): pulumi up takes it"
    r" out$"
)
_REFUSAL: Final = "the service refuses to change its exclusions"
_LEFT_TO_DO: Final = re.compile(r"'remove (?:owner|member) .*\((?P<id>[^()]+)\)' is left to do")
WHO_DID_IT: Final = "find out who did it: Entra admin centre → Groups → the group → Audit logs"
_CURES: Final = (
    (
        r"has members besides this stack's accounts",
        "take them out (Entra admin centre → Groups → the group → Members), or name those that are"
        " emergency accounts under `break-glass:accounts.adopt`",
    ),
    (_LEFT_TO_DO.pattern, "do what the line says, then run again"),
    (_REFUSAL, "do what the line says"),
    (r"so nobody is excluded from it anew", "do what the line says"),
    (r"which no policy should exclude", "do what the line says"),
    (r"no Entra ID P1 licence any more", "choose one of the ways out that the line names"),
    (r"no use of the accounts rings as long as it says so", "do what the line says"),
)


@dataclass(frozen=True)
class Warned:
    """What is told of a run's warnings."""

    problems: list[Problem] = field(default_factory=list[Problem])
    notes: list[str] = field(default_factory=list[str])


def is_pulumis(message: str) -> bool:
    """Whether a warning that is about no resource is the engine's own."""
    return _PULUMIS.match(message) is not None


def is_ours(urn: str | None) -> bool:
    """Whether a resource is one of our components, or none is named."""
    if not urn:
        return True
    parts = urn.split("::")
    return len(parts) > 2 and parts[2].rpartition("$")[2].startswith(OURS)


def told_apart(
    lines: Iterable[str],
    customer: str,
    *,
    accounts: Sequence[AccountLine] = (),
    refusals_told: bool = False,
    put_right: bool = False,
) -> Warned:
    """Each line once, as a problem or a note; what stands in the report otherwise is left out.

    `accounts`: whose hindrances are told with them. `refusals_told`: policies that refuse the
    exclusion are named already. `put_right`: an `up` came to its end, which took out who was in.
    """
    hindrances = {one for account in accounts for one in account.hindrances}
    warned, different = Warned(), list(dict.fromkeys(filter(None, lines)))
    stay = {match["id"] for line in different if (match := _LEFT_TO_DO.search(line))}
    for line in different:
        if _is_hindrance(line, hindrances) or (refusals_told and _REFUSAL in line):
            continue
        problem = _problem(line, customer, stay=stay, put_right=put_right)
        if problem is None:
            warned.notes.append(line)
        elif problem not in warned.problems:
            warned.problems.append(problem)
    more = len(warned.notes) - MOST
    if more > 0:
        warned.notes[MOST:] = [f"and {more} more warnings, which the log holds"]
    return warned


def _problem(line: str, customer: str, *, stay: Collection[str], put_right: bool) -> Problem | None:
    if outsider := _OUTSIDER.match(line):
        is_what = f"{outsider['who']} is {outsider['what']}, so {outsider['effect']}"
        if put_right and outsider["id"] not in stay:
            was = f"{outsider['who']} was {outsider['what']}, and was taken out"
            return Problem(what=was, todo=WHO_DID_IT)
        up = f"`breakglass fleet up --only {customer}` takes it out; {WHO_DID_IT}"
        return Problem(what=is_what, todo=up)
    return next(
        (Problem(what=line, todo=cure) for sign, cure in _CURES if re.search(sign, line)), None
    )


def _is_hindrance(line: str, hindrances: Iterable[str]) -> bool:
    """Whether an account's line in the report says it, see ``entra.obstacles``."""
    said = line.partition(": ")[2].partition("; what to do")[0]
    return bool(said) and any(one.startswith(f"{said}: ") for one in hindrances)
