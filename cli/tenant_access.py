"""Who a command is in the tenant of the stack that it is about."""

import os

from cli.chosen_stack import ChosenStack
from entra.identity import Identity


def identity_of(stack: ChosenStack) -> Identity:
    """The identity of the stack's ARM_* variables. Raises IdentityError."""
    if stack.is_sandbox:
        # A company's proxy must not be asked for this machine; libraries read that from here.
        names = ("NO_PROXY", "no_proxy")
        os.environ.update({name: stack.environment[name] for name in names})
    return Identity.from_environment(stack.environment)
