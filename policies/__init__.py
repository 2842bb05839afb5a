"""Policy pack: what Pulumi refuses before a stack of emergency-access accounts is changed."""
