"""What the command says when it cannot go on.

CommandFailed            one line for the user, and the exit code
"""


class CommandFailed(Exception):  # noqa: N818  (a sentence for the user, not a programming error)
    """Ends the command with one line and an exit code.

    `message` names what was found and how to go on; it never holds a secret. `exit_code` is 1 for
    something that went wrong and 2 for a wrong call.
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
