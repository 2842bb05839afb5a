"""Pulumi component resources: the parts of which the stack is put together.

Import each from its own module: `from components.break_glass_account import BreakGlassAccount`.
This package imports nothing, because the engine starts a process for the policy exclusions at each
refresh and each update, and that process needs none of the others.
"""
