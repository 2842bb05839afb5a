"""The `breakglass` command: the one front door for people."""
