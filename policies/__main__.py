"""Serves the pack to the engine: `pulumi preview --policy-pack policies`."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.pack import RULES
from policies.pack_settings import PackSettingsError, settings_of
from policies.secret_marks import keep_marks
from policies.stack_settings import keep_settings

keep_marks()
keep_settings()
try:
    settings = settings_of(Path(__file__).parent, RULES)
except PackSettingsError as error:
    sys.exit(str(error))
# The constructor is the server: it returns when the engine is done.
PolicyPack("break-glass", RULES, EnforcementLevel.MANDATORY, settings)
