"""Azure resources: resource groups, workspaces, settings, action groups, alert rules."""
