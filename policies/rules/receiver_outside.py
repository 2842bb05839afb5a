"""One receiver outside the tenant: its mail may be down in the same emergency (advisory).

Which domains are the tenant's is not in the stack. Those of the accounts are, and a domain with
the initial domain's name in it (contoso.com beside contoso.onmicrosoft.com) counts as the tenant's,
too; the rule's `tenantDomains` names further ones.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pulumi_policy import EnforcementLevel

from policies.resource_types import ACTION_GROUP, MONITORING
from policies.rule import Config, stack_rule
from policies.rules.cloud_only_domain import INITIAL_DOMAINS
from policies.seen import UNKNOWN, Seen, accounts, listing, mapping, of_type

OUTSIDE: Final = ("smsReceivers", "voiceReceivers", "webhookReceivers")
"""A phone network and another system do not need the tenant."""


def judge(stack: Sequence[Seen], config: Config) -> Iterable[tuple[Seen | None, str]]:
    """Looks at each action group by itself: each rings for other alerts."""
    domains = {
        one.text("userPrincipalName").rpartition("@")[2].casefold() for one in accounts(stack)
    }
    domains |= {str(one).casefold() for one in config.get("tenantDomains", [])}
    for group in of_type(stack, ACTION_GROUP):
        if any(group.props.get(kind) for kind in OUTSIDE):
            continue
        mails = group.props.get("emailReceivers")
        found = [_domain(one) for one in listing(mails)]
        if mails is UNKNOWN or any(one is None or not _inside(one, domains) for one in found):
            continue
        yield (
            group,
            f"{group.name}: found receivers in the tenant only"
            f" ({', '.join(sorted({one for one in found if one})) or 'no mail'}), expected one"
            " outside of it: its mail may be down in the same emergency; add a mail address"
            " elsewhere, a text message, a call or a webhook to break-glass:monitoring.notify",
        )


def _domain(receiver: Any) -> str | None:
    """Of a mail address; None while it is not known."""
    address = mapping(receiver).get("emailAddress", UNKNOWN)
    return None if address is UNKNOWN else str(address).rpartition("@")[2].casefold()


def _inside(domain: str, tenant: set[str]) -> bool:
    names = {
        one.removesuffix(end).rpartition(".")[2]
        for one in tenant
        for end in INITIAL_DOMAINS
        if one.endswith(end)
    }
    return domain in tenant or bool(names & set(domain.split(".")))


RULE = stack_rule(
    "receiver-outside-tenant",
    "Somebody outside the tenant is told, too.",
    judge,
    applies=lambda stack: bool(of_type(stack, MONITORING) and of_type(stack, ACTION_GROUP)),
    level=EnforcementLevel.ADVISORY,
    config={"tenantDomains": {"type": "array", "items": {"type": "string"}, "default": []}},
)
