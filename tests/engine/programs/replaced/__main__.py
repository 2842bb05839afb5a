"""An account whose role waits for what is deleted before it is made anew."""

import pulumi
from pulumi_azure_native import resources

from components.break_glass_account import BreakGlassAccount, BreakGlassAccountArgs

config = pulumi.Config()
alarm = resources.ResourceGroup(
    "alarm",
    resource_group_name=config.require("alarm"),
    location="westeurope",
    opts=pulumi.ResourceOptions(delete_before_replace=True),
)
account = BreakGlassAccount(
    "account", BreakGlassAccountArgs(config.require("domain"), armed=alarm.id)
)
pulumi.export("account", account.summary)
