"""Makes one emergency-access account, and nothing else."""

import pulumi

from components.break_glass_account import BreakGlassAccount, BreakGlassAccountArgs

config = pulumi.Config()
account = BreakGlassAccount(
    "account-1",
    BreakGlassAccountArgs(domain=config.require("domain")),
    pulumi.ResourceOptions(protect=config.require_bool("protect")),
)
pulumi.export("userPrincipalName", account.user_principal_name)
pulumi.export("objectId", account.object_id)
pulumi.export("password", account.password)
