"""What is done to the text of a query before it is parsed.

The parser does not know `ingestion_time()` and `workspace()`, takes the `h` of an obfuscated string
for a part of the string, and drops some words without a sound; here the first three are rewritten
and the last refused.
"""

import re
from functools import lru_cache

from sandbox.tenant.monitor.kql_errors import NotSimulatedError
from sandbox.tenant.monitor.kql_workspaces import Reference, distinct, reference
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN

_QUOTED = r"""@"[^"\n]*"|@'[^'\n]*'|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'"""
_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)"""
    rf"""|(?P<hidden>\b[hH](?=@?["']))?(?P<quoted>{_QUOTED})"""
    r"""|(?P<arrival>\bingestion_time\s*\(\s*\))"""
    rf"""|\bworkspace\s*\(\s*(?P<workspace>[hH]?(?:{_QUOTED}))\s*\)\s*\.\s*(?P<table>\w+)"""
)
_STARRED = re.compile(r"\|\s*project-(?:away|keep|reorder)\b[^|;]*\*")


def prepared(text: str) -> str:
    """The text as the parser takes it. Raises NotSimulatedError for what it would drop silently."""
    bare = _bare(text)
    if bare.lstrip().startswith("."):
        raise NotSimulatedError("the sandbox cannot run a control command")
    if re.search(r"\|\s*render\b", bare):
        raise NotSimulatedError("the sandbox cannot run 'render': it draws nothing")
    if _STARRED.search(bare):
        raise NotSimulatedError("the sandbox cannot run '*' in project-away: name the columns")

    def replace(match: re.Match[str]) -> str:
        if match["arrival"]:
            return INGESTION_COLUMN
        if match["workspace"]:
            return reference(match["workspace"], match["table"]).alias
        return match["quoted"] or match[0]

    return _TOKEN.sub(replace, text)


@lru_cache(maxsize=512)
def references(text: str) -> tuple[Reference, ...]:
    """The tables of other workspaces that a query names, each once."""
    found = (match for match in _TOKEN.finditer(text) if match["workspace"])
    return distinct([reference(match["workspace"], match["table"]) for match in found])


def _bare(text: str) -> str:
    """The text without comments and without what stands in quotes."""

    def blank(match: re.Match[str]) -> str:
        if match["comment"]:
            return ""
        return '""' if match["quoted"] else match[0]

    return _TOKEN.sub(blank, text)
