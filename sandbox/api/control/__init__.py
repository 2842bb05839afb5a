"""The control face: faults, virtual time, sign-ins, what happened."""
