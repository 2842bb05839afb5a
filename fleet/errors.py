"""What the fleet says when it cannot go on.

FleetError               one line for the user, and the exit code
"""


class FleetError(Exception):
    """Ends a command on many customers with one line and an exit code.

    `message` names what was found, what is expected and how to go on; it never holds a secret.
    `exit_code` is 1 for something that went wrong and 2 for a wrong call.
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
