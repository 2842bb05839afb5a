"""What a run over many customers found and did: the one model behind JSON, Markdown and HTML.

Nothing here holds a secret: there is no field for one, and a field that is not named here is
refused. Text is kept in one line of printable characters, whoever wrote it: a tenant's error
message or a policy's name may hold line breaks, or characters that turn the text around them. What
this run did not look at is None (null in JSON), never a zero that reads like good news and never
what an earlier run found: that stands apart, with its date (``LastKnown``).
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)
from pydantic.alias_generators import to_camel

VERSION = 2
INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended, by the shells' convention."""

Operation = Literal["preview", "up", "refresh", "destroy", "status"]
Outcome = Literal["done", "failed", "cancelled", "not started"]
Licence = Literal["required", "absent", "missing", "unknown"]
CHANGES = ("create", "import", "update", "replace", "delete")
"""What is done to resources; imported is one that stands in the tenant and not in the state."""


UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, those that turn the direction of writing, and halves of characters."""


def _one_line(value: object) -> object:
    return " ".join(UNPRINTABLE.sub(" ", value).split()) if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_one_line)]
Count = Annotated[int, Field(ge=0)]
Moment = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]


class Part(BaseModel):
    """What all parts of a report share: frozen, camelCase in JSON, no unknown fields."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Problem(Part):
    """Something that a person has to know about."""

    what: Line = Field(description="What is wrong, in one line, without secrets.")
    todo: Line = Field(description="What to do about it, in one line; empty when nothing.")


class AccountLine(Part):
    """One emergency account of a customer."""

    user_principal_name: Line
    object_id: Line
    ready: bool | None = Field(
        description="It could be used today, were it needed; null: that could not be found out."
    )
    hindrances: tuple[Line, ...] = Field(
        default=(), description="What stands between the account and its use."
    )


class PolicyCounts(Part):
    """The customer's Conditional Access policies, counted; null: not looked at."""

    excluded: Count | None = Field(
        default=None, description="Policies that leave the emergency accounts out, as they should."
    )
    skipped: Count | None = Field(
        default=None, description="Policies that are left alone, or that refuse the exclusion."
    )
    drifted: Count | None = Field(
        default=None, description="Policies that lost the exclusion, or are new and have none yet."
    )


class AlarmLine(Part):
    """Whether anybody hears of a sign-in with an emergency account."""

    enabled: bool | None = Field(default=None, description="Null: not looked at.")
    receivers: Count | None = Field(default=None, description="Null: not looked at.")
    first_row: Line = Field(
        default="", description="Whether the logs arrive, in words; empty: not looked at."
    )


class Money(Part):
    """An amount of one currency."""

    amount: float = Field(ge=0, allow_inf_nan=False)
    currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217, such as EUR.")


class LastKnown(Part):
    """What the stack's state told before this run, of what this run did not look at."""

    as_of: Moment = Field(
        description="UTC: when the state was last written. What it tells may be older, not younger."
    )
    accounts: tuple[AccountLine, ...] | None = None
    policies: PolicyCounts = PolicyCounts()
    alarm: AlarmLine = AlarmLine()
    monthly_cost: Money | None = None


class Planned(Part):
    """A resource that a preview would touch: what it is, none of its values."""

    operation: Line = Field(description="create, import, update, replace or delete.")
    type: Line
    name: Line = Field(description="Within the stack.")


class CustomerReport(Part):
    """What one job found and did for one customer; null: this run did not look at it."""

    customer: Line = Field(min_length=1, description="The name of the stack.")
    tenant_id: Line
    subscription_id: Line
    operation: Operation
    outcome: Outcome
    started: Moment | None = Field(default=None, description="UTC; null: it was not started.")
    seconds: float = Field(default=0, ge=0, allow_inf_nan=False)
    changes: dict[str, Count] = Field(
        default_factory=dict[str, int],
        description="Resources by what the operation did to them, of a preview by what it would do:"
        " create, import, update, replace, delete, same. Empty: it was not begun, or did not end.",
    )
    planned: tuple[Planned, ...] = Field(
        default=(), description="What the preview, each operation's first step, would touch."
    )
    accounts: tuple[AccountLine, ...] | None = Field(
        default=None, description="Those that exist; null: not looked at."
    )
    policies: PolicyCounts = PolicyCounts()
    last_verified: Moment | None = Field(
        default=None,
        description="UTC: when it was last proved that the exclusion is in place, by this run or an"
        " earlier one from the same folder; null: not known.",
    )
    alarm: AlarmLine = AlarmLine()
    licence: Licence = Field(
        default="unknown",
        description="Entra ID P1: needed and there, not needed, needed and not there, not known.",
    )
    monthly_cost: Money | None = Field(default=None, description="An estimate.")
    last_known: LastKnown | None = Field(
        default=None,
        description="What is known from before of what this run did not look at; null: nothing.",
    )
    problems: tuple[Problem, ...] = ()
    notes: tuple[Line, ...] = Field(
        default=(),
        description="Worth knowing: what else the program warned of, what a policy pack advises.",
    )


def _by_name(customers: Sequence[CustomerReport]) -> tuple[CustomerReport, ...]:
    return tuple(sorted(customers, key=lambda one: (one.customer.casefold(), one.customer)))


def changed(report: CustomerReport) -> dict[str, int]:
    """What a report counts without what stayed as it is; empty for no change."""
    return {kind: number for kind, number in report.changes.items() if number and kind != "same"}


class FleetReport(Part):
    """What one command found and did for all customers that it was about, sorted by name."""

    version: Literal[2] = Field(default=VERSION, description="Of this format.")
    made: Moment = Field(description="UTC.")
    operation: Operation
    revision: Line | None = Field(
        default=None,
        description="The git commit that ran, and whether files were changed since; if known.",
    )
    run: Line | None = Field(
        default=None,
        description="The pipeline's run: GITHUB_RUN_ID or BUILD_BUILDID; null outside a pipeline.",
    )
    customers: Annotated[tuple[CustomerReport, ...], AfterValidator(_by_name)]

    @field_validator("customers")
    @classmethod
    def _each_once(cls, customers: tuple[CustomerReport, ...]) -> tuple[CustomerReport, ...]:
        counted = Counter(one.customer for one in customers)
        if twice := [name for name, number in counted.items() if number > 1]:
            raise ValueError(f"each customer may be reported once, twice or more: {twice}")
        return customers

    @property
    def exit_code(self) -> int:
        """0: all done; 130: somebody stopped it; 1: anything else."""
        outcomes = {one.outcome for one in self.customers}
        if "cancelled" in outcomes:
            return INTERRUPTED
        return 0 if outcomes <= {"done"} else 1
