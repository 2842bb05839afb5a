"""What a pipeline's agent would take for a command of ours is broken before it is printed.

An agent reads every line of a step's output: GitHub's obeys `::name …::` at a line's beginning and
`##[name …]` anywhere, that of Azure DevOps `##vso[name …]` anywhere. A policy, a group or an error
message of a tenant may hold just that, and steps that work on many tenants hold the credentials of
all. The agents search with the rules of a language, by which characters that nobody sees do not
count: so these are reckoned with, and what is put between is a space, which counts.

Source: GitHub, "Workflow commands for GitHub Actions"; Microsoft, "Logging commands"; how both
search is read from the agents' own source (actions/runner, ActionCommand; azure-pipelines-agent,
Command). What a command started by `breakglass fleet exec` prints is its own and passes by here.
"""

import contextlib
import io
import re
import sys
import threading
import traceback
from collections.abc import Generator
from types import TracebackType
from typing import Final, TextIO

_UNSEEN: Final = (
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5"
    "\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ud800-\\udfff"
    "\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\U000e0000-\\U000e0fff"
)
_SPACES: Final = " \\t\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000"
_ANYWHERE: Final = re.compile(rf"#(?=[{_UNSEEN}]*#[\w{_UNSEEN}]*\[)")
_AT_THE_BEGINNING: Final = re.compile(rf"(^|[\r\n])([{_SPACES}{_UNSEEN}]*):(?=[{_UNSEEN}]*:)")
_BEGUN: Final = re.compile(rf"#[{_UNSEEN}]*(?P<second>#[\w{_UNSEEN}]*)?\Z")
_BLANK: Final = re.compile(rf"[{_SPACES}{_UNSEEN}]*(?P<colon>:[{_UNSEEN}]*)?")


def harmless(text: str) -> str:
    """The text with a space in whatever an agent would obey; it begins where a line begins."""
    return _AT_THE_BEGINNING.sub(r"\1\2: ", _ANYWHERE.sub("# ", text))


def _begun(text: str) -> str:
    """What of the last line decides whether the text to come ends a mark; three characters at most.

    Empty where only a blank has been, `:` after the first colon of a line; else a letter for all
    that went before, and `#` or `##` where the line may go on to be a mark.
    """
    line = text[max(text.rfind("\r"), text.rfind("\n")) + 1 :]
    if blank := _BLANK.fullmatch(line):
        return ":" if blank["colon"] else ""
    if mark := _BEGUN.search(line):
        return "x##" if mark["second"] else "x#"
    return "x"


class HarmlessStream(io.TextIOBase):
    """Passes text on to a stream, harmless even where a mark comes in two pieces."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._begun = ""
        """What stands for the current line so far: as much of a mark as it ends with."""
        self._lock = threading.Lock()

    def write(self, text: str, /) -> int:
        """Pass it on. It may be a part of a line."""
        with self._lock:
            whole = harmless(self._begun + text)
            if not whole.startswith(self._begun):  # the mark began in what is already out
                whole = f"{self._begun} {harmless(text)}"
            self._stream.write(whole[len(self._begun) :])
            self._begun = _begun(whole)
        return len(text)

    def flush(self) -> None:
        """Pass it on."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Never: a terminal obeys none of this, and is not wrapped."""
        return False

    def writable(self) -> bool:
        """Yes."""
        return True

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Of the stream behind."""
        return self._stream.encoding


@contextlib.contextmanager
def harmless_output() -> Generator[None]:
    """Nothing that is printed inside makes an agent do anything; a terminal gets it as it is.

    An error that nobody caught is printed after the end, and may quote a tenant as well.
    """
    if not sys.stderr.isatty():
        sys.excepthook = _uncaught
    with contextlib.ExitStack() as stack:
        if not sys.stdout.isatty():
            out: TextIO = HarmlessStream(sys.stdout)  # pyright: ignore[reportAssignmentType]
            stack.enter_context(contextlib.redirect_stdout(out))
        if not sys.stderr.isatty():
            err: TextIO = HarmlessStream(sys.stderr)  # pyright: ignore[reportAssignmentType]
            stack.enter_context(contextlib.redirect_stderr(err))
        yield


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(harmless("".join(traceback.format_exception(kind, error, trace))))
