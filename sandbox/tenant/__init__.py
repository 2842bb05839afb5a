"""The state and the rules of a simulated tenant. Nothing here knows HTTP."""
