"""A verification's report, as text for people and as JSON for programs.

The JSON document (keys that a later version adds are to be ignored):

    stack, tenantId     which stack was compared with which tenant
    right               true: nobody has to do anything; the exit code says the same
    policies            one for each policy and component:
      component, id, name, state    state as Graph says it; "" for a policy that is gone
      result            excluded | skipped | gone | lacks | refused | new
      lacks             ["group BTG Admins", "account ada@contoso.com"]
      reason            why it is skipped, or why the service refuses; else ""
      changed           {activity, by, at} of the change behind what it lacks; null when not known
    unfinished          true: the last `pulumi up` ended midway
    lostEdits           one for each administrator's edit that our write undid and nobody made good:
      policyId, putIn, takenOut {groups: [id], users: [id]}, by, at, overwrittenAt
    auditTrouble        what the audit log could not be asked or does not tell yet; else ""
    toDo                sentences: what to do, most urgent first; empty when right
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from cli.chosen_stack import ChosenStack
from cli.policy_check import Finding, Result
from cli.verification import Report
from entra.exclusion import Entries
from entra.lost_edits import LostEdit
from entra.policy import told
from entra.policy_change import NOT_IN_THE_LOG, PolicyChange, told_change, told_moment

MARKS: Final = {
    Result.EXCLUDED: "✓",
    Result.SKIPPED: "–",
    Result.GONE: "–",
    Result.LACKS: "✗",
    Result.REFUSED: "✗",
    Result.NEW: "✗",
}


def headline(report: Report) -> str:
    """Which stack and tenant the report is about."""
    return f"Stack {report.stack}, tenant {report.tenant_id}"


def rows(report: Report) -> Iterator[tuple[Finding, str]]:
    """Each policy with what is found of it; those that are wrong come last, where eyes are."""
    for finding in sorted(report.all_findings, key=lambda one: not one.result.is_right):
        yield finding, _found(finding, report)


def _found(finding: Finding, report: Report) -> str:
    lacking = ", ".join(told(one) for one in finding.lacking)
    match finding.result:
        case Result.EXCLUDED:
            return "excluded"
        case Result.SKIPPED:
            return f"skipped: {told(finding.reason)}"
        case Result.GONE:
            return "deleted by its owner"
        case Result.LACKS:
            words = f"lacks {lacking}"
        case Result.REFUSED:
            words = f"lacks {lacking}; the service refused: {told(finding.reason)}"
        case Result.NEW:
            words = "not in the stack" + (f", lacks {lacking}" if lacking else "")
    change = report.culprits.get(finding.policy_id)
    if change is not None:
        return f"{words}; changed {told_change(change)}"
    in_vain = report.audit_read and finding.result is Result.LACKS and not report.unfinished
    return f"{words}; {NOT_IN_THE_LOG}" if in_vain else words


def lost_lines(report: Report) -> list[str]:
    """One line for each edit that was lost."""
    names = {one.policy_id.casefold(): one.name for one in report.all_findings}
    return [
        _lost(lost, names.get(lost.policy_id.casefold(), ""), report.labels) for lost in report.lost
    ]


def _lost(lost: LostEdit, name: str, labels: Mapping[str, str]) -> str:
    put_in = f"excluded {_told(lost.put_in, labels)}" if lost.put_in else ""
    taken_out = f"stopped excluding {_told(lost.taken_out, labels)}" if lost.taken_out else ""
    what = " and ".join(words for words in (put_in, taken_out) if words)
    return (
        f"an edit was lost: policy '{told(name)}' ({lost.policy_id}): {lost.edit.by} {what} on"
        f" {told_moment(lost.edit.at)}, and our own write of {told_moment(lost.write.at)} undid it"
    )


def _told(entries: Entries, labels: Mapping[str, str]) -> str:
    groups = (told(labels.get(one, f"group {one}")) for one in entries.groups)
    users = (told(labels.get(one, f"user {one}")) for one in entries.users)
    return ", ".join((*groups, *users))


def to_do(report: Report, stack: ChosenStack) -> list[str]:
    """What somebody has to do, most urgent first."""
    results = {one.result for one in report.wrong}
    found: list[str] = []
    if report.unfinished:
        found.append(f"The last run ended midway: run `{stack.up_command}` again.")
    elif results & {Result.LACKS, Result.NEW}:
        found.append(f"Run `{stack.up_command}`: it excludes what is lacking.")
    if Result.REFUSED in results:
        found.append(
            "A policy that refuses: exclude the group and accounts by hand in the Entra admin"
            " centre, switch the policy off, or list it under break-glass:exclusion skip."
        )
    if report.lost:
        found.append("A lost edit: ask who made it, and enter it again if it is still wanted.")
    if Result.LACKS in results:
        found.append(
            "If another tool keeps a policy and takes the exclusion out again:"
            " `breakglass exclusion snippet` prints the lines for its code."
        )
    return found


def closing_line(report: Report) -> str:
    """The whole report in one line."""
    findings = report.all_findings
    if all(one.result is Result.GONE for one in findings) and not report.unfinished:
        return "The tenant has no Conditional Access policy to be excluded from."
    counts = {result: sum(one.result is result for one in findings) for result in Result}
    skipped = f", {counts[Result.SKIPPED]} skipped" if counts[Result.SKIPPED] else ""
    if report.is_right:
        return (
            f"Every Conditional Access policy is right: {counts[Result.EXCLUDED]} exclude{skipped}."
        )
    there = len(findings) - counts[Result.GONE]
    wrong = f"{len(report.wrong)} of {_count(there, 'policy')} not right"
    parts = [f"{wrong if report.wrong else 'Every policy is right'}{skipped}"]
    if report.unfinished:
        parts.append("the last run ended midway")
    if report.lost:
        parts.append(f"{_count(len(report.lost), 'edit')} lost")
    return "; ".join(parts) + "."


def as_json(report: Report, stack: ChosenStack) -> str:
    """The report as one JSON document (see the top of this module)."""
    document = {
        "stack": report.stack,
        "tenantId": report.tenant_id,
        "right": report.is_right,
        "policies": [
            _policy(component, one, report.culprits.get(one.policy_id))
            for component, findings in report.findings.items()
            for one in findings
        ],
        "unfinished": report.unfinished,
        "lostEdits": [
            {
                "policyId": lost.policy_id,
                "putIn": _lists(lost.put_in),
                "takenOut": _lists(lost.taken_out),
                "by": lost.edit.by,
                "at": lost.edit.at.isoformat(),
                "overwrittenAt": lost.write.at.isoformat(),
            }
            for lost in report.lost
        ],
        "auditTrouble": "; ".join(report.audit_troubles),
        "toDo": to_do(report, stack),
    }
    return json.dumps(document, indent=2)


def _policy(component: str, one: Finding, change: PolicyChange | None) -> dict[str, Any]:
    changed = change and {"activity": change.activity, "by": change.by, "at": change.at.isoformat()}
    return {
        "component": component,
        "id": one.policy_id,
        "name": one.name,
        "state": one.state,
        "result": one.result.value,
        "lacks": list(one.lacking),
        "reason": one.reason,
        "changed": changed,
    }


def _lists(entries: Entries) -> dict[str, Sequence[str]]:
    return {"groups": list(entries.groups), "users": list(entries.users)}


def _count(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun.removesuffix('y')}ies" if noun.endswith("y") else f"{number} {noun}s"
