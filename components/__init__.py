"""Pulumi component resources: the parts of which the stack is put together."""

from components.break_glass_account import BreakGlassAccount, BreakGlassAccountArgs
from components.break_glass_group import BreakGlassGroup, BreakGlassGroupArgs
from components.ca_exclusion_patch import CaExclusionPatch, CaExclusionPatchArgs
from components.sign_in_monitoring import (
    EmailReceiver,
    Notify,
    SignInMonitoring,
    SignInMonitoringArgs,
    UseAlert,
)

__all__ = [
    "BreakGlassAccount",
    "BreakGlassAccountArgs",
    "BreakGlassGroup",
    "BreakGlassGroupArgs",
    "CaExclusionPatch",
    "CaExclusionPatchArgs",
    "EmailReceiver",
    "Notify",
    "SignInMonitoring",
    "SignInMonitoringArgs",
    "UseAlert",
]
