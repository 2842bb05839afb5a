"""Accounts are named in the tenant's own domain: no federation and no DNS of yours can stop them.

Source: Microsoft Learn, "Manage emergency access accounts in Microsoft Entra ID".
"""

from collections.abc import Iterable

from pulumi_policy import ResourceValidationPolicy

from policies.resource_types import ACCOUNT, USER
from policies.rule import Config, resource_rule
from policies.seen import Seen
from policies.stack_settings import SETTINGS, StackSettings

INITIAL_DOMAINS = (".onmicrosoft.com", ".onmicrosoft.us", ".partner.onmschina.cn")
"""How initial domains end in the public cloud, the US Government's, and in China."""


def rule(settings: StackSettings = SETTINGS) -> ResourceValidationPolicy:
    """The rule, with the settings."""

    def judge(user: Seen, config: Config) -> Iterable[str]:
        """Looks at the user name; at the domain that is set, as long as no name is known."""
        name = user.text("userPrincipalName")
        domain = name.rpartition("@")[2] if name else _set_for(user, settings)
        allowed = {str(one).casefold() for one in config.get("allowedDomains", [])}
        if domain and domain.casefold() not in allowed and not _is_initial(domain):
            yield (
                f"{user.name}: found the domain {domain.casefold()}, expected the tenant's initial"
                " domain (….onmicrosoft.com), which no federation takes over; take out"
                " break-glass:accounts.domain, or allow the domain in the rule's allowedDomains"
                " (policies/settings.json)"
            )

    return resource_rule(
        "cloud-only-domain",
        "Accounts are in a domain that depends on nobody but Microsoft Entra.",
        judge,
        applies=lambda one: one.type == USER and one.has_parent(ACCOUNT),
        config={"allowedDomains": {"type": "array", "items": {"type": "string"}, "default": []}},
    )


def _set_for(user: Seen, settings: StackSettings) -> str:
    """What the settings say of the account, or of all; empty: the initial domain."""
    account = user.parent.rpartition("::")[2]
    own = settings.value("accounts", "named", account, "domain")
    return str(own or settings.value("accounts", "domain") or "").strip()


def _is_initial(domain: str) -> bool:
    return domain.casefold().endswith(INITIAL_DOMAINS)


RULE = rule()
