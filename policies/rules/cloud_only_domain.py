"""Accounts are named in the tenant's own domain: no federation and no DNS of yours can stop them.

Source: Microsoft Learn, "Manage emergency access accounts in Microsoft Entra ID".
"""

from collections.abc import Iterable

from policies.resource_types import ACCOUNT, USER
from policies.rule import Config, resource_rule
from policies.seen import Seen

INITIAL_DOMAINS = (".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn")
"""How initial domains end in the public cloud, the US Government's, and in China."""


def judge(user: Seen, config: Config) -> Iterable[str]:
    """Looks at the user name; before the first up of a random one it is not known."""
    name = user.text("userPrincipalName")
    domain = name.rpartition("@")[2].casefold()
    allowed = {str(one).casefold() for one in config.get("allowedDomains", [])}
    if name and domain not in allowed and not domain.endswith(INITIAL_DOMAINS):
        yield (
            f"{user.name}: found the domain {domain}, expected the tenant's initial domain"
            " (….onmicrosoft.com), which no federation takes over; take out"
            " break-glass:accounts.domain, or allow the domain in the rule's allowedDomains"
        )


RULE = resource_rule(
    "cloud-only-domain",
    "Accounts are in a domain that depends on nobody but Microsoft Entra.",
    judge,
    applies=lambda one: one.type == USER and one.has_parent(ACCOUNT),
    config={"allowedDomains": {"type": "array", "items": {"type": "string"}, "default": []}},
)
