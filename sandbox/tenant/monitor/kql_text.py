"""What is done to the text of a query before it is parsed.

The parser does not know `ingestion_time()`, takes the `h` of an obfuscated string for a part of the
string, and drops some words without a sound; here the first two are rewritten and the last refused.
"""

import re

from sandbox.tenant.monitor.kql_errors import NotSimulatedError
from sandbox.tenant.monitor.log_tables import INGESTION_COLUMN

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*)"""
    r"""|(?P<hidden>\b[hH](?=@?["']))?(?P<quoted>@"[^"\n]*"|@'[^'\n]*'"""
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
    r"""|(?P<arrival>\bingestion_time\s*\(\s*\))"""
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
        return match["quoted"] or match[0]

    return _TOKEN.sub(replace, text)


def _bare(text: str) -> str:
    """The text without comments and without what stands in quotes."""

    def blank(match: re.Match[str]) -> str:
        if match["comment"]:
            return ""
        return '""' if match["quoted"] else match[0]

    return _TOKEN.sub(blank, text)
