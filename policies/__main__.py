"""Serves the pack to the engine: `pulumi preview --policy-pack policies`."""

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.pack import RULES
from policies.secret_marks import keep_marks
from policies.stack_settings import keep_settings

keep_marks()
keep_settings()
# The constructor is the server: it returns when the engine is done.
PolicyPack("break-glass", RULES, EnforcementLevel.MANDATORY)
