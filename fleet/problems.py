"""What went wrong for a customer, and what to do about it, each in one line."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from fleet.report import Problem

MOST: Final = 12
"""A report names so many of a customer's errors; the log holds all."""
_ERROR: Final = re.compile(r"^\s*(?:std(?:out|err): )?error: (?P<words>.+)$")
_WRAPPERS: Final = (
    re.compile(r"^(?:Preview|Update|Refresh|Destroy) failed: "),
    re.compile(r"^Exception calling application: "),
    # What differs from one refused login to the next.
    re.compile(r"\s*Trace ID: \S+ Correlation ID: \S+ Timestamp: \S+ \S+$"),
    re.compile(r"^an unhandled error occurred: "),
    re.compile(r"^[A-Za-z_]+(?:\.[A-Za-z_]+)*Error: "),
)
LOCKED: Final = r"currently locked by|Another update is currently in progress|\[409\] Conflict"
"""Another run holds the stack's lock."""
_CURES: Final = (
    (
        r"no stack named",
        "`breakglass fleet exec {customer} -- pulumi stack init {customer}` makes the stack",
    ),
    (
        LOCKED,
        "another run works on this stack: wait for it, then `breakglass fleet {operation} --resume`"
        "; if it is surely dead, `pulumi cancel --stack {customer}` first",
    ),
    (
        r"failed to load checkpoint: EOF",
        "run again, another run may just have been writing; if it stays so, a killed one left an"
        " empty file: delete {customer}.json.attrs in the backend, the state beside it is whole;"
        " `?metadata=skip` behind the backend's address prevents it",
    ),
    (
        r"incorrect passphrase|passphrase must be set|PULUMI_CONFIG_PASSPHRASE",
        "set PULUMI_CONFIG_PASSPHRASE__{suffix} to this customer's passphrase",
    ),
    (
        r"PULUMI_ACCESS_TOKEN|pulumi login",
        "set PULUMI_BACKEND_URL, or log in with `pulumi login`",
    ),
    (
        r"cannot be deleted because it is protected|protected resource|is protected",
        "two deliberate steps: `pulumi config set break-glass:protect false --stack {customer}` and"
        " `breakglass fleet up --only {customer}`, then `breakglass fleet destroy` again",
    ),
    (
        r"AADSTS700016|InvalidAuthenticationTokenTenant|belong to tenant",
        "give it the credentials of its own tenant, as ARM_…__{suffix}",
    ),
    (r"AADSTS7000215", "set ARM_CLIENT_SECRET__{suffix} to the secret's value, or make a new one"),
    (r"ARM_[A-Z_]+", "set the variable for this customer as …__{suffix}"),
    (
        r"was killed \(signal",
        "run again; when memory ran out, with a smaller --parallel",
    ),
    (r"no Entra ID P1 licence", "choose one of the ways out that the line names"),
)


def problems_of(
    told: Iterable[str], *, customer: str, operation: str, suffix: str, log: str
) -> list[Problem]:
    """A problem for each line that the engine or the program told."""
    lines = list(dict.fromkeys(_unwrapped(one) for one in told))
    found = [
        Problem(
            what=one,
            todo=_cure(one, customer=customer, operation=operation, suffix=suffix, log=log),
        )
        for one in lines[:MOST]
    ]
    if len(lines) > MOST:
        found.append(Problem(what=f"and {len(lines) - MOST} more errors", todo=f"read {log}"))
    return found


def told_on(output: str) -> list[str]:
    """The errors in what the Automation API tells of a CLI's end, when no event tells them."""
    if killed := killed_by(output):
        return [f"`pulumi` was killed (signal {killed}) in the midst of its work"]
    found = [match["words"] for line in output.splitlines() if (match := _ERROR.match(line))]
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return list(dict.fromkeys(found)) or lines[-1:]


def killed_by(output: str) -> int | None:
    """The number of the signal that ended the CLI, in what the Automation API tells of its end."""
    found = re.search(r"^ code: -(?P<signal>\d+)$", output, re.MULTILINE)
    return int(found["signal"]) if found else None


def drift(number: int, customer: str, *, healed: bool) -> Problem:
    """Policies that somebody changed."""
    one = number == 1
    whom = f"{number} {'policy' if one else 'policies'}"
    who = f"find out who did it (`breakglass verify --stack {customer}`)"
    if healed:
        again = "excludes" if one else "exclude"
        return Problem(what=f"{whom} had lost the exclusion, and {again} again", todo=who)
    return Problem(
        what=f"{whom} {'has' if one else 'have'} lost the exclusion",
        todo=f"`breakglass fleet up --only {customer}` puts it back; {who}",
    )


def new_policies(names: Sequence[str], customer: str) -> Problem:
    """Policies made since the last run, which block the emergency accounts until the next one."""
    one = len(names) == 1
    whom = f"{len(names)} new {'policy does' if one else 'policies do'}"
    return Problem(
        what=f"{whom} not leave the emergency accounts out yet: {', '.join(filter(None, names))}",
        todo=f"`breakglass fleet up --only {customer}` writes the exclusion",
    )


def refused_policies(names: Sequence[str]) -> Problem:
    """Policies of Microsoft's own from which the service lets nobody be excluded."""
    whom = f"{len(names)} {'policy refuses' if len(names) == 1 else 'policies refuse'}"
    return Problem(
        what=f"{whom} the exclusion: {', '.join(filter(None, names))}",
        todo="exclude the group by hand (Entra admin centre → Conditional Access → the policy →"
        " Users → Exclude), switch the policy off, or name it under `break-glass:exclusion.skip`",
    )


def changes_pending(changes: Sequence[str], customer: str) -> Problem:
    """A preview that was to show no change."""
    return Problem(
        what=f"changes are pending: {', '.join(changes)}",
        todo=f"look at them: `pulumi preview --diff --stack {customer}`",
    )


def _unwrapped(line: str) -> str:
    line = " ".join(line.split())
    for wrapper in _WRAPPERS:
        line = wrapper.sub("", line)
    return line


def _cure(line: str, *, log: str, **names: str) -> str:
    for sign, cure in _CURES:
        if re.search(sign, line, re.IGNORECASE):
            return cure.format(**names)
    return f"do what the line says; the whole output: {log}"
