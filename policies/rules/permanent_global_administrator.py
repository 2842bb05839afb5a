"""Every account is Global Administrator all the time: in an emergency nobody approves a role."""

from collections.abc import Iterable, Sequence

from entra.built_in_roles import GLOBAL_ADMINISTRATOR
from policies.resource_types import ACCOUNT, ROLE_ASSIGNMENT, ROLE_ELIGIBILITY
from policies.rule import Config, stack_rule
from policies.seen import UNKNOWN, Seen, accounts, of_type

EVERYWHERE = ("/", "", None, UNKNOWN)


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Looks for the assignment below each account that the stack makes."""
    del config
    assignments = of_type(stack, ROLE_ASSIGNMENT)
    for account in accounts(stack):
        given = [
            one
            for one in assignments
            if one.parent == account.urn
            and one.props.get("roleId") == GLOBAL_ADMINISTRATOR
            and _may_be(one.text("principalObjectId"), account.text("objectId"))
        ]
        if account.type == ACCOUNT and not given:
            yield (
                account,
                f"{account.name}: found no active assignment of Global Administrator, expected one;"
                " an account that is to lose its roles is retired by its settings",
            )
        for one in given:
            if one.props.get("directoryScopeId") not in EVERYWHERE:
                yield (
                    one,
                    f"{one.name}: found the scope {one.text('directoryScopeId')}, expected the"
                    " whole tenant (/); take directory_scope_id out",
                )
    for one in of_type(stack, ROLE_ELIGIBILITY):
        if one.props.get("roleDefinitionId") == GLOBAL_ADMINISTRATOR:
            yield (
                one,
                f"{one.name}: found an eligible Global Administrator, expected active assignments"
                " only: activation needs MFA, approval or a working PIM; assign the role instead",
            )


def _may_be(principal: str, account: str) -> bool:
    """Whether both are the same one, as far as they are known."""
    return not (principal and account) or principal.casefold() == account.casefold()


RULE = stack_rule(
    "permanent-global-administrator",
    "Accounts hold Global Administrator actively, permanently and for the whole tenant.",
    judge,
    applies=lambda stack: bool([*accounts(stack), *of_type(stack, ROLE_ELIGIBILITY)]),
)
