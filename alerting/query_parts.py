"""Pieces that the queries of several alerts share."""

import re
from collections.abc import Iterable, Mapping, Sequence

from alerting.literals import QueryError, literal

RUNBOOK = "https://github.com/break-glass/break-glass/blob/main/docs/runbook.md"
"""What to do when an alarm rings, in the words of docs/runbook.md."""

UNKNOWN = "unknown"

MOST_DETAILS = 100
"""How many findings a row holds one by one; the workspace has them all."""

_LONGEST_TEXT = 1000

_WORKSPACE_ID = re.compile(
    r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/\s\"\\]+"
    r"/providers/Microsoft\.OperationalInsights/workspaces/[A-Za-z0-9-]+",
    re.IGNORECASE,
)
_OBJECT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def object_ids(ids: Iterable[str]) -> tuple[str, ...]:
    """Object ids in lower case, each once; raises QueryError for what is none."""
    found = dict.fromkeys(one.lower() for one in ids)
    for one in found:
        if not _OBJECT_ID.fullmatch(one):
            raise QueryError(f"object id {one!r} is not a GUID")
    return tuple(found)


def everywhere(table: str, other_workspaces: Sequence[str]) -> list[str]:
    """A table of the workspace that a rule is made for, and of each other one, by its ARM id.

    A rule's scope cannot change, so where the logs have moved, the workspace that gets them now is
    one of the others. Raises QueryError for what is no id of a workspace.
    """
    return [table, *(f"{_in_workspace(one)}{table}" for one in other_workspaces)]


def workspaces_in(query: str) -> tuple[str, ...]:
    """ARM ids of the workspaces that a query reads besides its rule's scope, each once."""
    found = re.findall(rf'\bworkspace\("({_WORKSPACE_ID.pattern})"\)', query, re.IGNORECASE)
    return tuple(dict.fromkeys(found))


def _in_workspace(resource_id: str) -> str:
    if not _WORKSPACE_ID.fullmatch(resource_id):
        raise QueryError(
            f"workspace {resource_id!r} is not the Azure id of a Log Analytics workspace: expected "
            "/subscriptions/…/resourceGroups/…/providers/Microsoft.OperationalInsights/workspaces/…"
        )
    return f"workspace({literal(resource_id)})."


def fuzzy_union(empty_columns: str, legs: Sequence[str]) -> str:
    """The legs whose table exists, as one table; no row when none of them does.

    `isfuzzy` alone drops a leg whose table does not exist yet, but not the last one; the leg
    without a row, of `empty_columns`, is always there. So a query never fails for want of a table,
    and Azure never switches its rule off for that.
    """
    whole = [f"    (datatable({empty_columns})[])", *(f"    ({leg})" for leg in legs)]
    return "union isfuzzy=true\n" + ",\n".join(whole)


def in_utc(column: str) -> str:
    """A KQL expression: a datetime as text, to the second; a dimension is text or a number."""
    return f'strcat(format_datetime({column}, "yyyy-MM-dd HH:mm:ss"), " UTC")'


def known(column: str) -> str:
    """A KQL expression: a text, or a word for an empty one.

    Whether Azure tells of a row whose dimension is empty is not documented.
    """
    return f'coalesce({column}, "{UNKNOWN}")'


def one_row(texts: Mapping[str, str], details: Sequence[str]) -> str:
    """The lines that make one row, hence one message, of all that was found; none of nothing.

    `texts`: column of the message → column of the findings, whose different values it lists as far
    as they fit. `Time` also says how many there are. `Details` has the newest of them one by one,
    with their columns `details`.
    """
    packed = ", ".join(f"{literal(name)}, {name}" for name in details)
    sets = ", ".join(f"{name}Set = make_set({known(column)})" for name, column in texts.items())
    listed = ", ".join(
        f'{name} = substring(strcat_array({name}Set, "; "), 0, {_LONGEST_TEXT})' for name in texts
    )
    latest = 'iff(Findings > 1, strcat(", latest of ", Findings), "")'
    return (
        "| order by TimeGenerated desc\n"
        f'| extend Alarm = "", Detail = bag_pack({packed})\n'
        "| summarize TimeGenerated = max(TimeGenerated), Findings = count(),"
        f" All = make_list(Detail), {sets} by Alarm\n"
        f"| project TimeGenerated, Time = strcat({in_utc('TimeGenerated')}, {latest}), {listed},"
        f" Findings, Details = array_slice(All, 0, {MOST_DETAILS - 1})"
    )


def context(*, customer: str, runbook: str) -> str:
    """The line that adds what is the same in every row; empty when there is nothing to add."""
    given = {"Customer": customer, "Runbook": runbook}
    columns = ", ".join(f"{name} = {literal(text)}" for name, text in given.items() if text)
    return f"\n| extend {columns}" if columns else ""
