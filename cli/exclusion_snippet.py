"""The lines that keep our exclusion alive in the code of whoever owns the policies.

A tool that deploys policies writes its own lists and so takes our entries out again. What each one
calls the lists and what it puts into them:

- Terraform, provider azuread, `azuread_conditional_access_policy`: object ids in
  `conditions.users.excluded_groups` and `excluded_users` (the provider's documentation).
- Microsoft365DSC, `AADConditionalAccessPolicy`: display names of groups in `ExcludeGroups`, user
  principal names in `ExcludeUsers` (the resource's examples and source).
- Microsoft Graph, `conditionalAccessPolicy`: object ids in `conditions.users.excludeGroups` and
  `excludeUsers`. CIPP's templates are this JSON; their replacement keeps what is an id already
  (CIPP-API source, `New-CIPPCAPolicy`; its replacement `AllUsers` empties the lists).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cli.exclusion_formats import Format
from entra.exclusion import Entries
from entra.policy import told

# Quotation marks that PowerShell takes for its own.
_SINGLE_QUOTES = "'\u2018\u2019\u201a\u201b"
_DOUBLE_QUOTES = '"\u201c\u201d\u201e'
_NAMELESS = re.compile(r"(group|account) \d+")


@dataclass(frozen=True)
class Member:
    """A group or an account: its id, and its display name or user principal name if known."""

    id: str
    name: str | None

    @property
    def told(self) -> str:
        """For a comment, in one line."""
        return told(self.name) if self.name is not None else "name not known"


@dataclass(frozen=True)
class Members:
    """What is to be excluded, and by which stack."""

    stack: str
    groups: Sequence[Member]
    users: Sequence[Member]


def members_of(stack: str, wanted: Entries, labels: Mapping[str, str]) -> Members:
    """Ids with the names that the state's labels give them (``group BTG Admins``)."""
    return Members(
        stack,
        [Member(key, _name(key, labels.get(key), "group ")) for key in wanted.groups],
        [Member(key, _name(key, labels.get(key), "account ")) for key in wanted.users],
    )


def snippet(members: Members, chosen: Format) -> str:
    """The lines in one format, or in all of them with headings."""
    match chosen:
        case Format.TERRAFORM:
            return terraform(members)
        case Format.MICROSOFT365DSC:
            return microsoft365dsc(members)
        case Format.JSON:
            return graph_json(members)
        case Format.ALL:
            return "\n\n".join(
                [
                    f"# Terraform (azuread_conditional_access_policy)\n{terraform(members)}",
                    "# Microsoft365DSC (AADConditionalAccessPolicy)\n" + microsoft365dsc(members),
                    f"# Microsoft Graph, CIPP templates\n{graph_json(members)}",
                ]
            )


def terraform(members: Members) -> str:
    """Blocks of HCL for an `azuread_conditional_access_policy`."""
    lists = [
        *_hcl_list("excluded_groups", members.groups),
        *_hcl_list("excluded_users", members.users),
    ]
    return "\n".join([*_comment(members), "conditions {", "  users {", *lists, "  }", "}"])


def microsoft365dsc(members: Members) -> str:
    """Properties of an `AADConditionalAccessPolicy`, by display name and user principal name."""
    lines = [
        *_comment(members),
        "# Names are those that the stack knows: a renamed group needs its new one here.",
    ]
    if any("'" in (member.name or "") for member in members.groups):
        lines.append("# Microsoft365DSC does not find a group with an apostrophe in its name.")
    for title, found in (("ExcludeGroups", members.groups), ("ExcludeUsers", members.users)):
        if found:
            entries = [
                f"    # {member.id}: put its name here"
                if member.name is None
                else f"    {_powershell(member.name)} # {member.id}"
                for member in found
            ]
            lines += [f"{title} = @(", *entries, ")"]
    return "\n".join(lines)


def graph_json(members: Members) -> str:
    """`conditions.users` of a policy in Microsoft Graph."""
    lists = {
        "excludeGroups": [member.id for member in members.groups],
        "excludeUsers": [member.id for member in members.users],
    }
    users = {name: ids for name, ids in lists.items() if ids}
    return json.dumps({"conditions": {"users": users}}, indent=2)


def notes(members: Members) -> list[str]:
    """What JSON has no comments for."""
    return [
        *(f"{member.id} is group {member.told}" for member in members.groups),
        *(f"{member.id} is account {member.told}" for member in members.users),
        "What your lists hold already stays beside these entries, in every policy.",
    ]


def _comment(members: Members) -> list[str]:
    return [
        f"# Break-glass exclusion of the Pulumi stack {told(members.stack)}: in every policy.",
        "# What your lists hold already stays beside these entries.",
    ]


def _hcl_list(name: str, found: Sequence[Member]) -> list[str]:
    if not found:
        return []
    entries = (f"      {_hcl(member.id)}, # {member.told}" for member in found)
    return [f"    {name} = [", *entries, "    ]"]


def _name(key: str, label: str | None, kind: str) -> str | None:
    """None where nobody told the stack a name: it calls the object by its id or by a number."""
    if label is None or not label.startswith(kind) or _NAMELESS.fullmatch(label):
        return None
    name = label.removeprefix(kind)
    return None if name == key else name


def _hcl(text: str) -> str:
    """A quoted HCL string; template marks are doubled, what a terminal would obey is escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("${", "$${").replace("%{", "%%{")
    return '"' + "".join(_hcl_character(one) for one in escaped) + '"'


def _hcl_character(character: str) -> str:
    if told(f"a{character}") == f"a{character}":
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _powershell(text: str) -> str:
    """A quoted PowerShell string that any terminal and any PowerShell can show and read."""
    if told(f"a{text}") == f"a{text}":
        return "'" + "".join(one * 2 if one in _SINGLE_QUOTES else one for one in text) + "'"
    return '"' + "".join(_powershell_character(one) for one in text) + '"'


def _powershell_character(character: str) -> str:
    if character in _DOUBLE_QUOTES or character in "`$":
        return f"`{character}"
    if told(f"a{character}") == f"a{character}":
        return character
    return f"$([char]::ConvertFromUtf32({ord(character)}))"
