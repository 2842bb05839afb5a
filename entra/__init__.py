"""Microsoft Graph and the tenant's identity, without Pulumi."""
