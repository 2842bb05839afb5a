"""Conditional Access and the sign-ins that it decides on."""
