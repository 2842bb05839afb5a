"""The stack's outputs, as far as the command uses them."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class _Output(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class Account(_Output):
    """One emergency account."""

    user_principal_name: str
    object_id: str


class SkippedPolicy(_Output):
    """A policy that is left alone, and why."""

    id: str
    name: str
    reason: str


class StackOutputs(_Output):
    """What the story needs of `pulumi stack output`; passwords are not among it."""

    accounts: list[Account]
    group_id: str
    skipped_policies: list[SkippedPolicy]
    next_steps: list[str] = []
