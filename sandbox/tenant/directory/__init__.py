"""Who and what is in the tenant, and who may change it."""
