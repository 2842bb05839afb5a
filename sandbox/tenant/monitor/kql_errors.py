"""Why a query is not run.

Exception
└── KqlError            a query that Log Analytics refuses: the message names what
    ├── KqlSyntaxError  it is no KQL; line and position of the first wrong token
    └── NotSimulatedError    Log Analytics may run it, the sandbox cannot
"""


class KqlError(Exception):
    """A query cannot be run; the message names the construct, the table or the column."""


class KqlSyntaxError(KqlError):
    """The text is no KQL. `line` counts from 1, `position` from 0, as Log Analytics does."""

    def __init__(self, message: str, line: int, position: int) -> None:
        super().__init__(message)
        self.line = line
        self.position = position


class NotSimulatedError(KqlError):
    """KQL that this engine cannot run, or would answer differently from Log Analytics."""
