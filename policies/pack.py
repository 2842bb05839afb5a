"""The rules of the pack, in the order in which docs/policies.md has them."""

from pulumi_policy import Policy

from policies.rules import (
    alarm_complete,
    alarm_receivers,
    alarm_rings,
    alarm_sees_every_use,
    alarm_stays,
    alarm_tells_its_own,
    cloud_only_domain,
    conditional_access_excludes,
    dynamic_without_credentials,
    exclusion_stays,
    group_role_assignable,
    kept_passwords,
    no_plain_secrets,
    permanent_global_administrator,
    protected_together,
    receiver_outside,
    retention,
    strong_password,
    two_accounts,
)

RULES: list[Policy] = [
    two_accounts.RULE,
    cloud_only_domain.RULE,
    permanent_global_administrator.RULE,
    strong_password.RULE,
    kept_passwords.RULE,
    protected_together.RULE,
    group_role_assignable.RULE,
    conditional_access_excludes.RULE,
    exclusion_stays.RULE,
    alarm_rings.RULE,
    alarm_tells_its_own.RULE,
    alarm_sees_every_use.RULE,
    alarm_stays.RULE,
    alarm_complete.RULE,
    alarm_receivers.RULE,
    receiver_outside.RULE,
    retention.RULE,
    no_plain_secrets.RULE,
    dynamic_without_credentials.RULE,
]
