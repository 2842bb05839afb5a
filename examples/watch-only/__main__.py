"""Watches accounts that are there already, and nothing else."""

import pulumi

from components.monitoring_arguments import AccountToWatch, EmailReceiver, Notify
from components.monitoring_arguments import SignInMonitoringArgs as Args
from components.sign_in_monitoring import SignInMonitoring

config = pulumi.Config()
accounts: list[dict[str, str]] = config.require_object("accounts")
emails: list[str] = config.require_object("emails")
monitoring = SignInMonitoring(
    "monitoring",
    Args(
        accounts=[AccountToWatch(one["objectId"], one["userPrincipalName"]) for one in accounts],
        location=config.require("location"),
        notify=Notify([EmailReceiver(address, address) for address in emails]),
        customer=config.get("customer"),
    ),
    pulumi.ResourceOptions(protect=config.require_bool("protect")),
)
pulumi.export("workspaceId", monitoring.workspace_id)
pulumi.export("alerts", monitoring.alerts)
pulumi.export("query", monitoring.query)
pulumi.export("links", monitoring.links)
